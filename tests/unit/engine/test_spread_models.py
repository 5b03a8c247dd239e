"""Spread models reach the books: what is written in a config changes results, their notes and their fingerprint."""

from __future__ import annotations

import pathlib

import pytest

import omega

ROOT = pathlib.Path(__file__).parents[3]
FREE = {"defaults": {"slippage": "none", "commission": "none", "swap": "none"}}


@pytest.fixture(scope="module")
def data():
    return omega.load(
        ROOT / "data/icmarkets_m1_2025", symbols="EURUSD", timeframe="M15", start="2025-01-20", end="2025-02-03"
    )


def run(data, **spread):
    return omega.backtest(
        data,
        "ema_cross",
        costs=FREE,
        account={"currency": "USD", "balance": 100_000},
        sizing={"fixed_lots": 1},
        execution={"spread": spread},
    )


def test_a_constant_spread_costs_its_points_on_every_trade(data):
    """CST-1, CST-5: one lot of EURUSD, 10 points at 1 USD: every trade fills once on the ask, -10 USD."""
    result = run(data, source="constant", points=10)

    spreads = result.trades.to_arrow()["spread"].to_pylist()
    assert len(spreads) > 5
    assert set(spreads) == {-10.0}
    assert "the ask is bid + 10 points, at all times: no quote of an ask" in result.notes


def test_a_news_multiplier_really_changes_results(data, tmp_path):
    """S73: news at every full hour of a day; trades whose ask-side fill lies in a window pay three times as much."""
    hours = [f"2025-01-{day:02}T{hour:02}:00:00Z" for day in range(20, 32) for hour in range(24)]
    (tmp_path / "news.csv").write_text(
        "time,currency,impact,title\n" + "".join(f"{time},USD,high,a\n" for time in hours)
    )
    news = {"file": str(tmp_path / "news.csv"), "minutes_before": 0, "minutes_after": 20}

    plain = run(data, source="constant", points=10)
    wide = run(data, source="constant", points=10, news_multiplier=3, news=news)

    assert set(wide.trades.to_arrow()["spread"].to_pylist()) == {-10.0, -30.0}
    assert wide.fingerprint.market != plain.fingerprint.market
    assert any("times 3" in note and "news of high impact" in note for note in wide.notes)
    assert any("inside 288 windows of" in note for note in wide.notes)


def test_hours_of_the_week_change_the_fingerprint(data):
    cheap, dear = (run(data, source="hour_of_week", hours=[points] * 168) for points in (10, 11))

    assert set(dear.trades.to_arrow()["spread"].to_pylist()) == {-11.0}
    assert cheap.fingerprint.market != dear.fingerprint.market
