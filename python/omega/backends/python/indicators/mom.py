"""Momentum: the change over `period` bars. Rule IND-3."""

from __future__ import annotations

from omega.backends.python.indicators.window import Window


class Mom:
    """The state between two bars.

    Args:
        period: Bars between the two values, >= 1.
    """

    __slots__ = ("_window",)

    def __init__(self, period: int) -> None:
        self._window = Window(period)

    def update(self, value: float) -> float:
        """Take the next value and return its change, NaN for the first `period`."""
        return value - self._window.lag(value)
