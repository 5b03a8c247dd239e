"""Money flow index: the share of turnover on which the typical price rose, 0 to 100.

A change of no more than rounding is none; without any change the share is 0, as in TA-Lib. Rule IND-3.
"""

from __future__ import annotations

from math import nan

from omega.backends.python.indicators.total import Total
from omega.backends.python.numerics import is_rounding


class Mfi:
    """The state between two bars.

    Args:
        period: Changes in the window, >= 2.
    """

    __slots__ = ("_downs", "_has_previous", "_previous", "_ups")

    def __init__(self, period: int) -> None:
        self._ups = Total(period)
        self._downs = Total(period)
        self._previous = 0.0
        self._has_previous = False

    def update(self, high: float, low: float, close: float, volume: float) -> float:
        """Take the next bar and return the index, NaN for the first `period`."""
        price = (high + low + close) / 3.0
        change = price - self._previous
        self._previous = price
        if not self._has_previous:
            self._has_previous = True
            return nan
        flow = 0.0 if is_rounding(change, price) else price * volume
        up = self._ups.push(flow if change > 0.0 else 0.0)
        down = self._downs.push(flow if change < 0.0 else 0.0)
        if not self._ups.is_full():
            return nan
        return share(up, down)


def share(up: float, down: float) -> float:
    """Return 100 * up / (up + down), 0 where there is neither."""
    total = up + down
    return 100.0 * (up / total) if total > 0.0 else 0.0
