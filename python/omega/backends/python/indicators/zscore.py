"""Z-score: the distance from the mean of the window, in deviations with n; 0 in a constant window.

Own definition, rule IND-3.
"""

from __future__ import annotations

from omega.backends.python.indicators.deviation import Deviation


class Zscore:
    """The state between two bars.

    Args:
        period: Values in the window, >= 2.
    """

    __slots__ = ("_deviation",)

    def __init__(self, period: int) -> None:
        self._deviation = Deviation(period)

    def update(self, value: float) -> float:
        """Take the next value and return its score, NaN while there are fewer than `period`."""
        self._deviation.update(value)
        return score(value - self._deviation.mean(), self._deviation.population())


def score(distance: float, deviation: float) -> float:
    """Return distance / deviation, 0 where nothing deviates."""
    if deviation == 0.0:
        return 0.0
    return distance / deviation
