"""Rolling correlation of two series: covariance / (deviation * deviation), -1 to 1; 0 where one is constant.

K. Pearson. Rule IND-3.
"""

from __future__ import annotations

from math import sqrt

from omega.backends.python.indicators.covariance import Covariance


class Correlation:
    """The state between two bars.

    Args:
        period: Pairs in the window, >= 2.
    """

    __slots__ = ("_covariance",)

    def __init__(self, period: int) -> None:
        self._covariance = Covariance(period)

    def update(self, value: float, other: float) -> float:
        """Take the next pair and return the correlation, NaN while there are fewer than `period`."""
        self._covariance.update(value, other)
        scale = sqrt(self._covariance.first.squares * self._covariance.second.squares)
        if scale == 0.0:
            return 0.0
        ratio = self._covariance.products / scale
        if ratio > 1.0:
            return 1.0
        return -1.0 if ratio < -1.0 else ratio
