"""Volume-weighted average price since the FX day began (17:00 New York).

sum of tp * volume / sum of volume, tp = (high + low + close) / 3; tp itself where nothing was traded yet.
Own definition, rule IND-3.
"""

from __future__ import annotations


class Vwap:
    """The state between two bars."""

    __slots__ = ("_day", "_turnover", "_volume")

    def __init__(self) -> None:
        self._day = -1.0
        self._turnover = 0.0
        self._volume = 0.0

    def update(self, high: float, low: float, close: float, volume: float, day: float) -> float:
        """Take the next bar and the index of its FX day and return the average."""
        if day != self._day:
            self._day, self._turnover, self._volume = day, 0.0, 0.0
        price = (high + low + close) / 3.0
        self._turnover += price * volume
        self._volume += volume
        return self._turnover / self._volume if self._volume > 0.0 else price
