"""Rolling beta: how much a series moves for one move of the other, by simple returns; 0 where that is constant.

Covariance of the returns / variance of the other's. W. F. Sharpe, 1964. Rule IND-3.
"""

from __future__ import annotations

from math import nan

from omega.backends.python.indicators.change import Change
from omega.backends.python.indicators.covariance import Covariance


class Beta:
    """The state between two bars.

    Args:
        period: Pairs of returns in the window, >= 2.
    """

    __slots__ = ("_change", "_covariance", "_other_change")

    def __init__(self, period: int) -> None:
        self._change = Change()
        self._other_change = Change()
        self._covariance = Covariance(period)

    def update(self, value: float, other: float) -> float:
        """Take the next pair and return beta, NaN for the first `period`."""
        change = self._change.update(value)
        other_change = self._other_change.update(other)
        if change != change:
            return nan
        self._covariance.update(change, other_change)
        squares = self._covariance.second.squares
        return self._covariance.products / squares if squares != 0.0 else 0.0
