"""What a file turned out to be, and its rows in batches: the common shape of all importers.

A source yields batches of rows with omega's column names, times not yet in UTC. Nothing is checked here
beyond what is needed to read a value at all.
"""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from omega.data.calendar import Int64s
from omega.data.importing.layouts import BadTime, parse_times
from omega.errors import OmegaError, error_for

__all__ = ["BATCH_BYTES", "Batch", "Source", "bad_time", "read_times"]

BATCH_BYTES = 1 << 20
_UNITS = {"s": 1_000_000, "ms": 1_000, "us": 1}
_YEAR_1971_S, _YEAR_2262_S = 31_536_000, 9_214_646_400


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Some rows of a source.

    Attributes:
        first_row: Number of the first row in its file, from 0, header not counted.
        time_us: Times as the source writes them, microseconds since 1970 on its clock.
        columns: Arrow columns by omega's names.
        done: Bytes of the file that were read so far.
    """

    first_row: int
    time_us: Int64s
    columns: dict[str, pa.Array[Any]]
    done: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file and what was detected about it.

    Attributes:
        path: The file.
        format: Name of the format, in words.
        kind: Bars or ticks.
        names: The source's spelling of each column.
        zone: Its clock if the format or the values say so, else None.
        side: Side of the quote if format or name say so, else None.
        timeframe: If the format or name says so, else None.
        said: What was seen and is worth saying.
        ends_with_newline: Whether the format always ends with a line break: a file without one was cut.
        read: Yields the rows.
    """

    path: pathlib.Path
    format: str
    kind: Literal["bars", "ticks"]
    names: dict[str, str]
    zone: str | None
    side: str | None
    timeframe: str | None = None
    said: tuple[str, ...] = ()
    ends_with_newline: bool = False
    read: Callable[[], Iterator[Batch]] = field(repr=False)


def read_times(column: pa.Array[Any], *, where: str, name: str, first_row: int) -> tuple[Int64s, str | None]:
    """Return times as microseconds on the source's clock, and the zone that the values themselves carry.

    Args:
        column: Timestamps, text, or whole numbers since 1970 in the unit that makes a plausible year.
        where: The file.
        name: The column's name in it.
        first_row: Row number of the first value.

    Raises:
        DataError: ``data.bad_time``, ``data.null``, ``data.wrong_type``.
    """
    if isinstance(column.type, pa.BaseExtensionType):
        column = column.storage
    if column.null_count and not pa.types.is_string(column.type):
        row = int(np.argmax(column.is_null().to_numpy(zero_copy_only=False)))
        raise error_for("data.null", where=where, row=first_row + row, column=name, count=column.null_count)
    if pa.types.is_timestamp(column.type):
        zone = None if column.type.tz is None else "UTC"
        return column.cast(pa.timestamp("us", column.type.tz), safe=False).cast(pa.int64()).to_numpy(), zone
    if pa.types.is_date(column.type):
        return column.cast(pa.timestamp("us")).cast(pa.int64()).to_numpy(), None
    if pa.types.is_integer(column.type):
        return _counted(column.cast(pa.int64()).to_numpy(), where=where, name=name, first_row=first_row), "UTC"
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type) or pa.types.is_dictionary(column.type):
        try:
            wall, layout = parse_times(column)
        except BadTime as bad:
            raise bad_time(bad, where=where, name=name, first_row=first_row) from bad
        return wall - _suffix_us(layout.zone), None if layout.zone is None else "UTC"
    raise error_for(
        "data.wrong_type",
        where=where,
        row=first_row,
        column=name,
        found=f"{column[0].as_py()!r} ({column.type})",
        expected="a time",
        hint="",
    )


def bad_time(bad: BadTime, *, where: str, name: str, first_row: int) -> OmegaError:
    """Return the error for a value that is no time."""
    return error_for(
        "data.bad_time", where=where, row=first_row + bad.row, column=name, value=repr(bad.value), reason=bad.reason
    )


def _suffix_us(zone: str | None) -> int:
    if zone is None or zone == "UTC":
        return 0
    digits = zone[1:].replace(":", "")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return (-minutes if zone[0] == "-" else minutes) * 60_000_000


def _counted(values: Int64s, *, where: str, name: str, first_row: int) -> Int64s:
    """Return Unix times as microseconds; the first value decides which unit they have."""
    if len(values) == 0:
        return values
    first = int(values[0])
    for per_second in (1, 1_000, 1_000_000, 1_000_000_000):
        if _YEAR_1971_S <= first / per_second < _YEAR_2262_S:
            low, high = _YEAR_1971_S * per_second, _YEAR_2262_S * per_second
            bad = (values < low) | (values >= high)
            row = int(np.argmax(bad))
            if not bad.any():
                return values * (1_000_000 // per_second) if per_second <= 1_000_000 else values // 1_000
            break
    else:
        row = 0
    reason = "it is no Unix time in seconds, milli-, micro- or nanoseconds"
    raise bad_time(BadTime(row, str(int(values[row])), reason), where=where, name=name, first_row=first_row)
