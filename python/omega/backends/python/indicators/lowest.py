"""Least of the last `period` values. Rule IND-3."""

from __future__ import annotations

from omega.backends.python.indicators.extreme import Extreme


class Lowest:
    """The state between two bars.

    Args:
        period: Values in the window, >= 1.
    """

    __slots__ = ("_extreme",)

    def __init__(self, period: int) -> None:
        self._extreme = Extreme(period, -1.0)

    def update(self, value: float) -> float:
        """Take the next value and return the least of the last `period`, NaN while there are fewer."""
        return self._extreme.update(value)
