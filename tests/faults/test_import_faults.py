"""Malformed files of every format: each is refused with its code, file, row and value, and nothing is written."""

from __future__ import annotations

import lzma
import pathlib
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from omega.data.importing import ImportOptions, import_files
from omega.errors import OmegaError

Lines = list[list[str]]


@dataclass(frozen=True)
class Kind:
    """A CSV format as it is written: titles, cells of row k, which cell is what, and what must be said of it."""

    name: str
    delimiter: str
    titles: list[str]
    time: Callable[[int], list[str]]
    is_bars: bool
    options: dict[str, Any]
    lead: list[str] = ()  # type: ignore[assignment]
    volume: bool = True

    def lines(self) -> Lines:
        rows = []
        for k in range(8):
            base = 110_000 + 10 * k
            prices = (base, base + 15, base - 5, base + 10) if self.is_bars else (base, base + 12)
            tail = ["7"] if self.volume else []
            rows.append([*self.lead, *self.time(k), *(f"{price / 100_000:.5f}" for price in prices), *tail])
        return rows

    @property
    def first_price(self) -> int:
        return len(self.lead) + len(self.time(0))

    def write(self, folder: pathlib.Path, lines: Lines) -> pathlib.Path:
        text = [self.delimiter.join(cells) for cells in ([self.titles] if self.titles else []) + lines]
        path = folder / "EURUSD.csv"
        path.write_text("\n".join(text) + "\n", encoding="utf-8")
        return path


UTC = {"zone": "UTC"}
BARS = [
    Kind("MetaTrader 5", "\t", "<DATE> <TIME> <OPEN> <HIGH> <LOW> <CLOSE> <TICKVOL>".split(),
         lambda k: ["2024.01.02", f"00:0{k}:00"], True, UTC),
    Kind("MetaTrader 4", ",", [], lambda k: ["2024.01.02", f"00:0{k}"], True, UTC),
    Kind("Dukascopy", ",", ["Gmt time", "Open", "High", "Low", "Close", "Volume"],
         lambda k: [f"02.01.2024 00:0{k}:00.000"], True, {"side": "bid"}),
    Kind("HistData", ";", [], lambda k: [f"20240102 000{k}00"], True, {}),
    Kind("TradingView", ",", ["time", "open", "high", "low", "close"],
         lambda k: [str(1_704_153_600 + 60 * k)], True, {"side": "bid"}, volume=False),
    Kind("CSV with zones", ",", ["UTC time", "Open", "High", "Low", "Close", "Volume"],
         lambda k: [f"2024-01-02T00:0{k}:00Z"], True, {"side": "ask"}),
]  # fmt: skip
TICKS = [
    Kind("MetaTrader 5 ticks", "\t", "<DATE> <TIME> <BID> <ASK>".split(),
         lambda k: ["2024.01.02", f"00:00:0{k}.250"], False, UTC, volume=False),
    Kind("HistData ticks", ",", [], lambda k: [f"20240102 00000{k}250"], False, {}),
    Kind("TrueFX", ",", [], lambda k: [f"20240102 00:00:0{k}.250"], False, {}, lead=["EUR/USD"], volume=False),
    Kind("ticks with titles", ",", ["timestamp", "bid", "ask"], lambda k: [f"2024-01-02 00:00:0{k}.25+00:00"],
         False, {}, volume=False),
]  # fmt: skip
ROW = 5


def set_cell(offset: int, value: str) -> Callable[[Kind, Lines], None]:
    def change(kind: Kind, lines: Lines) -> None:
        lines[ROW][kind.first_price + offset] = value

    return change


def set_time(text: Callable[[str], str]) -> Callable[[Kind, Lines], None]:
    def change(kind: Kind, lines: Lines) -> None:
        at = kind.first_price - 1
        lines[ROW][at] = text(lines[ROW][at])

    return change


def time_of(row: int) -> Callable[[Kind, Lines], None]:
    def change(kind: Kind, lines: Lines) -> None:
        begin = len(kind.lead)
        lines[ROW][begin : kind.first_price] = lines[row][begin : kind.first_price]

    return change


def cut(kind: Kind, lines: Lines) -> None:
    lines[ROW] = lines[ROW][: kind.first_price + 1]


def widen(kind: Kind, lines: Lines) -> None:
    lines[ROW] = [*lines[ROW], "1", "2"]


