"""Momentum: the change over `period` bars. Rule IND-3."""

from __future__ import annotations

from math import nan

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
        is_full = self._window.is_full()
        oldest = self._window.push(value)
        return value - oldest if is_full else nan
