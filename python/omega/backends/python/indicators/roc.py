"""Rate of change over `period` bars, in percent. Rule IND-3."""

from __future__ import annotations

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
        return percent(value, self._window.lag(value))


def percent(value: float, before: float) -> float:
    """Return the change from the value before in percent, 0 from zero."""
    return (value / before - 1.0) * 100.0 if before != 0.0 else 0.0
