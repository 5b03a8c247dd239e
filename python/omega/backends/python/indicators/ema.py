"""Exponential moving average, seeded with the mean of the first `period` values.

`level = (value - level) * alpha + level` with `alpha = 2 / (period + 1)`, in this order of
operations, as in TA-Lib. Rule IND-3.
"""

from __future__ import annotations

from math import nan


class Ema:
    """The state of one exponential moving average between two bars.

    Args:
        period: Values that seed the level, >= 1.
    """

    __slots__ = ("_alpha", "_level", "_period", "_seen_count")

    def __init__(self, period: int) -> None:
        self._period = period
        self._alpha = 2.0 / (period + 1.0)
        self._seen_count = 0
        self._level = 0.0

    def update(self, value: float) -> float:
        """Take the next value and return the new level, NaN until `period` values were seen."""
        if self._seen_count == self._period:
            self._level = (value - self._level) * self._alpha + self._level
            return self._level
        self._seen_count += 1
        self._level += value
        if self._seen_count < self._period:
            return nan
        self._level /= self._period
        return self._level
