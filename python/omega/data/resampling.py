"""Bars made of finer bars (RES-1), and the `bars` table of the seam.

Bid and ask are resampled separately. A bar exists only where data exists; it is named by the start of
its interval and known at the end of it, whichever of its base bars are missing (TIM-2).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from omega.data.calendar import FxCalendar, Int64s
from omega.data.checks import Floats
from omega.data.pairing import BaseBars, Prices

__all__ = ["bars_table", "resample"]

Indices = npt.NDArray[np.intp]
_TIME = pa.timestamp("us", tz="UTC")
_EXACT = float(1 << 53)
SCHEMA = pa.schema(
    [pa.field("time", _TIME, nullable=False), pa.field("close_time", _TIME, nullable=False)]
    + [
        pa.field(f"{side}_{price}", pa.int32(), nullable=False)
        for side in ("bid", "ask")
        for price in ("open", "high", "low", "close")
    ]
    + [pa.field("volume", pa.float64())]
)
"""The `bars` table of schema/tables.toml."""


def resample(bars: BaseBars, base: str, timeframe: str, calendar: FxCalendar) -> tuple[BaseBars, Int64s]:
    """Return the bars of `timeframe`, without a spread column, and their close times.

    Volume is the sum of its base bars, NaN if one of them has none.

    Args:
        bars: Base bars.
        base: Their timeframe; it divides `timeframe`.
        timeframe: What is wanted.
        calendar: Covers the bars.
    """
    start, close_time = calendar.intervals(bars.time, timeframe)
    if base == timeframe:
        return bars, close_time
    first = np.flatnonzero(np.concatenate([[True], start[1:] != start[:-1]]))
    last = np.concatenate([first[1:], [len(start)]]) - 1
    coarse = BaseBars(
        start[first],
        _merged(bars.bid, first, last),
        None if bars.ask is None else _merged(bars.ask, first, last),
        None,
        _summed(bars.volume, first, last),
    )
    return coarse, close_time[first]


def bars_table(bars: BaseBars, close_time: Int64s) -> pa.Table:
    """Return the `bars` table: one chunk per column, no metadata. Both sides are there."""
    assert bars.ask is not None
    unknown = np.isnan(bars.volume)
    volume = pa.array(bars.volume, mask=unknown) if unknown.any() else pa.array(bars.volume)
    times = [pa.array(times).cast(_TIME) for times in (bars.time, close_time)]
    prices = [pa.array(points) for points in (*bars.bid, *bars.ask)]
    return pa.table([*times, *prices, volume], schema=SCHEMA)


def _merged(prices: Prices, first: Indices, last: Indices) -> Prices:
    open_, high, low, close = prices
    return open_[first], np.maximum.reduceat(high, first), np.minimum.reduceat(low, first), close[last]


def _summed(volume: Floats, first: Indices, last: Indices) -> Floats:
    """Sums that do not depend on the order of addition: whole numbers add exactly, others are summed exactly."""
    whole = np.rint(volume) == volume
    if bool((whole | np.isnan(volume)).all()):
        sums = np.add.reduceat(volume, first)
        if not bool((sums >= _EXACT).any()):
            return np.asarray(sums)
    values = volume.tolist()
    return np.array(
        [math.fsum(values[begin : end + 1]) for begin, end in zip(first.tolist(), last.tolist(), strict=True)]
    )
