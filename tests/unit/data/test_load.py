"""From files and tables to `MarketData` (DAT, RES-2, CHK-3, TIM-5)."""

from __future__ import annotations

import json
import pathlib
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas
import polars
import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.feather as pf
import pyarrow.parquet as pq
import pytest

import omega.data
from omega.errors import ConfigError, DataError

SPECS = {"EURUSD": SimpleNamespace(digits=5)}
MINUTE = 60_000_000


def us(text: str) -> int:
    return int(np.datetime64(text, "us").astype(np.int64))


def minutes(count: int, start: str = "2024-01-02T00:00", raised: float = 0.0) -> pa.Table:
    """Bars that rise by one point a minute, one point wide."""
    base = [round(1.1 + raised + idx * 1e-5, 5) for idx in range(count)]
    above = [round(price + 1e-5, 5) for price in base]
    times = pa.array([us(start) + idx * MINUTE for idx in range(count)]).cast(pa.timestamp("us", tz="UTC"))
    return pa.table({"time": times, "open": base, "high": above, "low": base, "close": above, "volume": [1.0] * count})


def load(path: object, timeframe: str = "M1", **options: Any) -> omega.data.MarketData:
    return omega.data.load(path, symbols="EURUSD", timeframe=timeframe, specs=SPECS, **options)


def prices(data: omega.data.MarketData) -> list[list[int]]:
    return [column.tolist() for column in data.base.bid]


@pytest.mark.parametrize("suffix", ["parquet", "feather", "arrow", "csv"])
def test_every_file_format_gives_the_same_data(suffix, tmp_path):
    """DAT-2: Parquet, Feather, Arrow IPC and CSV; the hash covers the values, not the container."""
    write = {"parquet": pq.write_table, "feather": pf.write_feather, "arrow": pf.write_feather, "csv": pc.write_csv}
    (tmp_path / "below").mkdir()
    write[suffix](minutes(5), tmp_path / "below" / f"EURUSD_M1_bid.{suffix}")

    data = load(tmp_path)

    assert prices(data)[0] == [110000, 110001, 110002, 110003, 110004]
    assert data.data_hash == load({"bid": minutes(5)}).data_hash
    assert data.source == f"below/EURUSD_M1_bid.{suffix}"


def test_tables_of_every_library_give_the_same_data():
    """DAT-2: pyarrow, polars, pandas with a column or an index of times."""
    table = minutes(5)
    frame = table.to_pandas()
    spelled = table.rename_columns(["UTC time", "Open", "High", "Low", "Close", "Volume"])
    given = [table, polars.from_arrow(table), frame, frame.set_index("time"), spelled, spelled.to_pandas()]

    hashes = {load({"bid": one}).data_hash for one in given} | {load(table).data_hash}

    assert len(hashes) == 1


def test_times_of_another_zone_and_unit_are_the_same_instants():
    """TIM-1: a zone-aware time is an instant, whatever zone it is shown in."""
    table = minutes(3)
    for kind in (pa.timestamp("ns", tz="Europe/Berlin"), pa.timestamp("ms", tz="UTC"), pa.timestamp("s", tz="UTC")):
        moved = table.set_column(0, "time", table["time"].cast(kind))
        assert load({"bid": moved}).data_hash == load({"bid": table}).data_hash


def test_arguments_that_do_not_fit_given_tables_are_refused():
    """Nothing is ignored in silence."""
    for path, options in (
        ({"bid": minutes(2)}, {"source": "broker_a"}),
        ({"bid": minutes(2), "mid": minutes(2)}, {}),
        ({"ask": minutes(2)}, {}),
        ({"bid": minutes(2), "timeframe": "M2"}, {}),
    ):
        with pytest.raises(ConfigError):
            load(path, **options)


@pytest.mark.parametrize("given", [5, "EURUSD", [1.1, 1.2]])
def test_something_that_is_no_table_is_refused(given):
    with pytest.raises(DataError):
        load({"bid": given})


def test_the_callers_table_is_not_modified_and_the_data_is_read_only():
    """CHK-3: repairs happen on a copy."""
    table, ask = minutes(4), minutes(4, raised=-0.00002)
    frame = table.to_pandas()
    before = frame.copy()

    data = load({"bid": frame, "ask": ask}, crossed="widen", snap=True)

    pandas.testing.assert_frame_equal(frame, before)
    for array in (data.base.time, *data.base.bid, *(data.base.ask or ()), data.base.volume):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_an_array_that_is_written_to_afterwards_does_not_change_the_data():
    """A run is a function of its data: Arrow shares memory with the caller's arrays, `MarketData` does not."""
    volume, table = np.ones(4), minutes(4)
    shared = table.set_column(5, "volume", pa.array(volume))
    data = load({"bid": shared})

    volume[:] = 9.0

    assert shared["volume"].to_pylist() == [9.0] * 4
    assert data.data_hash == load({"bid": table}).data_hash


