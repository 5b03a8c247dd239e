"""Kalman Z-score: the distance from the Kalman mean, in deviations of the last distances.

Own definition, rule IND-3.
"""

from __future__ import annotations

from omega.backends.python.indicators.deviation import Deviation
from omega.backends.python.indicators.kalman import Kalman
from omega.backends.python.indicators.zscore import score


class KalmanZscore:
    """The state between two bars.

    Args:
        period: Distances in the window, >= 2.
        process: Variance of the level's steps, > 0.
        measurement: Variance of the noise, > 0.
    """

    __slots__ = ("_deviation", "_mean")

    def __init__(self, period: int, process: float, measurement: float) -> None:
        self._mean = Kalman(process, measurement)
        self._deviation = Deviation(period)

    def update(self, value: float) -> float:
        """Take the next value and return its score, NaN while there are fewer than `period`, 0 without deviation."""
        distance = value - self._mean.update(value)
        self._deviation.update(distance)
        return score(distance, self._deviation.population())
