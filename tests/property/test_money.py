"""A million random orders: no cent is made or lost, no fill lies outside its bar, no limit fills worse than it says.

Twenty seeds of 50,000 orders of every type, near the market and far from it, with closes, parts, cancels and
modifications between them. Two seeds, cut short, run on every test; all of them under `make deep`.
"""

from __future__ import annotations

import json
import random
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from omega.backends import get_backend
from omega.backends.protocol import Backend, Tables
from omega.error_catalogue import CATALOGUE
from omega.schema import OrderType, Rule, Side, SignalKind, Tif
from omega.strategy.normalise_batch import SIGNALS
from omega.testing.bars import market_of
from omega.testing.books import find_faults
from omega.testing.cases import START_US, Case, make_plan
from omega.testing.outcomes import assert_same_bits, outcome

ORDERS = 50_000
SLICE = 2_000
SEEDS = range(20)
MINUTE_US = 60_000_000
Ints = npt.NDArray[np.int64]

LIMITS = (Rule.FIL_2, Rule.FIL_4, Rule.FIL_6)
"""Fills at a limit, a stop's limit or a target: at its price or better, and without slippage."""


# ---------------------------------------------------------------- a market and its orders, drawn in columns


def random_bars(draw: np.random.Generator, count: int) -> dict[str, Any]:
    """Return a random walk in points with gaps between bars, week-ends, and a spread of its own in every bar."""
    reach = int(draw.choice((8, 40, 150)))
    moves, gaps = draw.integers(-reach, reach + 1, count), draw.integers(-2, 3, count)
    gaps[draw.random(count) < 0.01] *= 5 * reach
    # A walk of this length stays within its bounds when it is pulled back.
    steps = np.cumsum(moves + gaps)
    trend = np.linspace(0, steps[-1], count).astype(np.int64)
    close = 400_000 + (steps - trend) % 200_000
    opened = np.concatenate([[400_000], close[:-1]]) + gaps
    high = np.maximum(opened, close) + draw.integers(0, reach, count)
    low = np.minimum(opened, close) - draw.integers(0, reach, count)
    minutes = np.cumsum(np.where(draw.random(count) < 0.002, draw.integers(2, 3_000, count), 1))
    columns: dict[str, Any] = {"time": START_US + minutes * MINUTE_US}
    columns["close_time"] = columns["time"] + MINUTE_US
    spread, extra = draw.choice((0, 1, 8, 25), count), draw.integers(0, 4, count)
    for name, bid in (("open", opened), ("high", high), ("low", low), ("close", close)):
        columns[f"bid_{name}"] = bid
        columns[f"ask_{name}"] = (
            bid + spread + (extra if name == "high" else -np.minimum(extra, spread) * (name == "low"))
        )
    columns["volume"] = [None if blank else 250.0 for blank in draw.random(count) < 0.3]
    return columns


