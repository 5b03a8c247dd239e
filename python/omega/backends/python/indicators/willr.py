"""Williams' %R: how far the close lies below the highest high of the range, -100 to 0. Rule IND-3."""

from __future__ import annotations

from omega.backends.python.indicators.extreme import Extreme


class Willr:
    """The state between two bars.

    Args:
        period: Bars of the range, >= 2.
    """

    __slots__ = ("_highest", "_lowest")

    def __init__(self, period: int) -> None:
        self._highest = Extreme(period, 1.0)
        self._lowest = Extreme(period, -1.0)

    def update(self, high: float, low: float, close: float) -> float:
        """Take the next bar and return %R, NaN while there are fewer than `period`, 0 without a range."""
        highest = self._highest.update(high)
        percent = (highest - self._lowest.update(low)) / -100.0
        if percent == 0.0:
            return 0.0
        return (highest - close) / percent
