"""LOOP-2: a run that fills at the close must not know what completes in the gap after it."""

from __future__ import annotations

import datetime

import numpy as np
import pyarrow as pa

import omega
from omega.data.alignment import Alignment, decision_times, visible_bars
from omega.data.calendar import fx_calendar

MINUTE = 60_000_000
FRIDAY_2030 = 1_736_540_000_000_000 // (60 * MINUTE) * 60 * MINUTE  # Friday 2025-01-10 20:00 UTC


def test_a_bar_that_completes_in_the_gap_is_hidden_from_a_decision_at_the_close():
    """The last quarter hour of the hour is missing: the hour completes after the close, before the next open."""
    time_us = np.array([FRIDAY_2030, FRIDAY_2030 + 15 * MINUTE, FRIDAY_2030 + 75 * MINUTE])
    close_us = time_us + 15 * MINUTE
    hour_close = np.array([FRIDAY_2030 + 60 * MINUTE])
    calendar = fx_calendar(int(time_us[0]), int(time_us[-1]))

    at_open = visible_bars(decision_times(time_us, close_us), hour_close, "H1", calendar, Alignment())
    at_close = visible_bars(close_us, hour_close, "H1", calendar, Alignment(at_close=True))

    assert at_open.tolist() == [-1, 0, 0]
    assert at_close.tolist() == [-1, -1, 0]


def test_the_tables_of_a_run_know_both_moments():
    """TIM-7: step 4 sees the market at the close, step 2 at the open that follows."""
    times = [datetime.datetime(2025, 1, 20, 10, minute, tzinfo=datetime.UTC) for minute in (0, 15, 30)]
    times += [datetime.datetime(2025, 1, 20, 11, minute, tzinfo=datetime.UTC) for minute in (30, 45)]
    prices = {name: pa.array([1.1] * 5) for name in ("open", "high", "low", "close")}
    bars = pa.table({"time": pa.array(times, pa.timestamp("us", "UTC")), **prices})
    data = omega.load({"bid": bars, "ask": bars}, symbols="EURUSD", timeframe="M15", higher_timeframes=["H1"])

    tables, closing = data.resolve(), data.resolve(alignment=Alignment(at_close=True))

    assert [None if rows is None else rows.to_pylist() for rows in tables.visible] == [None, [-1, -1, 0, 0, 1]]
    shown = [None, [-1, -1, -1, 0, 1]]
    for rows in (tables.visible_at_close(), closing.visible, closing.visible_at_close()):
        assert [None if row is None else row.to_pylist() for row in rows] == shown
