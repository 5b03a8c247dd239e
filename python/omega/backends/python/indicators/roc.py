"""Rate of change over `period` bars, in percent. Rule IND-3."""

from __future__ import annotations

from math import nan

from omega.backends.python.indicators.window import Window


class Roc:
    """The state between two bars.

    Args:
        period: Bars between the two values, >= 1.
    """

    __slots__ = ("_window",)

    def __init__(self, period: int) -> None:
        self._window = Window(period)

    def update(self, value: float) -> float:
        """Take the next value and return its change in percent, NaN for the first `period`, 0 from zero."""
        is_full = self._window.is_full()
        oldest = self._window.push(value)
        if not is_full:
            return nan
        return (value / oldest - 1.0) * 100.0 if oldest != 0.0 else 0.0
