"""Quotes that convert money in a run's market (CUR): when they are stale, and what a run makes of them."""

import datetime

import numpy as np
import pandas
import pytest

import omega
from omega.data.calendar import fx_calendar
from omega.data.conversion import FOREVER_US, stale_spans
from omega.errors import ConfigError

HOUR_US = 3_600_000_000
BACKENDS = ("rust", "python")


def at(text):
    moment = datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC)
    return int(moment.timestamp()) * 1_000_000


def spans(*closes, limit_hours):
    closes_us = np.array([at(close) for close in closes], np.int64)
    calendar = fx_calendar(int(closes_us[0]), int(closes_us[-1]) + 14 * 24 * HOUR_US)
    return stale_spans(closes_us, limit_hours * HOUR_US, calendar)


def test_a_close_is_stale_after_its_limit_until_the_next_one():
    """CUR: Tuesday 10:00 and 20:00, limit 3 hours: stale after 13:00 until 20:00, and after 23:00 for good."""
    found = spans("2024-01-09T10:00", "2024-01-09T20:00", limit_hours=3)

    assert found == (
        (at("2024-01-09T13:00") + 1, at("2024-01-09T20:00")),
        (at("2024-01-09T23:00") + 1, FOREVER_US),
    )


def test_a_weekend_does_not_age_a_close():
    """CUR, TIM-3: Friday 21:00 UTC is an hour before the week ends; three hours of session later it is Monday 00:00."""
    found = spans("2024-01-12T21:00", "2024-01-15T00:00", limit_hours=3)

    assert found == ((at("2024-01-15T03:00") + 1, FOREVER_US),)


class Once(omega.Strategy):
    """Buys on the first bar and keeps it."""

    def on_bar(self, bar):
        return self.buy(size=0.1) if bar.index == 0 else None


def bars(price, count=60):
    """Return bid and ask tables of flat M1 bars from Tuesday on."""
    times = pandas.date_range("2024-01-09T10:00", periods=count, freq="min", tz="UTC")
    tables = {}
    for side, added in (("bid", 0.0), ("ask", 0.02)):
        columns = {name: [price + added] * count for name in ("open", "high", "low", "close")}
        tables[side] = pandas.DataFrame({"time": times, **columns, "volume": [1.0] * count})
    return tables


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_run_takes_the_quotes_it_is_given(backend):
    """CUR: 0.1 lot of USDJPY opens at 150.02 and stands at 150.00: -200 JPY at the bid 160.00 are -1.25 EUR."""
    data = omega.load(bars(150.0), symbols="USDJPY", timeframe="M1")
    pair = omega.load(bars(160.0), symbols="EURJPY", timeframe="M1")

    result = omega.backtest(
        data,
        Once,
        costs="none",
        account={"currency": "EUR", "balance": 10_000},
        sizing={"fixed_lots": 0.1},
        conversion=[pair],
        backend=backend,
    )

    assert result.trades["net"] == [-1.25]
    assert result.trades["margin"] == [312.54]  # 10,000 x 150.02 JPY are 9,376.25 EUR, over 30
    assert result.conditions.tables.conversion["EURJPY"].series == 1


def test_quotes_change_the_hash_of_the_data():
    data = omega.load(bars(150.0), symbols="USDJPY", timeframe="M1")
    arguments = {
        "costs": "none",
        "account": {"currency": "EUR", "balance": 10_000},
        "sizing": {"fixed_lots": 0.1},
    }
    hashes = {
        omega.backtest(
            data, Once, conversion=[omega.load(bars(price), symbols="EURJPY", timeframe="M1")], **arguments
        ).fingerprint.data
        for price in (160.0, 161.0)
    }

    assert len(hashes) == 2


def test_quotes_that_were_named_and_not_given_are_refused():
    data = omega.load(bars(150.0), symbols="USDJPY", timeframe="M1")

    with pytest.raises(ConfigError, match="the loaded quotes of EURJPY"):
        omega.backtest(
            data,
            Once,
            costs="none",
            account={"currency": "EUR", "balance": 10_000},
            sizing={"fixed_lots": 0.1},
            execution={"rates": {"source": "series", "symbols": ["EURJPY"]}},
        )
