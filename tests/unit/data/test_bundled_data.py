"""The bundled real data is what data/README.md says it is."""

from __future__ import annotations

import pathlib
import re
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pyarrow.parquet as pq
import pytest

import omega.data
from omega.data import SpreadModel, sample
from omega.errors import DataError

ROOT = pathlib.Path(__file__).resolve().parents[3]
DIGITS = {"EURUSD": 5, "NZDUSD": 5, "GBPUSD": 5, "EURGBP": 5, "USDJPY": 3, "XAUUSD": 3}
SPECS = {symbol: SimpleNamespace(digits=digits) for symbol, digits in DIGITS.items()}
COLUMN = SpreadModel(source="column", add_points=Fraction(2))

FILES = [
    # folder, symbol, timeframe, sides, bars, first, last
    ("oanda_h1", "EURUSD", "H1", 2, 37_313, "2010-01-03T22:00", "2015-12-31T18:00"),
    ("icmarkets_m1_2025", "EURUSD", "M1", 1, 184_293, "2025-01-01T22:00", "2025-06-30T23:59"),
    ("oanda_m1_2014", "EURUSD", "M1", 2, 9_552, "2014-05-01T00:00", "2014-05-09T20:59"),
    ("oanda_m1_2014", "NZDUSD", "M1", 2, 9_706, "2014-05-01T00:00", "2014-05-09T20:59"),
    ("oanda_m1_2014", "XAUUSD", "M1", 2, 9_558, "2014-05-01T00:00", "2014-05-09T20:59"),
    ("ejtrader_h1", "USDJPY", "H1", 1, 31_661, "2012-11-16T10:00", "2017-12-29T21:00"),
    ("ejtrader_h1", "EURGBP", "H1", 1, 31_662, "2012-11-16T06:00", "2017-12-29T21:00"),
    ("ejtrader_h1", "GBPUSD", "H1", 1, 31_660, "2012-11-16T03:00", "2017-12-29T21:00"),
]


@pytest.mark.parametrize("series", FILES, ids=lambda series: "_".join(series[:3]))
def test_a_bundled_series_passes_all_checks_with_the_rows_and_span_of_its_source(series):
    """The figures were measured on the source files, before they were bundled."""
    folder, symbol, timeframe, sides, bars, first, last = series

    data = omega.data.load(ROOT / "data", symbols=symbol, timeframe=timeframe, source=folder, specs=SPECS)

    assert len(data.base.time) == bars
    span = [str(np.datetime64(int(time), "us").astype("datetime64[m]")) for time in data.base.time[[0, -1]]]
    assert span == [first, last]
    assert (data.base.ask is not None) == (sides == 2)
    assert data.notes == ()


def test_the_bundled_files_are_those_of_the_list_and_stay_under_12_megabytes():
    files = sorted(path for path in (ROOT / "data").rglob("*.parquet"))

    assert len(files) == sum(sides for _, _, _, sides, *_ in FILES) == 12
    assert sum(path.stat().st_size for path in files) <= 12_000_000


def test_points_are_the_prices_of_the_file():
    """DAT-3: every price, read independently as decimal text."""
    table = pq.read_table(ROOT / "data/oanda_h1/EURUSD_H1_bid.parquet").slice(10_000, 2_000)
    data = omega.data.load(ROOT / "data", symbols="EURUSD", timeframe="H1", specs=SPECS)

    for column, name in zip(data.base.bid, ("open", "high", "low", "close"), strict=True):
        text = [f"{price!r}" for price in table[name].to_pylist()]
        assert column[10_000:12_000].tolist() == [int(Fraction(price) * 100_000) for price in text]


def test_the_share_of_zero_spreads_in_the_2025_minutes_is_the_measured_one():
    """92 % of the stored spreads are 0: the minimum of a minute says little about its cost."""
    data = omega.data.load(
        ROOT / "data", symbols="EURUSD", timeframe="M15", source="icmarkets_m1_2025", specs=SPECS, start="2025-01-20",
        warmup_bars=500,
    )  # fmt: skip
    assert data.base.spread is not None

    tables = data.resolve(COLUMN)

    assert 0.91 < float((data.base.spread == 0).mean()) < 0.93
    assert tables.first_step == 500
    assert tables.series[0]["time"][500].as_py().isoformat() == "2025-01-19T22:00:00+00:00"


