"""Parabolic stop and reverse: a stop that follows price faster the longer the move lasts.

The first move is upwards unless the second bar's low fell by more than its high rose. A stop never lies
inside the last two bars. Rule IND-3.
"""

from __future__ import annotations

from math import nan


class Sar:
    """The state between two bars.

    Args:
        acceleration: First factor and its growth with every new extreme, >= 0.
        maximum: Greatest factor, >= 0; it bounds `acceleration` too.
    """

    __slots__ = (
        "_acceleration",
        "_extreme",
        "_factor",
        "_high",
        "_is_long",
        "_low",
        "_maximum",
        "_seen_count",
        "_stop",
    )

    def __init__(self, acceleration: float, maximum: float) -> None:
        self._acceleration = maximum if acceleration > maximum else acceleration
        self._maximum = maximum
        self._factor = self._acceleration
        self._seen_count = 0
        self._is_long = True
        self._high = 0.0
        self._low = 0.0
        self._extreme = 0.0
        self._stop = 0.0

    def update(self, high: float, low: float) -> float:
        """Take the next bar and return the stop that was valid in it, NaN for the first."""
        if self._seen_count == 0:
            self._seen_count = 1
            self._high, self._low = high, low
            return nan
        if self._seen_count == 1:
            self._seen_count = 2
            self._begin(high, low)
        before_high, before_low = self._high, self._low
        self._high, self._low = high, low
        # A short move is a long one with the sign of prices turned.
        if self._is_long:
            return self._follow(high, low, before_high, before_low)
        return -self._follow(-low, -high, -before_low, -before_high)

    def _begin(self, high: float, low: float) -> None:
        down = self._low - low
        self._is_long = not (down > 0.0 and down > high - self._high)
        self._stop = self._low if self._is_long else -self._high
        self._extreme = high if self._is_long else -low
        # The first bar is left behind: stops are bounded by the second one.
        self._high, self._low = high, low

    def _follow(self, high: float, low: float, before_high: float, before_low: float) -> float:
        """Return the stop of a long move and move it on, or turn."""
        if low <= self._stop:
            stop = greatest(self._extreme, before_high, high)
            self._is_long = not self._is_long
            self._factor = self._acceleration
            self._extreme = -low
            self._stop = -greatest(stop + self._factor * (low - stop), before_high, high)
            return stop
        stop = self._stop
        if high > self._extreme:
            self._extreme = high
            factor = self._factor + self._acceleration
            self._factor = self._maximum if factor > self._maximum else factor
        self._stop = -greatest(-(stop + self._factor * (self._extreme - stop)), -before_low, -low)
        return stop


def greatest(first: float, second: float, third: float) -> float:
    """Return the greatest of three values."""
    best = second if second > first else first
    return third if third > best else best
