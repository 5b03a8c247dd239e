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
    """Return the greatest of high - low and the distances of both from the close before.

    One difference: the farther of high and low from a close outside of them is what rounds to the greatest.
    """
    top = previous_close if previous_close > high else high
    bottom = previous_close if previous_close < low else low
    return top - bottom