def test_snap_moves_prices_to_the_grid_and_counts_them():
    """DAT-3: 1.100004 and 1.100016 are 0.4 points off and become 1.10000 and 1.10002; 1e-6 point is on the grid."""
    table = minutes(2)
    table = table.set_column(1, "open", pa.array([1.100004, 1.10001000000000001]))
    table = table.set_column(4, "close", pa.array([1.10001, 1.100016]))

    data = load({"bid": table}, snap=True)

    assert prices(data)[0] == [110000, 110001]
    assert prices(data)[3] == [110001, 110002]
    assert [(note.code, note.count) for note in data.notes] == [("data.snapped", 2)]


@pytest.mark.parametrize(
    ("choice", "kept"), [("keep_first", [110000, 110001, 110003]), ("keep_last", [110000, 110002, 110003])]
)
def test_duplicates_are_dropped_on_request_and_counted(choice, kept):
    """CHK-3: minutes 0 1 1 2."""
    table = minutes(4)
    times = table["time"].take(pa.array([0, 1, 1, 2]))

    data = load({"bid": table.set_column(0, "time", times)}, duplicates=choice)

    assert prices(data)[0] == kept
    assert [(note.code, note.count) for note in data.notes] == [("data.duplicates_dropped", 1)]


def test_unpaired_bars_below_the_limit_are_dropped_counted_and_listed():
    """RES-2: bid lacks minute 1, ask lacks minute 3."""
    bid, ask = minutes(5).take([0, 2, 3, 4]), minutes(5, raised=0.0001).take([0, 1, 2, 4])

    data = load({"bid": bid, "ask": ask}, max_unpaired=0.4)

    assert prices(data)[0] == [110000, 110002, 110004]
    assert data.base.ask is not None and data.base.ask[0].tolist() == [110010, 110012, 110014]
    (note,) = data.notes
    assert (note.code, note.count) == ("data.unpaired_dropped", 2)
    assert "00:01:00" in note.detail and "00:03:00" in note.detail


def test_crossed_bars_are_dropped_or_widened_and_counted_per_column():
    """CHK-1b: in minute 1 the ask is 2 points below the bid in all four prices."""
    bid, ask = minutes(3), minutes(3)
    for idx, name in enumerate(("open", "high", "low", "close"), start=1):
        lowered = ask[name].to_pylist()
        lowered[1] = round(lowered[1] - 0.00002, 5)
        ask = ask.set_column(idx, name, pa.array(lowered))

    dropped = load({"bid": bid, "ask": ask}, crossed="drop")
    widened = load({"bid": bid, "ask": ask}, crossed="widen")

    assert prices(dropped)[0] == [110000, 110002]
    assert widened.base.ask is not None and widened.base.ask[0].tolist() == [110000, 110001, 110002]
    assert [(note.code, note.count) for note in (*dropped.notes, *widened.notes)] == [
        ("data.crossed_dropped", 1), ("data.crossed_widened", 1),
    ]  # fmt: skip
    assert "open 1, high 1, low 1, close 1" in widened.notes[0].detail


def test_the_coarsest_stored_timeframe_that_divides_all_wanted_ones_is_taken(tmp_path):
    """M15 and H1 are made of M5, not of M1; M2 needs M1."""
    for timeframe in ("M1", "M5"):
        table = minutes(60).filter(pa.array([timeframe == "M1" or idx % 5 == 0 for idx in range(60)]))
        pq.write_table(table, tmp_path / f"EURUSD_{timeframe}_bid.parquet")

    assert load(tmp_path, "M15", higher_timeframes=["H1"]).base_timeframe == "M5"
    assert load(tmp_path, "M5").base_timeframe == "M5"
    assert load(tmp_path, "M2").base_timeframe == "M1"
    assert load(tmp_path, "M5", higher_timeframes=["M12"]).base_timeframe == "M1"


def test_a_bid_file_may_be_named_itself_and_brings_the_ask_beside_it(tmp_path):
    """CAT: data by path."""
    for side, raised in (("bid", 0.0), ("ask", 0.0001)):
        pq.write_table(minutes(5, raised=raised), tmp_path / f"EURUSD_M1_{side}.parquet")

    data = load(tmp_path / "EURUSD_M1_bid.parquet", "M5")

    assert data.base_timeframe == "M1" and data.base.ask is not None
    assert data.source == "EURUSD_M1_bid.parquet and EURUSD_M1_ask.parquet"
    with pytest.raises(DataError, match=r"no EURUSD data .*the folder holds EURUSD"):
        load(tmp_path / "EURUSD_M1_ask.parquet")


