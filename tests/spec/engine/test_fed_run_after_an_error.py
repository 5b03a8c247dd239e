"""API-5: a fed run whose rate is stale or missing stands where it failed, and goes on from there."""

from __future__ import annotations

import json

import pytest

from omega.backends.protocol import Backend
from omega.errors import OmegaError
from omega.strategy.normalise_batch import table_of_rows
from omega.testing.bars import bars_of
from omega.testing.runs import FLAT, HEADER, close, market, plan, signal, with_pair

START_US = 1_704_672_000_000_000
MINUTE_US = 60_000_000
BARS = 12


def test_a_step_that_fails_stays_the_next_one(backend: Backend) -> None:
    """CUR, API-5: the rate is too old at minute 6, the close of bar 5; bars 0 to 4 have passed by then.

    A close asked for there fills at the open of bar 5, where the rate still holds. Equity has one row for the deposit,
    one for each bar, one at the end.
    """
    pair = market(*["14000 14000 14000 14000"] * BARS)
    tables = with_pair(market(*[FLAT] * BARS), "USDJPY", 2, pair)
    stale = [[START_US + 6 * MINUTE_US, START_US + 6 * MINUTE_US + 1]]
    rates = {"pairs": [{"name": "USDJPY", "rate": None, "series": 1, "stale": stale}], "routes": [[[0, True]]]}
    opened = backend.open_market(tables.header, tables.series, tables.visible, tables.calendar)
    simulator = backend.open_simulator(opened, json.dumps(plan(rates=rates | {"quote": [0], "commission": [None]})))
    simulator.advance(2)
    simulator.process(simulator.read(table_of_rows([signal(1, sl_points=500.0)])))

    with pytest.raises(OmegaError) as failed:
        simulator.advance(9)
    assert (failed.value.code, simulator.cursor) == ("rates.stale", 4)

    simulator.process(simulator.read(table_of_rows([close(4)])))
    tables = simulator.finish()
    assert tables["trades"]["exit_bar_idx"].to_pylist() == [5]
    assert tables["equity"].num_rows == 1 + BARS + 1


def test_a_look_that_fails_changes_nothing(backend: Backend) -> None:
    """CUR, API-5: the pair has no close yet at minute 3, where the look marks; at minute 10, where orders fill, it has.

    20 points of spread x 100 steps / 100 = 20.00 of the quote currency, a debit at the bid of 70: -0.2857.
    """
    lines = [f"{FLAT} 2024-01-08T00:{minute}" for minute in ("00", "01", "02", "10", "11")]
    bars = bars_of("\n".join([f"{HEADER} time", *lines]), spread_points=20)
    pair = bars_of(f"{HEADER} time\n7000 7000 7000 7000 2024-01-08T00:05")
    tables = with_pair(bars, "USDJPY", 2, pair)
    rates = {"pairs": [{"name": "USDJPY", "rate": None, "series": 1, "stale": []}], "routes": [[[0, True]]]}
    opened = backend.open_market(tables.header, tables.series, tables.visible, tables.calendar)
    simulator = backend.open_simulator(opened, json.dumps(plan(rates=rates | {"quote": [0], "commission": [None]})))
    simulator.advance(3)
    simulator.process(simulator.read(table_of_rows([signal(2)])))

    with pytest.raises(OmegaError) as failed:
        simulator.positions()
    assert failed.value.code == "rates.missing"

    simulator.process(simulator.read(table_of_rows([close(2)])))
    (trade,) = simulator.finish()["trades"].to_pylist()
    assert (trade["exit_bar_idx"], trade["gross"]) == (3, -29)
