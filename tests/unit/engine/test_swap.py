"""Swap on both backends: a night worked by hand, and twenty years of nights against the zone database."""

from __future__ import annotations

import datetime
import json
import os
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from omega.backends import get_backend
from omega.config import load_specs
from omega.engine.tables import Units, present_equity, present_table
from omega.schema import LedgerKind
from omega.strategy.normalise_batch import table_of_rows
from omega.testing import bars_of, signal_row, with_features_off
from omega.testing.bars import market_of

BACKENDS = ["python"] if os.environ.get("OMEGA_BUILD") == "pure" else ["python", "rust"]
NIGHTS = [1, 1, 3, 1, 1, 0, 0]
BUY = signal_row(0)
NEW_YORK = ZoneInfo("America/New_York")
HALF_DAY = datetime.timedelta(hours=12)


def plan_with(swap, *, close_at_end=True):
    """Ten steps of 0.01 lots; a point and step are worth 1 USD; 3.50 USD per lot and side."""
    symbol = {
        **{"name": "EURUSD", "digits": 2, "pip_points": 10, "tick_points": 1, "value": [1, 1]},
        **{"volume_step": [1, 100], "volume_min_steps": 1, "volume_max_steps": 100, "min_stop_points": 0},
        "slippage": {"fixed_points": [0, 1], "random_points": 0},
        "commission": {"scheme": "per_lot", "rate": [7, 2], "minimum": [0, 1], "on_entry": True, "on_exit": True},
        "swap": swap,
    }
    execution = {"fill": "next_open", "intrabar": "stop_first", "on_bad_signal": "fail", "seed": 0}
    return with_features_off(
        {
            "version": 1,
            "account": {"currency": "USD", "digits": 2, "balance": 1_000_000},
            "symbols": [symbol],
            "execution": execution | {"close_at_end": close_at_end},
            "sizing": {"mode": "fixed_lots", "steps": 10, "min_lot": "reject"},
            "first_step": 0,
            "strategy": None,
            "metrics": {"risk_free": [0, 1], "days": 5},
            "rating": {"seed": 0, "bootstrap": "auto", "samples": 10, "dropout_samples": 10},
        }
    )


def points(long, short, dated=()):
    return {"unit": "points", "long": long, "short": short, "multipliers": NIGHTS, "dated": list(dated)}


def simulated(name, tables, plan):
    backend = get_backend(name)
    market = backend.open_market(tables.header, tables.series, tables.visible, tables.calendar)
    return backend.simulate(market, table_of_rows([BUY]), json.dumps(plan))


FOUR_HOURS = bars_of(
    """
    time             open high low  close
    2024-01-08T20:00 1.00 1.00 1.00 1.00
    2024-01-08T21:00 1.00 1.00 1.00 1.00
    2024-01-08T22:00 1.00 1.00 1.00 1.00
    2024-01-08T23:00 1.00 1.00 1.00 1.00
    """,
    digits=2,
    timeframe="H1",
)


@pytest.mark.parametrize("name", BACKENDS)
def test_a_night_is_in_equity_at_once_and_in_the_balance_when_the_position_closes(name):
    """SWP-1: bought Monday 21:00 UTC, rollover at 22:00: -5 points x 10 steps x 1 USD = -50.00; commission 2 x 0.35."""
    plan = plan_with(points([-5, 1], [2, 1]))
    units = Units.of_plan(plan)

    raw = simulated(name, FOUR_HOURS, plan)

    closes = FOUR_HOURS.series[0].column("close_time").combine_chunks().take([0, 0, 1, 2, 3, 3])
    equity = present_equity(raw["equity"], raw["ledger"], closes, units).to_pydict()
    assert equity["balance"] == [10_000.0, 10_000.0, 9_999.65, 9_999.65, 9_999.65, 9_949.3]
    assert equity["equity"] == [10_000.0, 10_000.0, 9_999.65, 9_949.65, 9_949.65, 9_949.3]
    (night,) = present_table(raw["swaps"], "swaps", units).to_pylist()
    assert night == {
        "time": datetime.datetime(2024, 1, 8, 22, tzinfo=datetime.UTC),
        "fx_day": datetime.date(2024, 1, 8),
        "position_id": 1,
        "symbol": "EURUSD",
        "multiplier": 1,
        "amount": -50.0,
        "equity_row": 3,
    }
    (trade,) = present_table(raw["trades"], "trades", units).to_pylist()
    assert (trade["gross"], trade["commission"], trade["swap"], trade["net"]) == (0.0, -0.7, -50.0, -50.7)


@pytest.mark.parametrize("name", BACKENDS)
def test_an_open_position_shows_what_has_accrued_and_is_not_booked(name):
    plan = plan_with(points([-5, 1], [2, 1]), close_at_end=False)

    raw = simulated(name, FOUR_HOURS, plan)

    (position,) = present_table(raw["positions"], "positions", Units.of_plan(plan)).to_pylist()
    assert (position["commission"], position["open_profit"], position["accrued_swap"]) == (-0.35, 0.0, -50.0)
    assert LedgerKind.SWAP not in raw["ledger"]["kind"].to_pylist()