def test_the_span_begins_with_the_warm_up_and_ends_with_the_last_complete_bar():
    """TIM-5: M5 bars at 0, 5, 10 … 55; start 00:20, two bars of warm-up, end 00:43."""
    sides = {"bid": minutes(60), "ask": minutes(60, raised=0.0001), "timeframe": "M1"}

    data = load(sides, "M5", start="2024-01-02T00:20:00Z", end="2024-01-02T00:43:00Z", warmup_bars=2)
    tables = data.resolve()

    opens = [f"{moment:%M}" for moment in tables.series[0]["time"].to_pylist()]
    assert opens == ["10", "15", "20", "25", "30", "35"]
    assert tables.first_step == 2


def test_a_higher_timeframe_begins_with_a_whole_bar():
    """The hour that holds the first step bar is loaded from its beginning: its open is minute 0."""
    sides = {"bid": minutes(180), "ask": minutes(180, raised=0.0001), "timeframe": "M1"}

    tables = load(sides, "M5", higher_timeframes=["H1"], start="2024-01-02T00:40:00Z", warmup_bars=1).resolve()

    assert tables.series[0]["bid_open"][0].as_py() == 110035
    assert tables.series[1]["bid_open"].to_pylist() == [110000, 110060, 110120]
    shown = tables.visible[1]
    assert shown is not None and shown.type == pa.int32()
    # Bars 00:35 … 02:55; the hour ending at 01:00 is known when the decision at 01:00 is made.
    assert shown.to_pylist() == [-1] * 4 + [0] * 12 + [1] * 12 + [2]


def test_without_a_start_the_first_step_follows_the_warm_up():
    """TIM-5: there is no decision before the warm-up is over."""
    sides = {"bid": minutes(10), "ask": minutes(10, raised=0.0001)}

    assert load(sides).resolve().first_step == 0
    assert load(sides, warmup_bars=4).resolve().first_step == 4


def test_the_tables_have_the_schema_of_the_seam():
    """schema/tables.toml: names, types, nullability; one chunk, no metadata; header as in ARCHITECTURE.md."""
    root = pathlib.Path(__file__).resolve().parents[3]
    import tomllib

    wanted = tomllib.loads((root / "schema/tables.toml").read_text())["table"]
    kinds = {"timestamp": "timestamp[us, tz=UTC]", "float64": "double"}
    sides = {"bid": minutes(60), "ask": minutes(60, raised=0.0001), "timeframe": "M1"}
    tables = load(sides, "M5", higher_timeframes=["M15"]).resolve()

    for name, table in (("bars", tables.series[0]), ("bars", tables.series[1]), ("calendar", tables.calendar)):
        expected = [
            (one["name"], kinds.get(one["type"], one["type"]), one.get("null", False))
            for one in wanted[name]["columns"]
        ]
        assert [(field.name, str(field.type), field.nullable) for field in table.schema] == expected
        assert table.schema.metadata is None
        assert all(column.num_chunks == 1 for column in table.columns)
    assert json.loads(tables.header) == {
        "symbols": [{"name": "EURUSD", "digits": 5}],
        "series": [{"symbol": 0, "timeframe": "M5"}, {"symbol": 0, "timeframe": "M15"}],
    }
    assert tables.visible[0] is None and tables.timeframes == ("M5", "M15")


def test_volume_is_null_where_the_source_has_none():
    """DAT-1: absent, not zero."""
    table = minutes(2).set_column(5, "volume", pa.array([None, 3.0]))
    tables = load({"bid": table, "ask": minutes(2, raised=0.0001)}).resolve()

    assert tables.series[0]["volume"].to_pylist() == [None, 3.0]
    without = load({"bid": table.drop_columns("volume"), "ask": minutes(2, raised=0.0001)}).resolve()
    assert without.series[0]["volume"].to_pylist() == [None, None]


def test_the_hash_changes_with_every_fact_and_only_then():
    """A run is named by its data: price, digits, time, volume, ask, timeframe."""
    bid, ask = minutes(6), minutes(6, raised=0.0001)
    same = [load({"bid": bid, "ask": ask}).data_hash for _ in range(2)]
    volume = bid.set_column(5, "volume", pa.array([2.0] * 6))
    others = [
        load({"bid": bid}),
        load({"bid": bid, "ask": minutes(6, raised=0.0002)}),
        load({"bid": minutes(6, start="2024-01-02T00:01"), "ask": minutes(6, start="2024-01-02T00:01", raised=0.0001)}),
        load({"bid": volume, "ask": ask}),
        load({"bid": bid, "ask": ask, "timeframe": "M1"}, "M2"),
        load({"bid": bid, "ask": ask}, warmup_bars=1),
        omega.data.load(
            {"bid": bid, "ask": ask}, symbols="EURUSD", timeframe="M1", specs={"EURUSD": SimpleNamespace(digits=6)}
        ),
    ]

    assert same[0] == same[1] and len(same[0]) == 64
    assert len({same[0], *(data.data_hash for data in others)}) == 1 + len(others)
