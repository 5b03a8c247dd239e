"""Simple return of a value on the one before it. Shared by GARCH, volatility clusters and beta."""

from __future__ import annotations

from math import nan


class Change:
    """The state between two bars."""

    __slots__ = ("_has_previous", "_previous")

    def __init__(self) -> None:
        self._previous = 0.0
        self._has_previous = False

    def update(self, value: float) -> float:
        """Take the next value and return value / previous - 1, NaN for the first, 0 from zero."""
        before = self._previous
        self._previous = value
        if not self._has_previous:
            self._has_previous = True
            return nan
        return value / before - 1.0 if before != 0.0 else 0.0
