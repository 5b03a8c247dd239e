"""Indicators inside a run: views of several outputs, of other indicators and of the user's own (IND-5, IND-6)."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

import omega

DATA = pathlib.Path(__file__).parents[3] / "data/oanda_m1_2014"


def distance(close, average):
    return (close - average) / average


class Bands(omega.Strategy):
    """Buys below the lower band where the user's own indicator agrees; notes what it saw."""

    def prepare(self, data):
        indicators = data.indicators
        self.bands = indicators.bbands(20, 2.0)
        self.smooth = indicators.sma(5, source="RSI_14_M5")
        self.distance = indicators.custom(distance, "close", "EMA_20_M5")
        self.hourly = indicators.correlation("SMA_1_H1", 50)
        SEEN.clear()

    def on_bar(self, bar):
        now = (self.bands.lower[-1], self.bands.upper[-2], self.smooth[-1], self.distance[-1], self.hourly[-1])
        SEEN.append(now)
        if bar.close < now[0] and self.distance[-1] < 0.0 and self.smooth.falling(2):
            return self.buy(sl_pips=10, tp_pips=10)
        return None


SEEN: list[tuple[float, ...]] = []


@pytest.fixture(scope="module")
def data():
    return omega.load(DATA, symbols="EURUSD", timeframe="M5", higher_timeframes=["H1"])


def test_a_strategy_sees_what_the_whole_columns_say_of_its_bar(data, backend):
    """IND-6: the views of a stepwise run are the columns, bar by bar, and both backends trade alike."""
    run = {"account": {"currency": "USD", "balance": 100_000}, "sizing": {"fixed_lots": 0.1}, "costs": "none"}
    result = omega.backtest(data, Bands, backend=backend.name, **run)

    tables = data.resolve()
    market = backend.open_market(tables.header, tables.series, tables.visible, tables.calendar)
    cache = omega.indicators.IndicatorCache(tables, backend, market)
    bands = cache.bbands(20, 2.0)
    columns = (
        bands.lower,
        np.append(np.nan, bands.upper)[:-1],
        cache.get("SMA_5_M5(RSI_14_M5)"),
        cache.custom(distance, "close", "EMA_20_M5"),
        cache.get("CORRELATION_50_M5(close,SMA_1_H1)"),
    )
    assert len(result.trades.to_arrow()) >= 10
    assert len(SEEN) >= 1_500
    for idx, column in enumerate(columns):
        np.testing.assert_array_equal([row[idx] for row in SEEN], column[: len(SEEN)])
