"""Spread in a news window, through the public call: the numbers of README.md, "News window spread"."""

from __future__ import annotations

import datetime
import pathlib

import pyarrow as pa
import pytest

import omega
from omega.backends.protocol import Backend

FIRST = datetime.datetime(2025, 5, 13, 13, 25, tzinfo=datetime.UTC)
MINUTES = 20  # 13:25 to 13:44
EDGES = {27: 1.1001, 28: 1.1004, 39: 1.1004, 40: 1.1001}  # minute of the fill: ask at its open


class ShortOverNews(omega.Strategy):
    """Sells at 13:26 with a stop 30 points above."""

    def on_bar(self, bar):
        return self.sell(sl=1.1003) if bar.index == 0 else None


class BuysAtTheEdges(omega.Strategy):
    """Buys at the opens around the ends of the window."""

    def on_bar(self, bar):
        return self.buy() if bar.now.minute in EDGES else None


@pytest.fixture
def run(backend: Backend, tmp_path: pathlib.Path):
    """Return a function that runs a strategy on the minutes around the news."""
    times = pa.array([FIRST + datetime.timedelta(minutes=i) for i in range(MINUTES)], pa.timestamp("us", tz="UTC"))
    prices = {"open": 1.1, "high": 1.10005, "low": 1.09995, "close": 1.1}
    bid = pa.table({"time": times} | {name: [price] * MINUTES for name, price in prices.items()})
    calendar = tmp_path / "calendar.csv"
    calendar.write_text("time,currency,impact,title\n2025-05-13T13:30:00Z,USD,high,CPI m/m\n")
    news = {"file": str(calendar), "minutes_before": 2, "minutes_after": 10, "min_impact": "high"}
    spread = {"source": "constant", "points": 10, "news_multiplier": 4, "news": news}
    costs = {"defaults": {"slippage": "none", "commission": "none", "swap": "none", "spread": spread}}

    def run_strategy(strategy):
        data = omega.load({"bid": bid}, symbols="EURUSD", timeframe="M1")
        account = {"currency": "USD", "balance": 100_000}
        return omega.backtest(
            data, strategy, costs=costs, account=account, sizing={"fixed_lots": 1}, backend=backend.name
        )

    return run_strategy


def test_a_short_is_stopped_by_the_spread_alone(run):
    """CST-1, FIL-5: the ask opens at 1.1 + 4 x 10 points = 1.10040, beyond the stop; the bid never moves."""
    trades = run(ShortOverNews).trades

    assert (trades["entry_price"], trades["exit_price"]) == ([1.1], [1.1004])
    assert trades["exit_time"][0] == FIRST + datetime.timedelta(minutes=3)
    assert (trades["net"], trades["spread"], trades["gross_cost_free"]) == ([-40.0], [-40.0], [0.0])
    assert (trades["reason"], trades["r_multiple"]) == (["stop_loss"], [-40 / 30])


def test_the_window_is_half_open(run):
    """CST-1: 13:28 and 13:39 are inside, 13:27 and 13:40 are not."""
    result = run(BuysAtTheEdges)

    assert [time.minute for time in result.trades["entry_time"]] == list(EDGES)
    assert result.trades["entry_price"] == list(EDGES.values())
    assert result.trades["net"] == [-10.0, -40.0, -40.0, -10.0]


def test_the_bars_that_the_window_touches_are_counted(run):
    """CST-1: twelve minutes, 13:28 to 13:39."""
    (note,) = [note for note in run(ShortOverNews).notes if "news windows touch" in note]

    assert note.endswith("(12)")
