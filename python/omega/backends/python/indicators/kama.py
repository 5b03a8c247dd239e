"""Kaufman's adaptive moving average: fast where price moves straight, slow where it goes to and fro.

What is carried is the rest, the value minus the level: it rounds far below the level, and the next one waits
for two operations instead of three. It begins with 0 at the value before the first output. Where the sum of
changes is zero, or not above the signed change, the efficiency is 1, as in TA-Lib. Rule IND-3.
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

    __slots__ = ("_changes", "_previous", "_rest", "_seen_count", "_total", "_values")

    def __init__(self, period: int) -> None:
        self._values = Window(period)
        self._changes = Window(period)
        self._seen_count = 0
        self._total = 0.0
        self._previous = 0.0
        self._rest = 0.0

    def update(self, value: float) -> float:
        """Take the next value and return the level, NaN until `period` changes were seen."""
        is_full = self._values.is_full()
        oldest = self._values.push(value)
        change = value - self._previous
        if self._seen_count > 0:
            self._total = self._total - self._changes.push(abs(change)) + abs(change)
        self._seen_count = 1
        self._previous = value
        if not is_full:
            return nan
        self._rest = (change + self._rest) * kept(efficiency(value - oldest, self._total, abs(value)))
        return value - self._rest


def kept(efficiency: float) -> float:
    """Return the share of the distance to the level that is kept: the less the straighter the values moved."""
    constant = efficiency * (FASTEST - SLOWEST) + SLOWEST
    return 1.0 - constant * constant


def efficiency(change: float, total: float, scale: float) -> float:
    """Return the share of the change in the sum of all changes."""
    if total <= change or is_rounding(total, scale):
        return 1.0
    return abs(change / total)
