"""Average directional index: Wilder's mean of the directional movement index.

It is seeded with the first `period` indices, one without movement counting 0; later ones without
movement leave it where it is. Rule IND-3.
"""

from __future__ import annotations

from math import nan

from omega.backends.python.indicators.directional import Directional
from omega.backends.python.indicators.dx import one_sidedness
from omega.backends.python.indicators.wilder import Wilder


class Adx:
    """The state between two bars.

    Args:
        period: Bars of the sums and of the mean, >= 2.
    """

    __slots__ = ("_directional", "_level", "_mean")

    def __init__(self, period: int) -> None:
        self._directional = Directional(period)
        self._mean = Wilder(period)
        self._level = nan

    def update(self, high: float, low: float, close: float) -> float:
        """Take the next bar and return the mean, NaN for the first `2 * period - 1`."""
        plus, minus = self._directional.update(high, low, close)
        if plus != plus:
            return nan
        index = one_sidedness(plus, minus)
        if index is None and self._level != self._level:
            index = 0.0
        if index is not None:
            self._level = self._mean.update(index)
        return self._level
