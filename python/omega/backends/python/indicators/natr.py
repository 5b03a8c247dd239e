"""Normalised average true range: the average true range in percent of the close. Rule IND-3."""

from __future__ import annotations

from omega.backends.python.indicators.atr import Atr


class Natr:
    """The state between two bars.

    Args:
        period: True ranges that seed the average, >= 1.
    """

    __slots__ = ("_range",)

    def __init__(self, period: int) -> None:
        self._range = Atr(period)

    def update(self, high: float, low: float, close: float) -> float:
        """Take the next bar and return the average in percent, NaN until `period` true ranges were seen."""
        return self._range.update(high, low, close) / close * 100.0
