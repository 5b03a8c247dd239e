"""Which format a file has: seen in its first lines, never assumed from its name alone.

Every format says what it saw. What the file does not tell (clock, side) stays None and is asked for.
"""

from __future__ import annotations

import datetime
import pathlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from omega.data.importing.bi5 import bi5_source
from omega.data.importing.csv_source import CsvShape, csv_batches, first_lines, head_of
from omega.data.importing.layouts import layout_of
from omega.data.importing.sources import Batch, Source, read_times
from omega.data.reading import SPELLINGS, plain_name
from omega.errors import OmegaError, error_for

__all__ = ["detect"]

_BARS = ("open", "high", "low", "close")
_QUOTES = tuple(f"{side}_{price}" for side in ("bid", "ask") for price in _BARS)
_LEAN_NAME = re.compile(r"(\d{8})_(?:[a-z]+_)?(?:minute_|tick_)?quote")
_PARTS = (*SPELLINGS, *_QUOTES, "bid", "ask", "bid_volume", "ask_volume", "flags", "date", "clock")


@dataclass(frozen=True, slots=True)
class Headless:
    """A format without a header, known by its first line."""

    name: str
    pattern: re.Pattern[str]
    delimiter: str
    columns: tuple[str, ...]
    zone: str | None
    side: str | None
    kind: Literal["bars", "ticks"] = "bars"
    note: str = ""


