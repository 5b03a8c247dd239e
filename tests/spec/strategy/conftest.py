"""Markets written as text, for strategies whose every bar can be followed by hand."""

from __future__ import annotations

import datetime

import pyarrow as pa
import pytest

import omega

SETTINGS = {
    "costs": "none",
    "account": {"currency": "USD", "balance": 100_000},
    "sizing": {"fixed_lots": 0.1},
}
SPREAD_PIPS = 1


def market_of_pips(text, *, timeframe="M15", **options):
    """Return EURUSD bars of lines ``hh:mm open high low close``, bids in pips above 1.1; the ask is one pip above."""
    rows = [line.split() for line in text.strip().splitlines()]
    times = [datetime.datetime.fromisoformat(f"2025-01-20T{row[0]}+00:00") for row in rows]
    sides = {}
    for side, added in (("bid", 0), ("ask", SPREAD_PIPS)):
        columns = {"time": pa.array(times, pa.timestamp("us", tz="UTC"))}
        for place, name in enumerate(("open", "high", "low", "close"), start=1):
            columns[name] = pa.array([(11_000 + int(row[place]) + added) / 10_000 for row in rows])
        sides[side] = pa.table(columns)
    return omega.load(sides, symbols="EURUSD", timeframe=timeframe, **options)


@pytest.fixture
def run(backend):
    """Return a function that runs a strategy on bars written as text, on each backend in turn."""

    def run_text(text, strategy, *, higher_timeframes=(), **settings):
        data = market_of_pips(text, higher_timeframes=higher_timeframes)
        return omega.backtest(data, strategy, backend=backend.name, **{**SETTINGS, **settings})

    return run_text


def price(pips):
    """Return the price of so many pips above 1.1."""
    return (11_000 + pips) / 10_000
