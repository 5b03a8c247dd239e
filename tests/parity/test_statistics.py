"""Metrics and raw rating values are the same bits on both backends, errors included."""

from __future__ import annotations

import json
import random
import struct
from typing import Any

import pyarrow as pa
import pytest

from omega.backends import get_backend
from omega.backends.python.frame import ARROW_TYPES, write_table
from omega.errors import OmegaError
from omega.schema import TABLES

DAY_US = 86_400_000_000


def bits(value: Any) -> Any:
    """Return a float as its bit pattern, anything else as it is."""
    return struct.pack(">d", value).hex() if isinstance(value, float) else value


def outcome(backend: str, call: str, tables: tuple[Any, ...], plan: str) -> Any:
    """Return what a call gives, bit by bit: rows, or the error's class, code and facts."""
    try:
        rows = getattr(get_backend(backend), call)(*tables, plan)
    except OmegaError as error:
        return type(error).__name__, error.code, dict(error.context)
    return [tuple((type(cell).__name__, bits(cell)) for cell in row) for row in rows]


def random_trades(draw: random.Random, count: int, span_us: int) -> pa.Table:
    columns: dict[str, list[Any]] = {column.name: [0] * count for column in TABLES["trades"]}
    grid_us = draw.choice((1, DAY_US // 6))  # coarse: many exits at the very end of a day
    exits = sorted(draw.randrange(span_us) // grid_us * grid_us for _ in range(count))
    longest = draw.choice((1, span_us // 50 + 1, span_us))
    for row, leave in enumerate(exits):
        entry = max(0, leave - draw.randrange(longest))
        parts = [draw.randint(-500, 600), -draw.randint(0, 9), -draw.randint(0, 9), -draw.randint(0, 9), 0]
        for name, value in zip(("gross_cost_free", "slippage", "spread", "commission", "swap"), parts, strict=True):
            columns[name][row] = value
        risk = draw.choice((None, draw.randint(1, 400)))
        columns["net"][row] = sum(parts)
        columns["risk"][row] = risk
        columns["r_multiple"][row] = None if risk is None else sum(parts) / risk
        columns["entry_time"][row], columns["exit_time"][row] = entry, leave
        columns["entry_bar_idx"][row], columns["exit_bar_idx"][row] = entry // DAY_US, leave // DAY_US
        columns["bars_held"][row] = leave // DAY_US - entry // DAY_US
        columns["steps"][row] = draw.randint(1, 1000)
        columns["symbol"][row] = draw.randrange(2)
        columns["reason"][row] = draw.randint(1, 4)
    columns["ambiguous"] = [draw.random() < 0.1 for _ in range(count)]
    for name in ("entry_price", "exit_price", "mae_points", "mfe_points"):
        columns[name] = [0.0] * count
    return write_table(columns, "trades")


def random_equity(draw: random.Random, rows: int, step_us: int) -> pa.Table:
    value = draw.choice((500, 100_000, 10**15))
    values = [value]
    for _ in range(rows - 1):
        value += draw.choice((0, draw.randint(-100, 105)))
        values.append(value)
    times = [step_us * row for row in range(rows - 1)] + [step_us * max(rows - 2, 0)]
    columns = {"time": pa.array(times[:rows], type=ARROW_TYPES["timestamp"]), "equity": pa.array(values, pa.int64())}
    if draw.random() < 0.7:
        columns["benchmark"] = pa.array([draw.randint(90_000, 110_000) for _ in values], pa.int64())
    return pa.table(columns)


def random_case(seed: int) -> tuple[tuple[pa.Table, pa.Table, pa.Table], str]:
    draw = random.Random(seed)
    rows = draw.choice((1, 2, 3, 40, 400))
    step_us = draw.choice((3_600_000_000, DAY_US // 6, DAY_US, 3 * DAY_US))
    trades = random_trades(draw, draw.choice((0, 1, 2, 35, 150)), rows * step_us)
    days = rows * step_us // DAY_US + 2
    first = draw.randrange(7)
    calendar = {
        "rollover_time": [DAY_US * (day + 1) for day in range(days)],
        "fx_day": list(range(days)),
        "weekday": [(first + day) % 7 for day in range(days)],
        "utc_offset_minutes": [-300] * days,
    }
    plan = {
        "symbols": [{"volume_step": [1, 100]}, {"volume_step": [draw.randint(1, 7), 1000]}],
        "metrics": {"risk_free": [draw.randint(0, 40), 1000], "days": draw.choice((5, 7))},
        "rating": {
            "seed": draw.randrange(2**63),
            "bootstrap": draw.choice(("auto", "iid", "day", "week", "stationary")),
            "samples": 50,
            "dropout_samples": 20,
        },
    }
    if draw.random() < 0.05:
        plan["rating"]["samples"] = 0  # type: ignore[index]
    return (trades, random_equity(draw, rows, step_us), write_table(calendar, "calendar")), json.dumps(plan)


@pytest.mark.parametrize("part", range(10))
@pytest.mark.parametrize("call", ["compute_metrics", "rate"])
def test_statistics_are_the_same_bits_on_both_backends(call: str, part: int) -> None:
    """MET, RAT-7, DET: 200 generated runs for each call."""
    refused = 0
    for seed in range(part * 20, part * 20 + 20):
        tables, plan = random_case(seed)
        expected = outcome("python", call, tables, plan)
        assert outcome("rust", call, tables, plan) == expected, seed
        refused += isinstance(expected, tuple)
    assert refused < 10


def test_the_parity_test_notices_one_bit() -> None:
    """Canary: the next float and an integer instead of a float are differences."""
    assert bits(1.0) != bits(1.0000000000000002)
    tables, plan = random_case(0)
    expected = outcome("python", "compute_metrics", tables, plan)
    assert expected != [*expected[:-1], (expected[-1][0], ("int", 0), expected[-1][2])]


@pytest.mark.parametrize(
    ("field", "value"),
    [("seed", 2**63), ("samples", 0), ("dropout_samples", 0), ("bootstrap", "luck")],
)
def test_plans_out_of_range_are_refused_alike(field: str, value: int) -> None:
    """The plan is refused with the field's name, on both backends."""
    tables, text = random_case(1)
    plan = json.loads(text)
    plan["rating"][field] = value
    plan = json.dumps(plan)

    expected = outcome("python", "rate", tables, plan)

    assert expected == ("ConfigError", "config.plan", {"reason": f"rating.{field} is out of range"})
    assert outcome("rust", "rate", tables, plan) == expected