def random_signals(draw: np.random.Generator, close: Ints, count: int, digits: int) -> pa.Table:
    """Return signals of every kind at random bars: two orders in three, the rest about what may be there."""
    scale = 10.0**digits
    bars = np.sort(draw.integers(0, len(close), count))
    kind = draw.choice((1, 1, 1, 1, 2, 3, 4), count)
    is_order, is_modify = kind == SignalKind.ORDER, kind == SignalKind.MODIFY
    side = draw.choice((1, -1), count)
    order_type = np.where(is_order, draw.choice((1, 2, 3, 4), count), OrderType.MARKET)
    near = close[bars]
    entry = (near + draw.integers(-120, 121, count)) / scale
    limit = (near + draw.integers(-60, 61, count)) / scale
    has_entry = (order_type != OrderType.MARKET) | (is_modify & (draw.random(count) < 0.3))
    has_sl, has_tp = draw.random(count) < 0.8, draw.random(count) < 0.8
    by_price = draw.random(count) < 0.3
    stop, target = draw.integers(5, 400, count), draw.integers(5, 400, count)
    numbers = np.arange(1, count + 1)
    expires = is_order & (order_type != OrderType.MARKET) & (draw.random(count) < 0.4)
    columns: dict[str, tuple[Any, Any]] = {
        "bar_idx": (bars, None),
        "kind": (kind, None),
        "direction": (np.where(is_order, side, 0), None),
        "order_type": (order_type, None),
        "symbol": (np.zeros(count), None),
        "target": (np.maximum(1, numbers - draw.integers(1, 30, count)), ~is_order),
        "size": (draw.integers(1, 60, count) / 100, is_order & (draw.random(count) < 0.7)),
        "sl": ((near - side * stop) / scale, (is_order | is_modify) & has_sl & by_price),
        "tp": ((near + side * target) / scale, (is_order | is_modify) & has_tp & by_price),
        "sl_points": (stop.astype(float), (is_order | is_modify) & has_sl & ~by_price),
        "tp_points": (target.astype(float), (is_order | is_modify) & has_tp & ~by_price),
        "entry": (entry, has_entry),
        "limit": (limit, order_type == OrderType.STOP_LIMIT),
        "expiry_bars": (draw.integers(1, 50, count), expires),
        "tif": (np.where(is_order, draw.choice((Tif.GTC, Tif.GTC, Tif.DAY, Tif.IOC, Tif.FOK), count), Tif.GTC), None),
        "oco": (draw.integers(1, 4, count), is_order & (draw.random(count) < 0.1)),
        "share": (draw.choice((0.5, 0.29, 1.0), count), (kind == SignalKind.CLOSE) & (draw.random(count) < 0.6)),
        "fault": (np.zeros(count), None),
    }
    return pa.Table.from_arrays([column(field, columns.get(field.name), count) for field in SIGNALS], schema=SIGNALS)


def column(field: pa.Field, drawn: tuple[Any, Any] | None, count: int) -> pa.Array:
    """Return a column of the table: drawn values where they are given, null elsewhere."""
    if drawn is None:
        return pa.nulls(count, field.type)
    values, given = drawn
    return pa.array(values, mask=None if given is None else ~given).cast(field.type)


def random_case(seed: int, orders: int) -> Case:
    """Return a case of at least `orders` orders, about one to a bar, with every cost drawn."""
    draw = np.random.default_rng(seed)
    signals, digits = orders * 9 // 5 + 100, 5
    bars = random_bars(draw, orders)
    plan = make_plan(random.Random(seed), digits, 0)
    plan["account"]["balance"] = 10**15
    plan["execution"] |= {"on_bad_signal": "reject", "close_at_end": seed % 4 != 0}
    plan["symbols"][0] |= {"volume_step": [1, 100], "volume_max_steps": 1_000, "tick_points": 1}
    plan["sizing"] = {"mode": "fixed_lots", "steps": 5, "min_lot": "round_up"}
    tables = market_of([bars], digits=digits, timeframes=("M1",))
    table = random_signals(draw, bars["bid_close"], signals, digits)
    return Case(seed, orders, (), tables, table, json.dumps(plan))


# ---------------------------------------------------------------- what must hold


def find_money_faults(tables: Tables, case: Case) -> list[str]:
    """Return every breach of LED-4, of bars, limits and sums; counted apart from the package's own check."""
    bars = {name: values.to_numpy() for name, values in zip(*columns_of(case.tables.series[0]), strict=True)}
    fills = {name: tables["fills"][name] for name in tables["fills"].column_names}
    bar, direction = fills["bar_idx"].to_numpy(), fills["direction"].to_numpy().astype(np.int64)
    raw, price = fills["raw_price"].to_numpy(), fills["price"].to_numpy()
    on_bid, rule = fills["side"].to_numpy() == Side.BID, fills["rule"].to_numpy()
    low = np.where(on_bid, bars["bid_low"][bar], bars["ask_low"][bar])
    high = np.where(on_bid, bars["bid_high"][bar], bars["ask_high"][bar])
    level = fills["level"].fill_null(0).to_numpy()
    at_limit = np.isin(rule, LIMITS)
    faults = {
        "outside its bar": (raw < low) | (raw > high),
        "slippage in favour": direction * (price - raw) < 0,
        "worse than its limit": at_limit & (direction * (price - level) > 0),
        "a limit that slipped": np.isin(rule, LIMITS) & (price != raw),
        "worse than was asked for": direction * (price - asked_prices(case, fills["position_id"].to_numpy(), rule)) > 0,
        "without volume": fills["steps"].to_numpy() <= 0,
    }
    found = [f"{name}: fill {int(np.flatnonzero(wrong)[0])}" for name, wrong in faults.items() if wrong.any()]
    return found + find_sum_faults(tables, fills["position_id"].to_numpy(), direction * fills["steps"].to_numpy())


