"""Stressed runs of a finished one: its recorded signals, the jobs of a replay, plans with higher costs (RAT-1, RAT-3).

Only this side writes plan JSON. What a job does to market and requests is the backends' business.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import pyarrow as pa

from omega.engine import BacktestResult
from omega.error_catalogue import CATALOGUE
from omega.schema import TABLES, SignalKind

__all__ = ["Job", "Outcome", "costlier", "recorded_table", "replay", "written_jobs"]


class Outcome(NamedTuple):
    """What came out of a stressed run; values are None where it failed.

    Attributes:
        net: Net of all trades, minor units.
        drawdown_frac: Largest drawdown fraction.
        sharpe: Sharpe ratio of FX-day returns, annualised; None where it has no value.
        trades: Trades.
        dropped: Entries dropped because they came at or past their own close, or outside the data.
    """

    net: int | None
    drawdown_frac: float | None
    sharpe: float | None
    trades: int | None
    dropped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One stressed run; the default changes nothing.

    Attributes:
        plan: Its plan; None for that of the run.
        spread: Factor of every spread.
        shift: Bars by which opening signals come later.
        stop: Factor of stop distances.
        target: Factor of target distances.
        noise: Number of the noise sample on prices, None for none.
        decide: Whether the plan's native strategy decides anew.
    """

    plan: Mapping[str, Any] | None = None
    spread: Fraction = Fraction(1)
    shift: int = 0
    stop: Fraction = Fraction(1)
    target: Fraction = Fraction(1)
    noise: int | None = None
    decide: bool = False


def replay(result: BacktestResult, market: Any, jobs: Sequence[Job], *, plan: str | None = None) -> list[Outcome]:
    """Return what came out of every job.

    Args:
        result: The finished run.
        market: Its market, opened by its own engine's backend.
        jobs: The stressed runs.
        plan: Plan of jobs without their own, JSON; that of the run when left out.

    Raises:
        DataError, SignalError, EngineError: where the record itself cannot be run again.
    """
    text = written_jobs(jobs, plan or result.conditions.plan)
    return [Outcome(*row) for row in result.conditions.backend.replay(market, recorded_table(result), text)]


def written_jobs(jobs: Sequence[Job], own: str) -> str:
    """Return jobs as the seam takes them; `own` is the plan, JSON, of those without one. Equal plans go once."""
    places: dict[str, int] = {own: 0}
    written = []
    for job in jobs:
        text = own if job.plan is None else json.dumps(job.plan, sort_keys=True)
        written.append(_written(job, places.setdefault(text, len(places))))
    return json.dumps({"plans": list(places), "jobs": written})


def recorded_table(result: BacktestResult) -> pa.Table:
    """Return the signal table that a replay of the run takes.

    Rows that were dropped because they came before the start are not recorded; closes of nothing stand for
    them, so that row numbers and counts are those of the run.
    """
    recorded = result.raw["recorded_signals"]
    names = [column.name for column in TABLES["signals"]]
    table = recorded.select(names)
    dropped = _dropped_before_start(result)
    if dropped == 0:
        return table
    fixed = {"bar_idx": 0, "kind": int(SignalKind.CLOSE)}
    columns = []
    for field in table.schema:
        value = None if field.nullable else fixed.get(field.name, 1 if field.name in ("order_type", "tif") else 0)
        columns.append(pa.array([value] * dropped, type=field.type))
    return pa.concat_tables([pa.Table.from_arrays(columns, schema=table.schema), table]).combine_chunks()


def costlier(plan: Mapping[str, Any], factor: Fraction) -> dict[str, Any]:
    """Return a plan whose debits are `factor` times as high; credits, such as positive swap, stay (RAT-3).

    Slippage, commission with its minimum, and negative swap rates; spreads are the market's.
    """
    changed: dict[str, Any] = copy.deepcopy(dict(plan))
    for symbol in changed["symbols"]:
        slippage, commission = symbol["slippage"], symbol["commission"]
        slippage["fixed_points"] = _times(slippage["fixed_points"], factor)
        slippage["random_points"] = round(slippage["random_points"] * factor)
        for model in ("impact", "volatility"):
            if slippage.get(model) is not None:
                slippage[model] = _scaled_model(slippage[model], factor)
        for key in ("rate", "minimum"):
            commission[key] = _times(commission[key], factor)
        if symbol["swap"] is not None:
            swap = symbol["swap"]
            for key in ("long", "short"):
                swap[key] = _debit(swap[key], factor)
            swap["dated"] = [[day, _debit(long, factor), _debit(short, factor)] for day, long, short in swap["dated"]]
    return changed


def _scaled_model(model: Any, factor: Fraction) -> Any:
    """Return a slippage model with its coefficient scaled: a fraction, or a table with ``points``."""
    if isinstance(model, Mapping):
        return {**model, "points": _times(model["points"], factor)}
    return _times(model, factor)


def _debit(rate: Sequence[int], factor: Fraction) -> list[int]:
    return _times(rate, factor) if rate[0] < 0 else list(rate)


def _times(pair: Sequence[int], factor: Fraction) -> list[int]:
    value = Fraction(pair[0], pair[1]) * factor
    return [value.numerator, value.denominator]


def _written(job: Job, plan: int) -> dict[str, Any]:
    return {
        "plan": plan,
        "spread": [job.spread.numerator, job.spread.denominator],
        "shift": job.shift,
        "stop": [job.stop.numerator, job.stop.denominator],
        "target": [job.target.numerator, job.target.denominator],
        "noise": job.noise,
        "decide": job.decide,
    }


def _dropped_before_start(result: BacktestResult) -> int:
    diagnostics = result.raw["diagnostics"]
    number = CATALOGUE["signal.before_start"].number
    counts = zip(diagnostics.column("code").to_pylist(), diagnostics.column("count").to_pylist(), strict=True)
    return sum(count for code, count in counts if code == number)
