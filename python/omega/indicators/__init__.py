"""Indicators for people: `IndicatorCache` computes them once, the catalogue says which there are.

The arithmetic lives behind the seam, in both backends. Rules IND-1 to IND-6 in `docs/spec/data.md`.
"""

from omega.indicators.cache import IndicatorCache
from omega.indicators.catalogue import CATALOGUE, Indicator, Parameter, lookback

__all__ = ["CATALOGUE", "Indicator", "IndicatorCache", "Parameter", "lookback"]
