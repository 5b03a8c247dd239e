"""Wilder's smoothing, shared by RSI and ATR.

Seeded with the mean of the first `period` values, then
`level = (level * (period - 1) + value) * (1 / period)`, in this order of operations, as TA-Lib's RSI
does since 0.8. Rule IND-3.
"""

from __future__ import annotations

NAN = float("nan")


class Wilder:
    """The state of one smoothed value between two bars.

    Args:
        period: Values that seed the level, >= 1.
    """

    __slots__ = ("_inverse", "_kept", "_level", "_period", "_seen_count")

    def __init__(self, period: int) -> None:
        self._period = period
        self._kept = period - 1.0
        self._inverse = 1.0 / period
        self._seen_count = 0
        self._level = 0.0

    def update(self, value: float) -> float:
        """Take the next value and return the new level, NaN until `period` values were seen."""
        if self._seen_count == self._period:
            self._level = (self._level * self._kept + value) * self._inverse
            return self._level
        self._seen_count += 1
        self._level += value
        if self._seen_count < self._period:
            return NAN
        self._level *= self._inverse
        return self._level
