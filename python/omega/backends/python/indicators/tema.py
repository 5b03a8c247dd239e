"""Triple exponential moving average: 3 * e1 - 3 * e2 + e3, each the EMA of the one before. Rule IND-3."""

from __future__ import annotations

from math import nan

from omega.backends.python.indicators.ema import Ema


class Tema:
    """The state of one triple exponential moving average between two bars.

    Args:
        period: Period of the three averages, >= 1.
    """

    __slots__ = ("_first", "_second", "_third")

    def __init__(self, period: int) -> None:
        self._first = Ema(period)
        self._second = Ema(period)
        self._third = Ema(period)

    def update(self, value: float) -> float:
        """Take the next value and return the average, NaN until all three are seeded."""
        first = self._first.update(value)
        if first != first:
            return nan
        second = self._second.update(first)
        if second != second:
            return nan
        return 3.0 * first - 3.0 * second + self._third.update(second)
