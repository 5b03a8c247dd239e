"""Properties that hold in every run, whatever was drawn: books add up, fills lie in their bars, nothing looks ahead."""

from __future__ import annotations

import os
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omega.backends import get_backend
from omega.schema import LedgerKind, Moment, Rule, Side
from omega.testing.cases import Case, make_case, simulation_cases
from omega.testing.outcomes import Failure, outcome

END = int(Rule.END_OF_DATA)
BACKENDS = ["python"] if os.environ.get("OMEGA_BUILD") == "pure" else ["python", "rust"]


def find_faults(tables: Any, case: Case) -> list[str]:
    """Return every identity of the books that a run breaks (LED-1, LED-3, LED-4, CST-5)."""
    trades, fills = tables["trades"].to_pylist(), tables["fills"].to_pylist()
    ledger, equity = tables["ledger"].to_pylist(), tables["equity"]["equity"].to_pylist()
    faults = []
    bookings: dict[int, int] = {}
    for row in ledger[1:]:
        bookings[row["position_id"]] = bookings.get(row["position_id"], 0) + row["amount"]
    for trade in trades:
        if bookings.pop(trade["id"], 0) != trade["net"]:
            faults.append(f"trade {trade['id']}: ledger rows do not add up to its net")
        if trade["gross_cost_free"] + trade["slippage"] + trade["spread"] != trade["gross"]:
            faults.append(f"trade {trade['id']}: gross")
        if trade["gross"] + trade["commission"] + trade["swap"] != trade["net"]:
            faults.append(f"trade {trade['id']}: net")
        if not trade["mae_points"] <= 0 <= trade["mfe_points"]:
            faults.append(f"trade {trade['id']}: excursions")
    open_positions = tables["positions"].to_pylist()
    for position in open_positions:
        if bookings.pop(position["id"], 0) != position["commission"]:
            faults.append(f"position {position['id']}: bookings")
    if bookings:
        faults.append(f"ledger rows of nobody: {bookings}")
    balance = sum(row["amount"] for row in ledger)
    if equity[-1] != balance + sum(position["open_profit"] for position in open_positions):
        faults.append("the last equity is not the balance and what is open")
    if ledger[0]["kind"] != LedgerKind.DEPOSIT or equity[0] != ledger[0]["amount"]:
        faults.append("the first row is not the deposit")
    return faults + find_fill_faults(fills, {position["id"] for position in open_positions}, case)


def find_fill_faults(fills: list[dict[str, Any]], still_open: set[int], case: Case) -> list[str]:
    """Return fills outside their bar before slippage, slippage in favour, and positions whose fills do not cancel."""
    bars = case.tables.series[0].to_pylist()
    faults, held = [], dict.fromkeys(still_open, 0)
    for fill in fills:
        bar, side = bars[fill["bar_idx"]], "bid" if fill["side"] == Side.BID else "ask"
        if not bar[f"{side}_low"] <= fill["raw_price"] <= bar[f"{side}_high"]:
            faults.append(f"fill of {fill['position_id']} outside its bar")
        if (
            fill["direction"] * (fill["price"] - fill["raw_price"]) != fill["slippage_points"]
            or fill["slippage_points"] < 0
        ):
            faults.append(f"fill of {fill['position_id']}: slippage in favour")
        if fill["rule"] == Rule.FIL_6 and fill["slippage_points"] != 0:
            faults.append(f"fill of {fill['position_id']}: a target slipped")
        if fill["moment"] == Moment.OPEN and fill["raw_price"] != bar[f"{side}_open"]:
            faults.append(f"fill of {fill['position_id']}: not at the open")
        held[fill["position_id"]] = held.get(fill["position_id"], 0) + fill["direction"] * fill["steps"]
    faults += [
        f"position {number} is not flat" for number, steps in held.items() if (steps == 0) == (number in still_open)
    ]
    return faults


@settings(max_examples=1_000)
@given(case=simulation_cases(max_bars=150))
def test_books_add_up_in_every_generated_run(case: Case) -> None:
    """LED-4, exact, on the fast half; parity carries it to the other."""
    tables = outcome(get_backend(None), case)
    if not isinstance(tables, Failure):
        assert find_faults(tables, case) == []


@settings(max_examples=100)
@given(case=simulation_cases(max_bars=60))
def test_books_add_up_in_the_twin(case: Case) -> None:
    """LED-4, exact, on the specification itself."""
    tables = outcome(get_backend("python"), case)
    if not isinstance(tables, Failure):
        assert find_faults(tables, case) == []


@pytest.mark.parametrize(("table", "column"), [("ledger", "amount"), ("trades", "spread"), ("fills", "raw_price")])
def test_the_books_guard_notices_one_unit(table: str, column: str) -> None:
    """Canary."""
    case = make_case(3, 150, ())
    tables = outcome(get_backend("python"), case)
    assert not isinstance(tables, Failure)
    values = tables[table][column].to_pylist()
    values[-1] += 1
    position = tables[table].column_names.index(column)
    broken = tables[table].set_column(position, tables[table].schema.field(position), pa.array(values))

    assert find_faults(dict(tables) | {table: broken}, case) != []


def cut(case: Case, length: int) -> Case:
    """Return the case as it would have been known after `length` bars."""
    tables = case.tables
    shorter = type(tables)(
        **{
            **{name: getattr(tables, name) for name in tables.__dataclass_fields__},
            "series": (tables.series[0].slice(0, length),),
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
