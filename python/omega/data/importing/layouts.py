"""Times written as text, read by their layout.

A layout is taken from one value: where its digits stand and what stands between them. All values of the
same length must have it. Understood are ``2018.06.01 00:00``, ``01.07.2020 00:00:00.000``,
``20200101 170000065``, ISO 8601 with and without a zone, and dates alone; years first or last, never
month before day, because ``03/04/2020`` could be either.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from omega.data.calendar import Int64s
from omega.data.timeframes import DAY_US

__all__ = ["BadTime", "Layout", "layout_of", "parse_times"]

Bytes = npt.NDArray[np.uint8]

_DATE = (
    r"(?:(?P<year>\d{4})(?P<s1>[-./]?)(?P<month>\d\d)(?P=s1)(?P<day>\d\d)"
    r"|(?P<day2>\d\d)\.(?P<month2>\d\d)\.(?P<year2>\d{4}))"
)
_TIME = r"(?P<hour>\d\d)(?P<s2>:?)(?P<minute>\d\d)(?:(?P=s2)(?P<second>\d\d)(?:[.,]?(?P<fraction>\d{1,9}))?)?"
_ZONE = r"(?P<zone>Z| ?UTC| ?GMT| ?[+-]\d\d:?\d\d)?"
_LAYOUT = re.compile(f"{_DATE}(?:[ T]?{_TIME}{_ZONE})?")
_UNITS_US = {"day": DAY_US, "hour": 3_600_000_000, "minute": 60_000_000, "second": 1_000_000}
_MONTHS = np.arange(np.datetime64("1970-01"), np.datetime64("2263-01"), dtype="datetime64[M]")
_MONTH_START = _MONTHS.astype("datetime64[D]").astype(np.int64)


class BadTime(ValueError):
    """A value that is no time, or is not written like the others."""

    def __init__(self, row: int, value: str, reason: str) -> None:
        super().__init__(reason)
        self.row, self.value, self.reason = row, value, reason


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the parts of a time stand in its text.

    Attributes:
        sample: The text it was taken from.
        parts: Begin and end of year, month, day, hour, minute, second, fraction, as far as they are there.
        zone: The zone that is written out, or None.
    """

    sample: str
    parts: dict[str, tuple[int, int]]
    zone: str | None

    @property
    def names(self) -> set[str]:
        """The parts; a fraction may be missing where it is zero."""
        return set(self.parts) - {"fraction"}


def layout_of(text: str) -> Layout | None:
    """Return the layout of a text, or None if it is not understood."""
    match = _LAYOUT.fullmatch(text)
    if match is None:
        return None
    parts = {
        name.rstrip("2"): match.span(name)
        for name in ("year", "month", "day", "year2", "month2", "day2", "hour", "minute", "second", "fraction")
        if match[name] is not None
    }
    zone = match["zone"]
    if zone is not None:
        zone = "UTC" if zone.strip() in ("Z", "UTC", "GMT", "+00:00", "+0000", "-00:00") else zone.strip()
    return Layout(text, parts, zone)


def parse_times(column: pa.Array[Any]) -> tuple[Int64s, Layout]:
    """Return wall times as microseconds since 1970, and the layout of the first.

    Raises:
        BadTime: The first value that cannot be read; empty ones among them.
    """
    if len(column) == 0:
        raise BadTime(0, "", "there is no value")
    if column.null_count:
        row = int(np.argmax(column.is_null().to_numpy(zero_copy_only=False)))
        raise BadTime(row, "", "it is empty")
    column = column.cast(pa.string())
    offsets = np.frombuffer(column.buffers()[1], np.int32)[column.offset : column.offset + len(column) + 1]
    text = np.frombuffer(column.buffers()[2] or b"", np.uint8)
    lengths = np.diff(offsets)
    first = layout_of(column[0].as_py())
    if first is None:
        raise BadTime(0, column[0].as_py(), "it is not a time in a form that is understood")
    result, bad = np.empty(len(column), np.int64), np.zeros(len(column), np.bool_)
    for length in np.unique(lengths).tolist():
        rows = np.flatnonzero(lengths == length)
        if len(rows) == len(column):
            matrix = text[offsets[0] : offsets[-1]].reshape(len(rows), length)
        else:
            matrix = text[offsets[:-1][rows][:, None] + np.arange(length)]
        layout = layout_of(column[int(rows[0])].as_py())
        if layout is None or layout.zone != first.zone or layout.names != first.names:
            bad[rows] = True
            continue
        result[rows], bad[rows] = _parse(matrix, layout)
    if bad.any():
        row = int(np.argmax(bad))
        raise BadTime(row, column[row].as_py(), f"it is not a time written like {first.sample!r}")
    return result, first


def _parse(matrix: Bytes, layout: Layout) -> tuple[Int64s, npt.NDArray[np.bool_]]:
    sample = layout.sample.encode()
    inside = {position for begin, end in layout.parts.values() for position in range(begin, end)}
    bad = np.zeros(len(matrix), np.bool_)
    for position, byte in enumerate(sample):
        if position not in inside:
            bad |= matrix[:, position] != byte
    value = {name: _number(matrix, begin, end, bad) for name, (begin, end) in layout.parts.items()}
    month = (value["year"] - 1970) * 12 + value["month"] - 1
    bad |= (value["month"] < 1) | (value["month"] > 12) | (month < 0) | (month >= len(_MONTH_START) - 1)
    month = np.clip(month, 0, len(_MONTH_START) - 2)
    bad |= (value["day"] < 1) | (value["day"] > _MONTH_START[month + 1] - _MONTH_START[month])
    result: Int64s = (_MONTH_START[month] + value["day"] - 1) * DAY_US
    for name, limit in (("hour", 24), ("minute", 60), ("second", 60)):
        if name in value:
            bad |= value[name] >= limit
            result += value[name].astype(np.int64) * _UNITS_US[name]
    if "fraction" in value:
        begin, end = layout.parts["fraction"]
        digits = end - begin
        fraction = value["fraction"].astype(np.int64)
        result += fraction * 10 ** (6 - digits) if digits <= 6 else fraction // 10 ** (digits - 6)
    return result, bad


def _number(matrix: Bytes, begin: int, end: int, bad: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
    number = np.zeros(len(matrix), np.int32)
    for position in range(begin, end):
        digit = matrix[:, position] - np.uint8(48)  # wraps around below "0"
        bad |= digit > 9
        number *= 10
        number += digit
    return number
