"""What times must satisfy before they are used (CHK-1): typed, with a zone, plausible, on the grid, in order."""

from __future__ import annotations

import datetime
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from omega.data.calendar import Int64s, fx_calendar
from omega.data.reading import Column, RawBars
from omega.data.timeframes import MINUTE_US, MINUTES, divides, duration_us
from omega.errors import DataError, error_for

__all__ = [
    "Flags",
    "check_tick_time",
    "check_time",
    "first_bad_text",
    "is_text",
    "refuse_duplicates",
    "refuse_null",
    "refuse_off_grid_time",
    "refuse_order",
]

Flags = npt.NDArray[np.bool_]
_TELLING_BARS = 50
"""So many bars without two neighbours are no accident."""
_YEAR_1971_US = 31_536_000_000_000
_YEAR_2262_US = 9_214_646_400_000_000
_US_PER_UNIT = {"s": 1_000_000.0, "ms": 1_000.0, "us": 1.0, "ns": 0.001}


def check_time(raw: RawBars, timeframe: str, session: str = "fx") -> tuple[Int64s, Flags | None]:
    """Return the open times, and None or a mask of rows that repeat the time of the row before.

    Raises:
        DataError: Null, wrong type, naive, implausible unit or year, descending, off the timeframe's grid.
    """
    time_us, off_microsecond = _counted_us(raw)
    if MINUTES[timeframe] > 60 or off_microsecond is not None or (time_us % (MINUTES[timeframe] * MINUTE_US)).any():
        calendar = fx_calendar(int(time_us.min()), int(time_us.max()), session)
        starts, _ = calendar.intervals(time_us, timeframe)
        off = starts != time_us
        if off_microsecond is not None:
            off |= off_microsecond
        refuse_off_grid_time(raw, time_us, starts, off, timeframe)
    steps = np.diff(time_us)
    _refuse_coarser_bars(raw, time_us, steps, timeframe)
    if steps.size == 0 or steps.min() > 0:
        return time_us, None
    backwards = np.flatnonzero(steps < 0)
    if backwards.size:
        raise _not_increasing(raw, time_us, int(backwards[0]) + 1, "Sort the rows by time.")
    return time_us, np.concatenate([[False], steps == 0])


def check_tick_time(raw: RawBars) -> Int64s:
    """Return the times of ticks; equal times are legal, their order is kept.

    Raises:
        DataError: Null, wrong type, naive, implausible unit or year, descending.
    """
    time_us, _ = _counted_us(raw)
    backwards = np.flatnonzero(np.diff(time_us) < 0)
    if backwards.size:
        raise _not_increasing(raw, time_us, int(backwards[0]) + 1, "Sort the rows by time.")
    return time_us


def refuse_duplicates(raw: RawBars, time_us: Int64s, repeated: Flags) -> None:
    """Raise ``data.time_not_increasing`` for the first row that repeats a time."""
    row = int(np.flatnonzero(repeated)[0])
    raise _not_increasing(raw, time_us, row, 'Remove one of the rows, or load with duplicates="keep_last".')


def _counted_us(raw: RawBars) -> tuple[Int64s, Flags | None]:
    """Return the times in microseconds, and for nanoseconds which of them lie between two."""
    column = raw.columns["time"]
    _refuse_wrong_time_type(raw, column)
    refuse_null(raw, "time")
    counted = column.combine_chunks().cast(pa.int64()).to_numpy()
    unit = column.type.unit
    _refuse_implausible_time(raw, counted, unit)
    if unit == "ns":
        return counted // 1_000, counted % 1_000 != 0
    return (counted if unit == "us" else counted * int(_US_PER_UNIT[unit])), None


def _refuse_wrong_time_type(raw: RawBars, column: Column) -> None:
    name = raw.names["time"]
    if pa.types.is_timestamp(column.type):
        if column.type.tz is None:
            raise error_for("data.naive_time", where=raw.where, row=0, column=name, value=str(column[0].as_py()))
        return
    row = 0
    if is_text(column.type):
        row, found = first_bad_text(column, datetime.datetime.fromisoformat)
        if isinstance(found, datetime.datetime):
            raise error_for("data.naive_time", where=raw.where, row=row, column=name, value=str(found))
    raise error_for(
        "data.wrong_type",
        where=raw.where,
        row=row,
        column=name,
        found=f"{column[row].as_py()!r} ({column.type})",
        expected="a timestamp with a zone in every row",
        hint=_time_hint(column.type),
    )


