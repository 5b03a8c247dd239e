"""Strategies that are asked in step 4: both halves ask at the same bars, show the same and do the same."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from omega.backends import get_backend
from omega.testing.cases import Case, simulation_cases
from omega.testing.outcomes import Failure, assert_same_bits, stepwise_outcome


@settings(max_examples=100)
@given(case=simulation_cases(max_bars=120), looks_every=st.sampled_from([1, 5]))
def test_management_is_identical_on_both_backends(case: Case, looks_every: int) -> None:
    """LOOP step 4: what the strategy sees there is part of the comparison."""
    asked = {"manages": True, "looks_every": looks_every}
    left, right = (stepwise_outcome(get_backend(name), case, **asked) for name in ("python", "rust"))
    assert_same_bits(left, right)


@settings(max_examples=100)
@given(case=simulation_cases(max_bars=120))
def test_what_is_asked_at_a_close_works_as_if_asked_at_the_open_that_follows(case: Case) -> None:
    """R15, LOOP step 4: closes are due at the next open, levels apply from the next bar."""
    managed, decided = (stepwise_outcome(get_backend("rust"), case, manages=manages) for manages in (True, False))
    if isinstance(managed, Failure) or isinstance(decided, Failure):
        assert_same_bits(managed, decided)
    else:
        assert_same_bits(managed.tables, decided.tables)
