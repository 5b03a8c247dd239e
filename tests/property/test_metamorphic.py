"""What must happen to a result when its input is changed in a way whose effect is known.

The mirror, the scale, the size, the cost and the bystander: no oracle is needed, two runs of one engine judge each
other.
"""

from __future__ import annotations

import dataclasses
import json
import math
import random
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings

from omega.backends import get_backend
from omega.backends.protocol import Tables
from omega.schema import TABLES, LedgerKind, SignalKind
from omega.strategy.normalise_batch import table_of_rows
from omega.testing.cases import Case, make_bars, make_case, simulation_cases
from omega.testing.outcomes import Failure, assert_same_bits, outcome

Row = dict[str, Any]
Plan = dict[str, Any]
PRICES = ("open", "high", "low", "close")
LEVELS = [column.name for column in TABLES["signals"] if column.unit == "price"]
NAMES = [column.name for column in TABLES["signals"]]
EXAMPLES = {"rust": 100, "python": 15}
FACTOR = 7


# ---------------------------------------------------------------- changing a case


def rows_of(case: Case) -> list[Row]:
    return [] if case.signals is None else case.signals.to_pylist()


def changed(case: Case, *, series: Any = None, rows: list[Row] | None = None, plan: Plan | None = None) -> Case:
    tables = case.tables if series is None else dataclasses.replace(case.tables, series=tuple(series))
    signals = case.signals if rows is None else table_of_rows([tuple(row[name] for name in NAMES) for row in rows])
    text = case.plan if plan is None else json.dumps(plan, sort_keys=True, separators=(",", ":"))
    return dataclasses.replace(case, tables=tables, signals=signals, plan=text)


