"""Volatility cluster: 0 quiet, 1 usual, 2 wild, by the rank of the deviation of returns among its last values.

The share of the last `window` deviations that lie below the newest one: under a third, under two thirds,
or more. Own definition, rule IND-3.
"""

from __future__ import annotations

from math import nan

from omega.backends.python.indicators.change import Change
from omega.backends.python.indicators.deviation import Deviation
from omega.backends.python.indicators.window import Window


class VolatilityCluster:
    """The state between two bars.

    Args:
        period: Returns of one deviation, >= 2.
        window: Deviations compared, >= 3.
    """

    __slots__ = ("_change", "_deviation", "_ranked")

    def __init__(self, period: int, window: int) -> None:
        self._change = Change()
        self._deviation = Deviation(period)
        self._ranked = Window(window)

    def update(self, value: float) -> float:
        """Take the next value and return its cluster, NaN for the first `period + window - 1`."""
        change = self._change.update(value)
        if change != change:
            return nan
        self._deviation.update(change)
        newest = self._deviation.population()
        if newest != newest:
            return nan
        self._ranked.push(newest)
        if not self._ranked.is_full():
            return nan
        return third(count_below(self._ranked.values, newest), len(self._ranked.values))


def count_below(values: list[float], level: float) -> int:
    """Return how many values lie below a level."""
    return len([value for value in values if value < level])


def third(rank: int, count: int) -> float:
    """Return in which third of `count` a rank lies: 0, 1 or 2."""
    if 3 * rank < count:
        return 0.0
    return 1.0 if 3 * rank < 2 * count else 2.0
