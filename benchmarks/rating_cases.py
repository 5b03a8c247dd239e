"""PRF-7 and PRF-8: resampling and replays, on both backends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa

import cases
import omega
from omega.backends import get_backend
from omega.backends.python.frame import write_table
from omega.config.models import RatingConfig
from omega.rating.replaying import Job, costlier, written_jobs
from omega.runner import run_config
from omega.schema import TABLES

TRADES = 1_000
RESAMPLES = {"rust": 10_000, "python": 200}
REPLAYS = {"rust": 1_000, "python": 4}
REPLAYED_BARS = {"rust": 100_000, "python": 10_000}
ORDERS = (200, 2_000)


def default_rating(name: str) -> Iterator[cases.Figure]:
    """RAT-6: the whole rating of the M15 example, with the sample counts of an untouched config."""
    few = ["rating.samples=1", "rating.dropout_samples=1", "rating.data_samples=1", "rating.parameter_samples=0"]
    example = cases.ROOT / "examples/eurusd_m15_ema_cross.json"
    result = run_config(example, overrides=few, backend=name, out=cases.CACHE / "rated").result
    usual = RatingConfig()
    counts = ("samples", "dropout_samples", "data_samples", "parameter_samples")
    pipeline = omega.RatingPipeline(**{count: getattr(usual, count) for count in counts})
    spent, rating = cases.seconds(lambda: pipeline.rate(result), 2)
    rows = {"trades": len(result.raw["trades"]), "components": len(rating.components)}
    yield cases.Figure("RAT-6", "default rating of the M15 example", name, rows, spent, "s", 2)


def resampling(name: str, repeats: int) -> Iterator[cases.Figure]:
    """PRF-7: totals, drawdowns, Sharpe ratios, ruin and the equity fan of 10,000 resamples of 1,000 trades."""
    backend = get_backend(name)
    draw = np.random.default_rng(7)
    columns: dict[str, list[Any]] = {column.name: [0] * TRADES for column in TABLES["trades"]}
    columns["net"] = draw.integers(-10_000, 11_000, TRADES).tolist()
    columns["entry_time"], columns["exit_time"] = list(range(0, 10 * TRADES, 10)), list(range(5, 10 * TRADES, 10))
    columns["r_multiple"], columns["reason"] = [None] * TRADES, [1] * TRADES
    columns["ambiguous"] = [False] * TRADES
    trades = write_table(columns, "trades")
    times = pa.array([0, 10**12], pa.timestamp("us", tz="UTC"))
    equity = pa.table({"time": times, "equity": pa.array([10**7, 10**7])})
    days = {"rollover_time": [86_400_000_000], "fx_day": [0], "weekday": [0], "utc_offset_minutes": [0]}
    calendar = write_table(days, "calendar")
    samples = RESAMPLES[name]
    plan = json.dumps(
        {
            "symbols": [{"volume_step": [1, 100]}],
            "metrics": {"risk_free": [0, 1], "days": 5},
            "rating": {"seed": 1, "bootstrap": "iid", "samples": samples, "dropout_samples": 1},
        }
    )
    spent, _ = cases.seconds(lambda: backend.rate(trades, equity, calendar, plan), max(3, repeats))
    rows = {"resamples": samples, "trades": TRADES}
    value = spent * 1e3 * 10_000 / samples
    yield cases.Figure("PRF-7", "10,000 resamples of 1,000 trades", name, rows, value, "ms", 20)


def replays(name: str) -> Iterator[cases.Figure]:
    """PRF-8: 1,000 replays of a signal table, each at other costs, of four spreads; few orders, and many."""
    case = cases.Case(name, cases.Size(REPLAYED_BARS[name], 1))
    plan = json.loads(case.plan(native=False))
    table = case.signals()
    count = REPLAYS[name]
    spreads = (Fraction(1), Fraction(5, 4), Fraction(3, 2), Fraction(2))
    jobs = [Job(plan=costlier(plan, Fraction(1000 + k, 1000)), spread=spreads[k % 4]) for k in range(count)]
    text = written_jobs(jobs, json.dumps(plan))
    for orders in ORDERS:
        few = table.slice(0, min(orders, table.num_rows))
        spent, _ = cases.seconds(lambda few=few: case.backend.replay(case.market, few, text), 2)
        rows = {"replays": count, "bars": case.market.bar_count, "orders": few.num_rows}
        scale = 1_000 / count * 100_000 / case.market.bar_count
        work = f"1,000 replays of 100 k bars, {orders:,} orders"
        yield cases.Figure("PRF-8", work, name, rows, spent * scale, "s", 0.5)
