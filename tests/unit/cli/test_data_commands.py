"""`omega data`: import, check, list, resample (api.md, command line)."""

from __future__ import annotations

import json
import pathlib

import numpy as np
import pyarrow.parquet as pq
import pytest

import omega.data
from omega.cli import main
from omega.config import load_costs, load_specs
from omega.data.calendar import fx_calendar
from omega.data.comparison import compare_resampled

ROOT = pathlib.Path(__file__).resolve().parents[3]
MINUTES = ROOT / "data/oanda_m1_2014"


def rows(count: int = 120) -> str:
    lines = [
        f"2024-01-02T{k // 60:02d}:{k % 60:02d}:00Z,1.1{k:04d},1.1{k:04d},1.1{k:04d},1.1{k:04d}" for k in range(count)
    ]
    return "time,open,high,low,close\n" + "\n".join(lines) + "\n"


@pytest.fixture
def store(tmp_path, monkeypatch, capsys):
    """A folder with a store of two hours of minutes."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x_bid.csv").write_text(rows())
    (tmp_path / "x_ask.csv").write_text(rows().replace(",1.1", ",1.2"))
    assert main(["data", "import", "x_bid.csv", "x_ask.csv", "--symbol", "EURUSD", "--out", "store"]) == 0
    capsys.readouterr()
    return tmp_path / "store"


def test_import_prints_files_on_stdout_and_talk_on_stderr(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x_bid.csv").write_text(rows())

    assert main(["data", "import", "x_bid.csv", "--symbol", "EURUSD", "--out", "store"]) == 0

    out, err = capsys.readouterr()
    assert out == "store/EURUSD_M1_bid.parquet: 120 rows, 2024-01-02T00:00:00Z to 2024-01-02T01:59:00Z\n"
    assert "Clock: UTC (as the format says). M1, 5 digits." in err


def test_import_as_json_says_the_same_for_machines(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x_bid.csv").write_text(rows())

    assert main(["data", "import", "x_bid.csv", "--symbol", "EURUSD", "--out", "store", "--json"]) == 0

    out, err = capsys.readouterr()
    assert [(one["rows"], one["repairs"]) for one in json.loads(out)] == [(120, {})]
    assert err == ""


def test_an_import_that_must_ask_exits_with_3_and_says_what_to_add(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.csv").write_text(rows())

    assert main(["data", "import", "x.csv", "--symbol", "EURUSD", "--out", "store"]) == 3

    out, err = capsys.readouterr()
    assert out == "" and "--side bid" in err and "data.side_unknown" in err


@pytest.mark.parametrize("columns", ["time", "=0", "time=,open=1"])
def test_a_mapping_that_is_none_is_a_usage_error(columns, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.csv").write_text(rows())

    assert main(["data", "import", "x.csv", "--symbol", "EURUSD", "--out", "store", "--columns", columns]) == 2


def test_check_prints_a_verdict_and_writes_the_report(store, capsys):
    assert main(["data", "check", "store", "--report", "audit.html"]) == 0

    out, _ = capsys.readouterr()
    assert out.startswith("EURUSD M1 bid and ask: Good: bid and ask")
    assert "<h1>Data audit</h1>" in (store.parent / "audit.html").read_text()


def test_check_writes_the_spread_by_hour_of_the_week_for_a_cost_file(store, capsys):
    """CST-1, IMP: a table measured on data with both sides, which a cost file reads as it is."""
    assert main(["data", "check", "store", "--spread", "hours.yaml"]) == 0

    table = {"source": "hour_of_week", "hours": "hours.yaml"}
    costs = {"defaults": {"slippage": "none", "commission": "none", "swap": "none", "spread": table}}
    spread = load_costs(costs, base_dir=store.parent).for_symbol(load_specs()["EURUSD"]).spread
    # Two hours from 2024-01-02 00:00 UTC are Monday 19:00 and 20:00 in New York; 1.2 - 1.1 is 10,000 points.
    assert {idx: hour for idx, hour in enumerate(spread.hours) if hour is not None} == {43: 10_000, 44: 10_000}


def test_a_spread_table_of_several_series_is_refused(store, capsys):
    assert main(["data", "import", "x_bid.csv", "x_ask.csv", "--symbol", "GBPUSD", "--out", "store"]) == 0

    assert main(["data", "check", "store", "--spread", "hours.yaml"]) == 2
    assert not (store.parent / "hours.yaml").exists()


def test_check_of_a_damaged_store_exits_with_3(store, capsys):
    file = store / "EURUSD_M1_ask.parquet"
    file.write_bytes(file.read_bytes()[:-1])

    assert main(["data", "check", "store", "--json"]) == 3

    audit = json.loads(capsys.readouterr().out)[0]
    assert audit["findings"][0]["code"] == "data.damaged"
    assert audit["verdict"].startswith("Not usable as it is")


def test_check_reads_the_files_and_not_their_caches(store, capsys):
    """CAT: `check` re-hashes everything, caches too."""
    cache = store / ".cache/EURUSD_M1_bid.parquet.cache"
    omega.data.load(store, symbols="EURUSD", timeframe="M1")
    whole = cache.read_bytes()
    place = whole.index(np.array([110_000, 110_001], np.int32).tobytes())
    cache.write_bytes(whole[:place] + b"\0" + whole[place + 1 :])

    assert main(["data", "check", "store"]) == 0

    assert "was damaged and has been removed" in capsys.readouterr().out


def test_list_shows_rows_span_missing_bars_size_and_hash(store, capsys):
    """CAT."""
    assert main(["data", "list", "store", "--json"]) == 0

    listed = json.loads(capsys.readouterr().out)
    manifest = json.loads((store / "manifest.json").read_text())["files"]
    assert [(row["symbol"], row["timeframe"], row["side"], row["rows"], row["missing"]) for row in listed] == [
        ("EURUSD", "M1", "bid", 120, 0),
        ("EURUSD", "M1", "ask", 120, 0),
    ]
    assert [row["sha256"] for row in listed] == [
        manifest[f"EURUSD_M1_{side}.parquet"]["sha256"] for side in ("bid", "ask")
    ]
    assert main(["data", "list", "store"]) == 0
    assert capsys.readouterr().out.splitlines()[0].split()[:5] == ["symbol", "timeframe", "side", "rows", "first"]


def test_list_knows_ticks_of_any_format(tmp_path, capsys):
    (tmp_path / "ABC_ticks.csv").write_text(
        "time,bid,ask\n2024-01-02T00:00:00Z,1.1,1.2\n2024-01-02T00:00:01Z,1.1,1.2\n"
    )

    assert main(["data", "list", str(tmp_path), "--json"]) == 0

    row = json.loads(capsys.readouterr().out)[0]
    assert (row["symbol"], row["timeframe"], row["side"], row["rows"], row["missing"]) == (
        "ABC",
        "ticks",
        "both",
        2,
        None,
    )


def test_list_of_an_empty_folder_exits_with_3(tmp_path, capsys):
    assert main(["data", "list", str(tmp_path)]) == 3
    assert "EURUSD_M1_bid.parquet" in capsys.readouterr().err


def test_resample_writes_both_sides_of_coarser_bars(store, capsys):
    """RES-1: an hour of minutes of price k has open 0, high 59, low 0, close 59."""
    arguments = ["--timeframe", "H1", "--timeframe", "M15", "--out", "made"]

    assert main(["data", "resample", "store/EURUSD_M1_bid.parquet", *arguments]) == 0

    assert capsys.readouterr().out.split() == [
        f"made/EURUSD_{t}_{s}.parquet" for t in ("H1", "M15") for s in ("bid", "ask")
    ]
    hours = pq.read_table("made/EURUSD_H1_bid.parquet")
    assert [hours[name].to_pylist() for name in ("open", "high", "low", "close")] == [
        [110_000, 110_060],
        [110_059, 110_119],
        [110_000, 110_060],
        [110_059, 110_119],
    ]
    assert pq.read_table("made/EURUSD_M15_ask.parquet")["open"].to_pylist()[0] == 120_000


def test_resample_to_a_timeframe_that_does_not_fit_is_a_usage_error(store, capsys):
    assert main(["data", "resample", "store/EURUSD_M1_bid.parquet", "--timeframe", "H1", "--out", "made"]) == 0

    assert main(["data", "resample", "made/EURUSD_H1_bid.parquet", "--timeframe", "M15", "--out", "made"]) == 2


def test_a_given_hour_that_differs_from_its_minutes_is_reported_by_load_and_check(store, capsys):
    """RES-3: one given close is 3 points higher; nothing else differs."""
    assert main(["data", "resample", "store/EURUSD_M1_bid.parquet", "--timeframe", "H1", "--out", "store"]) == 0
    higher = {"symbols": "EURUSD", "timeframe": "M15", "higher_timeframes": ["H1"]}
    assert omega.data.load(store, **higher).notes == ()
    hours = pq.read_table(store / "EURUSD_H1_bid.parquet").to_pydict()
    lines = [
        f"{time.isoformat()},{o / 1e5:.5f},{(h + 9) / 1e5:.5f},{low / 1e5:.5f},{(c + 3 * (k == 1)) / 1e5:.5f}"
        for k, (time, o, h, low, c) in enumerate(
            zip(*(hours[name] for name in ("time", "open", "high", "low", "close")), strict=True)
        )
    ]
    pathlib.Path("h1_bid.csv").write_text("time,open,high,low,close\n" + "\n".join(lines) + "\n")
    assert main(["data", "import", "h1_bid.csv", "--symbol", "EURUSD", "--out", "store", "--force"]) == 0
    capsys.readouterr()

    notes = omega.data.load(store, **higher).notes

    assert [(note.code, note.count) for note in notes] == [("data.resample_differs", 2)]
    assert "2 bars in common, 2 differ by up to 9 points" in notes[0].detail
    assert main(["data", "check", "store"]) == 0
    assert "2 bars in common, 2 differ by up to 9 points" in capsys.readouterr().out


def test_hours_made_of_minutes_are_compared_with_the_sources_own_hours():
    """RES-3: minutes of May 2014 hold no hour twice; resampled with themselves nothing differs."""
    data = omega.data.load(MINUTES, symbols="EURUSD", timeframe="M1")
    hours = omega.data.load(MINUTES, symbols="EURUSD", timeframe="H1").resolve().series[0]
    given = tuple(hours[f"bid_{name}"].to_numpy() for name in ("open", "high", "low", "close"))
    times = hours["time"].cast("int64").to_numpy()
    calendar = fx_calendar(int(times[0]), int(times[-1]))

    found = compare_resampled(data.base, "M1", (times, (given[0], given[1], given[2], given[3])), "H1", calendar)

    assert found.is_equal and found.common > 160
