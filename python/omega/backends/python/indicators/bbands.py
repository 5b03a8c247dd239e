"""Bollinger bands: the simple moving average, and a number of deviations above and below it.

The deviation is that of the population (n). Rule IND-3.
"""

from __future__ import annotations

from omega.backends.python.indicators.deviation import Deviation


class Bbands:
    """The state between two bars.

    Args:
        period: Values in the window, >= 2.
        deviations: Distance of the bands in deviations, >= 0.
    """

    __slots__ = ("_deviation", "_deviations")

    def __init__(self, period: int, deviations: float) -> None:
        self._deviation = Deviation(period)
        self._deviations = deviations

    def update(self, value: float) -> tuple[float, float, float]:
        """Take the next value and return upper, middle and lower band, NaN while there are fewer than `period`."""
        self._deviation.update(value)
        middle = self._deviation.mean()
        distance = self._deviation.population() * self._deviations
        return middle + distance, middle, middle - distance
