"""Both halves are identical, failures included, on generated cases: bars, signals and plans."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from omega.backends import get_backend
from omega.testing import Failure, assert_same_bits, make_case, outcome, simulation_cases, stepwise_outcome

CASES = simulation_cases(max_bars=200)


@settings(max_examples=300)
@given(case=CASES)
def test_simulation_is_identical_on_both_backends(case):
    assert_same_bits(outcome(get_backend("rust"), case), outcome(get_backend("python"), case))


@settings(max_examples=100)
@given(case=CASES)
def test_stepwise_simulation_and_all_a_strategy_sees_are_identical(case):
    assert_same_bits(stepwise_outcome(get_backend("rust"), case), stepwise_outcome(get_backend("python"), case))


def test_generated_cases_reach_what_they_are_for():
    """The guard proves that it looked: fills, ambiguous trades, rejections, open positions and failures occur."""
    outcomes = [outcome(get_backend("python"), make_case(seed, 120, (("wide_bar", seed),))) for seed in range(60)]
    tables = [found for found in outcomes if not isinstance(found, Failure)]

    assert sum(len(found["trades"]) for found in tables) > 200
    assert sum(sum(found["trades"]["ambiguous"].to_pylist()) for found in tables) > 10
    assert sum(len(found["rejections"]) for found in tables) > 100
    assert sum(len(found["positions"]) for found in tables) > 10
    assert len({code for found in tables for code in found["rejections"]["code"].to_pylist()}) >= 8
    assert len(outcomes) > len(tables) > 40


def test_a_one_bit_difference_is_caught():
    case = make_case(1, 60)
    tables = outcome(get_backend("python"), case)
    equity = tables["equity"]["equity"].to_pylist()
    equity[-1] ^= 1
    field = tables["equity"].schema.field("equity")
    changed = tables["equity"].set_column(0, field, [equity])

    with pytest.raises(AssertionError, match=rf"equity\.equity, row {len(equity) - 1}"):
        assert_same_bits({**tables, "equity": changed}, tables)


def test_a_different_failure_is_caught():
    left = Failure("SignalError", "signal.bad_level", (("bar_idx", 3), ("value", 0.0)))

    with pytest.raises(AssertionError):
        assert_same_bits(left, Failure("SignalError", "signal.bad_level", (("bar_idx", 3), ("value", -0.0))))
    with pytest.raises(AssertionError):
        assert_same_bits(left, {})
    assert_same_bits(left, Failure("SignalError", "signal.bad_level", (("bar_idx", 3), ("value", 0.0))))
