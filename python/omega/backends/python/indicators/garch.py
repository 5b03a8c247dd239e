"""GARCH(1,1) volatility of simple returns with given alpha and beta; nothing is fitted.

`variance = omega + alpha * r_before^2 + beta * variance_before`. The first variance is the mean square of
the first `period` returns, and `omega = (1 - alpha - beta) * variance` (variance targeting on the warm-up
only). T. Bollerslev, J. of Econometrics 31, 1986. Rule IND-3.
"""

from __future__ import annotations

from math import nan, sqrt

from omega.backends.python.indicators.change import Change


class Garch:
    """The state between two bars.

    Args:
        period: Returns of the warm-up, >= 2.
        alpha: Weight of the last squared return, >= 0.
        beta: Weight of the last variance, >= 0; alpha + beta < 1.
    """

    __slots__ = ("_alpha", "_beta", "_change", "_last_square", "_omega", "_period", "_seen_count", "_variance")

    def __init__(self, period: int, alpha: float, beta: float) -> None:
        self._period = period
        self._alpha = alpha
        self._beta = beta
        self._change = Change()
        self._seen_count = 0
        self._omega = 0.0
        self._variance = 0.0
        self._last_square = 0.0

    def update(self, value: float) -> float:
        """Take the next value and return the volatility as a fraction, NaN for the first `period`."""
        change = self._change.update(value)
        if change != change:
            return nan
        square = change * change
        if self._seen_count < self._period:
            self._seen_count += 1
            self._variance += square
            if self._seen_count < self._period:
                return nan
            self._variance /= self._period
            self._omega = (1.0 - self._alpha - self._beta) * self._variance
        else:
            self._variance = self._omega + self._alpha * self._last_square + self._beta * self._variance
        self._last_square = square
        return sqrt(self._variance)
