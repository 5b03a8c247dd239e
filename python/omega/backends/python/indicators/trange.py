"""True range: how far price moved in a bar, the gap to the close before included. Rule IND-3."""

from __future__ import annotations

from math import nan


class Trange:
    """The state of one true range between two bars."""

    __slots__ = ("_has_previous", "_previous_close")

    def __init__(self) -> None:
        self._previous_close = 0.0
        self._has_previous = False

    def update(self, high: float, low: float, close: float) -> float:
        """Take the next bar and return its true range, NaN for the first."""
        greatest = true_range(high, low, self._previous_close) if self._has_previous else nan
        self._has_previous = True
        self._previous_close = close
        return greatest


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
