"""Indicators on another symbol beside the traded one (IND-3, TIM-4, TIM-6)."""

from __future__ import annotations

import dataclasses
import datetime

import numpy as np
import pyarrow as pa
import pytest

import omega
from omega.errors import ConfigError
from omega.indicators import IndicatorCache

MONDAY = datetime.datetime(2024, 1, 8, tzinfo=datetime.UTC)
RUN = {"account": {"currency": "USD", "balance": 100_000}, "sizing": {"fixed_lots": 0.1}, "costs": "none"}


def sides(prices: dict[int, float], spread: float = 0.0002) -> dict[str, pa.Table]:
    """Return bid and ask of bars that do not move inside, by hour of the week."""
    times = pa.array([MONDAY + datetime.timedelta(hours=hour) for hour in prices], pa.timestamp("us", tz="UTC"))

    def table(shift: float) -> pa.Table:
        column = pa.array([round(price + shift, 5) for price in prices.values()])
        return pa.table({"time": times, **dict.fromkeys(("open", "high", "low", "close"), column)})

    return {"bid": table(0.0), "ask": table(spread)}


def load(symbol: str, prices: dict[int, float]) -> omega.MarketData:
    return omega.load(sides(prices), symbols=symbol, timeframe="H1")


@pytest.fixture
def euro() -> omega.MarketData:
    return load("EURUSD", {hour: 1.1 + hour / 1000 for hour in range(6)})


def cache_of(backend, data) -> IndicatorCache:
    tables = data.resolve()
    market = backend.open_market(tables.header, tables.series, tables.visible, tables.calendar)
    return IndicatorCache(tables, backend, market)


def test_an_average_of_another_symbol_shows_its_last_complete_bar(backend, euro):
    """TIM-4: in the hour without a bar of the pound the one before stays; means of two by hand."""
    pound = load("GBPUSD", {0: 1.20, 1: 1.22, 2: 1.24, 4: 1.28, 5: 1.20})

    cache = cache_of(backend, euro.beside(pound))

    assert cache.sma(1, timeframe="GBPUSD:H1").tolist() == [1.20, 1.22, 1.24, 1.24, 1.28, 1.20]
    mean = cache.get("SMA_2_GBPUSD:H1")
    assert mean is cache.sma(2, timeframe="GBPUSD:H1")
    assert np.isnan(mean[0])
    assert mean[1:].tolist() == pytest.approx([1.21, 1.23, 1.23, 1.26, 1.24], rel=1e-14)


def test_digits_sides_and_higher_timeframes_of_another_symbol_are_its_own(backend, euro):
    """IND-3c: points over 10^digits of that symbol; bars of four hours, from 22:00 on, show once they are complete."""
    prices = sides({hour: 150.0 + hour for hour in range(-2, 6)}, spread=0.02)
    yen = omega.load(prices, symbols="USDJPY", timeframe="H1", higher_timeframes=["H4"])

    cache = cache_of(backend, euro.beside(yen))

    assert cache.get("SMA_1_USDJPY:H1").tolist() == [150.0, 151.0, 152.0, 153.0, 154.0, 155.0]
    assert cache.get("SMA_1_USDJPY:H1_ask").tolist() == [150.02, 151.02, 152.02, 153.02, 154.02, 155.02]
    coarse = cache.get("SMA_1_USDJPY:H4")
    assert np.isnan(coarse[0])
    assert coarse[1:].tolist() == [151.0, 151.0, 151.0, 151.0, 155.0]


def test_correlation_with_another_symbol_is_that_of_the_prices_known_together(backend):
    """IND-3: rolling correlation and beta across symbols, against NumPy on the aligned columns."""
    random = np.random.default_rng(5)
    euro_prices = 1.1 + np.cumsum(random.integers(-9, 10, 80)) / 1e4
    pound_prices = euro_prices * 1.15 + random.integers(-9, 10, 80) / 1e4
    euro = load("EURUSD", {hour: round(price, 5) for hour, price in enumerate(euro_prices)})
    pound = load("GBPUSD", {hour: round(price, 5) for hour, price in enumerate(pound_prices) if hour % 11})

    cache = cache_of(backend, euro.beside(pound))
    correlation = cache.correlation("SMA_1_GBPUSD:H1", 20)

    first, second = cache.sma(1), cache.sma(1, timeframe="GBPUSD:H1")
    assert np.isnan(second).tolist() == [True] + [False] * 79
    assert np.flatnonzero(~np.isnan(correlation))[0] == 20
    for idx in range(20, 80):
        rows = slice(idx - 19, idx + 1)
        assert correlation[idx] == pytest.approx(np.corrcoef(first[rows], second[rows])[0, 1], abs=1e-9)
    assert cache.get("CORRELATION_20_H1(close,SMA_1_GBPUSD:H1)") is correlation


def test_the_first_values_do_not_depend_on_later_bars_of_the_other_symbol(backend, euro):
    """IND-2: prefix test across symbols."""
    prices = {hour: 1.2 + hour % 3 / 100 for hour in range(6)}
    whole = cache_of(backend, euro.beside(load("GBPUSD", prices))).get("EMA_2_GBPUSD:H1")
    changed = prices | {4: 1.5, 5: 1.6}
    other = cache_of(backend, euro.beside(load("GBPUSD", changed))).get("EMA_2_GBPUSD:H1")

    assert whole[:4].tobytes() == other[:4].tobytes()
    assert (whole[4:] != other[4:]).all()


class Leads(omega.Strategy):
    """Buys the euro when the pound crosses its level, and notes what it saw."""

    def prepare(self, data):
        self.pound = data.indicators.sma(1, timeframe="GBPUSD:H1")
        SEEN.clear()

    def on_bar(self, bar):
        SEEN.append(self.pound[-1])
        return self.buy(sl_pips=100) if self.pound.crossed_above(1.23) else None


SEEN: list[float] = []


def test_a_strategy_reads_another_symbol_at_its_bars(backend, euro):
    """IND-6: a crossing of the pound opens a trade in the euro at the next open."""
    pound = load("GBPUSD", {0: 1.20, 1: 1.22, 2: 1.24, 4: 1.28, 5: 1.20})

    result = omega.backtest(euro.beside(pound), Leads, backend=backend.name, **RUN)

    assert SEEN == [1.20, 1.22, 1.24, 1.24, 1.28, 1.20][: len(SEEN)]
    assert len(SEEN) >= 5
    trades = result.trades.to_arrow().to_pylist()
    assert [trade["entry_time"] for trade in trades] == [MONDAY + datetime.timedelta(hours=3)]


def test_a_symbol_that_is_there_or_cannot_be_written_in_a_key_is_refused(euro):
    """IND-1: no two series share a name."""
    for other in (euro, load("EURUSD", {0: 1.0}), dataclasses.replace(euro, symbol="US_500")):
        with pytest.raises(ConfigError, match=other.symbol):
            euro.beside(other)


def test_the_hash_of_the_data_speaks_for_the_other_symbol_too(euro):
    """A run on other bars is another run."""
    first, second = (euro.beside(load("GBPUSD", {0: price})) for price in (1.2, 1.3))

    assert len({euro.data_hash, first.data_hash, second.data_hash}) == 3
    assert euro.others == ()
