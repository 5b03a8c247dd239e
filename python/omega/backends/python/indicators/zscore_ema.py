"""Z-score from the exponential moving average, in deviations of the last `period` values.

Own definition, rule IND-3.
"""

from __future__ import annotations

from omega.backends.python.indicators.deviation import Deviation
from omega.backends.python.indicators.ema import Ema
from omega.backends.python.indicators.zscore import score


class ZscoreEma:
    """The state between two bars.

    Args:
        period: Period of the average and of the deviation, >= 2.
    """

    __slots__ = ("_deviation", "_mean")

    def __init__(self, period: int) -> None:
        self._mean = Ema(period)
        self._deviation = Deviation(period)

    def update(self, value: float) -> float:
        """Take the next value and return its score, NaN while there are fewer than `period`."""
        self._deviation.update(value)
        return score(value - self._mean.update(value), self._deviation.population())
