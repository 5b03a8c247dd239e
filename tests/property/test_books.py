"""Properties that hold in every run, whatever was drawn: books add up, fills lie in their bars, nothing looks ahead."""

from __future__ import annotations

import os
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omega.backends import get_backend
from omega.schema import Rule
from omega.testing.books import find_faults
from omega.testing.cases import Case, make_case, simulation_cases
from omega.testing.outcomes import Failure, outcome

END = int(Rule.END_OF_DATA)
BACKENDS = ["python"] if os.environ.get("OMEGA_BUILD") == "pure" else ["python", "rust"]


@settings(max_examples=1_000)
@given(case=simulation_cases(max_bars=150))
def test_books_add_up_in_every_generated_run(case: Case) -> None:
    """LED-4, exact, on the fast half; parity carries it to the other."""
    tables = outcome(get_backend(None), case)
    if not isinstance(tables, Failure):
        assert find_faults(tables, case.tables.series[0]) == []


@settings(max_examples=100)
@given(case=simulation_cases(max_bars=60))
def test_books_add_up_in_the_twin(case: Case) -> None:
    """LED-4, exact, on the specification itself."""
    tables = outcome(get_backend("python"), case)
    if not isinstance(tables, Failure):
        assert find_faults(tables, case.tables.series[0]) == []


@pytest.mark.parametrize(
    ("table", "column"), [("ledger", "amount"), ("trades", "spread"), ("fills", "raw_price"), ("swaps", "amount")]
)
def test_the_books_guard_notices_one_unit(table: str, column: str) -> None:
    """Canary."""
    case = make_case(5, 150, ())
    tables = outcome(get_backend("python"), case)
    assert not isinstance(tables, Failure)
    values = tables[table][column].to_pylist()
    values[-1] += 1
    position = tables[table].column_names.index(column)
    broken = tables[table].set_column(position, tables[table].schema.field(position), pa.array(values))

    assert find_faults(dict(tables) | {table: broken}, case.tables.series[0]) != []


def cut(case: Case, length: int) -> Case:
    """Return the case as it would have been known after `length` bars."""
    tables = case.tables
    bars = tables.series[0].slice(0, length)
    end = bars["close_time"][-1]
    shorter = type(tables)(
        **{
            **{name: getattr(tables, name) for name in tables.__dataclass_fields__},
            "series": (bars, *(finer.filter(pc.less(finer["time"], end)) for finer in tables.series[1:])),
        }
    )
    signals = case.signals
    if signals is not None:
        keep = sum(1 for bar_idx in signals["bar_idx"].to_pylist() if bar_idx < length)
        signals = signals.slice(0, keep)
    return Case(case.seed, length, case.events, shorter, signals, case.plan)


def before(tables: Any, bar_idx: int) -> tuple[list[Any], list[Any], list[Any]]:
    """Return signals, fills and equity of the steps before a bar, end_of_data left out."""
    fills = [row for row in tables["fills"].to_pylist() if row["bar_idx"] < bar_idx and row["rule"] != END]
    signals = [row for row in tables["recorded_signals"].to_pylist() if row["bar_idx"] < bar_idx - 1]
    return fills, signals, tables["equity"]["equity"].to_pylist()


@pytest.mark.parametrize("name", BACKENDS)
@settings(max_examples=50)
@given(case=simulation_cases(max_bars=150), share=st.floats(0.2, 0.9))
def test_what_came_before_a_cut_does_not_depend_on_what_comes_after(name: str, case: Case, share: float) -> None:
    """A prefix of the bars gives a prefix of the results, on both halves."""
    backend = get_backend(name)
    length = max(2, int(case.length * share))
    whole = outcome(backend, case)
    if isinstance(whole, Failure) or length <= case.tables.first_step + 1:
        return
    part = outcome(backend, cut(case, length))
    assert not isinstance(part, Failure)
    # With signal_close the fills at the last close belong to a step that the cut does not have.
    seen = length - 1 if '"signal_close"' in case.plan else length
    whole_fills, whole_signals, whole_equity = before(whole, seen)
    part_fills, part_signals, part_equity = before(part, seen)

    assert part_fills == whole_fills
    assert repr(part_signals) == repr(whole_signals)  # repr: a bad level may be NaN
    assert part_equity[:-1] == whole_equity[: len(part_equity) - 1]
