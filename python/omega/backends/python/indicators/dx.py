"""Directional movement index: how one-sided the movement was, 0 to 100.

Where neither side moved there is no index, and the one before stays (0 before any). Rule IND-3.
"""

from __future__ import annotations

from math import nan

from omega.backends.python.indicators.directional import Directional


class Dx:
    """The state between two bars.

    Args:
        period: Bars of the sums, >= 2.
    """

    __slots__ = ("_directional", "_level")

    def __init__(self, period: int) -> None:
        self._directional = Directional(period)
        self._level = 0.0

    def update(self, high: float, low: float, close: float) -> float:
        """Take the next bar and return the index, NaN for the first `period`."""
        plus, minus = self._directional.update(high, low, close)
        index = one_sidedness(plus, minus)
        if index is not None:
            self._level = index
        return nan if plus != plus else self._level


def one_sidedness(plus: float, minus: float) -> float | None:
    """Return 100 * |plus - minus| / (plus + minus), None where there is neither."""
    total = plus + minus
    if total != total or total == 0.0:
        return None
    return 100.0 * (abs(minus - plus) / total)
