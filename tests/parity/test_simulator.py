"""What is fed signal by signal and bar by bar ends as the run of the whole table, on both backends (API-5, S80).

Generated cases as in `test_simulation`: bad rows, latency, both fill modes, all order types and rules.
"""

from __future__ import annotations

import json
import random

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omega.backends import get_backend
from omega.backends.protocol import Backend, Tables
from omega.errors import OmegaError
from omega.testing.cases import Case, make_case, simulation_cases
from omega.testing.outcomes import Failure, assert_same_bits, outcome


def fed(backend: Backend, case: Case, seed: int) -> Tables | Failure:
    """Return the tables of a case whose bars pass in strides of random length between its signals."""
    tables, draw = case.tables, random.Random(seed)
    assert case.signals is not None
    try:
        market = backend.open_market(tables.header, tables.series, tables.visible, tables.calendar)
        simulator = backend.open_simulator(market, case.plan)
        for bar_idx in dict.fromkeys(case.signals["bar_idx"].to_pylist()):
            while simulator.cursor < bar_idx:
                simulator.advance(draw.randint(1, bar_idx - simulator.cursor))
            rows = case.signals.filter(pa.compute.equal(case.signals["bar_idx"], bar_idx))
            if simulator.cursor == bar_idx:
                simulator.process(simulator.read(rows))
            if draw.random() < 0.2:
                simulator.positions()
        return simulator.finish()
    except OmegaError as error:
        return Failure.of(error)


def is_feedable(case: Case) -> bool:
    """Whether every signal names a bar from the one before the first step on."""
    first = json.loads(case.plan)["first_step"] - 1
    return case.signals is not None and all(bar_idx >= first for bar_idx in case.signals["bar_idx"].to_pylist())


@settings(max_examples=150)
@given(case=simulation_cases(max_bars=150), seed=st.integers(0, 1000))
def test_a_fed_run_is_the_run_of_its_table(case: Case, seed: int) -> None:
    """An error of a run comes in both ways, at the moment its signal is given or its bar passes."""
    check(case, seed)


def check(case: Case, seed: int) -> bool:
    if not is_feedable(case):
        return False
    whole = [outcome(get_backend(name), case) for name in ("python", "rust")]
    pieces = [fed(get_backend(name), case, seed) for name in ("python", "rust")]
    assert_same_bits(pieces[0], pieces[1])
    if isinstance(whole[0], Failure):
        assert isinstance(pieces[0], Failure)
    else:
        assert_same_bits(whole[0], pieces[0])
    return not isinstance(whole[0], Failure) and whole[0]["trades"].num_rows > 0


def test_generated_cases_are_fed_often_enough() -> None:
    assert sum(check(make_case(seed, 120, (("gap_down", 40),)), seed) for seed in range(60)) >= 10


def test_the_rows_that_grow_are_those_of_the_end() -> None:
    case = next(
        case
        for seed in range(100)
        if is_feedable(case := make_case(seed, 120, ())) and not isinstance(outcome(get_backend("rust"), case), Failure)
    )
    for name in ("python", "rust"):
        backend, tables = get_backend(name), case.tables
        market = backend.open_market(tables.header, tables.series, tables.visible, tables.calendar)
        simulator = backend.open_simulator(market, case.plan)
        with pytest.raises(OmegaError):
            simulator.rows("equity", 0)
        simulator.advance(10_000)
        assert simulator.rows("ledger", 0).num_rows == 1
        assert simulator.rows("ledger", 1).num_rows == 0
        assert simulator.rows("ledger", 99).num_rows == 0
