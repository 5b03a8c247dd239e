"""Prices of bars as floats: points / 10^digits, one quotient each (IND-3c), and what is composed of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence


def price_column(points: Sequence[int], digits: int) -> list[float]:
    """Return prices of a column of points: points / 10^digits, one correctly rounded quotient each (IND-3c)."""
    scale = float(10**digits)
    return [point / scale for point in points]


def source_column(source: str, prices: Callable[[str], list[float]]) -> list[float]:
    """Return the prices an indicator reads; the order of the sums is TA-Lib's.

    Args:
        source: ``"close"``, ``"open"``, ``"high"``, ``"low"``, ``"hl2"``, ``"hlc3"`` or ``"ohlc4"``.
        prices: Gives the column of one of the first four.
    """
    match source:
        case "hl2":
            return [(high + low) / 2.0 for high, low in zip(prices("high"), prices("low"), strict=True)]
        case "hlc3":
            bars = zip(prices("high"), prices("low"), prices("close"), strict=True)
            return [(high + low + close) / 3.0 for high, low, close in bars]
        case "ohlc4":
            quads = zip(prices("high"), prices("low"), prices("close"), prices("open"), strict=True)
            return [(high + low + close + open_) / 4.0 for high, low, close, open_ in quads]
        case _:
            return prices(source)