def asked_prices(case: Case, number: Ints, rule: npt.NDArray[np.int8]) -> npt.NDArray[np.float64]:
    """Return what the signals themselves ask for, in points: P of a limit, L of a stop-limit; NaN where nothing binds.

    Every row works, so that signal number n is row n - 1. Orders that were modified are left out.
    """
    assert case.signals is not None
    signals = {name: case.signals[name] for name in ("kind", "target", "entry", "limit")}
    prices = {name: np.rint(signals[name].to_numpy() * 1e5) for name in ("entry", "limit")}
    row = number - 1
    asked = np.where(rule == Rule.FIL_2, prices["entry"][row], np.nan)
    asked = np.where(rule == Rule.FIL_4, prices["limit"][row], asked)
    modified = signals["target"].to_numpy()[signals["kind"].to_numpy() == SignalKind.MODIFY]
    asked[np.isin(number, modified)] = np.nan
    return asked


def find_sum_faults(tables: Tables, position: Ints, signed_steps: Ints) -> list[str]:
    """Return positions that are not the sum of their fills, and money that is not the sum of its rows."""
    size = int(position.max(initial=0)) + 1
    held = np.zeros(size, np.int64)
    np.add.at(held, position, signed_steps)
    still = tables["positions"]
    for number, steps, side in zip(*(still[name].to_pylist() for name in ("id", "steps", "direction")), strict=True):
        held[number] -= steps * side
    ledger, trades = tables["ledger"], tables["trades"]
    amounts, owner = ledger["amount"].to_numpy(), ledger["position_id"].fill_null(0).to_numpy()
    booked = np.zeros(size, np.int64)
    np.add.at(booked, owner[1:], amounts[1:])
    np.subtract.at(booked, trades["id"].to_numpy(), trades["net"].to_numpy())
    open_bookings = int(booked[still["id"].to_numpy()].sum())
    booked[still["id"].to_numpy()] = 0
    final = int(amounts.sum()) + sum(still["open_profit"].to_pylist()) + sum(still["accrued_swap"].to_pylist())
    closed = int(trades["net"].to_numpy().sum())
    checks = {
        "a position is not the sum of its fills": not held.any(),
        "rows of a position are not its net": not booked.any(),
        "the balance is not the deposit, the trades and what open positions booked": int(amounts[1:].sum())
        == closed + open_bookings,
        "the last equity is not the balance and what is open": tables["equity"]["equity"][-1].as_py() == final,
    }
    return [name for name, holds in checks.items() if not holds]


def columns_of(table: pa.Table) -> tuple[list[str], list[Any]]:
    return table.column_names, table.columns


def run(backend: Backend, case: Case) -> Tables:
    tables = outcome(backend, case)
    assert not hasattr(tables, "code"), tables
    return tables


def count_orders(case: Case) -> int:
    assert case.signals is not None
    return int(np.sum(case.signals["kind"].to_numpy() == SignalKind.ORDER))


# ---------------------------------------------------------------- tests


@pytest.mark.deep
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_million_random_orders_leave_sound_books(seed: int) -> None:
    """LED-4, FIL-2, FIL-6, POS-1: 20 seeds of 50,000 orders on the fast half."""
    case = random_case(seed, ORDERS)
    tables = run(get_backend(None), case)

    assert count_orders(case) >= ORDERS
    assert find_money_faults(tables, case) == []
    assert find_faults(tables, case.tables.series[0]) == []


