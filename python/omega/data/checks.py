"""What prices must satisfy before they are used (CHK-1), and their way onto the grid of points (DAT-3).

The happy path looks at every value once, in blocks that stay in the cache; only when something is
wrong is the first offender searched, so that the message can name file, row, column and value.
The caller's data is never modified.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from omega.data.calendar import Int64s
from omega.data.reading import PRICES, Column, RawBars
from omega.data.time_checks import Flags, first_bad_text, is_text, refuse_null
from omega.errors import error_for

__all__ = [
    "MAX_POINTS",
    "SideBars",
    "check_prices",
    "check_symbol",
    "convert_prices",
    "numbers_of",
]

MAX_POINTS = 1_000_000_000
"""Prices lie within ±10^9 points, so that they fit int32 and their sums int64."""

Int32s = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Shown = Floats | Int32s

_GRID_TOLERANCE_POINTS = 1e-6
_BLOCK = 1 << 15


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


def check_prices(raw: RawBars, time_us: Int64s, *, digits: int, snap: bool) -> SideBars:
    """Return the series in points.

    Raises:
        DataError: Mixed symbols, null, NaN, infinite, not positive, off grid, out of range, high or low
            that contradict open and close, bad volume or spread.
    """
    prices, columns, snapped = convert_prices(raw, PRICES, digits=digits, snap=snap)
    _refuse_contradictions(raw, prices, columns)
    open_, high, low, close = prices
    return SideBars(time_us, (open_, high, low, close), _volume(raw), _spread(raw), snapped)


def convert_prices(
    raw: RawBars, names: tuple[str, ...], *, digits: int, snap: bool
) -> tuple[tuple[Int32s, ...], list[Shown], int]:
    """Return some price columns in points and as they were, and how many prices were snapped.

    Raises:
        DataError: Null, NaN, infinite, not positive, off grid, out of range.
    """
    if raw.series is not None:
        return _stored_points(raw, names, digits)
    columns = [_floats(raw, name) for name in names]
    converted = [_to_points(column, digits) for column in columns]
    for name, column, (points, worst) in zip(names, columns, converted, strict=True):
        if points is None or (worst > _GRID_TOLERANCE_POINTS and not snap):
            _refuse_price(raw, name, column, digits)
    prices = tuple(points for points, _ in converted if points is not None)
    snapped = 0
    if any(worst > _GRID_TOLERANCE_POINTS for _, worst in converted):
        snapped = sum(int(_off_grid(column, digits).sum()) for column in columns)
    for name, points, column in zip(names, prices, columns, strict=True):
        _refuse_not_positive(raw, name, points, column)
    return prices, list(columns), snapped


def _stored_points(raw: RawBars, names: tuple[str, ...], digits: int) -> tuple[tuple[Int32s, ...], list[Shown], int]:
    """Return prices that are points already; what is shown of them in messages is points, too."""
    assert raw.series is not None
    if raw.series.digits != digits:
        found = raw.series.digits
        raise error_for("data.wrong_digits", where=raw.where, symbol=raw.series.symbol, found=found, expected=digits)
    prices = []
    for name in names:
        refuse_null(raw, name)
        points = np.asarray(raw.columns[name].to_numpy())
        _refuse_not_positive(raw, name, points, points)
        prices.append(points)
    return tuple(prices), list(prices), 0


def check_symbol(raw: RawBars, symbol: str) -> None:
    """Raise ``data.mixed_symbols`` if a symbol column says anything but `symbol`."""
    if raw.series is not None and raw.series.symbol != symbol:
        shown = repr(raw.series.symbol)
        raise error_for("data.mixed_symbols", where=raw.where, row=0, column="symbol", value=shown, symbol=symbol)
    if "symbol" not in raw.columns:
        return
    values = raw.columns["symbol"]
    for value in values.unique().to_pylist():
        if not isinstance(value, str) or value.replace("/", "").upper() != symbol.upper():
            row, column = values.to_pylist().index(value), raw.names["symbol"]
            raise error_for(
                "data.mixed_symbols", where=raw.where, row=row, column=column, value=repr(value), symbol=symbol
            )


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


def _refuse_not_positive(raw: RawBars, name: str, points: Int32s, column: Shown) -> None:
    if points.min() <= 0:
        row = int(np.flatnonzero(points <= 0)[0])
        raise error_for("data.not_positive", where=raw.where, row=row, column=raw.names[name], value=_text(column[row]))


def _refuse_contradictions(raw: RawBars, prices: tuple[Int32s, ...], columns: list[Shown]) -> None:
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


def _floats(raw: RawBars, name: str) -> Floats:
    refuse_null(raw, name)
    return np.asarray(numbers_of(raw, name).to_numpy())


def numbers_of(raw: RawBars, name: str) -> Column:
    """Return a column as float64; raise ``data.wrong_type`` if it holds no numbers."""
    column = raw.columns[name]
    kind = column.type
    is_number = pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind)
    if not is_number and not pa.types.is_null(kind):
        row = first_bad_text(column, float)[0] if is_text(kind) else 0
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
        return np.broadcast_to(np.float64(np.nan), len(raw.columns["time"]))
    column = numbers_of(raw, "volume")
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


def _text(value: np.float64 | np.int32) -> str:
    return repr(float(value))
