"""Relative strength index: the share of gains in all movement, 0 to 100.

Gains and losses are smoothed by Wilder's rule; `100 * (gain / (gain + loss))`. Without any movement
the ratio has no value and 0 is returned, as TA-Lib does. Rule IND-3.
"""

from __future__ import annotations

from math import nan

from omega.backends.python.indicators.wilder import Wilder


class Rsi:
    """The state of one relative strength index between two bars.

    Args:
        period: Changes that seed the averages, >= 1.
    """

    __slots__ = ("_gain", "_has_previous", "_loss", "_previous")

    def __init__(self, period: int) -> None:
        self._gain = Wilder(period)
        self._loss = Wilder(period)
        self._previous = 0.0
        self._has_previous = False

    def update(self, value: float) -> float:
        """Take the next value and return the index, NaN until `period` changes were seen."""
        if not self._has_previous:
            self._has_previous = True
            self._previous = value
            return nan
        change = value - self._previous
        self._previous = value
        fall = -change
        gain = self._gain.update(change if change > 0.0 else 0.0)
        loss = self._loss.update(fall if fall > 0.0 else 0.0)
        return strength(gain, loss)


def strength(gain: float, loss: float) -> float:
    """Return the index of two smoothed averages, both NaN during warm-up."""
    movement = gain + loss
    if movement == 0.0:
        return 0.0
    return 100.0 * (gain / movement)
