"""Choppiness index: the way that price went against the range it covered, 0 to 100 on a log scale.

100 * ln(sum of true ranges / (highest high - lowest low)) / ln(period); 100 without a range.
E. W. Dreiss. Rule IND-3.
"""

from __future__ import annotations

from math import nan

from omega.backends.python.indicators.extreme import Extreme
from omega.backends.python.indicators.trange import Trange
from omega.backends.python.indicators.window import Window
from omega.backends.python.numerics import ln, sum_left


class Choppiness:
    """The state between two bars.

    Args:
        period: Bars of the range, >= 2.
    """

    __slots__ = ("_highest", "_lowest", "_range", "_ranges", "_scale")

    def __init__(self, period: int) -> None:
        self._range = Trange()
        self._ranges = Window(period)
        self._highest = Extreme(period, 1.0)
        self._lowest = Extreme(period, -1.0)
        self._scale = ln(float(period))

    def update(self, high: float, low: float, close: float) -> float:
        """Take the next bar and return the index, NaN for the first `period`."""
        extent = self._highest.update(high) - self._lowest.update(low)
        greatest = self._range.update(high, low, close)
        if greatest != greatest:
            return nan
        self._ranges.push(greatest)
        if not self._ranges.is_full():
            return nan
        if extent == 0.0:
            return 100.0
        return 100.0 * (ln(sum_left(self._ranges.values) / extent) / self._scale)
