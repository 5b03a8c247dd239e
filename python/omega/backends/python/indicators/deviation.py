"""Mean and sum of squared distances from it, over the last `period` values.

Sum and squares are moved along with the window. They are made anew whenever the ring has turned once or
most of the squares have left it, so that no error grows; where all values are equal the squares are
exactly 0.
"""

from __future__ import annotations

from math import nan, sqrt

from omega.backends.python.indicators.window import Window

MOST = 100.0


class Deviation:
    """The state of one window.

    Args:
        period: Values in the window, >= 2.

    Attributes:
        center: The mean as a product, from which distances are taken; NaN while there are fewer values.
        squares: Sum of the squared distances, NaN likewise.
    """

    __slots__ = ("_equal_count", "_fresh", "_inverse", "_newest", "_period", "_total", "_window", "center", "squares")

    def __init__(self, period: int) -> None:
        self._period = period
        self._inverse = 1.0 / period
        self._window = Window(period)
        self._total = 0.0
        self._fresh = 0.0
        self._newest = 0.0
        self._equal_count = 0
        self.center = nan
        self.squares = nan

    def update(self, value: float) -> None:
        """Take the next value."""
        self._equal_count = self._equal_count + 1 if value == self._newest else 1
        self._newest = value
        oldest = self._window.push(value)
        self._total += value - oldest
        self._fresh += value
        if self._window.next_idx == 0:
            self._total, self._fresh = self._fresh, 0.0
            self.center = self._total * self._inverse
            self.squares = squares_about(self._window.values, self.center)
        elif self._window.is_full():
            before, self.center = self.center, self._total * self._inverse
            moved = self.squares + (value - oldest) * ((value - self.center) + (oldest - before))
            if moved * MOST < self.squares:
                moved = squares_about(self._window.values, self.center)
            self.squares = moved
        if self._equal_count >= self._period:
            self.squares = 0.0

    def mean(self) -> float:
        """Return the mean, NaN while there are fewer values."""
        return self._total / self._period if self._window.is_full() else nan

    def population(self) -> float:
        """Return the deviation with n, NaN while there are fewer values."""
        return sqrt(self.squares * self._inverse)


def squares_about(values: list[float], center: float) -> float:
    """Return the sum of the squared distances: of even and of odd places, then of both."""
    totals = [0.0, 0.0]
    for place, value in enumerate(values):
        offset = value - center
        totals[place % 2] += offset * offset
    return totals[0] + totals[1]
