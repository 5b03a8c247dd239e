"""Stochastic oscillator: where the close lies in the range of the last bars, smoothed twice.

100 * (close - lowest low) / (highest high - lowest low), 0 without a range. k is its simple moving
average, d that of k; both begin together. Rule IND-3.
"""

from __future__ import annotations

from math import nan

from omega.backends.python.indicators.extreme import Extreme
from omega.backends.python.indicators.sma import Sma
from omega.backends.python.numerics import is_rounding


class Stoch:
    """The state between two bars.

    Args:
        fast_k: Bars of the range, >= 1.
        slow_k: Period of the first average, >= 1.
        slow_d: Period of the second, >= 1.
    """

    __slots__ = ("_d", "_highest", "_k", "_lowest")

    def __init__(self, fast_k: int, slow_k: int, slow_d: int) -> None:
        self._highest = Extreme(fast_k, 1.0)
        self._lowest = Extreme(fast_k, -1.0)
        self._k = Sma(slow_k)
        self._d = Sma(slow_d)

    def update(self, high: float, low: float, close: float) -> tuple[float, float]:
        """Take the next bar and return k and d, NaN until both are there."""
        highest = self._highest.update(high)
        lowest = self._lowest.update(low)
        if highest != highest:
            return nan, nan
        k = self._k.update(place(close, highest, lowest))
        if k != k:
            return nan, nan
        d = self._d.update(k)
        return (k, d) if d == d else (nan, nan)


def place(value: float, highest: float, lowest: float) -> float:
    """Return the place of a value in a range, 0 to 100; 0 without a range."""
    extent = highest - lowest
    if is_rounding(extent, abs(highest)):
        return 0.0
    return (value - lowest) / (extent / 100.0)
