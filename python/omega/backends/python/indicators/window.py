"""The last `period` values, and running sums over them. Shared by the indicators of a window."""

from __future__ import annotations

from math import nan


class Window:
    """A ring of values.

    Args:
        period: Values it holds, >= 1.

    Attributes:
        values: The values; the oldest stands at `next_idx` once it is full.
    """

    __slots__ = ("_seen_count", "next_idx", "values")

    def __init__(self, period: int) -> None:
        self.values = [0.0] * period
        self.next_idx = 0
        self._seen_count = 0

    def push(self, value: float) -> float:
        """Take the next value and return the one that it pushes out, 0 while there is room."""
        oldest = self.values[self.next_idx]
        self.values[self.next_idx] = value
        self.next_idx += 1
        if self.next_idx == len(self.values):
            self.next_idx = 0
        if self._seen_count < len(self.values):
            self._seen_count += 1
        return oldest

    def lag(self, value: float) -> float:
        """Take the next value and return the one `period` before it, NaN while there is none."""
        is_full = self.is_full()
        oldest = self.push(value)
        return oldest if is_full else nan

    def is_full(self) -> bool:
        return self._seen_count == len(self.values)
