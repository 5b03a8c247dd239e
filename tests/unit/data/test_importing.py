"""What importers write, and what repairs do (IMP, CHK-3)."""

from __future__ import annotations

import json
import lzma
import pathlib
import struct
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import omega.data
from omega.data.importing import REPAIRS, ImportOptions, import_files
from omega.errors import DataError

SPECS = {"EURUSD": SimpleNamespace(digits=5)}
HEADER = "time,open,high,low,close,volume\n"
GOOD = [f"2024-01-02T00:0{k}:00Z,1.1000{k},1.1002{k},1.0998{k},1.1001{k},{k + 1}" for k in range(6)]


def do_import(folder: pathlib.Path, content: str | bytes, name: str = "a.csv", **options: Any) -> Any:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    done = import_files([path], symbol="EURUSD", out=folder / "store", options=ImportOptions(**options))
    return done[0] if len(done) == 1 else done


def bars(rows: list[str]) -> str:
    return HEADER + "\n".join(rows) + "\n"


def minutes(path: pathlib.Path) -> list[int]:
    return [moment.minute for moment in pq.read_table(path)["time"].to_pylist()]


def test_a_store_has_integer_points_zstd_checksums_and_a_manifest(tmp_path):
    """IMP: what a normalised file is made of."""
    done = do_import(tmp_path, bars(GOOD), side="bid")

    file = pq.ParquetFile(done.path)
    schema = file.schema_arrow
    assert [str(schema.field(name).type) for name in ("open", "high", "low", "close")] == ["int32"] * 4
    assert str(schema.field("time").type) == "timestamp[us, tz=UTC]"
    assert file.metadata.row_group(0).column(1).compression == "ZSTD"
    entry = json.loads((tmp_path / "store/manifest.json").read_text())["files"]["EURUSD_M1_bid.parquet"]
    assert (entry["rows"], entry["digits"], entry["zone"], entry["format"]) == (
        6,
        5,
        "UTC",
        "CSV as TradingView writes it",
    )
    assert len(entry["sha256"]) == 64 and entry["sources"][0]["name"] == "a.csv"


def test_an_imported_store_loads_to_the_prices_and_volumes_of_its_source(tmp_path):
    """IMP and DAT-1: 1.10013 is 110,013 points."""
    do_import(tmp_path, bars(GOOD), side="bid")

    data = omega.data.load(tmp_path / "store", symbols="EURUSD", timeframe="M1", specs=SPECS)

    assert data.base.bid[0].tolist() == [110_000 + k for k in range(6)]
    assert data.base.bid[3].tolist() == [110_010 + k for k in range(6)]
    assert data.base.volume.tolist() == [1, 2, 3, 4, 5, 6]


def test_both_sides_and_several_parts_come_in_one_call_in_any_order(tmp_path):
    """IMP: files are ordered by their times, and sides kept apart."""
    files = []
    for side, raised in (("bid", 0), ("ask", 5)):
        for part, rows in (("2", GOOD[3:]), ("1", GOOD[:3])):
            path = tmp_path / f"x_{part}_{side}.csv"
            path.write_text(bars(rows).replace("1.1", f"1.{1}") if not raised else bars(rows))
            files.append(path)

    done = import_files(files, symbol="EURUSD", out=tmp_path / "store", options=ImportOptions())

    assert sorted((one.path.name, one.rows) for one in done) == [
        ("EURUSD_M1_ask.parquet", 6),
        ("EURUSD_M1_bid.parquet", 6),
    ]
    assert minutes(done[0].path) == [0, 1, 2, 3, 4, 5]


def test_a_file_that_is_there_is_not_replaced_without_being_asked(tmp_path):
    do_import(tmp_path, bars(GOOD), side="bid")
    with pytest.raises(DataError) as caught:
        do_import(tmp_path, bars(GOOD[:3]), side="bid")

    assert caught.value.code == "data.exists"
    assert do_import(tmp_path, bars(GOOD[:3]), side="bid", force=True).rows == 3
    assert len(omega.data.load(tmp_path / "store", symbols="EURUSD", timeframe="M1", specs=SPECS).base.time) == 3