@pytest.mark.parametrize("seed", [0, 7])
def test_random_orders_leave_sound_books(backend: Backend, seed: int) -> None:
    """LED-4, FIL-2, FIL-6, POS-1: the subset of every test run, on both halves."""
    case = random_case(seed, SLICE)
    tables = run(backend, case)

    assert count_orders(case) >= SLICE
    assert find_money_faults(tables, case) == []
    assert find_faults(tables, case.tables.series[0]) == []


@pytest.mark.deep
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", SEEDS)
def test_random_orders_trade_alike_on_both_backends(seed: int) -> None:
    """DET: the same bits for 2,000 orders of every seed."""
    case = random_case(seed, SLICE)

    assert_same_bits(outcome(get_backend("python"), case), outcome(get_backend("rust"), case))


def test_the_random_orders_reach_every_rule_and_every_refusal_of_orders() -> None:
    """A generator is a guard: it must show every way in and out, parts, gaps, refusals and every end of an order."""
    met: dict[str, set[int]] = {"fills": set(), "orders": set(), "rejections": set(), "trades": set()}
    parts = better = 0
    for seed in range(6):
        tables = run(get_backend("python"), random_case(seed, 1_000))
        met["fills"] |= set(tables["fills"]["rule"].to_pylist())
        met["orders"] |= set(tables["orders"]["status"].to_pylist())
        met["rejections"] |= set(tables["rejections"]["code"].to_pylist())
        met["trades"] |= set(tables["trades"]["reason"].to_pylist())
        parts += sum(closes > 1 for closes in tables["trades"]["closes"].to_pylist())
        fills = tables["fills"].to_pylist()
        better += sum(fill["rule"] == Rule.FIL_2 and fill["price"] != fill["level"] for fill in fills)

    entries_and_exits = {Rule.FIL_1, Rule.FIL_2, Rule.FIL_3, Rule.FIL_4, Rule.FIL_5, Rule.FIL_6, Rule.CLOSE}
    assert met["fills"] >= entries_and_exits
    assert met["orders"] >= {1, 2, 3, 4, 5}
    assert met["trades"] >= {1, 2, 3, 4}
    refusals = ("position.not_found", "order.invalid_stops", "order.not_found", "order.not_filled")
    assert met["rejections"] >= {CATALOGUE[code].number for code in refusals}
    assert min(parts, better) >= 20


@pytest.mark.parametrize(("name", "added"), [("raw_price", 10_000), ("price", -100), ("steps", 1), ("level", 0)])
def test_a_fill_that_is_not_what_it_says_is_noticed(name: str, added: int) -> None:
    """Canary: one number of one fill; a limit one point worse than it says."""
    case = random_case(1, 1_000)
    tables = run(get_backend("python"), case)
    fills = tables["fills"]
    place = fills["rule"].to_pylist().index(Rule.FIL_2)
    values = fills[name].to_pylist()
    side = fills["direction"][place].as_py()
    values[place] = fills["price"][place].as_py() - side if name == "level" else values[place] + side * added
    position = fills.column_names.index(name)
    spoiled = fills.set_column(
        position, fills.schema.field(position), pa.array(values, fills.schema.field(position).type)
    )

    assert find_money_faults(tables, case) == []
    assert find_money_faults(dict(tables) | {"fills": spoiled}, case) != []


@pytest.mark.parametrize(("table", "name"), [("ledger", "amount"), ("trades", "net"), ("equity", "equity")])
def test_a_unit_of_money_that_is_made_or_lost_is_noticed(table: str, name: str) -> None:
    """Canary: the last number of one table."""
    case = random_case(1, 1_000)
    tables = run(get_backend("python"), case)
    values = tables[table][name].to_pylist()
    values[-1] += 1
    position = tables[table].column_names.index(name)
    spoiled = tables[table].set_column(position, tables[table].schema.field(position), pa.array(values))

    assert find_money_faults(dict(tables) | {table: spoiled}, case) != []
