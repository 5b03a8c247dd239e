"""What a series must satisfy before it is used (CHK-1), and its way onto the grid of points (DAT-3).

The happy path looks at every value once, in blocks that stay in the cache; only when something is
wrong is the first offender searched, so that the message can name file, row, column and value.
The caller's data is never modified.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from omega.data.calendar import Int64s, fx_calendar
from omega.data.reading import PRICES, Column, RawBars
from omega.data.timeframes import MINUTES, divides, duration_us
from omega.errors import DataError, error_for

__all__ = ["MAX_POINTS", "SideBars", "check_prices", "check_symbol", "check_time", "refuse_duplicates"]

MAX_POINTS = 1_000_000_000
"""Prices lie within ±10^9 points, so that they fit int32 and their sums int64."""

Int32s = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_GRID_TOLERANCE_POINTS = 1e-6
_BLOCK = 1 << 15
_TELLING_BARS = 50
"""So many bars without two neighbours are no accident."""
_YEAR_1971_US = 31_536_000_000_000
_YEAR_2262_US = 9_214_646_400_000_000
_US_PER_UNIT = {"s": 1_000_000.0, "ms": 1_000.0, "us": 1.0, "ns": 0.001}


@dataclass(frozen=True, slots=True, eq=False)
class SideBars:
    """One checked side of a series.

    Attributes:
        time: Open times, UTC microseconds, ascending, shape (n,).
        prices: Open, high, low, close in points, each of shape (n,).
        volume: NaN where the source has none, shape (n,).
        spread: Spread column in points, or None.
        snapped: Prices that were moved to the grid.
    """

    time: Int64s
    prices: tuple[Int32s, Int32s, Int32s, Int32s]
    volume: Floats
    spread: Int32s | None
    snapped: int

    def rows(self, kept: Flags) -> SideBars:
        """Return the bars of a mask."""
        open_, high, low, close = (points[kept] for points in self.prices)
        spread = None if self.spread is None else self.spread[kept]
        return SideBars(self.time[kept], (open_, high, low, close), self.volume[kept], spread, self.snapped)


def check_time(raw: RawBars, timeframe: str) -> tuple[Int64s, Flags | None]:
    """Return the open times, and None or a mask of rows that repeat the time of the row before.

    Raises:
        DataError: Null, wrong type, naive, implausible unit or year, descending, off the timeframe's grid.
    """
    column = raw.columns["time"]
    _refuse_wrong_time_type(raw, column)
    _refuse_null(raw, "time")
    counted = column.combine_chunks().cast(pa.int64()).to_numpy()
    unit = column.type.unit
    _refuse_implausible_time(raw, counted, unit)
    time_us = counted if unit == "us" else counted // 1_000 if unit == "ns" else counted * int(_US_PER_UNIT[unit])
    calendar = fx_calendar(int(time_us.min()), int(time_us.max()))
    starts, _ = calendar.intervals(time_us, timeframe)
    off = starts != time_us
    if unit == "ns":
        off |= counted % 1_000 != 0
    _refuse_off_grid_time(raw, time_us, starts, off, timeframe)
    steps = np.diff(time_us)
    _refuse_coarser_bars(raw, time_us, steps, timeframe)
    if steps.size == 0 or steps.min() > 0:
        return time_us, None
    backwards = np.flatnonzero(steps < 0)
    if backwards.size:
        raise _not_increasing(raw, time_us, int(backwards[0]) + 1, "Sort the rows by time.")
    return time_us, np.concatenate([[False], steps == 0])


def refuse_duplicates(raw: RawBars, time_us: Int64s, repeated: Flags) -> None:
    """Raise ``data.time_not_increasing`` for the first row that repeats a time."""
    row = int(np.flatnonzero(repeated)[0])
    raise _not_increasing(raw, time_us, row, 'Remove one of the rows, or load with duplicates="keep_last".')


def check_prices(raw: RawBars, time_us: Int64s, *, digits: int, snap: bool) -> SideBars:
    """Return the series in points.

    Raises:
        DataError: Mixed symbols, null, NaN, infinite, not positive, off grid, out of range, high or low
            that contradict open and close, bad volume or spread.
    """
    columns = [_floats(raw, name) for name in PRICES]
    converted = [_to_points(column, digits) for column in columns]
    for name, column, (points, worst) in zip(PRICES, columns, converted, strict=True):
        if points is None or (worst > _GRID_TOLERANCE_POINTS and not snap):
            _refuse_price(raw, name, column, digits)
    prices = tuple(points for points, _ in converted if points is not None)
    snapped = 0
    if any(worst > _GRID_TOLERANCE_POINTS for _, worst in converted):
        snapped = sum(int(_off_grid(column, digits).sum()) for column in columns)
    _refuse_not_positive(raw, prices, columns)
    _refuse_contradictions(raw, prices, columns)
    open_, high, low, close = prices
    return SideBars(time_us, (open_, high, low, close), _volume(raw), _spread(raw), snapped)


def check_symbol(raw: RawBars, symbol: str) -> None:
    """Raise ``data.mixed_symbols`` if a symbol column says anything but `symbol`."""
    if "symbol" not in raw.columns:
        return
    values = raw.columns["symbol"]
    for value in values.unique().to_pylist():
        if not isinstance(value, str) or value.replace("/", "").upper() != symbol.upper():
            row, column = values.to_pylist().index(value), raw.names["symbol"]
            raise error_for(
                "data.mixed_symbols", where=raw.where, row=row, column=column, value=repr(value), symbol=symbol
            )


# ---------------------------------------------------------------- time


def _refuse_wrong_time_type(raw: RawBars, column: Column) -> None:
    name = raw.names["time"]
    if pa.types.is_timestamp(column.type):
        if column.type.tz is None:
            raise error_for("data.naive_time", where=raw.where, row=0, column=name, value=str(column[0].as_py()))
        return
    row = 0
    if _is_text(column.type):
        row, found = _first_bad_text(column, datetime.datetime.fromisoformat)
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


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _time_hint(kind: pa.DataType) -> str:
    if pa.types.is_integer(kind):
        return " Whole numbers have no unit: store timestamps."
    return " Text is not parsed here: in pandas, to_datetime(…, utc=True) does it." if _is_text(kind) else ""


def _first_bad_text(column: Column, parse: Callable[[str], object]) -> tuple[int, object]:
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


def _refuse_off_grid_time(raw: RawBars, time_us: Int64s, starts: Int64s, off: Flags, timeframe: str) -> None:
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
    between = steps[steps > 0]
    if len(between) < _TELLING_BARS or between.min() <= duration_us(timeframe):
        return
    calendar = fx_calendar(int(time_us.min()), int(time_us.max()))
    for name in reversed(MINUTES):
        coarser = MINUTES[name] > MINUTES[timeframe] and divides(timeframe, name)
        if coarser and np.array_equal(calendar.intervals(time_us, name)[0], time_us):
            raise error_for(
                "data.wrong_timeframe", where=raw.where, timeframe=timeframe, count=len(time_us), found=name
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


# ---------------------------------------------------------------- prices


def _to_points(column: Floats, digits: int) -> tuple[Int32s | None, float]:
    """Return the points and the worst deviation; no points if a value is not finite or out of range."""
    scale = float(10**digits)
    points, worst = np.empty(len(column), np.int32), 0.0
    product, rounded = np.empty(_BLOCK), np.empty(_BLOCK)
    for begin in range(0, len(column), _BLOCK):
        block = column[begin : begin + _BLOCK]
        x, n = product[: len(block)], rounded[: len(block)]
        with np.errstate(over="ignore"):
            np.multiply(block, scale, out=x)
        np.rint(x, out=n)
        low, high = float(n.min()), float(n.max())
        if not (-MAX_POINTS <= low and high <= MAX_POINTS):  # NaN fails too
            return None, 0.0
        points[begin : begin + _BLOCK] = n
        np.abs(np.subtract(x, n, out=x), out=x)
        deviation = float(x.max())
        worst = deviation if deviation > worst else worst
    return points, worst


def _off_grid(column: Floats, digits: int) -> Flags:
    product = column * float(10**digits)
    return np.asarray(np.abs(product - np.rint(product)) > _GRID_TOLERANCE_POINTS)


def _refuse_price(raw: RawBars, name: str, column: Floats, digits: int) -> None:
    where, spelled = raw.where, raw.names[name]
    not_finite = np.flatnonzero(~np.isfinite(column))
    if not_finite.size:
        row = int(not_finite[0])
        raise error_for("data.not_finite", where=where, row=row, column=spelled, value=str(column[row]))
    with np.errstate(over="ignore"):
        product = column * float(10**digits)
    far = np.flatnonzero(np.abs(product) > MAX_POINTS)
    if far.size:
        row = int(far[0])
        raise error_for(
            "data.price_out_of_range", where=where, row=row, column=spelled, value=_text(column[row]), digits=digits
        )
    off = np.flatnonzero(_off_grid(column, digits))
    raise error_for(
        "data.off_grid",
        where=where,
        row=int(off[0]),
        column=spelled,
        value=_text(column[off[0]]),
        digits=digits,
        count=int(off.size),
        worst=f"{float(np.abs(product - np.rint(product)).max()):.6g}",
    )


def _refuse_not_positive(raw: RawBars, prices: tuple[Int32s, ...], columns: list[Floats]) -> None:
    for name, points, column in zip(PRICES, prices, columns, strict=True):
        if points.min() <= 0:
            row = int(np.flatnonzero(points <= 0)[0])
            raise error_for(
                "data.not_positive", where=raw.where, row=row, column=raw.names[name], value=_text(column[row])
            )


def _refuse_contradictions(raw: RawBars, prices: tuple[Int32s, ...], columns: list[Floats]) -> None:
    shown = dict(zip(PRICES, columns, strict=True))
    open_, high, low, close = prices
    for edge, code, wrong in (
        ("high", "data.high_below", {"open": high < open_, "close": high < close, "low": high < low}),
        ("low", "data.low_above", {"open": low > open_, "close": low > close}),
    ):
        rows = {name: int(np.argmax(mask)) for name, mask in wrong.items() if mask.any()}
        if rows:
            other = min(rows, key=lambda name: rows[name])
            row = rows[other]
            value, against = _text(shown[edge][row]), _text(shown[other][row])
            raise error_for(code, where=raw.where, row=row, column=repr(raw.names[other]), value=value, other=against)


# ---------------------------------------------------------------- columns


def _refuse_null(raw: RawBars, name: str) -> None:
    column = raw.columns[name]
    if column.null_count:
        row = int(np.flatnonzero(column.is_null().to_numpy())[0])
        raise error_for("data.null", where=raw.where, row=row, column=raw.names[name], count=column.null_count)


def _floats(raw: RawBars, name: str) -> Floats:
    _refuse_null(raw, name)
    return np.asarray(_numbers(raw, name).to_numpy())


def _numbers(raw: RawBars, name: str) -> Column:
    column = raw.columns[name]
    kind = column.type
    is_number = pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind)
    if not is_number and not pa.types.is_null(kind):
        row = _first_bad_text(column, float)[0] if _is_text(kind) else 0
        raise error_for(
            "data.wrong_type",
            where=raw.where,
            row=row,
            column=raw.names[name],
            found=f"{column[row].as_py()!r} ({kind})",
            expected="a number in every row",
            hint="",
        )
    return column if pa.types.is_float64(kind) else column.cast(pa.float64(), safe=False)


def _volume(raw: RawBars) -> Floats:
    """Return the volume with NaN for null; a NaN in the source itself is refused."""
    if "volume" not in raw.columns:
        return np.full(len(raw.columns["time"]), np.nan)
    column = _numbers(raw, "volume")
    known = column.is_valid().to_numpy()
    volume = np.asarray(column.to_numpy(), np.float64)
    bad = np.flatnonzero(known & ~(np.isfinite(volume) & (volume >= 0)))
    if bad.size:
        row = int(bad[0])
        raise error_for(
            "data.bad_volume", where=raw.where, row=row, column=raw.names["volume"], value=_text(volume[row])
        )
    return volume


def _spread(raw: RawBars) -> Int32s | None:
    if "spread" not in raw.columns:
        return None
    spread = _floats(raw, "spread")
    bad = np.flatnonzero(~((spread >= 0) & (spread <= MAX_POINTS) & (spread == np.rint(spread))))
    if bad.size:
        row = int(bad[0])
        raise error_for(
            "data.bad_spread", where=raw.where, row=row, column=raw.names["spread"], value=_text(spread[row])
        )
    return spread.astype(np.int32)


def _text(value: np.float64) -> str:
    return repr(float(value))
