"""Wilder's smoothing: a mean in which the newest value counts 1 / period.

Seeded with the mean of the first `period` values, then `level = level * kept + value * inverse` with
`kept = (period - 1) / period` and `inverse = 1 / period`. It is carried out in blocks of four values:
`base * kept^j + partial`, so that four values do not wait for each other. Rule IND-3.
"""

from __future__ import annotations

from math import nan

BLOCK = 4


class Wilder:
    """The state of one smoothed value between two bars.

    Args:
        period: Values that seed the level, >= 1.
    """

    __slots__ = ("_base", "_inverse", "_kept", "_partial", "_period", "_power", "_seen_count", "_step")

    def __init__(self, period: int) -> None:
        self._period = period
        self._kept = (period - 1.0) / period
        self._inverse = 1.0 / period
        self._seen_count = 0
        self._base = 0.0
        self._partial = 0.0
        self._power = 1.0
        self._step = 0

    def update(self, value: float) -> float:
        """Take the next value and return the new level, NaN until `period` values were seen."""
        if self._seen_count < self._period:
            self._seen_count += 1
            self._base += value
            if self._seen_count < self._period:
                return nan
            self._base *= self._inverse
            return self._base
        self._partial = self._partial * self._kept + value * self._inverse
        self._power *= self._kept
        level = self._base * self._power + self._partial
        self._step += 1
        if self._step == BLOCK:
            self._base, self._partial, self._power, self._step = level, 0.0, 1.0, 0
        return level