@pytest.mark.parametrize(
    ("repair", "rows", "expected", "count"),
    [
        ("sort", [*GOOD[3:], *GOOD[:3]], [0, 1, 2, 3, 4, 5], 6),
        ("drop_duplicates", [*GOOD[:3], GOOD[2], *GOOD[3:]], [0, 1, 2, 3, 4, 5], 1),
        ("drop_weekend", ["2024-01-06T12:00:00Z" + GOOD[0][20:], *(row.replace("01-02", "01-08") for row in GOOD)],
         [0, 1, 2, 3, 4, 5], 1),
        ("drop_empty", [*GOOD[:5], "2024-01-02T00:05:00Z,1.1,1.1,1.1,1.1,0"], [0, 1, 2, 3, 4], 1),
        ("drop_off_grid", [*GOOD[:5], GOOD[5].replace("05:00Z", "05:01Z")], [0, 1, 2, 3, 4], 1),
        ("floor_times", [*GOOD[:5], GOOD[5].replace("05:00Z", "05:01Z")], [0, 1, 2, 3, 4, 5], 1),
        ("widen_range", [*GOOD[:5], "2024-01-02T00:05:00Z,1.10005,1.10005,1.09985,1.10015,6"], [0, 1, 2, 3, 4, 5], 1),
        ("snap", [*GOOD[:5], "2024-01-02T00:05:00Z,1.100054,1.10025,1.09985,1.10015,6"], [0, 1, 2, 3, 4, 5], 1),
    ],
)  # fmt: skip
def test_a_repair_happens_only_on_request_and_is_counted(repair, rows, expected, count, tmp_path):
    """CHK-3: refused without the repair (but for rows that are merely useless), counted in result and manifest."""
    if repair not in ("drop_weekend", "drop_empty"):
        with pytest.raises(DataError):
            do_import(tmp_path, bars(rows), side="bid", timeframe="M1")

    done = do_import(tmp_path, bars(rows), side="bid", timeframe="M1", repairs=[repair])

    assert minutes(done.path) == expected
    assert done.repairs == {repair: count}
    assert json.loads((tmp_path / "store/manifest.json").read_text())["files"][done.path.name]["repairs"] == {
        repair: count
    }


@pytest.mark.parametrize(("repair", "asks"), [("drop_crossed", [110_020]), ("widen_crossed", [110_010, 110_020])])
def test_crossed_ticks_are_dropped_or_widened_on_request(repair, asks, tmp_path):
    """CHK-1b, for ticks: bid 1.10010 above ask 1.10005."""
    text = "timestamp,bid,ask\n2024-01-02T00:00:00Z,1.10010,1.10005\n2024-01-02T00:00:01Z,1.10010,1.10020\n"

    done = do_import(tmp_path, text, repairs=[repair])

    assert pq.read_table(done.path)["ask"].to_pylist() == asks
    assert done.repairs == {repair: 1}


def test_every_repair_has_a_test():
    tested = {"sort", "drop_duplicates", "drop_weekend", "drop_empty", "drop_off_grid", "floor_times", "widen_range"}

    assert set(REPAIRS) == tested | {"snap", "drop_crossed", "widen_crossed"}


def test_metatrader_ticks_keep_the_side_that_did_not_change(tmp_path):
    """IMP: an empty cell repeats the quote; nothing is written before both sides are known."""
    rows = [("00:00:00.100", "1.10000", ""), ("00:00:00.200", "", "1.10010"), ("00:00:01.000", "1.10003", "")]
    text = "<DATE>\t<TIME>\t<BID>\t<ASK>\t<LAST>\t<VOLUME>\t<FLAGS>\n"
    text += "".join(f"2024.01.02\t{time}\t{bid}\t{ask}\t\t\t{2 if bid else 4}\n" for time, bid, ask in rows)

    done = do_import(tmp_path, text, zone="UTC")

    table = pq.read_table(done.path)
    assert table["bid"].to_pylist() == [110_000, 110_003]
    assert table["ask"].to_pylist() == [110_010, 110_010]
    assert table["flags"].to_pylist() == [4, 2]


def test_ticks_of_one_time_are_legal_and_keep_their_order(tmp_path):
    """CAT: equal tick times are legal, order kept."""
    text = "timestamp,bid,ask\n" + "".join(f"2024-01-02T00:00:00Z,1.1000{k},1.1001{k}\n" for k in (3, 1, 2))

    assert pq.read_table(do_import(tmp_path, text).path)["bid"].to_pylist() == [110_003, 110_001, 110_002]


def test_bi5_records_are_read_as_their_bytes_say(tmp_path):
    """IMP: u32 ms, ask, bid; month 00 in the path is January; float32 volumes are the decimals that were meant."""
    folder = tmp_path / "USDJPY/2024/00/02"
    folder.mkdir(parents=True)
    record = struct.pack(">IIIff", 250, 141_012, 141_000, 1.12, 2.25)
    (folder / "13h_ticks.bi5").write_bytes(lzma.compress(record, lzma.FORMAT_ALONE))

    done = import_files([folder / "13h_ticks.bi5"], symbol="USDJPY", out=tmp_path / "store")

    assert pq.read_table(done[0].path).to_pylist() == [
        {
            "time": pa.scalar(1_704_200_400_250_000, pa.timestamp("us", "UTC")).as_py(),
            **{"bid": 141_000, "ask": 141_012, "bid_volume": 2.25, "ask_volume": 1.12},
        }
    ]