def is_text(kind: pa.DataType) -> bool:
    """Return whether a column holds text, whichever way Arrow stores it."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _time_hint(kind: pa.DataType) -> str:
    if pa.types.is_integer(kind):
        return " Whole numbers have no unit: store timestamps."
    return " Text is not parsed here: in pandas, to_datetime(…, utc=True) does it." if is_text(kind) else ""


def first_bad_text(column: Column, parse: Callable[[str], object]) -> tuple[int, object]:
    """Return the first row whose text does not parse, or parses to a time without a zone, and what it is."""
    for row, text in enumerate(column.to_pylist()):
        try:
            value = parse(text or "")
        except ValueError:
            return row, text
        if isinstance(value, datetime.datetime) and value.tzinfo is None:
            return row, value
    return 0, column[0].as_py()


def _refuse_implausible_time(raw: RawBars, counted: Int64s, unit: str) -> None:
    scale = _US_PER_UNIT[unit]
    bad = (counted < 0) | (counted > _YEAR_2262_US / scale)
    all_1970 = not bad.any() and counted.max() < _YEAR_1971_US / scale
    if not bad.any() and not all_1970:
        return
    row = 0 if all_1970 else int(np.flatnonzero(bad)[0])
    shown = f"{int(counted[row])} {unit} since 1970"
    facts: dict[str, str | int] = {"where": raw.where, "row": row, "column": raw.names["time"], "value": shown}
    for other, other_scale in _US_PER_UNIT.items():
        if _YEAR_1971_US <= int(counted[row]) * other_scale < _YEAR_2262_US:
            raise error_for("data.time_unit", unit=other, **facts)
    if bad.any():
        raise error_for("data.year_out_of_range", **facts)


def refuse_off_grid_time(raw: RawBars, time_us: Int64s, starts: Int64s, off: Flags, timeframe: str) -> None:
    """Raise ``data.time_off_grid`` for the first marked time, if one is."""
    if off.any():
        row = int(np.flatnonzero(off)[0])
        raise error_for(
            "data.time_off_grid",
            where=raw.where,
            row=row,
            column=raw.names["time"],
            time_us=int(time_us[row]),
            expected_us=int(starts[row]),
            timeframe=timeframe,
        )


def _refuse_coarser_bars(raw: RawBars, time_us: Int64s, steps: Int64s, timeframe: str) -> None:
    """Refuse hourly bars that are called minutes: they would be known too early, and nothing else would tell."""
    if steps.size < _TELLING_BARS or (0 < steps.min() <= duration_us(timeframe)):
        return
    between = steps[steps > 0]
    if len(between) < _TELLING_BARS or between.min() <= duration_us(timeframe):
        return
    calendar = fx_calendar(int(time_us.min()), int(time_us.max()))
    for name in reversed(MINUTES):
        coarser = MINUTES[name] > MINUTES[timeframe] and divides(timeframe, name)
        if coarser and np.array_equal(calendar.intervals(time_us, name)[0], time_us):
            count = len(time_us)
            raise error_for("data.wrong_timeframe", where=raw.where, timeframe=timeframe, count=count, found=name)


def refuse_order(raw: RawBars, time_us: int, previous_us: int, *, row: int, mend: str) -> None:
    """Raise ``data.time_not_increasing`` for a row of a stream."""
    raise error_for(
        "data.time_not_increasing", where=raw.where, bar_idx=row, time_us=time_us, previous_us=previous_us, mend=mend
    )


def _not_increasing(raw: RawBars, time_us: Int64s, row: int, mend: str) -> DataError:
    error = error_for(
        "data.time_not_increasing",
        where=raw.where,
        bar_idx=row,
        time_us=int(time_us[row]),
        previous_us=int(time_us[row - 1]),
        mend=mend,
    )
    assert isinstance(error, DataError)
    return error


def refuse_null(raw: RawBars, name: str) -> None:
    """Raise ``data.null`` for the first empty value of a column, if it has one."""
    column = raw.columns[name]
    if column.null_count:
        row = int(np.flatnonzero(column.is_null().to_numpy())[0])
        raise error_for("data.null", where=raw.where, row=row, column=raw.names[name], count=column.null_count)
