"""Sum of the products of two series' distances from their means, over the last `period` pairs.

Moved along with the window and made anew whenever the ring has turned once or most of either series'
squares have left it, as in `deviation`. Shared by correlation and beta.
"""

from __future__ import annotations

from math import nan

from omega.backends.python.indicators.deviation import MOST, Deviation
from omega.backends.python.indicators.window import Window


class Covariance:
    """The state of one window of pairs.

    Args:
        period: Pairs in the window, >= 2.

    Attributes:
        first: Deviation of the first series.
        second: Deviation of the second series.
        products: Sum of the products, NaN while there are fewer pairs.
    """

    __slots__ = ("_firsts", "_seconds", "first", "products", "second")

    def __init__(self, period: int) -> None:
        self._firsts = Window(period)
        self._seconds = Window(period)
        self.first = Deviation(period)
        self.second = Deviation(period)
        self.products = nan

    def update(self, x: float, y: float) -> None:
        """Take the next pair."""
        before, squares, others = self.first.center, self.first.squares, self.second.squares
        self.first.update(x)
        self.second.update(y)
        oldest_x = self._firsts.push(x)
        oldest_y = self._seconds.push(y)
        if not self._firsts.is_full():
            return
        is_lost = self.first.squares * MOST < squares or self.second.squares * MOST < others
        if self._firsts.next_idx == 0 or is_lost:
            centers = (self.first.center, self.second.center)
            self.products = products_about(self._firsts.values, self._seconds.values, *centers)
        else:
            self.products += (x - oldest_x) * (y - self.second.center) + (y - oldest_y) * (oldest_x - before)


def products_about(xs: list[float], ys: list[float], x_center: float, y_center: float) -> float:
    """Return the sum of the products of the distances: of even and of odd places, then of both."""
    totals = [0.0, 0.0]
    for place, (x, y) in enumerate(zip(xs, ys, strict=True)):
        totals[place % 2] += (x - x_center) * (y - y_center)
    return totals[0] + totals[1]
