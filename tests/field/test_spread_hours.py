"""Spreads by hour of the week on real quotes (tests run where they are)."""

from __future__ import annotations

import pathlib

import omega
from omega.data import spread_hours

SHARED = pathlib.Path(__file__).resolve().parents[2].parent / "shared" / "data"
TUESDAY, FRIDAY, ROLLOVER = 2, 5, 17


def test_stored_spreads_are_wide_at_the_rollover_and_nothing_in_european_hours():
    """Measured by others on the same file: 37.5 points from 17:00 to 18:00 New York, 0.0 to 0.1 from 00:00 to 14:00."""
    data = omega.load(SHARED / "icmarkets_mt5" / "EURUSD_M1_bid.parquet", symbols="EURUSD", timeframe="M1")

    week = spread_hours(data)

    assert week is not None
    rollover = [day[ROLLOVER] for day in week if day[ROLLOVER] is not None]
    assert len(rollover) == 5
    assert 33 < sum(rollover) / 5 < 42
    assert all(hour < 0.5 for day in week[TUESDAY:FRIDAY] for hour in day[:14])
    assert week[6] == [None] * 24
