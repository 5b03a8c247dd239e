"""Both backends against numbers worked by hand from docs/spec/engine.md, before either existed.

`tests/vectors/README.md` explains the case files and holds the default plan. Every table that a case
lists is compared in row count and in the columns it names, without tolerance.
"""

from __future__ import annotations

import datetime
import functools
import json
import pathlib
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest

from omega.backends.protocol import Backend
from omega.testing.worked import bars_of_case, find_differences, moment, plan_of_case, rollover

VECTORS = pathlib.Path(__file__).parents[2] / "vectors"
CASES = {path.stem: path for path in sorted((VECTORS / "engine").glob("*.json"))}
RULES_IN_SCOPE = {
    *("FIL-1", "FIL-5", "FIL-6", "FIL-7", "FIL-8", "FIL-9", "LOOP-1", "LOOP-2", "LOOP-3", "LOOP-4"),
    *("SIG-1", "SIG-2", "SIG-3", "SIG-4", "API-8", "CST-2", "CST-3", "CST-5", "SIZ", "POS-1", "POS-2"),
    *("LED-1", "LED-2", "LED-3", "LED-4", "LED-5", "LED-6", "NUM-1", "NUM-2", "NUM-3", "TIM-2", "TIM-3", "TIM-5"),
    *("FIL-2", "FIL-3", "FIL-4", "FIL-11", "FIL-12", "FIL-13", "FIL-15", "MGT-2", "SWP-1"),
    *("MGT-1", "MGT-3", "MGT-4", "CUR", "MRG"),
}


def load_case(name: str) -> dict[str, Any]:
    case: dict[str, Any] = json.loads(CASES[name].read_text())
    return case


@functools.cache
def default_plan_text() -> str:
    """Return the first JSON block of the README: what a case does not say."""
    return (VECTORS / "README.md").read_text().split("```json\n", 1)[1].split("```", 1)[0]


def plan_of(case: Mapping[str, Any]) -> dict[str, Any]:
    return plan_of_case(case, default_plan_text())


def differences(backend: Backend, case: Mapping[str, Any]) -> list[str]:
    return find_differences(backend, case, default_plan_text())


# ---------------------------------------------------------------- tests


@pytest.mark.parametrize("name", CASES)
def test_backend_gives_the_numbers_worked_by_hand(backend: Backend, name: str) -> None:
    """FIL, LOOP, SIG, CST, SIZ, POS, LED, NUM: the rules themselves, one small market each."""
    case = load_case(name)

    assert differences(backend, case) == [], case["note"]


def test_every_rule_in_scope_has_a_case() -> None:
    cases = [load_case(name) for name in CASES]
    named = {rule for case in cases for rule in case["rules"]}

    assert len(cases) >= 1_000
    assert [case["name"] for case in cases] == list(CASES)
    assert RULES_IN_SCOPE - named == set()


def test_the_numbers_agree_among_themselves() -> None:
    """CST-5, LED-1, LED-4: identities that hold in every case, whatever an engine says."""
    looked_at = 0
    for name in CASES:
        expect = load_case(name)["expect"]
        for trade in expect.get("trades", []):
            assert trade["gross_cost_free"] + trade["slippage"] + trade["spread"] == trade["gross"], name
            assert trade["gross"] + trade["commission"] + trade["swap"] == trade["net"], name
            looked_at += 1
        if "error" not in expect:
            balance = sum(row["amount"] for row in expect["ledger"])
            open_profit = sum(row["open_profit"] + row.get("accrued_swap", 0) for row in expect.get("positions", []))
            assert balance + open_profit == expect["equity"][-1], name
            assert all(row["amount"] for row in expect["ledger"]), name
    assert looked_at >= 100


def swap_cases() -> list[dict[str, Any]]:
    return [case for case in map(load_case, CASES) if plan_of(case)["symbols"][0]["swap"] is not None]


def test_swap_amounts_follow_from_rate_multiplier_and_volume() -> None:
    """SWP-1: every amount, multiplier and boundary once more, by its single formula."""
    looked_at = 0
    for case in (case for case in swap_cases() if plan_of(case)["rates"] is None):
        plan, steps = plan_of(case), {row["id"]: row for row in case["expect"]["orders"]}
        for row in case["expect"].get("swaps", []):
            order = steps[row["position_id"]]
            day = datetime.date(1970, 1, 1) + datetime.timedelta(days=row["fx_day"])
            assert moment(row["time"]) == rollover(day), case["name"]
            assert row["multiplier"] == plan["symbols"][0]["swap"]["multipliers"][day.weekday()], case["name"]
            assert row["amount"] == swap_by_formula(case, order, row) != 0, case["name"]
            looked_at += 1
    assert looked_at >= 60


