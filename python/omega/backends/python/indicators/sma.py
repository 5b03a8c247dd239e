"""Simple moving average: the mean of the last `period` values.

A running sum, as in TA-Lib: add the newest, divide, subtract the oldest. Rule IND-3.
"""

from __future__ import annotations

from collections.abc import Sequence

NAN = float("nan")


class Sma:
    """The state of one simple moving average between two bars.

    Args:
        period: Values in the window, >= 1.
    """

    __slots__ = ("_next_idx", "_period", "_seen_count", "_total", "_window")

    def __init__(self, period: int) -> None:
        self._period = period
        self._window = [0.0] * period
        self._next_idx = 0
        self._seen_count = 0
        self._total = 0.0

    def update(self, value: float) -> float:
        """Take the next value and return the mean of the last `period`, NaN while there are fewer."""
        self._window[self._next_idx] = value
        self._next_idx += 1
        if self._next_idx == self._period:
            self._next_idx = 0
        if self._seen_count < self._period - 1:
            self._seen_count += 1
            self._total += value
            return NAN
        mean, self._total = slide(self._total, value, self._window[self._next_idx], self._period)
        return mean


def slide(total: float, newest: float, oldest: float, period: int) -> tuple[float, float]:
    """Return the mean of a full window and the sum that stays once `oldest` has left it."""
    full = total + newest
    return full / period, full - oldest


def sma(values: Sequence[float], period: int) -> list[float]:
    """Return the simple moving average, as long as `values`, NaN for the first `period - 1`."""
    state = Sma(period)
    return [state.update(value) for value in values]
