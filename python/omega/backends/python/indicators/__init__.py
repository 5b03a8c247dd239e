"""Indicators: definitions, lookback, seeding and order of operations of TA-Lib.

An indicator is its step function: a small state with `update(...)`. A column is the loop over it, so
that a stream and a batch cannot differ. Alignment to other timeframes and caching live above the seam
(`omega.indicators`). Rules IND-1 to IND-6 in `docs/spec/data.md`, formulas in `docs/spec/indicators.md`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from omega.backends.python.indicators.atr import atr
from omega.backends.python.indicators.ema import ema
from omega.backends.python.indicators.rsi import rsi
from omega.backends.python.indicators.sma import sma
from omega.backends.python.indicators.spec import Source, Spec, parse, period_of

__all__ = ["Prices", "Source", "Spec", "compute", "parse", "price_column", "source_column"]


@dataclass(frozen=True, slots=True)
class Prices:
    """One side of one series in quote currency per unit: points / 10^digits, one quotient each (IND-3c)."""

    open: list[float]
    high: list[float]
    low: list[float]
    close: list[float]


def price_column(points: Sequence[int], digits: int) -> list[float]:
    """Return prices of a column of points: points / 10^digits, one correctly rounded quotient each (IND-3c)."""
    scale = float(10**digits)
    return [point / scale for point in points]


def compute(spec: Spec, prices: Prices) -> list[float]:
    """Return the column of `spec`, as long as `prices`, NaN during warm-up.

    Raises:
        ConfigError: as `spec.period_of`.
    """
    period = period_of(spec)
    if spec["name"] == "atr":
        return atr(prices.high, prices.low, prices.close, period)
    column = source_column(spec["source"], prices)
    return {"sma": sma, "ema": ema, "rsi": rsi}[spec["name"]](column, period)


def source_column(source: Source, prices: Prices) -> list[float]:
    """Return the prices an indicator reads; the order of the sums is TA-Lib's."""
    match source:
        case "open":
            return prices.open
        case "high":
            return prices.high
        case "low":
            return prices.low
        case "close":
            return prices.close
        case "hl2":
            return [(high + low) / 2.0 for high, low in zip(prices.high, prices.low, strict=True)]
        case "hlc3":
            bars = zip(prices.high, prices.low, prices.close, strict=True)
            return [(high + low + close) / 3.0 for high, low, close in bars]
        case "ohlc4":
            quads = zip(prices.high, prices.low, prices.close, prices.open, strict=True)
            return [(high + low + close + open_) / 4.0 for high, low, close, open_ in quads]
