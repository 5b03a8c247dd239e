"""The way a price takes through one bar, where the intrabar rule assumes one (FIL-7).

A path has three legs: from the open to one extreme, to the other, to the close. It is chosen once for each
bar from the bid, and each side walks its own prices in that order.
"""

from __future__ import annotations

from omega.backends.python.market import Ohlc

STOP_FIRST = "stop_first"
TARGET_FIRST = "target_first"
NEAREST_EXTREME = "nearest_extreme"
BAR_COLOR = "bar_color"
FINER = "finer"

Legs = tuple[int, int, int]


def goes_up_first(intrabar: str, bid: Ohlc) -> bool:
    """Return whether the path goes to the high first; the nearer extreme, or that against the bar's colour.

    Example: O 100, H 104, L 95, C 103. `nearest_extreme` goes up first (4 against 5); `bar_color`, in a rising
    bar, down first.
    """
    if intrabar == BAR_COLOR:
        return bid.close < bid.open
    return bid.high - bid.open < bid.open - bid.low


def legs_of(side: Ohlc, up_first: bool) -> Legs:
    """Return where the three legs of one side end."""
    if up_first:
        return side.high, side.low, side.close
    return side.low, side.high, side.close
