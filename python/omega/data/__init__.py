"""Market data: importing, checks, FX calendar, resampling and alignment.

Everything here exists once, in Python, above the seam; it ends where `MarketTables` cross it.
"""

from omega.data.alignment import Alignment
from omega.data.calendar import CALENDAR_VERSION
from omega.data.loading import load
from omega.data.market_data import MarketData, MarketTables
from omega.data.pairing import Note
from omega.data.sample import write_sample
from omega.data.spreads import SpreadModel, spread_hours

__all__ = [
    "CALENDAR_VERSION",
    "Alignment",
    "MarketData",
    "MarketTables",
    "Note",
    "SpreadModel",
    "load",
    "spread_hours",
    "write_sample",
]
