"""Kaufman's adaptive moving average: fast where price moves straight, slow where it goes to and fro.

The first level is the value before the first output. Where the sum of changes is zero, or not above the
signed change, the efficiency is 1, as in TA-Lib. Rule IND-3.
"""

from __future__ import annotations

from math import nan

from omega.backends.python.indicators.window import Window
from omega.backends.python.numerics import is_rounding

FASTEST = 2.0 / 3.0
SLOWEST = 2.0 / 31.0


class Kama:
    """The state of one adaptive moving average between two bars.

    Args:
        period: Changes that measure the efficiency, >= 2.
    """

    __slots__ = ("_changes", "_level", "_previous", "_seen_count", "_total", "_values")

    def __init__(self, period: int) -> None:
        self._values = Window(period)
        self._changes = Window(period)
        self._seen_count = 0
        self._total = 0.0
        self._previous = 0.0
        self._level = 0.0

    def update(self, value: float) -> float:
        """Take the next value and return the level, NaN until `period` changes were seen."""
        is_full = self._values.is_full()
        oldest = self._values.push(value)
        if self._seen_count > 0:
            change = abs(value - self._previous)
            self._total = self._total - self._changes.push(change) + change
        self._seen_count = 1
        if not is_full:
            self._level = self._previous = value
            return nan
        self._previous = value
        constant = efficiency(value - oldest, self._total, abs(value)) * (FASTEST - SLOWEST) + SLOWEST
        self._level = (value - self._level) * (constant * constant) + self._level
        return self._level


def efficiency(change: float, total: float, scale: float) -> float:
    """Return the share of the change in the sum of all changes."""
    if total <= change or is_rounding(total, scale):
        return 1.0
    return abs(change / total)