_PRICE = r"\d+(?:\.\d*)?"
_HEADLESS = (
    Headless(
        "MetaTrader 4",
        re.compile(rf"\d{{4}}\.\d\d\.\d\d,\d\d:\d\d(?:,{_PRICE}){{4}},\d+"),
        ",",
        ("date", "clock", *_BARS, "volume"),
        None,
        "bid",
    ),
    Headless(
        "HistData ASCII M1",
        re.compile(rf"\d{{8}} \d{{6}}(?:;{_PRICE}){{4}};\d+"),
        ";",
        ("time", *_BARS, "volume"),
        "EST",
        "bid",
        note="EST without daylight saving all year, bid only",
    ),
    Headless(
        "HistData ASCII ticks",
        re.compile(rf"\d{{8}} \d{{9}},{_PRICE},{_PRICE},\d+"),
        ",",
        ("time", "bid", "ask", ""),
        "EST",
        None,
        "ticks",
        "EST without daylight saving all year",
    ),
    Headless(
        "TrueFX",
        re.compile(rf"[A-Z]{{3}}/[A-Z]{{3}},\d{{8}} \d\d:\d\d:\d\d\.\d{{3}},{_PRICE},{_PRICE}"),
        ",",
        ("symbol", "time", "bid", "ask"),
        "UTC",
        None,
        "ticks",
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
        if name not in _PARTS:
            raise error_for(
                "config.invalid",
                file="omega data import",
                line="",
                key="columns",
                expected="names among " + ", ".join(_PARTS),
                value=repr(name),
                hint="",
            )
    suffix = path.suffix.lower()
    if suffix == ".bi5":
        return bi5_source(path)
    if suffix in (".parquet", ".feather", ".arrow"):
        return _arrow_source(path, columns or {})
    if suffix == ".hst":
        hint = " Export it from the History Center as CSV."
        raise error_for("data.unknown_format", where=str(path), saw="a MetaTrader 4 history file", hint=hint)
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
        said = f"{path.name}: {known.name}, no header" + (f"; {known.note}." if known.note else ".")
        return _source(path, shape, known.name, known.kind, known.zone, known.side, said)
    return None


def _lean(path: pathlib.Path, line: str) -> Source | None:
    """A LEAN quote file: milliseconds since the midnight that its name tells, no header."""
    match, cells = _LEAN_NAME.fullmatch(path.stem), line.split(",")
    if match is None or len(cells) not in (3, 5, 11) or not all(_is_number(cell) for cell in cells):
        return None
    day = datetime.datetime.strptime(match[1], "%Y%m%d").replace(tzinfo=datetime.UTC)
    names = ("time", "bid", "ask")
    if len(cells) == 11:
        names = ("time", *_QUOTES[:4], "", *_QUOTES[4:], "")
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
    return _source(path, shape, "LEAN", kind, "UTC", None, said)


def _with_header(path: pathlib.Path, lines: list[str], encoding: str, mapping: Mapping[str, str]) -> Source:
    delimiter = max("\t;,", key=lines[0].count)
    header = [cell.strip().strip('"') for cell in lines[0].split(delimiter)]
    has_header = not (all(_is_time_or_number(cell) for cell in header) and all(v.isdigit() for v in mapping.values()))
    if not has_header and not mapping:
        saw = f"a first line {lines[0][:60]!r} of no known format and without column names"
        hint = " Name the columns by position: --columns time=0,open=1,high=2,low=3,close=4."
        raise error_for("data.unknown_format", where=str(path), saw=saw, hint=hint)
    positions = _positions(path, header, mapping)
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
    title = header[positions.get("time", positions.get("date", 0))] if has_header else f"column {positions['time']}"
    said = f"{path.name}: {name}, {kind}, {len(header)} columns, times in {title!r}."
    spelled = {key: header[idx] if has_header else str(idx) for key, idx in positions.items()}
    return _source(path, shape, name, kind, zone, side, said, spelled)


def _named(
    path: pathlib.Path, header: list[str], positions: Mapping[str, int], first: Mapping[str, str], shape: CsvShape
) -> tuple[str, str | None, str | None]:
    """Return format, clock and side that a header tells."""
    has_parts = "date" in positions and "clock" in positions
    if shape.delimiter == "\t" and has_parts:
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
    return ("TradingView" if header[:5] == ["time", *_BARS] and zone else "CSV"), zone, side


def _positions(path: pathlib.Path, header: list[str], mapping: Mapping[str, str]) -> dict[str, int]:
    found: dict[str, list[int]] = {}
    taken = set(mapping.values())
    for idx, title in enumerate(header):
        for name, spellings in _spellings().items():
            if plain_name(title) in spellings and title not in taken and name not in mapping:
                found.setdefault(name, []).append(idx)
    for name, title in mapping.items():
        if title in header:
            found[name] = [idx for idx, other in enumerate(header) if other == title]
        elif title.isdigit() and int(title) < len(header):
            found[name] = [int(title)]
        else:
            raise _missing(path, title, header)
    dates, times = found.pop("date", []), found.pop("clock", [])
    if dates and times and "time" not in found:
        found |= {"date": dates, "clock": times}
    elif "time" not in found and (dates or times):
        found["time"] = dates or times
    if "tickvolume" in found:  # MetaTrader 5: `volume` is the exchange's, 0 for FX
        found["volume"] = found.pop("tickvolume")
    is_ticks = "bid" in found and "open" not in found
    needed = ("bid", "ask") if is_ticks else _QUOTES if any(name in found for name in _QUOTES) else _BARS
    for name in ("time", *needed) if "date" not in found else needed:
        if name not in found:
            raise _missing(path, name, header)
    wanted = ("time", "date", "clock", "symbol", *needed)
    wanted += ("bid_volume", "ask_volume", "flags") if is_ticks else ("volume", "spread")
    for name in wanted:
        if len(found.get(name, [])) > 1:
            listed = ", ".join(repr(header[idx]) for idx in found[name])
            raise error_for("data.ambiguous_column", where=str(path), column=name, found=listed)
    return {name: found[name][0] for name in wanted if name in found}


def _spellings() -> dict[str, tuple[str, ...]]:
    """Return the spellings of bars, with date and time apart, and those of ticks and two-sided bars."""
    times = tuple(title for title in SPELLINGS["time"] if title not in ("time", "date"))
    return {
        **SPELLINGS,
        "time": times,
        "date": ("date",),
        "clock": ("time",),
        "volume": ("volume", "vol"),
        "tickvolume": ("tickvolume", "tickvol"),
        "bid": ("bid", "bidprice"),
        "ask": ("ask", "askprice"),
        "bid_volume": ("bidvolume", "bidvol"),
        "ask_volume": ("askvolume", "askvol"),
        "flags": ("flags",),
        **{name: (name.replace("_", ""),) for name in _QUOTES},
    }


def _missing(path: pathlib.Path, name: str, header: list[str]) -> OmegaError:
    listed = ", ".join(map(repr, header))
    error = error_for("data.missing_column", where=str(path), column=name, found=listed)
    error.add_note("Say which column is what: --columns time=Data,open=Otwarcie,…")
    return error


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"-?\d+(?:[.,]\d*)?(?:[eE]-?\d+)?", cell) is not None


def _is_time_or_number(cell: str) -> bool:
    return cell == "" or _is_number(cell) or layout_of(cell) is not None


def _source(
    path: pathlib.Path,
    shape: CsvShape,
    name: str,
    kind: Literal["bars", "ticks"],
    zone: str | None,
    side: str | None,
    said: str,
    names: dict[str, str] | None = None,
) -> Source:
    spelled = names or {column: column for column in shape.columns}
    always = name.startswith(("MetaTrader", "HistData", "Dukascopy"))
    spoken = [said]
    if "spread" in shape.columns and "MetaTrader" in name:
        spoken.append("The spread column is the minimum of each bar: bid + spread understates the ask.")
    return Source(
        path=path,
        format=name,
        kind=kind,
        names=spelled,
        zone=zone,
        side=side,
        said=tuple(spoken),
        ends_with_newline=always,
        read=lambda: csv_batches(path, shape, spelled),
    )


# ---------------------------------------------------------------- Parquet and Arrow


def _arrow_source(path: pathlib.Path, mapping: Mapping[str, str]) -> Source:
    name = "Parquet" if path.suffix.lower() == ".parquet" else "Arrow IPC"
    try:
        with _opened_arrow(path) as (schema, _):
            titles, types = list(schema.names), list(schema.types)
    except (pa.ArrowException, OSError, ValueError) as reason:
        text = (str(reason).strip().splitlines() or [type(reason).__name__])[0]
        raise error_for("data.unreadable", where=str(path), format=name, reason=text.rstrip(".")) from reason
    positions = _positions(path, titles, mapping)
    if "clock" in positions:
        raise error_for("data.ambiguous_column", where=str(path), column="time", found="'date', 'time'")
    kind: Literal["bars", "ticks"] = "ticks" if "bid" in positions and "open" not in positions else "bars"
    time_type = types[positions["time"]]
    in_name = re.search(r"(?<![A-Za-z])(BID|ASK|bid|ask)(?![A-Za-z])", path.stem)
    spelled = {key: titles[idx] for key, idx in positions.items()}
    return Source(
        path=path,
        format=name,
        kind=kind,
        names=spelled,
        zone="UTC" if (pa.types.is_timestamp(time_type) and time_type.tz) or pa.types.is_integer(time_type) else None,
        side=in_name[0].lower() if in_name else None,
        said=(f"{path.name}: {name}, {kind}, times are {time_type}.",),
        read=lambda: _arrow_batches(path, name, spelled),
    )


class _opened_arrow:
    """Schema and record batches of a Parquet or Arrow IPC file."""

    def __init__(self, path: pathlib.Path, columns: list[str] | None = None) -> None:
        self._path, self._columns = path, columns

    def __enter__(self) -> tuple[Any, Iterator[Any]]:
        if self._path.suffix.lower() == ".parquet":
            self._file = pq.ParquetFile(self._path, page_checksum_verification=True)
            return self._file.schema_arrow, self._file.iter_batches(1 << 17, columns=self._columns)
        self._file = pa.memory_map(str(self._path))
        reader = pa.ipc.open_file(self._file)
        return reader.schema, (reader.get_batch(idx) for idx in range(reader.num_record_batches))

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _arrow_batches(path: pathlib.Path, format_name: str, names: dict[str, str]) -> Iterator[Batch]:
    row, size = 0, path.stat().st_size
    try:
        with _opened_arrow(path, list(names.values())) as (_, records):
            for record in records:
                if record.num_rows == 0:
                    continue
                where = str(path)
                time_us, _ = read_times(record.column(names["time"]), where=where, name=names["time"], first_row=row)
                columns = {name: record.column(title) for name, title in names.items() if name != "time"}
                yield Batch(row, time_us, columns, 0)
                row += record.num_rows
    except (pa.ArrowException, OSError) as reason:
        text = (str(reason).strip().splitlines() or [type(reason).__name__])[0]
        raise error_for("data.unreadable", where=str(path), format=format_name, reason=text.rstrip(".")) from reason
