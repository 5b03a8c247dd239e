"""Standard deviation of the last `period` values, with n, times a factor. Rule IND-3."""

from __future__ import annotations

from omega.backends.python.indicators.deviation import Deviation


class Stddev:
    """The state between two bars.

    Args:
        period: Values in the window, >= 2.
        deviations: The factor, >= 0.
    """

    __slots__ = ("_deviation", "_deviations")

    def __init__(self, period: int, deviations: float) -> None:
        self._deviation = Deviation(period)
        self._deviations = deviations

    def update(self, value: float) -> float:
        """Take the next value and return the deviation, NaN while there are fewer than `period`."""
        self._deviation.update(value)
        return self._deviation.population() * self._deviations
