"""The ask side made of a stored spread column (CST-1)."""

from __future__ import annotations

from fractions import Fraction
from typing import Protocol

import numpy as np

from omega.data.checks import MAX_POINTS, Int32s
from omega.data.pairing import Prices
from omega.errors import error_for

__all__ = ["Spread", "ask_from_column", "multiplier_of", "spread_points"]


class Spread(Protocol):
    """Where the ask side comes from.

    `source` is ``"data"`` (the ask that was loaded) or ``"column"`` (bid plus the stored spread);
    `add_points` belongs to the column, and so does `multiplier`, an attribute that may be missing (= 1).
    """

    @property
    def source(self) -> str:
        """`data` or `column`."""

    @property
    def add_points(self) -> int | Fraction | None:
        """Points added to the stored spread."""


def multiplier_of(spread: Spread | None) -> Fraction:
    """Return the factor on stored spread plus `add_points`."""
    return Fraction(getattr(spread, "multiplier", 1))


def spread_points(column: Int32s, add_points: Fraction, multiplier: Fraction, *, symbol: str) -> Int32s:
    """Return half_even((column + add_points) · multiplier), exact, once per distinct value."""
    values, rows = np.unique(column, return_inverse=True)
    # round() of a Fraction is exact and takes the even neighbour at a tie.
    spreads = [round((int(value) + add_points) * multiplier) for value in values]
    if min(spreads) < 0 or max(spreads) > MAX_POINTS:
        reason = "the spread becomes negative or larger than 10^9 points. Check add_points and multiplier."
        raise error_for("costs.spread_undefined", symbol=symbol, reason=reason)
    return np.array(spreads, np.int32)[rows]


def ask_from_column(bid: Prices, column: Int32s, spread: Spread, *, symbol: str) -> Prices:
    """Return the ask prices of the finest loaded bars.

    Raises:
        ConfigError: ``costs.spread_undefined``: no `add_points`, or a spread that is negative or too large.
    """
    if spread.add_points is None:
        reason = (
            "the data has a stored spread, which is the minimum of its bar. Say what to add to it: "
            "execution.spread.add_points (0 if you accept the lower bound)."
        )
        raise error_for("costs.spread_undefined", symbol=symbol, reason=reason)
    added = spread_points(column, Fraction(spread.add_points), multiplier_of(spread), symbol=symbol)
    high = int(bid[1].max()) + int(added.max())
    if high > MAX_POINTS:
        reason = "bid plus spread exceeds 10^9 points. Check add_points and multiplier."
        raise error_for("costs.spread_undefined", symbol=symbol, reason=reason)
    open_, top, bottom, close = (points + added for points in bid)
    return open_, top, bottom, close
