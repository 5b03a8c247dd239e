"""Keltner channel: the exponential average of the close, and a number of average true ranges around it.

All three begin together. C. Keltner, as modified by L. Raschke. Rule IND-3.
"""

from __future__ import annotations

from math import nan

from omega.backends.python.indicators.atr import Atr
from omega.backends.python.indicators.ema import Ema


class Keltner:
    """The state between two bars.

    Args:
        period: Period of the average of the close, >= 1.
        atr_period: Period of the average true range, >= 1.
        multiplier: Distance of the channel in average true ranges, >= 0.
    """

    __slots__ = ("_mean", "_multiplier", "_range")

    def __init__(self, period: int, atr_period: int, multiplier: float) -> None:
        self._mean = Ema(period)
        self._range = Atr(atr_period)
        self._multiplier = multiplier

    def update(self, high: float, low: float, close: float) -> tuple[float, float, float]:
        """Take the next bar and return upper, middle and lower, NaN until both averages are there."""
        middle = self._mean.update(close)
        distance = self._range.update(high, low, close) * self._multiplier
        if middle != middle or distance != distance:
            return nan, nan, nan
        return middle + distance, middle, middle - distance
