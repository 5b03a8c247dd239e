"""Donchian channel: highest high, lowest low, and the mean of both.

R. Donchian. Rule IND-3.
"""

from __future__ import annotations

from omega.backends.python.indicators.extreme import Extreme


class Donchian:
    """The state between two bars.

    Args:
        period: Bars of the range, >= 1.
    """

    __slots__ = ("_highest", "_lowest")

    def __init__(self, period: int) -> None:
        self._highest = Extreme(period, 1.0)
        self._lowest = Extreme(period, -1.0)

    def update(self, high: float, low: float) -> tuple[float, float, float]:
        """Take the next bar and return upper, middle and lower, NaN while there are fewer than `period`."""
        upper = self._highest.update(high)
        lower = self._lowest.update(low)
        return upper, (upper + lower) * 0.5, lower
