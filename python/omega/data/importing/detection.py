"""Which format a file has: seen in its first lines, never assumed from its name alone.

Every format says what it saw. What the file does not tell (clock, side) stays None and is asked for.
"""

from __future__ import annotations

import datetime
import pathlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from omega.data.importing.arrow_source import arrow_source
from omega.data.importing.bi5 import bi5_source
from omega.data.importing.columns import COLUMNS, QUOTES, column_positions
from omega.data.importing.csv_source import CsvShape, csv_batches, first_lines, head_of
from omega.data.importing.hst import hst_source
from omega.data.importing.layouts import layout_of
from omega.data.importing.sources import Source
from omega.data.reading import PRICES, plain_name
from omega.errors import error_for

__all__ = ["detect"]

_LEAN_NAME = re.compile(r"(\d{8})_(?:[a-z]+_)?(?:minute_|tick_)?quote")


class Told(NamedTuple):
    """What a format tells by itself: its name, bars or ticks, clock and side."""

    name: str
    kind: Literal["bars", "ticks"]
    zone: str | None
    side: str | None


@dataclass(frozen=True, slots=True)
class Headless:
    """A format without a header, known by its first line."""

    told: Told
    pattern: re.Pattern[str]
    delimiter: str
    columns: tuple[str, ...]
    note: str = ""


_PRICE = r"\d+(?:\.\d*)?"
_HEADLESS = (
    Headless(
        Told("MetaTrader 4", "bars", None, "bid"),
        re.compile(rf"\d{{4}}\.\d\d\.\d\d,\d\d:\d\d(?:,{_PRICE}){{4}},\d+"),
        ",",
        ("date", "clock", *PRICES, "volume"),
    ),
    Headless(
        Told("HistData ASCII M1", "bars", "EST", "bid"),
        re.compile(rf"\d{{8}} \d{{6}}(?:;{_PRICE}){{4}};\d+"),
        ";",
        ("time", *PRICES, "volume"),
        "EST without daylight saving all year, bid only",
    ),
    Headless(
        Told("HistData ASCII ticks", "ticks", "EST", None),
        re.compile(rf"\d{{8}} \d{{9}},{_PRICE},{_PRICE},\d+"),
        ",",
        ("time", "bid", "ask", ""),
        "EST without daylight saving all year",
    ),
    Headless(
        Told("TrueFX", "ticks", "UTC", None),
        re.compile(rf"[A-Z]{{3}}/[A-Z]{{3}},\d{{8}} \d\d:\d\d:\d\d\.\d{{3}},{_PRICE},{_PRICE}"),
        ",",
        ("symbol", "time", "bid", "ask"),
    ),
)


def detect(path: pathlib.Path, columns: Mapping[str, str] | None = None) -> Source:
    """Return the source that a file is.

    Args:
        path: The file.
        columns: omega's column names to the file's (or to positions from 0), where they are not understood.

    Raises:
        DataError: ``data.not_found``, ``data.unreadable``, ``data.unknown_format``, ``data.missing_column``,
            ``data.ambiguous_column``, ``data.cut_short``, ``data.empty``.
        ConfigError: ``config.invalid``: a column that omega does not know.
    """
    if not path.is_file():
        raise error_for("data.not_found", where=str(path), wanted="such file", hint="")
    for name in columns or ():
        if name not in COLUMNS:
            raise error_for(
                "config.invalid",
                file="omega data import",
                line="",
                key="columns",
                expected="names among " + ", ".join(COLUMNS),
                value=repr(name),
                hint="",
            )
    suffix = path.suffix.lower()
    if suffix == ".bi5":
        return bi5_source(path)
    if suffix in (".parquet", ".feather", ".arrow"):
        return arrow_source(path, columns or {})
    if suffix == ".hst":
        return hst_source(path)
    return _csv_source(path, columns or {})


# ---------------------------------------------------------------- CSV