@pytest.mark.parametrize(
    ("version", "bar", "spreads"),
    [
        # time, open, low, high, close, volume
        (400, struct.pack("<i5d", 1_704_153_600, 1.1, 1.0998, 1.1002, 1.1001, 7.0), None),
        # time, open, high, low, close, volume, spread, real volume
        (401, struct.pack("<q4dqiq", 1_704_153_600, 1.1, 1.1002, 1.0998, 1.1001, 7, 3, 0), [3]),
    ],
)
def test_history_files_are_read_as_their_bytes_say(version, bar, spreads, tmp_path):
    """IMP: both versions; the header tells the timeframe, the clock is asked for."""
    content = struct.pack("<i64s12sii60x", version, b"(C) MetaQuotes", b"EURUSD", 5, 5) + bar
    with pytest.raises(DataError) as caught:
        do_import(tmp_path, content, name="EURUSD5.hst")
    assert caught.value.code == "data.zone_unknown"

    done = do_import(tmp_path, content, name="EURUSD5.hst", zone="+02:00")

    table = pq.read_table(done.path)
    assert done.path.name == "EURUSD_M5_bid.parquet"
    assert [table[name].to_pylist() for name in ("open", "high", "low", "close", "volume")] == [
        [110_000], [110_020], [109_980], [110_010], [7.0],
    ]  # fmt: skip
    assert table["time"].cast("int64").to_pylist() == [(1_704_153_600 - 7_200) * 1_000_000]
    assert (table["spread"].to_pylist() if "spread" in table.column_names else None) == spreads


def test_daily_bars_of_metatrader_have_a_date_and_no_clock(tmp_path):
    """IMP: midnight on a New York + 7 h server is 17:00 New York of the day before."""
    text = "<DATE>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n"
    text += "".join(f"2024.07.0{day}\t1.1\t1.2\t1.0\t1.1\t9\t0\t2\n" for day in (1, 2, 3))
    with pytest.raises(DataError) as caught:
        do_import(tmp_path, text)
    assert caught.value.context["proposal"] == "America/New_York+7h"

    done = do_import(tmp_path, text, zone="America/New_York+7h")

    assert done.path.name == "EURUSD_D1_bid.parquet"
    assert str(pq.read_table(done.path)["time"][0]) == "2024-06-30 21:00:00+00:00"


def test_close_times_become_open_times_when_the_user_says_so(tmp_path):
    """CHK-2: a bar that closes at 00:05 opened at 00:04."""
    assert minutes(do_import(tmp_path, bars(GOOD[1:]), side="bid", label="close").path) == [0, 1, 2, 3, 4]


def test_commas_as_decimal_points_are_understood(tmp_path):
    rows = [row.replace(",", ";").replace(".", ",") for row in GOOD]
    text = "time;open;high;low;close;volume\n" + "\n".join(rows) + "\n"

    assert pq.read_table(do_import(tmp_path, text, side="bid").path)["open"].to_pylist()[1] == 110_001


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_marks_are_understood(encoding, tmp_path):
    assert do_import(tmp_path, bars(GOOD).encode(encoding), side="bid").rows == 6


def test_columns_can_be_named_by_title_or_position(tmp_path):
    text = "\n".join(GOOD) + "\n"
    positions = {name: str(idx) for idx, name in enumerate(("time", "open", "high", "low", "close"))}

    assert do_import(tmp_path, text, side="bid", columns=positions).rows == 6


def test_an_import_larger_than_a_batch_equals_its_source(tmp_path):
    """IMP: streaming in batches loses and repeats nothing; 300,000 rows are several batches."""
    count = 300_000
    points = np.random.default_rng(5).integers(-9, 10, count).cumsum() + 110_000
    times = np.datetime_as_string((np.datetime64("2023-01-02T00:00") + np.arange(count)).astype("datetime64[s]"))
    rows = [
        f"{time}Z,{p / 1e5:.5f},{p / 1e5:.5f},{p / 1e5:.5f},{p / 1e5:.5f},1"
        for time, p in zip(times, points, strict=True)
    ]
    seen: list[tuple[int, int]] = []
    (tmp_path / "a.csv").write_text(bars(rows))

    done = import_files(
        [tmp_path / "a.csv"], symbol="EURUSD", out=tmp_path / "store", options=ImportOptions(side="bid"),
        on_progress=lambda read, total: seen.append((read, total)),
    )  # fmt: skip

    assert pq.read_table(done[0].path)["close"].to_pylist() == points.tolist()
    assert len(seen) > 3 and seen == sorted(seen) and seen[-1][0] == seen[-1][1]


def test_a_row_far_down_the_file_is_named_by_its_number(tmp_path):
    """IMP: batches do not show in messages."""
    rows = []
    for k in range(200_000):
        day, minute = divmod(k, 1440)
        rows.append(f"{np.datetime64('2023-01-02') + day}T{minute // 60:02d}:{minute % 60:02d}:00Z,1.1,1.1,1.1,1.1,1")
    rows[170_001] = rows[170_001].replace(",1.1,", ",nan,", 1)

    with pytest.raises(DataError) as caught:
        do_import(tmp_path, bars(rows), side="bid")

    assert (caught.value.code, caught.value.context["row"]) == ("data.not_finite", 170_001)
