"""Simple moving average: the mean of the last `period` values.

A running sum, as in TA-Lib: add the newest, divide, subtract the oldest. Rule IND-3.
"""

from __future__ import annotations

from math import nan

from omega.backends.python.indicators.window import Window


class Sma:
    """The state of one simple moving average between two bars.

    Args:
        period: Values in the window, >= 1.
    """

    __slots__ = ("_period", "_seen_count", "_total", "_window")

    def __init__(self, period: int) -> None:
        self._period = period
        self._window = Window(period)
        self._seen_count = 0
        self._total = 0.0

    def update(self, value: float) -> float:
        """Take the next value and return the mean of the last `period`, NaN while there are fewer."""
        self._window.push(value)
        if self._seen_count < self._period - 1:
            self._seen_count += 1
            self._total += value
            return nan
        mean, self._total = slide(self._total, value, self._window.values[self._window.next_idx], self._period)
        return mean


def slide(total: float, newest: float, oldest: float, period: float) -> tuple[float, float]:
    """Return the mean of a full window and the sum that stays once `oldest` has left it."""
    full = total + newest
    return full / period, full - oldest
