"""Plus directional indicator: 100 * (+DM) / TR, both Wilder's sums. Rule IND-3."""

from __future__ import annotations

from omega.backends.python.indicators.directional import Directional


class PlusDi:
    """The state between two bars.

    Args:
        period: Bars of the sums, >= 1.
    """

    __slots__ = ("_directional",)

    def __init__(self, period: int) -> None:
        self._directional = Directional(period)

    def update(self, high: float, low: float, close: float) -> float:
        """Take the next bar and return the indicator, NaN for the first `period`."""
        return self._directional.update(high, low, close)[0]