def on_the_grid(case: Case, adapt: Callable[[Plan], None] = lambda plan: None) -> Case:
    """Return a case whose levels, distances and slippage are whole points, so that no rounding hides in a change.

    Its bar holds no ties of path rules: stop first, target first, or finer bars. `adapt` changes the plan further.
    """
    plan = json.loads(case.plan)
    symbol = plan["symbols"][0]
    if plan["execution"]["intrabar"] not in ("stop_first", "target_first", "finer"):
        plan["execution"]["intrabar"] = "stop_first"
    plan["margin"] = symbol["margin"] = None
    without_rules(plan, "atr")
    symbol["slippage"] |= {"impact": None, "volatility": None}
    fixed = symbol["slippage"]["fixed_points"]
    symbol["slippage"]["fixed_points"] = [fixed[0] // fixed[1], 1]
    adapt(plan)
    scale, tick, pip = 10 ** symbol["digits"], symbol["tick_points"], symbol["pip_points"]
    step = symbol["volume_step"]
    rows = rows_of(case)
    for row in rows:
        for name in LEVELS:
            row[name] = level_on_grid(row, name, scale, tick)
        for name in ("sl", "tp"):
            pips, points = row.pop(f"{name}_pips"), row[f"{name}_points"]
            distance = points if pips is None else pips * pip
            usable = distance is not None and math.isfinite(distance) and 0 < distance < 1e6
            row |= {
                f"{name}_pips": None,
                f"{name}_points": float(max(tick, round(distance / tick) * tick)) if usable else None,
            }
        row["sl_atr"] = None
        steps = None if row["size"] is None else row["size"] * step[1] / step[0]
        if steps is not None and not (0 < steps < 1e6 and abs(steps - round(steps)) < 1e-9):
            row["size"] = None
    return changed(case, rows=rows, plan=plan)


def level_on_grid(row: Row, name: str, scale: int, tick: int) -> float | None:
    value = row[name]
    if value is None or (row["kind"] != SignalKind.ORDER and value == 0.0):
        return value
    if not (math.isfinite(value) and 0 < value < 1e4 * scale):
        return None
    return max(tick, round(value * scale / tick) * tick) / scale


def results(case: Case, backend: str) -> Tables | None:
    """Return the tables of a case, or None where the run refuses it or has a strategy of its own."""
    tables = None if case.signals is None else outcome(get_backend(backend), case)
    return None if isinstance(tables, Failure) else tables


def both(case: Case, other: Case, backend: str) -> tuple[Tables, Tables] | None:
    one, two = results(case, backend), results(other, backend)
    assert (one is None) == (two is None)
    return None if one is None or two is None else (one, two)


def columns(tables: Tables, name: str, *wanted: str) -> list[tuple[Any, ...]]:
    return list(zip(*(tables[name][column].to_pylist() for column in wanted), strict=True))


# ---------------------------------------------------------------- mirror


def without_notional(plan: Plan) -> None:
    """Leave only costs that do not depend on the height of the price."""
    for symbol in plan["symbols"]:
        if symbol["commission"]["scheme"] in ("per_million_notional", "percent_of_notional"):
            symbol["commission"]["scheme"] = "per_lot"
        if symbol["swap"] is not None and symbol["swap"]["unit"] == "percent":
            symbol["swap"]["unit"] = "points"


def mirror_height(case: Case) -> int:
    """Return the sum of a price and its mirror image: above every price twice over, on every tick."""
    highest = max(max(bars[f"{side}_high"].to_pylist()) for bars in case.tables.series for side in ("bid", "ask"))
    return (2 * highest // 100 + 50) * 100


def mirrored(case: Case) -> Case:
    """Return the case in which everybody who bought sells: prices reflected, sides exchanged."""
    height, plan = mirror_height(case), json.loads(case.plan)
    symbol = plan["symbols"][0]
    rows, scale = rows_of(case), 10 ** symbol["digits"]
    for row in rows:
        row["direction"] = -row["direction"]
        for name in LEVELS:
            if row[name]:
                row[name] = (height - round(row[name] * scale)) / scale
    for rule in plan["position_rules"]:
        if "price" in rule.get("at", ()):
            rule["at"]["price"] = height - rule["at"]["price"]
    if (swap := symbol["swap"]) is not None:
        swap["long"], swap["short"] = swap["short"], swap["long"]
        swap["dated"] = [[day, short, long] for day, long, short in swap["dated"]]
    return changed(case, series=[reflected(bars, height) for bars in case.tables.series], rows=rows, plan=plan)


def reflected(bars: pa.Table, height: int) -> pa.Table:
    """Return bars seen in the mirror: the bid is the ask's image, the high the low's."""
    seen = bars
    for side, other in (("bid", "ask"), ("ask", "bid")):
        for price in PRICES:
            source = f"{other}_{ {'high': 'low', 'low': 'high'}.get(price, price) }"
            seen = with_column(seen, f"{side}_{price}", [height - value for value in bars[source].to_pylist()])
    return seen


def with_column(bars: pa.Table, name: str, values: list[int]) -> pa.Table:
    place = bars.column_names.index(name)
    return bars.set_column(place, bars.schema.field(place), pa.array(values, pa.int32()))


def check_mirror(case: Case, backend: str) -> int:
    case = on_the_grid(case, without_notional)
    runs = both(case, mirrored(case), backend)
    if runs is None:
        return 0
    one, two = runs
    height = mirror_height(case)
    money = ("slippage", "gross", "commission", "swap", "net", "risk", "r_multiple", "mae_points", "mfe_points")
    facts = ("id", "entry_bar_idx", "exit_bar_idx", "steps", "reason", "ambiguous", "bars_held")
    assert columns(one, "trades", *facts, *money) == columns(two, "trades", *facts, *money)
    for column in ("raw_price", "price", "level"):
        reflected = [None if value is None else height - value for (value,) in columns(two, "fills", column)]
        assert [value for (value,) in columns(one, "fills", column)] == reflected
    shared = ("position_id", "leg", "bar_idx", "rule", "moment", "steps", "slippage_points", "commission")
    assert columns(one, "fills", *shared) == columns(two, "fills", *shared)
    assert [-side for (side,) in columns(one, "fills", "direction")] == [
        side for (side,) in columns(two, "fills", "direction")
    ]
    for name in ("equity", "ledger", "swaps", "rejections"):
        assert_same_bits({name: one[name]}, {name: two[name]})
    return one["trades"].num_rows


# ---------------------------------------------------------------- price scale


def scaled(case: Case, factor: int) -> Case:
    """Return the case in which a point is a `factor`-th of what it was: all prices and distances times `factor`."""
    plan = json.loads(case.plan)
    symbol, rows = plan["symbols"][0], rows_of(case)
    scale = 10 ** symbol["digits"]
    for row in rows:
        for name in LEVELS:
            if row[name]:
                row[name] = round(row[name] * scale) * factor / scale
        for name in ("sl_points", "tp_points"):
            row[name] = row[name] and row[name] * factor
    for name in ("pip_points", "tick_points", "min_stop_points"):
        symbol[name] *= factor
    plan["execution"]["limit_through_points"] *= factor
    for rule in plan["position_rules"]:
        lengthen(rule, factor)
    symbol["value"] = [symbol["value"][0], symbol["value"][1] * factor]
    symbol["slippage"]["fixed_points"][0] *= factor
    if (swap := symbol["swap"]) is not None and swap["unit"] == "points":
        rates = [swap["long"], swap["short"], *(rate for entry in swap["dated"] for rate in entry[1:])]
        for rate in rates:
            rate[0] *= factor
    return changed(case, series=[stretched(bars, factor) for bars in case.tables.series], rows=rows, plan=plan)


def stretched(bars: pa.Table, factor: int) -> pa.Table:
    for name in (f"{side}_{price}" for side in ("bid", "ask") for price in PRICES):
        bars = with_column(bars, name, [value * factor for value in bars[name].to_pylist()])
    return bars


def lengthen(rule: Plan, factor: int) -> None:
    """Multiply every price and distance of a position rule."""
    for name, value in rule.items():
        if isinstance(value, dict):
            lengthen(value, factor)
        elif name in ("points", "price", "offset_points", "step_points"):
            rule[name] = value * factor


def without_rules(plan: Plan, *words: str) -> None:
    """Leave out the position rules that speak of any of these."""
    texts = [(rule, json.dumps(rule)) for rule in plan["position_rules"]]
    plan["position_rules"] = [rule for rule, text in texts if not any(f'"{word}"' in text for word in words)]


def without_fractions_of_points(plan: Plan) -> None:
    """Leave out draws of points, and entries of several prices: a part of their sum is rounded to a point (POS-1)."""
    plan["symbols"][0]["slippage"]["random_points"] = 0
    without_participation(plan)
    without_rules(plan, "r")


def without_participation(plan: Plan) -> None:
    plan["execution"]["max_participation"] = None


def check_scale(case: Case, backend: str) -> int:
    case = on_the_grid(case, without_fractions_of_points)
    runs = both(case, scaled(case, FACTOR), backend)
    if runs is None:
        return 0
    one, two = runs
    same = [
        column.name for column in TABLES["trades"] if column.unit != "price" and not column.name.endswith("_points")
    ]
    same = [name for name in same if name not in ("entry_price", "exit_price")]
    assert columns(one, "trades", *same) == columns(two, "trades", *same)
    for name in ("equity", "ledger", "swaps", "rejections"):
        assert_same_bits({name: one[name]}, {name: two[name]})
    for column in ("raw_price", "price", "spread_points", "slippage_points"):
        longer = [value * FACTOR for (value,) in columns(one, "fills", column)]
        assert longer == [value for (value,) in columns(two, "fills", column)]
    return one["trades"].num_rows


# ---------------------------------------------------------------- size


def linear(plan: Plan) -> None:
    """Leave only what is linear in the volume, with room for `FACTOR` times of it."""
    symbol = plan["symbols"][0]
    plan["sizing"] = {"mode": "fixed_lots", "steps": 5, "min_lot": "reject"}
    without_participation(plan)
    without_rules(plan, "partial_close")
    symbol |= {"volume_min_steps": 1, "volume_max_steps": 10**6}
    symbol["commission"] |= {"minimum": [0, 1]}
    if symbol["commission"]["scheme"] == "per_trade":
        symbol["commission"]["scheme"] = "per_lot"


def whole_and_alone(case: Case) -> Case:
    """Return the case without shares, which are cut to whole steps, and without groups, whose choice weighs money."""
    rows = rows_of(case)
    for row in rows:
        row |= {"share": None, "oco": None}
    return changed(case, rows=rows)


def enlarged(case: Case, factor: int) -> Case:
    plan, rows = json.loads(case.plan), rows_of(case)
    plan["sizing"]["steps"] *= factor
    for row in rows:
        row["size"] = row["size"] and row["size"] * factor
    return changed(case, rows=rows, plan=plan)


def check_size(case: Case, backend: str) -> int:
    """The booking of `FACTOR` times the volume is within FACTOR minor units of FACTOR times the booking.

    Each is rounded once: |round(f x) - f round(x)| <= (f + 1) / 2, less than one unit of the small booking.
    """
    case = whole_and_alone(on_the_grid(case, linear))
    runs = both(case, enlarged(case, FACTOR), backend)
    if runs is None:
        return 0
    one, two = runs
    shared = ("position_id", "leg", "bar_idx", "direction", "rule", "raw_price", "price")
    assert columns(one, "fills", *shared) == columns(two, "fills", *shared)
    assert [steps * FACTOR for (steps,) in columns(one, "fills", "steps")] == [
        steps for (steps,) in columns(two, "fills", "steps")
    ]
    closes = dict(columns(one, "trades", "id", "closes"))
    # Of the larger run: a night that rounds to nothing leaves no row, and is a rounding all the same.
    nights = [number for (number,) in columns(two, "swaps", "position_id")]
    small, large = (dict(totals(tables)) for tables in runs)
    for key in small | large:
        position, kind = key
        bookings = closes.get(position, 1) + 1 if kind != LedgerKind.SWAP else 2 * nights.count(position) + 2
        allowed = bookings * (FACTOR + 1) / 2
        assert abs(large.get(key, 0) - FACTOR * small.get(key, 0)) <= allowed, key
    return one["trades"].num_rows


def totals(tables: Tables) -> dict[tuple[int, int], int]:
    """Return what was booked per position and kind."""
    sums: dict[tuple[int, int], int] = {}
    for position, kind, amount in columns(tables, "ledger", "position_id", "kind", "amount"):
        if kind != LedgerKind.DEPOSIT:
            sums[position, kind] = sums.get((position, kind), 0) + amount
    return sums


# ---------------------------------------------------------------- cost


def held(plan: Plan) -> None:
    """Fix what costs could move: sizes, levels that follow the fill, commission that slippage makes cheaper."""
    plan["position_rules"] = []
    plan["sizing"] = {"mode": "fixed_lots", "steps": 5, "min_lot": "reject"}
    without_notional(plan)


def with_prices_only(case: Case) -> Case:
    """Return the case with levels as prices: a distance is measured from the fill and would follow its slippage."""
    rows = rows_of(case)
    for row in rows:
        row |= {"sl_points": None, "tp_points": None}
    return changed(case, rows=rows)


def slip_more(symbol: Plan) -> None:
    symbol["slippage"]["fixed_points"][0] += 3


def charge_more(symbol: Plan) -> None:
    symbol["commission"] |= {"rate": [symbol["commission"]["rate"][0] + 1, symbol["commission"]["rate"][1]]}


def charge_at_least(symbol: Plan) -> None:
    symbol["commission"] |= {"minimum": [9, 4]}


def debit_more(symbol: Plan) -> None:
    if symbol["swap"] is None:
        symbol["swap"] = {"unit": "money", "long": [0, 1], "short": [0, 1], "multipliers": [1] * 7, "dated": []}
    for entry in ([0, symbol["swap"]["long"], symbol["swap"]["short"]], *symbol["swap"]["dated"]):
        for rate in entry[1:]:
            rate[0] -= 500


DEARER = {"slippage": slip_more, "commission": charge_more, "minimum": charge_at_least, "swap": debit_more}


def check_cost(case: Case, backend: str, dearer: Callable[[Plan], None]) -> int:
    case = with_prices_only(whole_and_alone(on_the_grid(case, held)))
    plan = json.loads(case.plan)
    dearer(plan["symbols"][0])
    runs = both(case, changed(case, plan=plan), backend)
    if runs is None:
        return 0
    one, two = runs
    shared = ("position_id", "leg", "bar_idx", "raw_price", "level", "steps")
    assert columns(one, "fills", *shared) == columns(two, "fills", *shared)
    moved = 0
    for cheap, dear in zip(columns(one, "trades", "id", "net"), columns(two, "trades", "id", "net"), strict=True):
        assert (dear[0], dear[1] <= cheap[1]) == (cheap[0], True), (cheap, dear)
        moved += dear[1] < cheap[1]
    cheap_end, dear_end = (tables["equity"]["equity"][-1].as_py() for tables in runs)
    assert dear_end <= cheap_end
    return moved


# ---------------------------------------------------------------- bystander


def with_bystander(case: Case) -> Case:
    """Return the case with another symbol in its market: bars of its own times, in view, traded by nobody."""
    draw = random.Random(case.seed + 1)
    tables, bars = case.tables, make_bars(random.Random(case.seed + 2), case.length + 5, (("missing_bars", 2),))
    schema = tables.series[0].schema
    other = pa.Table.from_arrays([pa.array(bars[field.name], field.type) for field in schema], schema=schema)
    header = json.loads(tables.header)
    header["symbols"].append({"name": "GBPUSD", "digits": draw.choice((3, 5))})
    header["series"].append({"symbol": 1, "timeframe": "M15"})
    shown, closes = [], other["close_time"].to_pylist()
    for close_time in tables.series[0]["close_time"].to_pylist():
        shown.append(sum(1 for known in closes if known <= close_time) - 1)
    more = dataclasses.replace(
        tables,
        header=json.dumps(header),
        series=(*tables.series, other),
        timeframes=(*tables.timeframes, "M15"),
        visible=(*tables.visible, pa.array(shown, pa.int32())),
    )
    return dataclasses.replace(case, tables=more)


def check_bystander(case: Case, backend: str) -> int:
    one, two = outcome(get_backend(backend), case), outcome(get_backend(backend), with_bystander(case))
    assert_same_bits(one, two)
    return 0 if isinstance(one, Failure) else one["trades"].num_rows


# ---------------------------------------------------------------- the laws

LAWS: dict[str, Callable[[Case, str], int]] = {
    "a mirrored market earns a mirrored strategy the same": check_mirror,
    "a finer point changes no money": check_scale,
    "seven times the size is seven times the money": check_size,
    "a symbol that nobody trades changes nothing": check_bystander,
    **{
        f"more {name} never earns more": lambda case, backend, dearer=dearer: check_cost(case, backend, dearer)
        for name, dearer in DEARER.items()
    },
}


@pytest.mark.parametrize("law", LAWS)
@settings(max_examples=EXAMPLES["rust"])
@given(case=simulation_cases(max_bars=120))
def test_every_law_holds(law: str, case: Case) -> None:
    """FIL, CST, SWP, POS, LED: on the fast half; parity carries it to the other."""
    LAWS[law](case, get_backend(None).name)


@pytest.mark.parametrize("law", LAWS)
@settings(max_examples=EXAMPLES["python"])
@given(case=simulation_cases(max_bars=60))
def test_every_law_holds_in_the_twin(law: str, case: Case) -> None:
    """The same on the specification itself."""
    LAWS[law](case, "python")


@pytest.mark.parametrize("law", LAWS)
def test_every_law_is_tried_on_many_trades(law: str) -> None:
    """A law about nothing holds, too: generated cases must trade, and costs must move what was earned."""
    days = (("missing_days", 50), ("missing_days", 100))
    assert sum(LAWS[law](make_case(seed, 150, days), "python") for seed in range(16)) >= 50


# ---------------------------------------------------------------- canaries: a broken engine breaks its law


def noticed(check: Callable[[Case, str], int]) -> bool:
    """Return whether a check fails on one of a few cases."""
    for seed in range(20):
        try:
            check(make_case(seed, 150, ()), "python")
        except AssertionError:
            return True
    return False


CANARIES: dict[str, tuple[str, Callable[[Plan], None], Callable[[Case, str], int]]] = {
    "mirror": ("mirrored", slip_more, check_mirror),
    "scale": ("scaled", charge_more, check_scale),
    "size": ("enlarged", charge_at_least, check_size),
    "bystander": ("with_bystander", slip_more, check_bystander),
}


@pytest.mark.parametrize("law", CANARIES)
def test_an_engine_that_treats_the_changed_case_otherwise_is_noticed(law: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Canary: the second run pays more than it should."""
    name, change, check = CANARIES[law]
    honest = globals()[name]

    def dishonest(case: Case, *rest: Any) -> Case:
        other = honest(case, *rest)
        plan = json.loads(other.plan)
        change(plan["symbols"][0])
        return changed(other, plan=plan)

    assert not noticed(check)
    monkeypatch.setitem(globals(), name, dishonest)
    assert noticed(check)


def test_an_engine_that_pays_for_costs_is_noticed() -> None:
    """Canary: the law must fail where a cost becomes smaller."""

    def cheaper(symbol: Plan) -> None:
        symbol["slippage"]["fixed_points"] = [0, 1]
        symbol["commission"] |= {"rate": [0, 1], "minimum": [0, 1]}

    assert noticed(lambda case, backend: check_cost(case, backend, cheaper))
