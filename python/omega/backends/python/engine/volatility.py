"""ATR(14) of the step timeframe in points, for stops and slippage that are measured by it (CST-2, MGT).

A column is computed once, when a rule first asks for its side. Value i is known once bar i is complete.
"""

from __future__ import annotations

import math

from omega.backends.python.indicators.atr import Atr
from omega.backends.python.market import Prices, Series

PERIOD = 14


class Volatility:
    """The ATR columns of both sides of a series."""

    def __init__(self, series: Series) -> None:
        self._series = series
        self._columns: dict[int, list[float]] = {}

    def atr_before(self, direction: int, bar_idx: int) -> float:
        """Return the ATR that is known when a bar opens: that of the bar before, NaN without one."""
        return self.atr(direction, bar_idx - 1) if bar_idx > 0 else math.nan

    def atr(self, direction: int, bar_idx: int) -> float:
        """Return the ATR of the side on which positions of a direction close, NaN before it is there."""
        if direction not in self._columns:
            self._columns[direction] = atr_points(self._series.bid if direction > 0 else self._series.ask)
        return self._columns[direction][bar_idx]


def atr_points(side: Prices) -> list[float]:
    """Return ATR(14) of one side in points, NaN for its first 14 bars."""
    state = Atr(PERIOD)
    rows = zip(side.high, side.low, side.close, strict=True)
    return [state.update(float(high), float(low), float(close)) for high, low, close in rows]
