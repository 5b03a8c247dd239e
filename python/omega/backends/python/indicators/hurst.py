"""Hurst exponent of the last `period` log returns, by their rescaled range.

ln(R / S) / ln(period): R is the extent of the cumulated distances from the mean, S the deviation with n.
About 0.5 for a random walk, more where moves persist; 0.5 where all returns are equal or a value is not
positive. H. E. Hurst, 1951; B. Mandelbrot and J. Wallis, 1969. Rule IND-3.
"""

from __future__ import annotations

from math import inf, nan, sqrt

from omega.backends.python.indicators.window import Window
from omega.backends.python.numerics import is_rounding, ln, sum_left

UNKNOWN = 0.5


class Hurst:
    """The state between two bars.

    Args:
        period: Log returns in the window, >= 8.
    """

    __slots__ = ("_has_previous", "_period", "_previous", "_scale", "_window")

    def __init__(self, period: int) -> None:
        self._period = float(period)
        self._scale = ln(self._period)
        self._window = Window(period)
        self._previous = 0.0
        self._has_previous = False

    def update(self, value: float) -> float:
        """Take the next value and return the exponent, NaN for the first `period`."""
        logarithm = ln(value) if value > 0.0 else 0.0
        change = logarithm - self._previous
        self._previous = logarithm
        if not self._has_previous:
            self._has_previous = True
            return nan
        self._window.push(change)
        if not self._window.is_full():
            return nan
        oldest = self._window.next_idx
        ratio = rescaled_range(self._window.values[oldest:] + self._window.values[:oldest], self._period)
        return ln(ratio) / self._scale if ratio > 0.0 else UNKNOWN


def rescaled_range(changes: list[float], count: float) -> float:
    """Return R / S, 0 where nothing deviates; `changes` from the oldest to the newest."""
    mean = sum_left(changes) / count
    level, highest, lowest, squares = 0.0, -inf, inf, 0.0
    for change in changes:
        offset = change - mean
        level += offset
        squares += offset * offset
        if level > highest:
            highest = level
        if level < lowest:
            lowest = level
    deviation = sqrt(squares / count)
    if is_rounding(deviation, 1.0):
        return 0.0
    return (highest - lowest) / deviation
