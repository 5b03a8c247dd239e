"""Average true range: how far price moves per bar, gaps between bars included.

The true range needs the close before it, so the first one belongs to bar 1; the average is Wilder's.
Rule IND-3.
"""

from __future__ import annotations

from collections.abc import Sequence

from omega.backends.python.indicators.wilder import Wilder

NAN = float("nan")


class Atr:
    """The state of one average true range between two bars.

    Args:
        period: True ranges that seed the average, >= 1.
    """

    __slots__ = ("_has_previous", "_previous_close", "_range")

    def __init__(self, period: int) -> None:
        self._range = Wilder(period)
        self._previous_close = 0.0
        self._has_previous = False

    def update(self, high: float, low: float, close: float) -> float:
        """Take the next bar and return the average, NaN until `period` true ranges were seen."""
        if not self._has_previous:
            self._has_previous = True
            self._previous_close = close
            return NAN
        greatest = true_range(high, low, self._previous_close)
        self._previous_close = close
        return self._range.update(greatest)


def true_range(high: float, low: float, previous_close: float) -> float:
    """Return the greatest of high - low and the distances of both from the close before."""
    greatest = high - low
    to_high = abs(previous_close - high)
    if to_high > greatest:
        greatest = to_high
    to_low = abs(previous_close - low)
    if to_low > greatest:
        greatest = to_low
    return greatest


def atr(highs: Sequence[float], lows: Sequence[float], closes: Sequence[float], period: int) -> list[float]:
    """Return the average true range, as long as its inputs, NaN for the first `period`."""
    state = Atr(period)
    return [state.update(high, low, close) for high, low, close in zip(highs, lows, closes, strict=True)]
