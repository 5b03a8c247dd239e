"""Files as vendors wrote them: counts and ranges of their README, or the refusal and the one repair (IMP)."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from omega.cli import main
from omega.data.calendar import iso_text
from omega.data.importing import Imported, ImportOptions, import_files
from omega.errors import OmegaError

SHARED = pathlib.Path(__file__).resolve().parents[2].parent / "shared" / "data"
RAW = SHARED / "raw_samples"
SERVER = "America/New_York+7h"
DAY = "dukascopy_bi5/EURUSD/2019/01/04"
POLISH = {"time": "Data", "open": "Otwarcie", "high": "Najwyzszy", "low": "Najnizszy", "close": "Zamkniecie"}
FUTURE = "close_time_labelled/6EH4.GLBX_1min_bars_20240101_20240131.csv.zip"

# files, symbol, what is known beforehand, refusal (code, or None), the repair, rows, first, last
SAMPLES: dict[str, tuple[list[str], str, dict[str, Any], str | None, dict[str, Any], int, str, str]] = {
    "MT5, titles without brackets": (
        ["mt5/EURUSD_M1_20180601-05_mt5_tab.csv"], "EURUSD", {}, "data.zone_unknown", {"zone": SERVER},
        4_318, "2018-05-31T21:00:00Z", "2018-06-05T20:59:00Z",
    ),
    "MT5, as written": (
        ["mt5/EURUSD_M1_mt5_bracket_header.csv"], "EURUSD", {}, "data.zone_unknown", {"zone": SERVER},
        500, "2018-05-31T21:00:00Z", "2018-06-01T05:19:00Z",
    ),
    "MT4 M1": (
        ["mt4/EURUSD1.csv"], "EURUSD", {}, "data.zone_unknown", {"zone": "+02:00"},
        3_851, "2013-12-11T15:20:00Z", "2013-12-16T07:53:00Z",
    ),
    "MT4 H1, clock changes inside": (
        ["mt4/EURUSD60.csv"], "EURUSD", {}, "data.zone_changes", {"zone": "UTC, from 2013-11-09 +02:00"},
        2_078, "2013-08-15T18:00:00Z", "2013-12-16T07:00:00Z",
    ),
    "MT4 with a header, weeks open off the grid": (
        ["mt4/EURUSD60_with_header.csv"], "EURUSD", {"zone": "UTC"}, "data.time_off_grid", {"repairs": ["floor_times"]},
        3_728, "2019-02-15T14:00:00Z", "2019-09-20T20:00:00Z",
    ),
    "Dukascopy ticks": (
        [f"{DAY}/{hour:02d}h_ticks.bi5" for hour in range(24)], "EURUSD", {}, None, {},
        136_741, "2019-02-04T00:00:00.994000Z", "2019-02-04T23:59:57.992000Z",
    ),
    "Dukascopy minutes": (
        [f"{DAY}/BID_candles_min_1.bi5"], "EURUSD", {}, None, {},
        1_440, "2019-02-04T00:00:00Z", "2019-02-04T23:59:00Z",
    ),
    "Dukascopy hours, week-ends filled": (
        ["dukascopy_bi5/EURUSD/2019/01/BID_candles_hour_1.bi5"], "EURUSD", {}, None, {},
        672, "2019-02-01T00:00:00Z", "2019-02-28T23:00:00Z",
    ),
    "Dukascopy days of UTC": (
        ["dukascopy_bi5/EURUSD/2018/BID_candles_day_1.bi5"], "EURUSD", {}, "data.time_off_grid",
        {"repairs": ["floor_times"]}, 365, "2017-12-31T22:00:00Z", "2018-12-30T22:00:00Z",
    ),
    "Dukascopy CSV, bid": (
        ["dukascopy_csv/EURUSD_Candlestick_1_Hour_BID_2020H2.csv"], "EURUSD", {}, None, {},
        3_000, "2020-07-01T00:00:00Z", "2020-12-23T00:00:00Z",
    ),
    "Dukascopy CSV, ask": (
        ["dukascopy_csv/FOREX_EURUSD_1H_ASK_2017.csv"], "EURUSD", {}, None, {},
        2_000, "2017-01-01T22:00:00Z", "2017-04-27T04:00:00Z",
    ),
    "HistData ticks": (
        ["histdata_ascii/DAT_ASCII_EURUSD_T_20200101.csv"], "EURUSD", {}, None, {},
        9_500, "2020-01-01T22:00:00.065000Z", "2020-01-02T04:00:52.125000Z",
    ),
    "HistData minutes": (
        ["histdata_ascii/DAT_ASCII_EURUSD_M1_201202_3lines.csv"], "EURUSD", {}, None, {},
        3, "2012-02-01T05:00:00Z", "2012-02-01T05:02:00Z",
    ),
    "TrueFX, rewritten": (
        ["truefx/usdjpy-ticks-2013-01-01.csv"], "USDJPY", {}, None, {},
        1_000, "2013-01-01T22:00:00.295000Z", "2013-01-01T22:35:13.494000Z",
    ),
    "TradingView": (
        ["tradingview/FX_EURUSD, 1D.csv"], "EURUSD", {}, "data.side_unknown", {"side": "bid"},
        1_277, "2020-04-01T21:00:00Z", "2025-02-26T22:00:00Z",
    ),
    "Yahoo, prices outside of the range": (
        ["yahoo/EURUSD=X.csv"], "EURUSD", {"zone": SERVER, "side": "bid", "digits": 6}, "data.high_below",
        {"repairs": ["widen_range"]}, 262, "2023-01-31T22:00:00Z", "2024-01-31T22:00:00Z",
    ),
    "Stooq, Polish titles": (
        ["stooq/eurusd_d.csv"], "EURUSD", {"zone": SERVER, "side": "bid"}, "data.missing_column",
        {"columns": POLISH}, 3_889, "2005-01-02T22:00:00Z", "2019-12-30T22:00:00Z",
    ),
    "LEAN minutes": (
        ["lean/forex/oanda/minute/eurusd/20140505_quote.zip"], "EURUSD", {}, None, {},
        1_350, "2014-05-05T00:00:00Z", "2014-05-05T23:59:00Z",
    ),
    "LEAN minutes of gold": (
        ["lean/cfd/oanda/minute/xauusd/20140505_quote.zip"], "XAUUSD", {"digits": 3}, None, {},
        1_389, "2014-05-05T00:00:00Z", "2014-05-05T23:59:00Z",
    ),
    "LEAN ticks": (
        ["lean/forex/oanda/tick/eurusd/20140505_quote.zip"], "EURUSD", {}, None, {},
        25_177, "2014-05-05T00:00:23.668000Z", "2014-05-05T23:59:59.513000Z",
    ),
    "a future named by close times": (
        [FUTURE], "6EH4", {"digits": 5, "label": "close"}, "data.side_unknown", {"side": "bid"},
        29_996, "2024-01-01T23:00:00Z", "2024-01-31T23:58:00Z",
    ),
    **{
        f"{symbol} in points": (
            [f"points_scaled/{symbol}h1_first1000.csv"], symbol, {"zone": SERVER, "side": "bid", "digits": digits},
            "data.price_scale", {"prices": "points"}, 1_000, first, last,
        )
        for symbol, digits, first, last in (
            ("AUDUSD", 5, "2012-11-16T08:00:00Z", "2013-01-17T16:00:00Z"),
            ("USDJPY", 3, "2012-11-16T10:00:00Z", "2013-01-17T19:00:00Z"),
            ("XAUUSD", 2, "2012-05-17T05:00:00Z", "2012-07-17T22:00:00Z"),
        )
    },
}  # fmt: skip
NEWS = {"forexfactory_2022_first500.csv", "weekly_calendar_2025-05-11_utc.csv"}


def do_import(files: list[str], symbol: str, out: pathlib.Path, **options: Any) -> list[Imported]:
    return import_files([RAW / name for name in files], symbol=symbol, out=out, options=ImportOptions(**options))


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_sample_imports_to_the_rows_and_span_of_its_readme_or_after_the_one_repair(sample, tmp_path):
    """IMP: every sample; what a file does not say is asked for, with the code of this table."""
    files, symbol, known, code, repair, rows, first, last = SAMPLES[sample]
    if code is not None:
        with pytest.raises(OmegaError) as caught:
            do_import(files, symbol, tmp_path, **known)
        assert caught.value.code == code
        assert files[0] in str(caught.value)
        assert list(tmp_path.glob("*.parquet")) == []

    done = do_import(files, symbol, tmp_path, **known, **repair)

    assert {one.rows for one in done} == {rows}
    assert {(iso_text(one.first_us), iso_text(one.last_us)) for one in done} == {(first, last)}


def test_every_sample_is_in_the_table():
    named = {RAW / name for files, *_ in SAMPLES.values() for name in files}
    there = {file for file in RAW.rglob("*") if file.is_file() and file.name not in NEWS}

    assert there - named == set()


@pytest.mark.parametrize("name", sorted(NEWS))
def test_a_news_calendar_is_no_market_data(name, tmp_path):
    with pytest.raises(OmegaError) as caught:
        do_import([f"news/{name}"], "EURUSD", tmp_path)

    assert caught.value.code in ("data.missing_column", "data.ragged_row")


@pytest.mark.parametrize(
    ("sample", "proposal"),
    [
        ("MT5, titles without brackets", SERVER),
        ("MT4 H1, clock changes inside", "UTC, from 2013-11-09 +02:00"),
        ("Stooq, Polish titles", SERVER),
    ],
)
def test_the_clock_that_is_proposed_is_the_measured_one(sample, proposal, tmp_path):
    """The README measured these clocks against other brokers."""
    files, symbol, *_ = SAMPLES[sample]
    columns = POLISH if "Stooq" in sample else None

    with pytest.raises(OmegaError) as caught:
        do_import(files, symbol, tmp_path, columns=columns)

    assert caught.value.context["proposal"] == proposal


def test_one_command_imports_a_sample(tmp_path, capsys):
    """The same through the command line."""
    file = RAW / "mt5/EURUSD_M1_20180601-05_mt5_tab.csv"

    assert main(["data", "import", str(file), "--symbol", "EURUSD", "--out", str(tmp_path), "--zone", SERVER]) == 0

    out, err = capsys.readouterr()
    assert "EURUSD_M1_bid.parquet: 4,318 rows, 2018-05-31T21:00:00Z to 2018-06-05T20:59:00Z" in out
    assert "MetaTrader 5" in err and "minimum of each bar" in err
    assert main(["data", "import", str(file), "--symbol", "EURUSD", "--out", str(tmp_path)]) == 3
    assert f"zone={SERVER!r}" in capsys.readouterr().err


def points(path: pathlib.Path) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    table = pq.read_table(path)
    return table["time"].cast("int64").to_numpy(), {name: table[name].to_numpy() for name in table.column_names[1:]}


def test_the_ticks_of_a_day_make_exactly_the_minutes_of_their_source(tmp_path):
    """RES-1 on real data: first, highest, lowest and last bid of 1,440 minutes, and the sum of the bid volume."""
    do_import([f"{DAY}/{hour:02d}h_ticks.bi5" for hour in range(24)], "EURUSD", tmp_path / "ticks")
    do_import([f"{DAY}/BID_candles_min_1.bi5"], "EURUSD", tmp_path / "minutes")

    arguments = ["--timeframe", "M1", "--out", str(tmp_path / "made")]
    assert main(["data", "resample", str(tmp_path / "ticks/EURUSD_ticks.parquet"), *arguments]) == 0

    made_time, made = points(tmp_path / "made/EURUSD_M1_bid.parquet")
    given_time, given = points(tmp_path / "minutes/EURUSD_M1_bid.parquet")
    assert made_time.tolist() == given_time.tolist()
    for name in ("open", "high", "low", "close"):
        assert made[name].tolist() == given[name].tolist()
    assert np.allclose(made["volume"], given["volume"], rtol=1e-6, atol=1e-4)


def test_one_market_through_two_sources_agrees_only_with_the_right_clock(tmp_path):
    """MT5 M1 of June 2018 against nothing of that time; EURUSD of two brokers in 2025 instead.

    The README measured a median close difference of 0.8 pip at +3 h (New York + 7 h), 5.5 pips an hour off.
    """
    ours = pq.read_table(SHARED / "icmarkets_mt5/EURUSD_M1_bid.parquet")
    time_us = ours["time"].cast("int64").to_numpy()
    other = pq.read_table(SHARED / "oanda_m5/EURUSD_M5_bid.parquet")
    other_us = other["time"].cast("int64").to_numpy() + 4 * 60_000_000  # the last minute of five
    medians = []
    for hours in (-1, 0, 1):
        common, mine, theirs = np.intersect1d(time_us + hours * 3_600_000_000, other_us, return_indices=True)
        gaps = np.abs(ours["close"].to_numpy()[mine] - other["close"].to_numpy()[theirs])
        medians.append(float(np.median(gaps)) if len(common) > 1_000 else float("nan"))
    listed = dict(zip((-1, 0, 1), medians, strict=True))
    print(f"median difference of closes by hours of shift: {listed}")

    assert listed[0] < 0.00012
    assert listed[-1] > 3 * listed[0] and listed[1] > 3 * listed[0]