def swap_by_formula(case: Mapping[str, Any], order: Mapping[str, Any], row: Mapping[str, Any]) -> int:
    plan, column = plan_of(case), ("long", "short").index(order["direction"])
    symbol = plan["symbols"][0]
    rates = [symbol["swap"]["long"], symbol["swap"]["short"]]
    for fx_day, *dated in symbol["swap"]["dated"]:
        rates = dated if row["fx_day"] >= fx_day else rates
    bars, boundary = bars_of_case(case).to_pylist(), moment(row["time"])
    started = [i for i, bar in enumerate(bars) if bar["time"] < boundary]
    mark = bars[started[-1]][("bid_close", "ask_close")[column]]
    steps = open_steps(case["expect"]["fills"], row)
    factor = {
        "points": steps * Fraction(*symbol["value"]),
        "money": steps * Fraction(*symbol["volume_step"]),
        "percent": mark * steps * Fraction(*symbol["value"]) / 36000,
    }[symbol["swap"]["unit"]]
    amount: Fraction = Fraction(*rates[column]) * row["multiplier"] * factor * 10 ** plan["account"]["digits"]
    return round(amount)


def open_steps(fills: list[dict[str, Any]], swap: Mapping[str, Any]) -> int:
    """Return the volume open at a boundary: fills before it, or at a close that falls on it (LOOP-2)."""
    mine = [fill for fill in fills if fill["position_id"] == swap["position_id"]]
    steps = 0
    for fill in mine:
        if (fill["time"], fill["moment"] != "close") < (swap["time"], True):
            steps += fill["steps"] if fill["leg"] == 0 else -fill["steps"]
    return steps


def test_accrued_swap_is_booked_with_the_closing_deal() -> None:
    """SWP-1, LED-1: the rows of a position sum to its trade and to its ledger rows, each the last of its close."""
    for case in swap_cases():
        expect, accrued = case["expect"], dict.fromkeys((row["id"] for row in case["expect"]["orders"]), 0)
        for row in expect.get("swaps", []):
            accrued[row["position_id"]] += row["amount"]
        settled = {row["id"]: row["swap"] for row in expect["trades"]}
        left_open = {row["id"]: row["accrued_swap"] for row in expect.get("positions", [])}
        rows = [row for row in expect["ledger"] if row["kind"] == "swap"]
        booked = {number: sum(row["amount"] for row in rows if row["position_id"] == number) for number in accrued}

        assert settled | left_open == accrued, case["name"]
        assert booked == dict.fromkeys(accrued, 0) | settled, case["name"]
        for number in (row["position_id"] for row in rows):
            kinds = [row["kind"] for row in expect["ledger"] if row["position_id"] == number]
            assert kinds[-1] == "swap", case["name"]


@pytest.mark.parametrize(
    ("name", "table", "column"),
    [
        ("fil5_long_touch", "trades", "mae_points"),
        ("fil5_long_touch", "fills", "price"),
        ("fil5_long_touch", "ledger", "amount"),
        ("fil5_long_touch", "fills", "time"),
        ("swp_points_long_debit", "swaps", "amount"),
        ("swp_left_open", "positions", "accrued_swap"),
    ],
)
def test_a_changed_cell_is_noticed(backend: Backend, name: str, table: str, column: str) -> None:
    """Canary: one cell off by one is one difference, at its place."""
    case = load_case(name)
    row = case["expect"][table][-1]
    row[column] = "2025-01-06T00:30:01Z" if column == "time" else row[column] + 1

    found = differences(backend, case)

    assert len(found) == 1
    assert found[0].startswith(f"{table}[{len(case['expect'][table]) - 1}].{column}: ")


def test_a_missing_row_and_a_wrong_error_are_noticed(backend: Backend) -> None:
    """Canary: row counts and errors are compared too."""
    case = load_case("fil5_long_touch")
    case["expect"]["fills"].pop()
    assert [text.split(":")[0] for text in differences(backend, case)] == ["fills"]

    faulty = load_case("sig1_negative_stop")
    faulty["expect"]["error"]["code"] = "signal.unknown_kind"
    assert [text.split(":")[0] for text in differences(backend, faulty)] == ["error"]
