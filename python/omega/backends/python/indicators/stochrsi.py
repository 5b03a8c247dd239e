"""Stochastic RSI: where the RSI lies in the range of its last values, and the mean of that. Rule IND-3."""

from __future__ import annotations

from math import nan

from omega.backends.python.indicators.extreme import Extreme
from omega.backends.python.indicators.rsi import Rsi
from omega.backends.python.indicators.sma import Sma
from omega.backends.python.indicators.stoch import place


class Stochrsi:
    """The state between two bars.

    Args:
        period: Period of the RSI, >= 2.
        fast_k: Values of the range, >= 1.
        fast_d: Period of the average, >= 1.
    """

    __slots__ = ("_d", "_highest", "_lowest", "_strength")

    def __init__(self, period: int, fast_k: int, fast_d: int) -> None:
        self._strength = Rsi(period)
        self._highest = Extreme(fast_k, 1.0)
        self._lowest = Extreme(fast_k, -1.0)
        self._d = Sma(fast_d)

    def update(self, value: float) -> tuple[float, float]:
        """Take the next value and return k and d, NaN until both are there."""
        strength = self._strength.update(value)
        if strength != strength:
            return nan, nan
        highest = self._highest.update(strength)
        lowest = self._lowest.update(strength)
        if highest != highest:
            return nan, nan
        k = place(strength, highest, lowest)
        d = self._d.update(k)
        return (k, d) if d == d else (nan, nan)