PRICE_FAULTS: dict[str, tuple[Callable[[Kind, Lines], None], str, str]] = {
    "an empty price": (set_cell(0, ""), "data.null", "null"),
    "a price NaN": (set_cell(0, "nan"), "data.not_finite", "nan"),
    "an infinite price": (set_cell(1, "inf"), "data.not_finite", "inf"),
    "a price zero": (set_cell(0, "0"), "data.not_positive", "0.0"),
    "a negative price": (set_cell(0, "-1.1"), "data.not_positive", "-1.1"),
    "text as price": (set_cell(0, "1.1x"), "data.wrong_type", "'1.1x'"),
    "two points in a price": (set_cell(1, "1.100.5"), "data.wrong_type", "'1.100.5'"),
    "a price off the grid": (set_cell(0, "1.1000501"), "data.off_grid", "1.1000501"),
    "a price too large": (set_cell(1, "99999.5"), "data.price_out_of_range", "99999.5"),
    "a row cut short": (cut, "data.ragged_row", "expected"),
    "cells too many": (widen, "data.ragged_row", "expected"),
    "a time that goes back": (time_of(2), "data.time_not_increasing", "does not come after"),
    "a time of nonsense": (set_time(lambda text: "x" * len(text)), "data.bad_time|data.wrong_type", "xxx"),
    "a time without its end": (set_time(lambda text: text[: len(text) // 2 + 1]), "data.bad_time", ""),
}
BAR_FAULTS = PRICE_FAULTS | {
    "a repeated time": (time_of(4), "data.time_not_increasing", "drop_duplicates"),
    "a high below the close": (set_cell(1, "1.10055"), "data.high_below", "1.10055"),
    "a low above the open": (set_cell(2, "1.10051"), "data.low_above", "1.10051"),
}
VOLUME_FAULTS = {
    "a negative volume": (set_cell(4, "-7"), "data.bad_volume", "-7.0"),
    "a volume NaN": (set_cell(4, "nan"), "data.bad_volume", "nan"),
    "text as volume": (set_cell(4, "many"), "data.wrong_type", "'many'"),
}
TICK_FAULTS = PRICE_FAULTS | {"a crossed quote": (set_cell(1, "1.10001"), "data.crossed_ticks", "1.10001")}
CASES = (
    [(kind, name, fault) for kind in BARS for name, fault in BAR_FAULTS.items()]
    + [(kind, name, fault) for kind in BARS if kind.volume for name, fault in VOLUME_FAULTS.items()]
    + [
        (kind, name, fault)
        for kind in TICKS
        for name, fault in TICK_FAULTS.items()
        # MetaTrader leaves a quote empty that did not change.
        if (kind.name, name) != ("MetaTrader 5 ticks", "an empty price")
    ]
)


def do_import(path: pathlib.Path, out: pathlib.Path, **options: Any) -> Any:
    return import_files([path], symbol="EURUSD", out=out, options=ImportOptions(**options))


def refusal(path: pathlib.Path, out: pathlib.Path, **options: Any) -> OmegaError:
    with pytest.raises(OmegaError) as caught:
        do_import(path, out, **options)
    assert [file.name for file in out.rglob("*") if file.is_file()] == []
    return caught.value


def test_the_fault_table_is_long_enough():
    assert len(CASES) + len(FILE_FAULTS) >= 150


@pytest.mark.parametrize("kind", [*BARS, *TICKS], ids=lambda kind: kind.name)
def test_the_good_file_of_each_format_is_accepted(kind, tmp_path):
    """Canary: without a fault, eight rows arrive."""
    done = do_import(kind.write(tmp_path, kind.lines()), tmp_path / "store", **kind.options)

    assert [one.rows for one in done] == [8]
    assert kind.name.split()[0] in " ".join(done[0].said)
    table = pq.read_table(done[0].path)
    assert table["open" if kind.is_bars else "bid"].to_pylist() == [110_000 + 10 * k for k in range(8)]


@pytest.mark.parametrize(("kind", "name", "fault"), CASES, ids=[f"{kind.name}: {name}" for kind, name, _ in CASES])
def test_a_fault_in_a_row_is_refused_with_code_file_row_and_value(kind, name, fault, tmp_path):
    """CHK-1, whatever the format: row 5 is named."""
    change, code, shown = fault
    lines = kind.lines()
    change(kind, lines)
    path = kind.write(tmp_path, lines)

    error = refusal(path, tmp_path / "store", **kind.options)

    assert error.code in code.split("|"), str(error)
    assert str(path) in str(error) and f"row {ROW}" in str(error)
    assert shown in " ".join([str(error), *getattr(error, "__notes__", [])])


# ---------------------------------------------------------------- whole files


def text(name: str, content: str | bytes) -> Callable[[pathlib.Path], pathlib.Path]:
    def write(folder: pathlib.Path) -> pathlib.Path:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def good(kind: Kind) -> str:
    return "\n".join(kind.delimiter.join(cells) for cells in ([kind.titles] if kind.titles else []) + kind.lines())


def zipped(members: dict[str, str]) -> Callable[[pathlib.Path], pathlib.Path]:
    def write(folder: pathlib.Path) -> pathlib.Path:
        with zipfile.ZipFile(folder / "data.zip", "w") as archive:
            for name, content in members.items():
                archive.writestr(name, content)
        return folder / "data.zip"

    return write


def arrow(suffix: str, damage: Callable[[bytes], bytes]) -> Callable[[pathlib.Path], pathlib.Path]:
    def write(folder: pathlib.Path) -> pathlib.Path:
        times = pa.array([1_704_153_600_000_000 + k * 60_000_000 for k in range(500)]).cast(pa.timestamp("us", "UTC"))
        table = pa.table({"time": times, **{name: [1.1] * 500 for name in ("open", "high", "low", "close")}})
        path = folder / f"EURUSD_bid.{suffix}"
        if suffix == "parquet":
            pq.write_table(table, path, write_page_checksum=True)
        else:
            pyarrow.feather.write_feather(table, path, compression="uncompressed")
        path.write_bytes(damage(path.read_bytes()))
        return path

    return write


def without_zone(folder: pathlib.Path) -> pathlib.Path:
    times = pa.array([1_704_153_600_000_000]).cast(pa.timestamp("us"))
    pq.write_table(
        pa.table({"time": times, **{n: [1.1] for n in ("open", "high", "low", "close")}}), folder / "x_bid.parquet"
    )
    return folder / "x_bid.parquet"


def history(version: int, minutes: int) -> bytes:
    return struct.pack("<i64s12sii60x", version, b"(C)", b"EURUSD", minutes, 5)


TICK = struct.pack(">IIIff", 250, 110_012, 110_000, 1.5, 2.25)
PACKED = lzma.compress(TICK * 20, lzma.FORMAT_ALONE)
HOUR = "EURUSD/2024/00/02/00h_ticks.bi5"
MT4, DUKASCOPY, TITLED = BARS[1], BARS[2], BARS[5]
HEADER = "time,open,high,low,close\n"
FILE_FAULTS: dict[str, tuple[Callable[[pathlib.Path], pathlib.Path], dict[str, Any], str]] = {
    "an empty file": (text("a.csv", ""), {}, "data.empty"),
    "blank lines only": (text("a.csv", "\n\n\n"), {}, "data.empty"),
    "titles without rows": (text("a.csv", HEADER), {"side": "bid", "zone": "UTC"}, "data.empty"),
    "a picture": (text("a.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" * 9), {}, "data.unknown_format"),
    "prose": (text("a.csv", "Dear Sir,\nplease find attached\n"), {}, "data.missing_column"),
    "numbers without titles": (text("a.csv", "1,2,3,4,5\n6,7,8,9,10\n"), {}, "data.unknown_format"),
    "a history file without its header": (text("EURUSD1.hst", b"\x91\x01\0\0"), {}, "data.unknown_format"),
    "a history file of another version": (text("EURUSD1.hst", history(402, 1)), {}, "data.unknown_format"),
    "a history file of seven minutes": (text("EURUSD1.hst", history(401, 7)), {}, "data.unknown_format"),
    "a history file without bars": (text("EURUSD1.hst", history(401, 1)), {}, "data.empty"),
    "a history file cut inside a bar": (text("EURUSD1.hst", history(401, 1) + bytes(59)), UTC, "data.unreadable"),
    "a history file of zeros": (text("EURUSD1.hst", history(401, 1) + bytes(60)), UTC, "data.not_positive"),
    "no close": (text("a.csv", "time,open,high,low\n2024-01-02T00:00:00Z,1,1,1\n"), {}, "data.missing_column"),
    "no time": (text("a.csv", "open,high,low,close\n1,1,1,1\n"), {}, "data.missing_column"),
    "two closes": (
        text("a.csv", "time,open,high,low,close,Close\n2024-01-02T00:00:00Z,1,1,1,1,1\n"),
        {"side": "bid"},
        "data.ambiguous_column",
    ),
    "a mapping to a title that is not there": (
        text("a.csv", good(TITLED) + "\n"),
        {"columns": {"close": "Last"}},
        "data.missing_column",
    ),
    "a mapping of a name omega does not know": (
        text("a.csv", good(TITLED) + "\n"),
        {"columns": {"klose": "Close"}},
        "config.invalid",
    ),
    "no side": (text("a.csv", good(TITLED) + "\n"), {}, "data.side_unknown"),
    "no clock": (text("a.csv", good(MT4) + "\n"), {}, "data.zone_unknown"),
    "a clock that does not exist": (text("a.csv", good(MT4) + "\n"), {"zone": "Europe/Atlantis"}, "config.invalid"),
    "a timeframe that does not exist": (text("a.csv", good(MT4) + "\n"), {"timeframe": "M7"}, "config.invalid"),
    "a repair that does not exist": (text("a.csv", good(MT4) + "\n"), {"repairs": ["mend"]}, "config.invalid"),
    "MetaTrader 4 without a last line break": (text("a.csv", good(MT4)), UTC, "data.cut_short"),
    "Dukascopy without a last line break": (text("a_bid.csv", good(DUKASCOPY)), {}, "data.cut_short"),
    "Dukascopy cut inside a row": (text("a_bid.csv", good(DUKASCOPY)[:-20]), {}, "data.cut_short"),
    "CSV cut inside a row": (text("a.csv", good(TITLED)[:-20]), {"side": "bid"}, "data.ragged_row"),
    "steps of seven minutes": (
        text("a.csv", HEADER + "".join(f"2024-01-02T00:{7 * k:02d}:00Z,1.1,1.1,1.1,1.1\n" for k in range(5))),
        {"side": "bid"},
        "data.timeframe_unknown",
    ),
    "a single bar": (
        text("a.csv", HEADER + "2024-01-02T00:00:00Z,1.1,1.1,1.1,1.1\n"),
        {"side": "bid"},
        "data.timeframe_unknown",
    ),
    "bars off the grid of the named timeframe": (
        text("a.csv", good(TITLED) + "\n"),
        {"side": "bid", "timeframe": "M5"},
        "data.time_off_grid",
    ),
    "zones that differ": (
        text(
            "a.csv",
            HEADER + "2024-01-02T00:00:00+00:00,1.1,1.1,1.1,1.1\n2024-01-02T00:01:00+01:00,1.1,1.1,1.1,1.1\n",
        ),
        {"side": "bid"},
        "data.bad_time",
    ),
    "an hour that the clock skips": (
        text("a.csv", HEADER + "".join(f"2024-03-31 01:{k:02d}:00,1.1,1.1,1.1,1.1\n" for k in range(5))),
        {"side": "bid", "zone": "Europe/London"},
        "data.clock_change",
    ),
    "an hour that the clock repeats": (
        text("a.csv", HEADER + "".join(f"2024-10-27 01:{k:02d}:00,1.1,1.1,1.1,1.1\n" for k in range(5))),
        {"side": "bid", "zone": "Europe/London"},
        "data.clock_change",
    ),
    "the 30th of February": (
        text("a.csv", HEADER + "".join(f"2024-02-{28 + k} 00:00:00,1.1,1.1,1.1,1.1\n" for k in range(3))),
        {"side": "bid", "zone": "UTC", "timeframe": "D1"},
        "data.bad_time",
    ),
    "hour 24": (
        text("a.csv", HEADER + "2024-02-28T23:59:00Z,1.1,1.1,1.1,1.1\n2024-02-28T24:00:00Z,1.1,1.1,1.1,1.1\n"),
        {"side": "bid", "timeframe": "M1"},
        "data.bad_time",
    ),
    "a year before 1970": (
        text("a.csv", HEADER + "1969-12-31T23:59:00Z,1.1,1.1,1.1,1.1\n1970-01-01T00:00:00Z,1.1,1.1,1.1,1.1\n"),
        {"side": "bid", "timeframe": "M1"},
        "data.bad_time",
    ),
    "seconds and milliseconds mixed": (
        text("a.csv", HEADER + "1704153600,1.1,1.1,1.1,1.1\n1704153660000,1.1,1.1,1.1,1.1\n"),
        {"side": "bid", "timeframe": "M1"},
        "data.bad_time",
    ),
    "a day before the month's": (
        text("a.csv", HEADER + "01/02/2024 00:00,1.1,1.1,1.1,1.1\n01/02/2024 00:01,1.1,1.1,1.1,1.1\n"),
        {"side": "bid", "zone": "UTC", "timeframe": "M1"},
        "data.bad_time",
    ),
    "prices in points": (
        text(
            "a.csv",
            HEADER + "".join(f"2024-01-02T00:{k:02d}:00Z,110000,110001,109999,110000\n" for k in range(12)),
        ),
        {"side": "bid"},
        "data.price_scale",
    ),
    "another symbol": (
        text("a.csv", "20240102 00:00:00.250\n".replace("20240102", "GBP/USD,20240102").strip() + ",1.1,1.2\n"),
        {},
        "data.mixed_symbols",
    ),
    "an archive of two files": (zipped({"a.csv": HEADER, "b.csv": HEADER}), {}, "data.unreadable"),
    "an archive of nothing": (zipped({}), {}, "data.unreadable"),
    "an archive that is none": (text("a.zip", "PK nothing"), {}, "data.unreadable"),
    "a LEAN file with a time beyond the day": (
        lambda folder: zipped({"x.csv": "0,1.1,1.2\n86400001,1.1,1.2\n"})(folder).rename(folder / "20240102_quote.zip"),
        {},
        "data.bad_time",
    ),
    "text in another encoding": (
        text("a.csv", b"time,open,high,low,close\n2024-01-02T00:00:00Z,1.1,1.1,1.1,\xff\xfe\n"),
        {"side": "bid", "timeframe": "M1"},
        "data.unreadable|data.wrong_type",
    ),
    "packed ticks cut short": (text(HOUR, PACKED[:-9]), {}, "data.unreadable"),
    "packed ticks that are none": (text(HOUR, b"no lzma at all"), {}, "data.unreadable"),
    "packed ticks with something after them": (text(HOUR, PACKED + b"xx"), {}, "data.unreadable"),
    "half a tick": (text(HOUR, lzma.compress(TICK + TICK[:7], lzma.FORMAT_ALONE)), {}, "data.unreadable"),
    "ticks of no known hour": (text("00h_ticks.bi5", PACKED), {}, "data.unknown_format"),
    "a month 13": (text("EURUSD/2024/12/02/00h_ticks.bi5", PACKED), {}, "data.unknown_format"),
    "an hour without ticks, alone": (text(HOUR, b""), {}, "data.empty"),
    "packed crossed ticks": (
        text(HOUR, lzma.compress(struct.pack(">IIIff", 1, 5, 9, 1, 1), lzma.FORMAT_ALONE)),
        {},
        "data.crossed_ticks",
    ),
    "packed ticks that go back": (
        text(HOUR, lzma.compress(TICK + struct.pack(">IIIff", 1, 110_001, 110_000, 1, 1), lzma.FORMAT_ALONE)),
        {},
        "data.time_not_increasing",
    ),
    "Parquet cut short": (arrow("parquet", lambda whole: whole[:-100]), {}, "data.unreadable"),
    "Parquet that is none": (arrow("parquet", lambda _: b"no parquet"), {}, "data.unreadable"),
    "a flipped bit in a Parquet page": (
        arrow("parquet", lambda whole: whole[:60] + bytes([whole[60] ^ 1]) + whole[61:]),
        {},
        "data.unreadable",
    ),
    "Arrow cut short": (arrow("feather", lambda whole: whole[: len(whole) // 2]), {}, "data.unreadable"),
    "Arrow that is none": (arrow("arrow", lambda _: b"no arrow"), {}, "data.unreadable"),
    "Parquet times without a zone": (without_zone, {"timeframe": "M1"}, "data.zone_unknown"),
    "a file that is not there": (lambda folder: folder / "gone.csv", {}, "data.not_found"),
}


@pytest.mark.parametrize("name", FILE_FAULTS)
def test_a_file_that_cannot_be_imported_says_why(name, tmp_path):
    """IMP: the file is named, and what to do about it."""
    write, options, code = FILE_FAULTS[name]
    path = write(tmp_path)

    error = refusal(path, tmp_path / "store", **options)

    assert error.code in code.split("|"), str(error)
    assert code == "config.invalid" or str(path) in str(error)
    assert str(error).rstrip().endswith(".")


@pytest.mark.parametrize(
    "kind", [kind for kind in [*BARS, *TICKS] if kind.name != "CSV with zones"], ids=lambda k: k.name
)
def test_a_csv_cut_anywhere_inside_its_last_row_is_refused(kind, tmp_path):
    """IMP: every length that ends inside a row.

    TrueFX, TradingView and titled CSV need no last line break, so that a cut inside their last cell can look whole:
    that is what no reader of plain CSV can notice.
    """
    path = kind.write(tmp_path, kind.lines())
    whole = path.read_bytes()
    last_row = whole.rindex(b"\n", 0, -1) + 1
    always = kind.name.split()[0] in ("MetaTrader", "HistData", "Dukascopy")
    last_cell = whole.rindex(kind.delimiter.encode()) + 1
    options = kind.options | ({"timeframe": "M1"} if kind.is_bars else {})

    survived = []
    for length in range(last_row + 1, len(whole) if always else last_cell + 1):
        path.write_bytes(whole[:length])
        try:
            do_import(path, tmp_path / "store", **options)
            survived.append(whole[last_row:length])
        except OmegaError:
            pass

    assert survived == []
