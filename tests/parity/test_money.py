"""Both halves give the same bits for generated runs about money: margin, conversion, sizes by equity and notional."""

from __future__ import annotations

import contextlib
import json
import random
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omega.backends import get_backend
from omega.data import MarketTables
from omega.testing.money import make_money_case, money_cases
from omega.testing.outcomes import Failure, ReplayDecider, assert_same_bits, outcome, stepwise_outcome
from omega.testing.runs import market, plan, run, signal, walk, with_pair


@given(case=money_cases(max_bars=200))
def test_money_is_identical_on_both_backends(case) -> None:
    """CUR, MRG, SIZ: tables, or the error raised."""
    assert_same_bits(outcome(get_backend("python"), case), outcome(get_backend("rust"), case))


@given(case=money_cases(max_bars=60), looks_every=st.sampled_from([1, 5, 1_000]))
def test_stepwise_money_is_identical_on_both_backends(case, looks_every) -> None:
    """CUR, MRG, SIZ where a strategy is asked bar by bar."""
    python, rust = (stepwise_outcome(get_backend(name), case, looks_every=looks_every) for name in ("python", "rust"))

    assert_same_bits(python, rust)


def commission_case(seed: int) -> tuple[MarketTables, list[Any], dict[str, Any]]:
    """Return bars, a few orders and a plan: rules move stops, and commission converts at rates of its own."""
    draw = random.Random(f"commission {seed}")

    own, pair = market(*walk(draw, 150, 110_000, 40)), market(*walk(draw, 150, 15_000, 20), spread=2)
    tables = with_pair(own, "USDJPY", 2, pair)
    orders = sorted(draw.sample(range(140), 6))
    signals = [signal(bar_idx, draw.choice((1, -1)), sl_points=150.0) for bar_idx in orders]
    commission = {"scheme": "per_lot", "rate": [70_000, 1], "minimum": [0, 1], "on_entry": True, "on_exit": True}
    pairs = [
        {"name": "USDJPY", "rate": None, "series": 1, "stale": []},
        {"name": "GBPUSD", "rate": [5, 4], "series": None, "stale": []},
    ]
    routes = [[[0, True]], [[1, False]]]
    rates = {"pairs": pairs, "routes": routes, "quote": [draw.choice((None, 1))], "commission": [0]}
    rules = [
        {"kind": "break_even", "trigger": {"points": 60}, "offset_points": 20},
        {"kind": "trailing", "distance": {"points": 60}, "start": {"points": 90}, "step_points": 0},
    ]
    return tables, signals, plan({"commission": commission}, rates=rates, position_rules=rules[seed % 2 :])


def test_commission_at_rates_of_its_own_is_identical_in_strides() -> None:
    """CUR, MGT-1: a stop that a rule moved closes inside a stride, at the rate of that bar."""
    moved = 0
    for seed in range(40):
        python, rust = (run(get_backend(name), *commission_case(seed)) for name in ("python", "rust"))
        assert python == rust, f"commission_case({seed})"
        moved += sum(trade["reason"] in {"trailing_stop", "break_even"} for trade in python["trades"])
    assert moved > 40  # we looked at something


class Hiding(ReplayDecider):
    """Catches whatever its session raises."""

    def decide(self, bar):
        with contextlib.suppress(Exception):
            return super().decide(bar)


class Raising(ReplayDecider):
    """Never looks at its books, and raises at the last bar it is asked about."""

    def decide(self, bar):
        if bar.index == self.last:
            raise LookupError("the strategy's own")
        return self._rows.pop(bar.index, None)


@pytest.mark.parametrize("decides", [Hiding, Raising])
@pytest.mark.parametrize("name", ["python", "rust"])
def test_a_run_that_failed_stays_failed(name, decides) -> None:
    """CUR: neither may a strategy hide that a rate is missing, nor hide it behind a later error of its own."""
    cases = (make_money_case(seed, 200, ()) for seed in range(250))
    failing = [(case, stepwise_outcome(get_backend("python"), case)) for case in cases]
    failing = [(case, failure) for case, failure in failing if isinstance(failure, Failure) and "rates" in failure.code]
    assert len(failing) > 3
    for case, failure in failing:
        decider = decides(case)
        decider.last = case.tables.series[0].num_rows - 2
        assert stepwise_outcome(get_backend(name), case, decider=decider) == failure


def test_generated_money_reaches_what_it_should() -> None:
    """Canary of the generator: stop-outs at closes and inside, calls, refusals, both failures of rates."""
    events = (("gap_down", 50), ("wide_bar", 90))
    cases = [make_money_case(seed, 200, events) for seed in range(250)]
    outcomes = [outcome(get_backend("rust"), case) for case in cases]
    tables = [result for result in outcomes if not isinstance(result, Failure)]
    failures = {result.code for result in outcomes if isinstance(result, Failure)}
    fills = pa.concat_tables(result["fills"] for result in tables).to_pylist()
    told = set(pa.concat_tables(result["diagnostics"] for result in tables)["code"].to_pylist())
    refused = set(pa.concat_tables(result["rejections"] for result in tables)["code"].to_pylist())

    assert {"rates.missing", "rates.stale"} <= failures
    assert {row["moment"] for row in fills if row["rule"] == 12} >= {1, 2}
    assert {5016} <= told and {4002, 5017} <= refused
    assert len({row["conversion_rate"] for row in fills}) > 100
    assert max(row["margin"] for result in tables for row in result["trades"].to_pylist()) > 0
    assert {json.loads(case.plan)["sizing"]["mode"] for case in cases} >= {"risk_percent", "notional", "fixed_lots"}
