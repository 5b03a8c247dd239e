"""Double exponential moving average: 2 * e1 - e2, e2 being the EMA of e1. Rule IND-3."""

from __future__ import annotations

from math import nan

from omega.backends.python.indicators.ema import Ema


class Dema:
    """The state of one double exponential moving average between two bars.

    Args:
        period: Period of both averages, >= 1.
    """

    __slots__ = ("_first", "_second")

    def __init__(self, period: int) -> None:
        self._first = Ema(period)
        self._second = Ema(period)

    def update(self, value: float) -> float:
        """Take the next value and return the average, NaN until both are seeded."""
        first = self._first.update(value)
        if first != first:
            return nan
        return 2.0 * first - self._second.update(first)
