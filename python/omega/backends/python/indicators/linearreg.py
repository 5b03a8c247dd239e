"""End of the least-squares line through the last `period` values: 3 * WMA - 2 * SMA.

The identity saves the sums over the window: with weights 1 to n the line ends there. Rule IND-3.
"""

from __future__ import annotations

from omega.backends.python.indicators.sma import Sma
from omega.backends.python.indicators.wma import Wma


class Linearreg:
    """The state between two bars.

    Args:
        period: Values in the window, >= 2.
    """

    __slots__ = ("_mean", "_weighted")

    def __init__(self, period: int) -> None:
        self._weighted = Wma(period)
        self._mean = Sma(period)

    def update(self, value: float) -> float:
        """Take the next value and return the end of the line, NaN while there are fewer than `period`."""
        return 3.0 * self._weighted.update(value) - 2.0 * self._mean.update(value)
