"""Moving average convergence/divergence: fast EMA - slow EMA, its EMA, and the difference of both.

Both averages are seeded to give their first value at the same bar: the fast one leaves out what comes
before. All three outputs begin with the signal. Rule IND-3.
"""

from __future__ import annotations

from math import nan

from omega.backends.python.indicators.ema import Ema


class Macd:
    """The state between two bars.

    Args:
        fast: Period of one average, >= 2.
        slow: Period of the other; they are swapped where fast > slow.
        signal: Period of the average of the difference, >= 1.
    """

    __slots__ = ("_fast", "_left_out_count", "_signal", "_slow")

    def __init__(self, fast: int, slow: int, signal: int) -> None:
        shorter, longer = (slow, fast) if fast > slow else (fast, slow)
        self._left_out_count = longer - shorter
        self._fast = Ema(shorter)
        self._slow = Ema(longer)
        self._signal = Ema(signal)

    def update(self, value: float) -> tuple[float, float, float]:
        """Take the next value and return macd, signal and histogram, NaN until the signal is seeded."""
        slow = self._slow.update(value)
        if self._left_out_count > 0:
            self._left_out_count -= 1
            return nan, nan, nan
        macd = self._fast.update(value) - slow
        if macd != macd:
            return nan, nan, nan
        signal = self._signal.update(macd)
        if signal != signal:
            return nan, nan, nan
        return macd, signal, macd - signal
