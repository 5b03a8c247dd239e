"""Commodity channel index: the typical price against its mean, in mean absolute distances.

Mean and distances are summed over the ring of the last `period` typical prices, in the order in which
they lie there. 0 where the price is the mean or nothing deviates, roundings left aside. Rule IND-3.
"""

from __future__ import annotations

from math import nan

from omega.backends.python.indicators.window import Window
from omega.backends.python.numerics import is_rounding, sum_left


class Cci:
    """The state between two bars.

    Args:
        period: Typical prices in the window, >= 2.
    """

    __slots__ = ("_period", "_window")

    def __init__(self, period: int) -> None:
        self._period = float(period)
        self._window = Window(period)

    def update(self, high: float, low: float, close: float) -> float:
        """Take the next bar and return the index, NaN while there are fewer than `period`."""
        price = (high + low + close) / 3.0
        self._window.push(price)
        if not self._window.is_full():
            return nan
        mean = sum_left(self._window.values) / self._period
        distance = distances_from(self._window.values, mean) / self._period
        offset = price - mean
        if is_rounding(offset, mean) or is_rounding(distance, mean):
            return 0.0
        return offset / (0.015 * distance)


def distances_from(values: list[float], center: float) -> float:
    """Return the sum of the absolute distances, from left to right."""
    total = 0.0
    for value in values:
        total += abs(value - center)
    return total
