"""Average true range: how far price moves per bar, gaps between bars included.

The true range needs the close before it, so the first one belongs to bar 1; the average is Wilder's.
Rule IND-3.
"""

from __future__ import annotations

from math import nan

from omega.backends.python.indicators.trange import Trange
from omega.backends.python.indicators.wilder import Wilder


class Atr:
    """The state of one average true range between two bars.

    Args:
        period: True ranges that seed the average, >= 1.
    """

    __slots__ = ("_mean", "_range")

    def __init__(self, period: int) -> None:
        self._range = Trange()
        self._mean = Wilder(period)

    def update(self, high: float, low: float, close: float) -> float:
        """Take the next bar and return the average, NaN until `period` true ranges were seen."""
        greatest = self._range.update(high, low, close)
        if greatest != greatest:
            return nan
        return self._mean.update(greatest)
