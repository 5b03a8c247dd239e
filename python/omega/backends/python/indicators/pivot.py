"""Classic pivot points of the FX day before: the pivot, three resistances and three supports.

Days without a bar are left out. There is none before the second day; where the data begin inside a day,
the first one is made of what there is of it. Rule IND-3.
"""

from __future__ import annotations

from math import nan

Levels = tuple[float, float, float, float, float, float, float]


class Pivot:
    """The state between two bars."""

    __slots__ = ("_close", "_day", "_high", "_levels", "_low")

    def __init__(self) -> None:
        self._day = -1.0
        self._high = 0.0
        self._low = 0.0
        self._close = 0.0
        self._levels: Levels = (nan, nan, nan, nan, nan, nan, nan)

    def update(self, high: float, low: float, close: float, day: float) -> Levels:
        """Take the next bar and the index of its FX day and return p, r1, s1, r2, s2, r3, s3."""
        if day != self._day:
            if self._day >= 0.0:
                self._levels = levels(self._high, self._low, self._close)
            self._day, self._high, self._low = day, high, low
        if high > self._high:
            self._high = high
        if low < self._low:
            self._low = low
        self._close = close
        return self._levels


def levels(high: float, low: float, close: float) -> Levels:
    """Return the seven levels of one day."""
    pivot = (high + low + close) / 3.0
    extent = high - low
    return (
        pivot,
        2.0 * pivot - low,
        2.0 * pivot - high,
        pivot + extent,
        pivot - extent,
        high + 2.0 * (pivot - low),
        low - 2.0 * (high - pivot),
    )
