"""Many runs of one recorded signal table under changed conditions, and what is compared of them (RAT-1, RAT-3).

A job names its plan, how the market and the requests are changed, and whether the plan's native strategy
decides anew on the changed market. A job without a change is the run itself, bit for bit. A job that fails has
no values; the others are not touched by it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from omega.backends.python import frame, numerics
from omega.backends.python.engine.signals import Signal, read_signals
from omega.backends.python.engine.simulation import Simulation, drive
from omega.backends.python.market import Market
from omega.backends.python.metrics.columns import Calendar, Equity, Plan, Undefined
from omega.backends.python.metrics.drawdown import deepest_frac
from omega.backends.python.metrics.returns import measure_days, sharpe
from omega.backends.python.metrics.totals import total
from omega.backends.python.plan import parse_plan
from omega.backends.python.rating.moved_market import with_noise, with_spread
from omega.backends.python.rating.moved_signals import with_levels, with_shift
from omega.backends.python.strategies import native_signals
from omega.errors import OmegaError
from omega.schema import ExitReason

Fraction = tuple[int, int]
Outcome = tuple[int | None, float | None, float | None, int | None, int]
"""Net of all trades in minor units, largest drawdown fraction, Sharpe ratio, trades; entries dropped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One stressed run.

    Attributes:
        plan: Its plan, JSON.
        spread: Factor of every spread.
        shift: Bars by which opening signals come later.
        stop: Factor of stop distances.
        target: Factor of target distances.
        noise: Number of the noise sample on prices, None for none.
        decide: Whether the plan's native strategy decides anew.
    """

    plan: str
    spread: Fraction
    shift: int
    stop: Fraction
    target: Fraction
    noise: int | None
    decide: bool


def replay(market: Market, signals: Any | None, jobs: str) -> list[Outcome]:
    """Return what came out of every job (the seam's `replay`).

    Args:
        market: The market of the run.
        signals: Its signal table; None where every job decides anew.
        jobs: JSON ``{"plans": [plan JSON, …], "jobs": [{"plan": 0, "spread": [3, 2], …}, …]}``.

    Raises:
        DataError, SignalError: for a table that no run takes.
    """
    table = [] if signals is None else read_signals(signals, market.bar_count)
    parsed = parse_jobs(jobs)
    shifts = [job for job in parsed if job.shift != 0]
    closes = own_closes(market, table, shifts[0].plan) if shifts else {}
    return [outcome_of(market, table, job, closes) for job in parsed]


def parse_jobs(text: str) -> list[Job]:
    """Return the jobs of a JSON text."""
    written = json.loads(text)
    return [
        Job(
            plan=written["plans"][job["plan"]],
            spread=(job["spread"][0], job["spread"][1]),
            shift=job["shift"],
            stop=(job["stop"][0], job["stop"][1]),
            target=(job["target"][0], job["target"][1]),
            noise=job["noise"],
            decide=job["decide"],
        )
        for job in written["jobs"]
    ]


def own_closes(market: Market, table: list[Signal], plan: str) -> Mapping[int, int]:
    """Return, by signal number, the bar that the requested close of each position is named after in the run."""
    simulation = Simulation(market, parse_plan(plan))
    trades = frame.read_table(drive(simulation, simulation.take_in(table))["trades"], "trades")
    rows = zip(trades["id"], trades["exit_bar_idx"], trades["reason"], strict=True)
    return {number: bar_idx for number, bar_idx, reason in rows if reason == ExitReason.SIGNAL}


def outcome_of(market: Market, table: list[Signal], job: Job, closes: Mapping[int, int]) -> Outcome:
    """Return what came out of one job; no values if it failed."""
    try:
        return run_job(market, table, job, closes)
    except OmegaError:
        return None, None, None, None, 0


def run_job(market: Market, table: list[Signal], job: Job, closes: Mapping[int, int]) -> Outcome:
    """Run one job on its own market, plan and requests."""
    statistics = Plan.parse(job.plan)
    moved = market if job.noise is None else with_noise(market, statistics.seed, job.noise)
    moved = with_spread(moved, job.spread)
    simulation = Simulation(moved, parse_plan(job.plan))
    rows = native_signals(moved, simulation.plan) if job.decide else table
    stressed = [with_levels(simulation, signal, job.stop, job.target, job.shift) for signal in rows]
    requests, dropped = with_shift(simulation, simulation.take_in(stressed), job.shift, closes)
    first_step = simulation.plan.first_step
    return summary(moved, first_step, drive(simulation, requests), statistics, dropped)


def summary(market: Market, first_step: int, tables: Mapping[str, Any], plan: Plan, dropped: int) -> Outcome:
    """Return what stage 2 compares, by the definitions of the metrics."""
    series = market.series[0]
    times = [series.time_us[first_step], *series.close_time_us[first_step:], series.close_time_us[-1]]
    equity = Equity(time=times, value=frame.read_table(tables["equity"], "equity")["equity"])
    net = frame.read_table(tables["trades"], "trades")["net"]
    calendar = Calendar(rollover_time=market.calendar["rollover_time"], weekday=market.calendar["weekday"])
    risk_free = numerics.quotient(plan.risk_free[0], plan.risk_free[1])
    days = measure_days(equity, calendar.boundaries(plan.days), risk_free)
    ratio: float | Undefined | int = Undefined("no_time")
    if not isinstance(days.excess, Undefined) and not isinstance(days.factor, Undefined):
        ratio = sharpe(days.excess, days.factor)
    return (
        total(net),
        deepest_frac(equity.value),
        None if isinstance(ratio, Undefined) else float(ratio),
        len(net),
        dropped,
    )


def stress_market(market: Market, stress: str) -> list[Any]:
    """Return the bars of every series of a changed market (the seam's `stress_market`).

    Args:
        market: The market of the run.
        stress: JSON ``{"spread": [3, 2], "noise": 7, "seed": 0}``; ``noise`` may be null.
    """
    wanted = json.loads(stress)
    moved = market if wanted["noise"] is None else with_noise(market, wanted["seed"], wanted["noise"])
    moved = with_spread(moved, (wanted["spread"][0], wanted["spread"][1]))
    return [frame.write_table(_bars_of(series), "bars") for series in moved.series]


def _bars_of(series: Any) -> frame.Columns:
    columns: frame.Columns = {"time": series.time_us, "close_time": series.close_time_us}
    for side, prices in (("bid", series.bid), ("ask", series.ask)):
        for name in ("open", "high", "low", "close"):
            columns[f"{side}_{name}"] = getattr(prices, name)
    columns["volume"] = series.volume
    return columns