def _csv_source(path: pathlib.Path, mapping: Mapping[str, str]) -> Source:
    head, has_last_break = head_of(path)
    if not head.strip():
        raise error_for("data.empty", where=str(path))
    if b"\0" in head and head[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        raise error_for("data.unknown_format", where=str(path), saw="binary data", hint="")
    lines, encoding = first_lines(head)
    if not lines:
        raise error_for("data.unknown_format", where=str(path), saw="one line without an end", hint="")
    source = None if mapping else _headless(path, lines[0], encoding) or _lean(path, lines[0])
    source = source or _with_header(path, lines, encoding, mapping)
    if source.ends_with_newline and not has_last_break:
        raise error_for("data.cut_short", where=str(path), format=source.format)
    return source


def _headless(path: pathlib.Path, line: str, encoding: str) -> Source | None:
    for known in _HEADLESS:
        if not known.pattern.fullmatch(line):
            continue
        positions = {name: idx for idx, name in enumerate(known.columns) if name}
        shape = CsvShape(
            delimiter=known.delimiter, has_header=False, width=len(known.columns), columns=positions, encoding=encoding
        )
        said = f"{path.name}: {known.told.name}, no header" + (f"; {known.note}." if known.note else ".")
        return _source(path, shape, known.told, said)
    return None


def _lean(path: pathlib.Path, line: str) -> Source | None:
    """A LEAN quote file: milliseconds since the midnight that its name tells, no header."""
    match, cells = _LEAN_NAME.fullmatch(path.stem), line.split(",")
    if match is None or len(cells) not in (3, 5, 11) or not all(_is_number(cell) for cell in cells):
        return None
    day = datetime.datetime.strptime(match[1], "%Y%m%d").replace(tzinfo=datetime.UTC)
    names: tuple[str, ...] = ("time", "bid", "ask")
    if len(cells) == 11:
        names = ("time", *QUOTES[:4], "", *QUOTES[4:], "")
    shape = CsvShape(
        delimiter=",",
        has_header=False,
        width=len(cells),
        columns={name: idx for idx, name in enumerate(names) if name},
        unix_time=True,
        midnight_us=int(day.timestamp()) * 1_000_000,
    )
    kind: Literal["bars", "ticks"] = "bars" if len(cells) == 11 else "ticks"
    said = f"{path.name}: LEAN quote {kind} of {day:%Y-%m-%d}, bid and ask, milliseconds since midnight UTC."
    return _source(path, shape, Told("LEAN", kind, "UTC", None), said)


def _with_header(path: pathlib.Path, lines: list[str], encoding: str, mapping: Mapping[str, str]) -> Source:
    delimiter = max("\t;,", key=lines[0].count)
    header = [cell.strip().strip('"') for cell in lines[0].split(delimiter)]
    has_header = not (all(_is_time_or_number(cell) for cell in header) and all(v.isdigit() for v in mapping.values()))
    if not has_header and not mapping:
        saw = f"a first line {lines[0][:60]!r} of no known format and without column names"
        hint = " Name the columns by position: --columns time=0,open=1,high=2,low=3,close=4."
        raise error_for("data.unknown_format", where=str(path), saw=saw, hint=hint)
    positions = column_positions(path, header if has_header else [""] * len(header), mapping)
    cells = lines[1 if has_header else 0].split(delimiter) if len(lines) > has_header else []
    sample = [cell.strip().strip('"') for cell in cells] or [""] * len(header)
    first = {name: sample[idx] if idx < len(sample) else "" for name, idx in positions.items()}
    kind: Literal["bars", "ticks"] = "ticks" if "bid" in positions and "open" not in positions else "bars"
    price = first.get("bid" if kind == "ticks" else "open", "")
    shape = CsvShape(
        delimiter=delimiter,
        has_header=has_header,
        width=len(header),
        columns=positions,
        encoding=encoding,
        decimal_point="," if delimiter != "," and re.fullmatch(r"\d+,\d+", price) else ".",
        unix_time=bool(re.fullmatch(r"-?\d+", first.get("time", ""))) and layout_of(first["time"]) is None,
    )
    name, zone, side = _named(path, header, positions, first, shape)
    told = Told(name, kind, zone, side)
    title = header[positions.get("time", positions.get("date", 0))] if has_header else f"column {positions['time']}"
    said = f"{path.name}: {name}, {kind}, {len(header)} columns, times in {title!r}."
    spelled = {key: header[idx] if has_header else str(idx) for key, idx in positions.items()}
    return _source(path, shape, told, said, spelled)


def _named(
    path: pathlib.Path, header: list[str], positions: Mapping[str, int], first: Mapping[str, str], shape: CsvShape
) -> tuple[str, str | None, str | None]:
    """Return format, clock and side that a header tells."""
    has_parts = "date" in positions and "clock" in positions
    if shape.delimiter == "\t" and (has_parts or header[0].startswith("<")):
        return "MetaTrader 5", None, "bid"
    if has_parts:
        return "MetaTrader 4 with a header", None, "bid"
    in_name = re.search(r"(?<![A-Za-z])(BID|ASK|bid|ask)(?![A-Za-z])", path.stem)
    side = in_name[0].lower() if in_name else None
    time = first.get("time", "")
    if re.fullmatch(r"\d\d\.\d\d\.\d{4} \d\d:\d\d:\d\d\.\d{3}", time):
        said_local = plain_name(header[positions["time"]]) == "localtime"
        return "Dukascopy CSV", None if said_local else "UTC", side
    title = plain_name(header[positions["time"]]) if shape.has_header else ""
    zone = "UTC" if "utc" in title or "gmt" in title or shape.unix_time else None
    layout = layout_of(time)
    if layout is not None and layout.zone is not None:
        zone = "UTC"
    return ("CSV as TradingView writes it" if header[:5] == ["time", *PRICES] and zone else "CSV"), zone, side


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"-?\d+(?:[.,]\d*)?(?:[eE]-?\d+)?", cell) is not None


def _is_time_or_number(cell: str) -> bool:
    return cell == "" or _is_number(cell) or layout_of(cell) is not None


def _source(path: pathlib.Path, shape: CsvShape, told: Told, said: str, names: dict[str, str] | None = None) -> Source:
    spelled = names or {column: column for column in shape.columns}
    always = told.name.startswith(("MetaTrader", "HistData", "Dukascopy"))
    spoken = [said]
    if "spread" in shape.columns and "MetaTrader" in told.name:
        spoken.append("The spread column is the minimum of each bar: bid + spread understates the ask.")
    return Source(
        path=path,
        format=told.name,
        kind=told.kind,
        names=spelled,
        zone=told.zone,
        side=told.side,
        said=tuple(spoken),
        ends_with_newline=always,
        read=lambda: csv_batches(path, shape, spelled),
    )
