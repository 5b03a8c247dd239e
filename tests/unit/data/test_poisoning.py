"""What lies after a decision changes nothing of what it sees (TIM-4)."""

from __future__ import annotations

import pathlib
import random
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import omega.data

ROOT = pathlib.Path(__file__).resolve().parents[3]
SPECS = {"EURUSD": SimpleNamespace(digits=5)}
HIGHER = ["M15", "H1", "H4", "D1", "W1"]
DECISIONS = 200


def load(table: pa.Table) -> omega.data.MarketTables:
    data = omega.data.load(
        {"bid": table, "ask": table, "timeframe": "M1"}, symbols="EURUSD", timeframe="M5",
        higher_timeframes=HIGHER, specs=SPECS,
    )  # fmt: skip
    return data.resolve()


def minutes() -> pa.Table:
    table = pq.read_table(ROOT / "data/icmarkets_m1_2025/EURUSD_M1_bid.parquet")
    return table.slice(60_000, 30_000).drop(["spread"])


def poisoned(table: pa.Table, from_us: int) -> pa.Table:
    """Return the table with all prices from a moment on ten times as high."""
    factor = np.where(table["time"].cast("int64").to_numpy() >= from_us, 10.0, 1.0)
    columns = {name: table[name] for name in table.column_names}
    for name in ("open", "high", "low", "close"):
        columns[name] = pa.array(np.round(table[name].to_numpy() * factor, 5))
    return pa.table(columns)


def seen(tables: omega.data.MarketTables, decision: int) -> list[tuple[object, ...]]:
    """Return what the decision on step bar k may look at: its own bar and the visible one of every timeframe."""
    rows: list[tuple[object, ...]] = []
    for series, visible in zip(tables.series, tables.visible, strict=True):
        row = decision if visible is None else visible[decision].as_py()
        rows.append((row,) if row < 0 else (row, *(series[name][row].as_py() for name in series.column_names)))
    return rows


def test_two_hundred_decisions_see_no_unfinished_bar_and_no_trace_of_poison():
    """TIM-4: 200 random decisions on real minutes; everything after them is multiplied by ten."""
    table = minutes()
    whole = load(table)
    step = whole.series[0]
    opens = step["time"].cast("int64").to_numpy()
    draw = random.Random(20_250_401)
    looked = 0
    for decision in sorted(draw.sample(range(len(opens) - 1), DECISIONS)):
        now = int(opens[decision + 1])
        expected = seen(whole, decision)
        for row in expected:
            if row[0] != -1:
                looked += 1
                assert row[2].timestamp() * 1e6 <= now  # type: ignore[attr-defined]
        assert seen(load(poisoned(table, now)), decision) == expected
    assert looked > DECISIONS * len(HIGHER)


@pytest.mark.parametrize("timeframe", HIGHER)
def test_the_poison_of_these_tests_would_be_seen(timeframe):
    """Canary: poison one minute before the decision and its bar changes."""
    table = minutes()
    times = table["time"].cast("int64").to_numpy()
    which = ["M5", *HIGHER].index(timeframe)
    last = load(table).series[0].num_rows - 2

    assert seen(load(poisoned(table, int(times[1]))), last)[which] != seen(load(table), last)[which]
