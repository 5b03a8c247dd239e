"""Both halves give the same bits for generated runs about money: margin, conversion, sizes by equity and notional."""

from __future__ import annotations

import json

import pyarrow as pa
from hypothesis import given

from omega.backends import get_backend
from omega.testing.money import make_money_case, money_cases
from omega.testing.outcomes import Failure, assert_same_bits, outcome, stepwise_outcome


@given(case=money_cases(max_bars=200))
def test_money_is_identical_on_both_backends(case) -> None:
    """CUR, MRG, SIZ: tables, or the error raised."""
    assert_same_bits(outcome(get_backend("python"), case), outcome(get_backend("rust"), case))


@given(case=money_cases(max_bars=60))
def test_stepwise_money_is_identical_on_both_backends(case) -> None:
    """CUR, MRG, SIZ where a strategy is asked bar by bar."""
    python, rust = (stepwise_outcome(get_backend(name), case) for name in ("python", "rust"))

    assert_same_bits(python, rust)


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
