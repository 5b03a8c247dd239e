"""Directional movement: how much of the true range was new ground, upwards and downwards.

Wilder's sums: `period - 1` values are added up, from then on `total = total * kept + value` with
`kept = (period - 1) / period`. Shared by +DI, -DI, DX and ADX. Rule IND-3.
"""

from __future__ import annotations

from math import nan

from omega.backends.python.indicators.trange import Trange


class Directional:
    """The state of the three sums between two bars.

    Args:
        period: Bars of the sums, >= 1.
    """

    __slots__ = ("_high", "_kept", "_low", "_minus", "_plus", "_range", "_seen_count", "_total", "_warm_up_count")

    def __init__(self, period: int) -> None:
        self._kept = (period - 1.0) / period
        self._warm_up_count = period
        self._seen_count = 0
        self._range = Trange()
        self._high = 0.0
        self._low = 0.0
        self._plus = 0.0
        self._minus = 0.0
        self._total = 0.0

    def update(self, high: float, low: float, close: float) -> tuple[float, float]:
        """Take the next bar and return +DI and -DI, NaN for the first `period`, 0 where nothing moved."""
        greatest = self._range.update(high, low, close)
        up, down = high - self._high, self._low - low
        self._high, self._low = high, low
        if greatest != greatest:
            return nan, nan
        self._seen_count += 1
        kept = 1.0 if self._seen_count < self._warm_up_count else self._kept
        self._plus = self._plus * kept + (up if up > 0.0 and up > down else 0.0)
        self._minus = self._minus * kept + (down if down > 0.0 and down > up else 0.0)
        self._total = self._total * kept + greatest
        if self._seen_count < self._warm_up_count:
            return nan, nan
        self._seen_count = self._warm_up_count
        if self._total == 0.0:
            return 0.0, 0.0
        return 100.0 * (self._plus / self._total), 100.0 * (self._minus / self._total)
