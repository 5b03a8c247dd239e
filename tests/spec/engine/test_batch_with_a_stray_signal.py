"""SIG-1, API-5: a batch is refused for its first bad signal, and then none of it is taken in."""

from __future__ import annotations

import json
from typing import Any

import pytest

from omega.backends.protocol import Backend
from omega.errors import OmegaError
from omega.strategy.normalise_batch import table_of_rows
from omega.testing.runs import FLAT, market, plan, signal

CURSOR = 1
GOOD = signal(CURSOR, sl_points=500.0)
BAD = signal(CURSOR, sl_points=-5.0)
STRAY = signal(CURSOR + 1, sl_points=500.0)
BAD_STRAY = signal(CURSOR + 1, sl_points=-5.0)
"""Both faults in one row: the bar is looked at first."""


@pytest.mark.parametrize(
    ("rows", "on_bad_signal", "code", "row"),
    [
        ([GOOD, BAD, STRAY], "fail", "signal.bad_level", None),
        ([GOOD, STRAY, BAD_STRAY], "fail", "signal.bar_idx", 1),
        ([GOOD, BAD_STRAY], "fail", "signal.bar_idx", 1),
        ([signal(0), BAD], "fail", "signal.bar_idx", 0),
        ([GOOD, BAD, STRAY], "reject", "signal.bar_idx", 2),
    ],
)
def test_the_first_bad_signal_of_a_batch_is_named_and_none_is_taken_in(
    backend: Backend, rows: list[dict[str, Any]], on_bad_signal: str, code: str, row: int | None
) -> None:
    """Bars 0 and 1 have passed, so every signal of the batch must be decided on bar 1."""
    tables = market(*[FLAT] * 5)
    opened = backend.open_market(tables.header, tables.series, tables.visible, tables.calendar)
    simulator = backend.open_simulator(opened, json.dumps(plan(execution={"on_bad_signal": on_bad_signal})))
    simulator.advance(2)
    signals = simulator.read(table_of_rows(rows))

    with pytest.raises(OmegaError) as refused:
        simulator.process(signals)

    assert refused.value.code == code
    assert refused.value.context.get("row") == row
    assert simulator.rows("recorded_signals", 0).num_rows == 0
    assert simulator.process(simulator.read(table_of_rows([GOOD]))) == 1


def test_a_bad_signal_that_comes_before_the_start_is_dropped(backend: Backend) -> None:
    """SIG: with `signal_close` nothing fills at the first step, so what comes before it is counted, not refused."""
    tables = market(*[FLAT] * 5)
    opened = backend.open_market(tables.header, tables.series, tables.visible, tables.calendar)
    plan_text = json.dumps(plan(first_step=2, execution={"fill": "signal_close"}))
    simulator = backend.open_simulator(opened, plan_text)
    simulator.process(simulator.read(table_of_rows([BAD])))
    fed, whole = simulator.finish(), backend.simulate(opened, table_of_rows([BAD]), plan_text)

    assert fed["diagnostics"].to_pylist() == whole["diagnostics"].to_pylist() != []
    assert fed["recorded_signals"].num_rows == whole["recorded_signals"].num_rows == 0
