"""Weighted moving average: the newest value has weight `period`, the oldest 1.

Two running sums, weighted and plain. Rule IND-3.
"""

from __future__ import annotations

from math import nan

from omega.backends.python.indicators.window import Window


class Wma:
    """The state of one weighted moving average between two bars.

    Args:
        period: Values in the window, >= 1.
    """

    __slots__ = ("_divisor", "_period", "_seen_count", "_total", "_weighted", "_window")

    def __init__(self, period: int) -> None:
        self._period = float(period)
        self._divisor = self._period * (self._period + 1.0) / 2.0
        self._window = Window(period)
        self._seen_count = 0.0
        self._total = 0.0
        self._weighted = 0.0

    def update(self, value: float) -> float:
        """Take the next value and return the weighted mean, NaN while there are fewer than `period`."""
        oldest = self._window.push(value)
        if self._seen_count < self._period:
            self._seen_count += 1.0
            self._total += value
            self._weighted += value * self._seen_count
        else:
            self._weighted = self._weighted - self._total + value * self._period
            self._total = self._total - oldest + value
        if self._seen_count < self._period:
            return nan
        return self._weighted / self._divisor
