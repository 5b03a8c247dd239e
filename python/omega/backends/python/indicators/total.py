"""Sum of the last `period` values, none of them negative.

A running sum, made anew whenever the ring has turned once, so that no error grows; where all values are
0 it is exactly 0.
"""

from __future__ import annotations

from omega.backends.python.indicators.window import Window


class Total:
    """The state of one window.

    Args:
        period: Values in the window, >= 1.
    """

    __slots__ = ("_fresh", "_level", "_window", "_zero_count")

    def __init__(self, period: int) -> None:
        self._window = Window(period)
        self._fresh = 0.0
        self._level = 0.0
        self._zero_count = 0

    def push(self, value: float) -> float:
        """Take the next value and return the sum of the last `period`, or of all while there are fewer."""
        self._zero_count = self._zero_count + 1 if value == 0.0 else 0
        self._level = self._level - self._window.push(value) + value
        self._fresh += value
        if self._window.next_idx == 0:
            self._level, self._fresh = self._fresh, 0.0
        if self._zero_count >= len(self._window.values):
            self._level = 0.0
        return self._level

    def is_full(self) -> bool:
        return self._window.is_full()
