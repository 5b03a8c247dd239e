"""On-balance volume: volume added where price rose, subtracted where it fell. It begins with the first volume.

Rule IND-3.
"""

from __future__ import annotations


class Obv:
    """The state between two bars."""

    __slots__ = ("_has_previous", "_level", "_previous")

    def __init__(self) -> None:
        self._level = 0.0
        self._previous = 0.0
        self._has_previous = False

    def update(self, value: float, volume: float) -> float:
        """Take the next price and volume and return the balance."""
        if not self._has_previous or value > self._previous:
            self._level += volume
        elif value < self._previous:
            self._level -= volume
        self._has_previous = True
        self._previous = value
        return self._level
