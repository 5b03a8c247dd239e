"""Kalman-GARCH Z-score: the relative distance from the Kalman mean, in GARCH volatilities.

Own definition, rule IND-3.
"""

from __future__ import annotations

from omega.backends.python.indicators.garch import Garch
from omega.backends.python.indicators.kalman import Kalman
from omega.backends.python.indicators.zscore import score


class KalmanGarchZscore:
    """The state between two bars.

    Args:
        period: Returns of the warm-up, >= 2.
        process: Variance of the level's steps, > 0.
        measurement: Variance of the noise, > 0.
        alpha: Weight of the last squared return, >= 0.
        beta: Weight of the last variance, >= 0; alpha + beta < 1.
    """

    __slots__ = ("_mean", "_volatility")

    def __init__(self, period: int, process: float, measurement: float, alpha: float, beta: float) -> None:
        self._mean = Kalman(process, measurement)
        self._volatility = Garch(period, alpha, beta)

    def update(self, value: float) -> float:
        """Take the next value and return its score, NaN for the first `period`, 0 without volatility."""
        mean = self._mean.update(value)
        return score(value / mean - 1.0 if mean != 0.0 else 0.0, self._volatility.update(value))