@pytest.mark.parametrize("name", BACKENDS)
def test_metrics_count_swap_among_the_costs(name):
    """MET-2, minor units: swap -5000, commission -70, and nothing else was paid."""
    plan = plan_with(points([-5, 1], [2, 1]))
    raw = simulated(name, FOUR_HOURS, plan)
    times = FOUR_HOURS.series[0].column("close_time").combine_chunks().take([0, 0, 1, 2, 3, 3])
    timed = raw["equity"].add_column(0, "time", times)

    rows = get_backend(name).compute_metrics(raw["trades"], timed, FOUR_HOURS.calendar, json.dumps(plan))

    metrics = {metric: value for metric, value, _ in rows}
    assert (metrics["total_swap"], metrics["total_costs"], metrics["total_net"]) == (-5_000, -5_070, -5_070)


def twenty_years():
    """Return bars of 12 hours at one price, weekends included: what is charged must come from the calendar alone."""
    begin = int(datetime.datetime(2004, 1, 5, tzinfo=datetime.UTC).timestamp()) * 1_000_000
    step = int(HALF_DAY.total_seconds()) * 1_000_000
    times = [begin + index * step for index in range(2 * 7 * 52 * 20)]
    prices = {
        f"{side}_{price}": [100] * len(times) for side in ("bid", "ask") for price in ("open", "high", "low", "close")
    }
    columns = {"time": times, "close_time": [time + step for time in times], "volume": [None] * len(times), **prices}
    return market_of([columns], digits=2, timeframes=("H12",))


@pytest.mark.parametrize("name", BACKENDS)
def test_twenty_years_of_nights_are_those_of_the_zone_database(name):
    """SWP-1: every 17:00 New York after the entry and not after the last open; seven nights in every full week."""
    tables = twenty_years()
    nights_of = [(rollover, day, NIGHTS[day.weekday()]) for day, rollover in rollovers_of(tables)]
    expected = [night for night in nights_of if night[2]]

    raw = simulated(name, tables, plan_with(points([-1, 1], [1, 1])))

    nights = present_table(raw["swaps"], "swaps", Units.of_plan(plan_with(None))).to_pylist()
    assert [(row["time"], row["fx_day"], row["multiplier"]) for row in nights] == expected
    assert raw["trades"]["swap"].to_pylist() == [-1_000 * sum(count for *_, count in expected)]
    weeks = {}
    for row in nights:
        weeks.setdefault(row["fx_day"].isocalendar()[:2], []).append(row["multiplier"])
    assert len(weeks) == 20 * 52
    assert {sum(counts) for counts in weeks.values()} == {7}


@pytest.mark.parametrize("symbol", sorted(load_specs()))
@pytest.mark.parametrize("name", BACKENDS)
def test_twenty_years_of_every_bundled_symbol_are_those_of_the_zone_database(name, symbol):
    """SWP-1: the nights, triple days and rates of each spec, each amount by its single formula; a week has seven."""
    spec, tables = load_specs()[symbol], twenty_years()
    rates = {side: Fraction(rate) for side, rate in (("long", spec.swap_long), ("short", spec.swap_short))}
    swap = {"unit": spec.swap_unit, "multipliers": list(spec.swap_multipliers), "dated": []}
    swap |= {side: [rate.numerator, rate.denominator] for side, rate in rates.items()}
    mark = tables.series[0]["bid_close"][0].as_py()
    assert set(tables.series[0]["bid_close"].to_pylist()) == {mark}
    factors = {"points": Fraction(10), "money": Fraction(10, 100), "percent": Fraction(10 * mark, 36_000)}
    expected = []
    for day, rollover in rollovers_of(tables):
        nights = spec.swap_multipliers[day.weekday()]
        amount = round(rates["long"] * nights * factors[spec.swap_unit] * 100)
        if amount:
            expected.append((rollover, day, nights, amount / 100))

    raw = simulated(name, tables, plan_with(swap))

    rows = present_table(raw["swaps"], "swaps", Units.of_plan(plan_with(None))).to_pylist()
    assert [(row["time"], row["fx_day"], row["multiplier"], row["amount"]) for row in rows] == expected
    assert sum(spec.swap_multipliers) == 7


def rollovers_of(tables):
    """Return the FX days whose 17:00 New York lies after the entry and before the close of the last bar (LOOP-3)."""
    first = datetime.datetime(2004, 1, 5, 12, tzinfo=datetime.UTC)  # the entry fills at the second bar
    last = datetime.datetime(2004, 1, 5, tzinfo=datetime.UTC) + HALF_DAY * (tables.series[0].num_rows - 1)
    days = [first.date() + datetime.timedelta(days=count) for count in range((last - first).days + 2)]
    moments = [datetime.datetime.combine(day, datetime.time(17), tzinfo=NEW_YORK) for day in days]
    ended = [(day, moment.astimezone(datetime.UTC)) for day, moment in zip(days, moments, strict=True)]
    return [(day, rollover) for day, rollover in ended if first < rollover < last + HALF_DAY]
