"""Both backends against numbers worked by hand from docs/spec/engine.md, before either existed.

`tests/vectors/README.md` explains the case files and holds the default plan. Every table that a case
lists is compared in row count and in the columns it names, without tolerance.
"""

from __future__ import annotations

import copy
import datetime
import functools
import json
import pathlib
import zoneinfo
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pytest

from omega.backends.protocol import Backend
from omega.error_catalogue import CATALOGUE, CODE_BY_NUMBER
from omega.errors import OmegaError
from omega.schema import ENUMS, TABLES

VECTORS = pathlib.Path(__file__).parents[2] / "vectors"
CASES = {path.stem: path for path in sorted((VECTORS / "engine").glob("*.json"))}
MINUTES = {"M1": 1, "M15": 15, "H1": 60, "H4": 240}
NEW_YORK = zoneinfo.ZoneInfo("America/New_York")
REPLACED_WHOLE = {"sizing", "swap", "impact", "volatility", "liquidity", "margin", "rates", "filters"}
EMPTY_UNLESS_LISTED = ("fills", "orders", "trades", "positions", "swaps", "rejections", "diagnostics")
RULES_IN_SCOPE = {
    *("FIL-1", "FIL-5", "FIL-6", "FIL-7", "FIL-8", "FIL-9", "LOOP-1", "LOOP-2", "LOOP-3", "LOOP-4"),
    *("SIG-1", "SIG-2", "SIG-3", "SIG-4", "API-8", "CST-2", "CST-3", "CST-5", "SIZ", "POS-1", "POS-2"),
    *("LED-1", "LED-2", "LED-3", "LED-4", "LED-5", "LED-6", "NUM-1", "NUM-2", "NUM-3", "TIM-2", "TIM-3", "TIM-5"),
    *("FIL-2", "FIL-3", "FIL-4", "FIL-11", "FIL-12", "FIL-13", "FIL-15", "MGT-2", "SWP-1"),
}
ARROW_TYPES = {
    "timestamp": pa.timestamp("us", tz="UTC"),
    **{name: getattr(pa, name)() for name in ("int8", "int16", "int32", "int64", "float64")},
    "bool": pa.bool_(),
}


# ---------------------------------------------------------------- reading


def load_case(name: str) -> dict[str, Any]:
    case: dict[str, Any] = json.loads(CASES[name].read_text())
    return case


@functools.cache
def default_plan_text() -> str:
    """Return the first JSON block of the README: what a case does not say."""
    return (VECTORS / "README.md").read_text().split("```json\n", 1)[1].split("```", 1)[0]


def merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Lay `changes` over `base`, field by field; lists and `REPLACED_WHOLE` are taken whole."""
    result = copy.deepcopy(base)
    for key, value in changes.items():
        nested = isinstance(value, dict) and key not in REPLACED_WHOLE
        result[key] = merged(result[key], value) if nested else value
    return result


def plan_of(case: Mapping[str, Any]) -> dict[str, Any]:
    """Return the plan of a case; `symbol` of its changes means the only entry of `symbols`."""
    base = json.loads(default_plan_text())
    base["symbol"] = base.pop("symbols")[0] | {"digits": case["digits"]}
    plan = merged(base, case.get("plan", {}))
    plan["symbols"] = [plan.pop("symbol")]
    return plan


def moment(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def arrow_table(name: str, rows: list[dict[str, Any]]) -> pa.Table:
    fields = [pa.field(c.name, ARROW_TYPES[c.type], nullable=c.null) for c in TABLES[name]]
    return pa.Table.from_pylist(rows, schema=pa.schema(fields))


def bars_table(case: Mapping[str, Any]) -> pa.Table:
    length = datetime.timedelta(minutes=MINUTES[case["timeframe"]])
    start = moment(case["start"])
    times = [moment(text) for text in case.get("times", [])] or [start + i * length for i in range(len(case["bars"]))]
    prices = [f"{side}_{price}" for side in ("bid", "ask") for price in ("open", "high", "low", "close")]
    volumes = case.get("volumes", [None] * len(times))
    rows = [
        {"time": time, "close_time": time + length, "volume": volume} | dict(zip(prices, bar, strict=True))
        for time, bar, volume in zip(times, case["bars"], volumes, strict=True)
    ]
    return arrow_table("bars", rows)


def rollover(fx_day: datetime.date) -> datetime.datetime:
    """Return the 17:00 in New York that ends an FX day (TIM-3)."""
    return datetime.datetime.combine(fx_day, datetime.time(17), NEW_YORK)


def day_number(fx_day: datetime.date) -> int:
    return (fx_day - datetime.date(1970, 1, 1)).days


def calendar_table(bars: pa.Table) -> pa.Table:
    """Return the FX days of the bars, and of a week before and after them."""
    first = bars["time"][0].as_py().date() - datetime.timedelta(days=7)
    last = bars["close_time"][-1].as_py().date() + datetime.timedelta(days=7)
    days = [first + datetime.timedelta(days=n) for n in range((last - first).days + 1)]
    rows = [
        {
            "rollover_time": rollover(day).astimezone(datetime.UTC),
            "fx_day": day_number(day),
            "weekday": day.weekday(),
            "utc_offset_minutes": int(rollover(day).strftime("%z")[:3]) * 60,
        }
        for day in days
    ]
    return arrow_table("calendar", rows)


def code_of(unit: str, value: Any) -> Any:
    """Turn what a case file says into what the seam carries: names to codes, texts to times and floats."""
    if not isinstance(value, str):
        return value
    if unit.startswith("enum:"):
        return int(ENUMS[unit.removeprefix("enum:")][value.upper()])
    if unit == "error":
        return CATALOGUE[value].number
    return moment(value) if unit == "utc" else float(value)


def signals_table(case: Mapping[str, Any]) -> pa.Table:
    base = {"direction": "none", "order_type": "market", "tif": "gtc", "symbol": 0, "fault": 0}
    units = {column.name: column.unit for column in TABLES["signals"]}
    rows = []
    for signal in case["signals"]:
        assert set(signal) <= set(units), f"{case['name']}: unknown signal field"
        rows.append({name: code_of(units[name], value) for name, value in (base | signal).items()})
    return arrow_table("signals", rows)


# ---------------------------------------------------------------- running and comparing


def run(backend: Backend, case: Mapping[str, Any]) -> Mapping[str, Any]:
    plan = plan_of(case)
    symbol = plan["symbols"][0]
    header = {
        "symbols": [{"name": symbol["name"], "digits": symbol["digits"]}],
        "series": [{"symbol": 0, "timeframe": case["timeframe"]}],
    }
    bars = bars_table(case)
    market = backend.open_market(json.dumps(header), [bars], [None], calendar_table(bars))
    return backend.simulate(market, signals_table(case), json.dumps(plan))


def expected_tables(expect: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    tables = {name: expect.get(name, []) for name in EMPTY_UNLESS_LISTED}
    tables["equity"] = [{"equity": amount} for amount in expect["equity"]]
    return tables | {name: expect[name] for name in ("ledger", "recorded_signals") if name in expect}


def find_differences(tables: Mapping[str, Any], expect: Mapping[str, Any]) -> list[str]:
    """List every row count and every named cell in which the result is not what was worked by hand."""
    differences = []
    for name, wanted in expected_tables(expect).items():
        rows = pa.table(tables[name]).to_pylist()
        units = {column.name: column.unit for column in TABLES[name]}
        if len(rows) != len(wanted):
            differences.append(f"{name}: {len(rows)} rows, by hand {len(wanted)}: {[shown(row) for row in rows]}")
            continue
        for i, (row, want) in enumerate(zip(rows, wanted, strict=True)):
            for column, value in want.items():
                code = code_of(units[column], value)
                if row[column] != code:
                    differences.append(f"{name}[{i}].{column}: {row[column]!r}, by hand {value!r} ({code!r})")
    return differences


def shown(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"code": CODE_BY_NUMBER.get(row["code"], row["code"])} if "code" in row else row


def check(backend: Backend, case: Mapping[str, Any]) -> None:
    expect = case["expect"]
    if "error" not in expect:
        assert find_differences(run(backend, case), expect) == [], case["note"]
        return
    with pytest.raises(OmegaError) as caught:
        run(backend, case)
    error = {"class": type(caught.value).__name__, "code": caught.value.code}
    assert error == expect["error"], case["note"]


# ---------------------------------------------------------------- tests


@pytest.mark.parametrize("name", CASES)
def test_backend_gives_the_numbers_worked_by_hand(backend: Backend, name: str) -> None:
    """FIL, LOOP, SIG, CST, SIZ, POS, LED, NUM: the rules themselves, one small market each."""
    check(backend, load_case(name))


def test_every_rule_in_scope_has_a_case() -> None:
    cases = [load_case(name) for name in CASES]
    named = {rule for case in cases for rule in case["rules"]}

    assert len(cases) >= 850
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
    for case in swap_cases():
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
    bars, boundary = bars_table(case).to_pylist(), moment(row["time"])
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

    found = find_differences(run(backend, case), case["expect"])

    assert len(found) == 1
    assert found[0].startswith(f"{table}[{len(case['expect'][table]) - 1}].{column}: ")


def test_a_missing_row_and_a_wrong_error_are_noticed(backend: Backend) -> None:
    """Canary: row counts and errors are compared too."""
    case = load_case("fil5_long_touch")
    case["expect"]["fills"].pop()
    assert [text.split(":")[0] for text in find_differences(run(backend, case), case["expect"])] == ["fills"]

    faulty = load_case("sig1_negative_stop")
    faulty["expect"]["error"]["code"] = "signal.unknown_kind"
    with pytest.raises(AssertionError):
        check(backend, faulty)
