"""Highest high and lowest low since the FX day began (17:00 New York). Own definition, rule IND-3."""

from __future__ import annotations


class Session:
    """The state between two bars."""

    __slots__ = ("_day", "_high", "_low")

    def __init__(self) -> None:
        self._day = -1.0
        self._high = 0.0
        self._low = 0.0

    def update(self, high: float, low: float, day: float) -> tuple[float, float]:
        """Take the next bar and the index of its FX day and return high and low so far."""
        if day != self._day:
            self._day, self._high, self._low = day, high, low
        if high > self._high:
            self._high = high
        if low < self._low:
            self._low = low
        return self._high, self._low