def test_the_days_of_six_real_years_equal_those_of_a_plain_loop():
    """RES-1 with TIM-3, on real bars: grouped by New York date, one day later from 17:00 on."""
    import datetime
    import zoneinfo

    zone, days = zoneinfo.ZoneInfo("America/New_York"), {}
    data = omega.data.load(ROOT / "data", symbols="EURUSD", timeframe="D1", specs=SPECS)
    for row, (time, *ohlc) in enumerate(
        zip(data.base.time.tolist(), *(side.tolist() for side in data.base.bid), strict=True)
    ):
        wall = datetime.datetime.fromtimestamp(time / 1e6, datetime.UTC).astimezone(zone)
        day = (wall + datetime.timedelta(hours=7)).date()
        days.setdefault(day, []).append((row, ohlc))

    table = data.resolve().series[0]

    assert table.num_rows == len(days) > 1_500
    assert table["bid_open"].to_pylist() == [bars[0][1][0] for bars in days.values()]
    assert table["bid_high"].to_pylist() == [max(ohlc[1] for _, ohlc in bars) for bars in days.values()]
    assert table["bid_low"].to_pylist() == [min(ohlc[2] for _, ohlc in bars) for bars in days.values()]
    assert table["bid_close"].to_pylist() == [bars[-1][1][3] for bars in days.values()]


@pytest.mark.parametrize("timeframe", ["H2", "H4", "D1", "W1", "MN1"])
@pytest.mark.parametrize("mode", ["carry_forward", "strict"])
def test_no_decision_on_six_real_years_sees_a_bar_that_still_runs(timeframe, mode):
    """TIM-4: the visible bar has closed by the decision, and the next one has not."""
    data = omega.data.load(
        ROOT / "data", symbols="EURUSD", timeframe="H1", higher_timeframes=[timeframe], specs=SPECS
    )  # fmt: skip
    tables = data.resolve(alignment=omega.data.Alignment(mode))
    step, other = tables.series
    decisions = [*step["time"].cast("int64").to_pylist()[1:], step["close_time"].cast("int64").to_pylist()[-1]]
    closes = other["close_time"].cast("int64").to_pylist()
    assert tables.visible[1] is not None
    shown = tables.visible[1].to_pylist()

    seen = [
        (closes[idx], decision, closes[idx + 1 : idx + 2])
        for idx, decision in zip(shown, decisions, strict=True)
        if idx >= 0
    ]

    assert len(seen) > 0.9 * len(shown)
    assert all(
        closed <= decision and not any(following <= decision for following in after) for closed, decision, after in seen
    )


def test_the_two_m1_sources_of_eurusd_must_be_told_apart():
    """CAT: data/ holds EURUSD M1 of two brokers."""
    with pytest.raises(DataError, match=r"icmarkets_m1_2025.*oanda_m1_2014"):
        omega.data.load(ROOT / "data", symbols="EURUSD", timeframe="M15", specs=SPECS)


def test_the_sample_is_a_copy_of_the_bundled_data(tmp_path):
    files = omega.data.write_sample(tmp_path / "data")

    assert {path.relative_to(tmp_path / "data") for path in files} == {
        path.relative_to(ROOT / "data") for path in (ROOT / "data").rglob("*") if path.is_file()
    }
    with pytest.raises(DataError, match="exists already"):
        omega.data.write_sample(tmp_path / "data")


def test_an_installation_without_the_repository_says_so(monkeypatch, tmp_path):
    """Wheels carry no data."""
    monkeypatch.setattr(sample, "__file__", str(tmp_path / "a/b/c/d.py"))

    with pytest.raises(DataError, match="Clone the repository"):
        omega.data.write_sample(tmp_path / "data")


def test_the_readme_and_the_notice_name_every_folder():
    readme, notice = (ROOT / "data/README.md").read_text(), (ROOT / "NOTICE").read_text()

    for folder, symbol, timeframe, _, bars, *_ in FILES:
        assert f"data/{folder}" in notice
        assert re.search(rf"{folder}/{symbol}_{timeframe}_.*{bars:,}", readme), (folder, symbol)
