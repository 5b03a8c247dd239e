"""Aroon: how long ago the highest high and the lowest low of the last `period` + 1 bars were.

100 on the bar itself, 0 `period` bars ago; of equal ones the latest counts. Rule IND-3.
"""

from __future__ import annotations

from math import nan

from omega.backends.python.indicators.window import Window


class Aroon:
    """The state between two bars.

    Args:
        period: Bars looked back, >= 2.
    """

    __slots__ = ("_factor", "_high_age", "_highs", "_low_age", "_lows", "_period")

    def __init__(self, period: int) -> None:
        self._period = period
        self._factor = 100.0 / period
        self._highs = Window(period + 1)
        self._lows = Window(period + 1)
        self._high_age = 0
        self._low_age = 0

    def update(self, high: float, low: float) -> tuple[float, float]:
        """Take the next bar and return down and up, NaN for the first `period`."""
        self._high_age = age_of_best(self._highs, self._high_age, high)
        self._low_age = age_of_best(self._lows, self._low_age, -low)
        if not self._highs.is_full():
            return nan, nan
        down = self._factor * (self._period - self._low_age)
        return down, self._factor * (self._period - self._high_age)


def age_of_best(window: Window, age: int, value: float) -> int:
    """Take the next value and return how many values ago the greatest came, the latest of equal ones."""
    count = len(window.values)
    best = window.values[(window.next_idx + count - 1 - age) % count]
    is_first = not window.is_full() and window.next_idx == 0
    window.push(value)
    if is_first or value >= best:
        return 0
    if age + 1 < count:
        return age + 1
    found, best = 0, value
    for back in range(1, count):
        other = window.values[(window.next_idx + count - 1 - back) % count]
        if other > best:
            found, best = back, other
    return found
