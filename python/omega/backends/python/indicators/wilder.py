"""Wilder's smoothing: a mean in which the newest value counts 1 / period.

Seeded with the mean of the first `period` values, then `level = level * kept + value * inverse` with
`kept = (period - 1) / period` and `inverse = 1 / period`. Rule IND-3.
"""

from __future__ import annotations

from math import nan


class Wilder:
    """The state of one smoothed value between two bars.

    Args:
        period: Values that seed the level, >= 1.
    """

    __slots__ = ("_inverse", "_kept", "_level", "_period", "_seen_count")

    def __init__(self, period: int) -> None:
        self._period = period
        self._kept = (period - 1.0) / period
        self._inverse = 1.0 / period
        self._seen_count = 0
        self._level = 0.0

    def update(self, value: float) -> float:
        """Take the next value and return the new level, NaN until `period` values were seen."""
        if self._seen_count == self._period:
            self._level = self._level * self._kept + value * self._inverse
            return self._level
        self._seen_count += 1
        self._level += value
        if self._seen_count < self._period:
            return nan
        self._level *= self._inverse
        return self._level
