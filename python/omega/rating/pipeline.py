"""The four stages of a rating, one after the other: what to ask of the backends, and what to hand to the verdict.

A strategy written in Python is asked again where prices or parameters change; everything else replays what it
decided, natively. A strategy that reads its own positions may have decided otherwise then: the result says so.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pyarrow as pa

from omega.engine import BacktestResult
from omega.engine.run import run_plan
from omega.errors import OmegaError
from omega.rating.neighbours import neighbours
from omega.rating.replaying import Job, Outcome, costlier, replay
from omega.rating.result import RatingResult
from omega.rating.robustness import COST_FACTORS, SHIFTS, level_factors, level_job
from omega.rating.verdict import Stress, check_weights, rate_run
from omega.schema import SignalKind

__all__ = ["RatingPipeline", "raw_rating"]

Progress = Callable[[int, int], None]
LEVELS = ("sl", "tp", "sl_points", "tp_points", "sl_pips", "tp_pips", "sl_atr")
FAILED = Outcome(None, None, None, None, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingPipeline:
    """Rates finished runs. What is None is taken from the run's own config.

    Attributes:
        weights: Weight per component; components left out weigh nothing.
        samples: Monte Carlo resamples.
        dropout_samples: Samples per dropout fraction.
        data_samples: Runs on noisy prices; 0 leaves the component out.
        parameter_samples: Runs with neighbouring parameters; 0 leaves them out.
        bootstrap: What Monte Carlo draws: ``auto``, ``iid``, ``day``, ``week`` or ``stationary``.
        seed: Seed of all resampling.
        rerun: Ask a strategy that reads its own positions again at higher costs.
    """

    weights: Mapping[str, float] | None = None
    samples: int | None = None
    dropout_samples: int | None = None
    data_samples: int | None = None
    parameter_samples: int | None = None
    bootstrap: str | None = None
    seed: int | None = None
    rerun: bool | None = None

    def rate(self, result: BacktestResult, *, on_progress: Progress | None = None) -> RatingResult:
        """Rate a finished run: 0 to 10, with the reasons.

        Args:
            result: What `backtest` returned.
            on_progress: Called with (current, total) stressed runs.

        Raises:
            ConfigError: ``rating.weights``, ``config.plan`` for settings out of range.
        """
        written = result.conditions.resolved.config.rating
        weights = check_weights(written.weights.model_dump() if self.weights is None else self.weights)
        run = _Run(result, self._plan(result), on_progress)
        raw = raw_rating(result, run.text)
        stress = run.stress(
            data_samples=written.data_samples if self.data_samples is None else self.data_samples,
            parameter_samples=written.parameter_samples if self.parameter_samples is None else self.parameter_samples,
            rerun=written.rerun if self.rerun is None else self.rerun,
        )
        digits = result.plan["account"]["digits"]
        return rate_run(result.metrics.rows, raw, stress, account_digits=digits, weights=weights)

    def _plan(self, result: BacktestResult) -> dict[str, Any]:
        """Return the plan of the run with the settings that differ."""
        wanted = {
            "seed": self.seed,
            "bootstrap": self.bootstrap,
            "samples": self.samples,
            "dropout_samples": self.dropout_samples,
        }
        changes = {name: value for name, value in wanted.items() if value is not None}
        return {**result.plan, "rating": {**result.plan["rating"], **changes}}


def raw_rating(result: BacktestResult, plan: str | None = None) -> Any:
    """Return the raw values of the statistical components, as the backend computed them.

    Alpha and beta are measured against holding the traded pair: its bid at the same moments.
    """
    conditions = result.conditions
    bars = conditions.tables.series[0].slice(result.plan["first_step"])
    closes = pa.chunked_array(bars.column("bid_close")).combine_chunks()
    first = pa.chunked_array(bars.column("bid_open")).combine_chunks().slice(0, 1)
    held = pa.concat_arrays([_flat(first), _flat(closes), _flat(closes).slice(len(closes) - 1)]).cast(pa.int64())
    equity = result.timed_equity.append_column(pa.field("benchmark", pa.int64(), nullable=False), held)
    calendar = conditions.tables.calendar
    return conditions.rating_backend.rate(result.raw["trades"], equity, calendar, plan or conditions.plan)


def _flat(array: Any) -> Any:
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


class _Run:
    """The stressed runs of one finished run."""

    def __init__(self, result: BacktestResult, plan: dict[str, Any], on_progress: Progress | None) -> None:
        self.result = result
        self.plan = plan
        self.text = json.dumps(plan, sort_keys=True)
        self._on_progress = on_progress
        self._done = 0
        self._total = 0
        self._moved = False
        conditions = result.conditions
        tables = conditions.tables
        self._market = conditions.backend.open_market(tables.header, tables.series, tables.visible, tables.calendar)

    def stress(self, *, data_samples: int, parameter_samples: int, rerun: bool) -> Stress:
        """Return everything stage 2 asks for."""
        facts = self.result.conditions.strategy
        sets = list(neighbours(facts.parameters, self.plan["rating"]["seed"], parameter_samples))
        asks_again = facts.path_dependent and rerun
        jobs = self._jobs(with_costs=not asks_again)
        self._total = len(jobs) + len(sets) + data_samples + (len(COST_FACTORS) if asks_again else 0)
        outcomes = dict(zip(jobs, self._replay(list(jobs.values())), strict=True))
        costs = {factor: outcomes[("cost", factor)] for factor in COST_FACTORS if not asks_again}
        if asks_again:
            costs = {factor: self._ask(costs=factor) for factor in COST_FACTORS}
        return Stress(
            base=outcomes[("base", 0)],
            costs=costs,
            timing={key: outcome for (kind, key), outcome in outcomes.items() if kind == "timing"},
            levels={key: outcome for (kind, key), outcome in outcomes.items() if kind == "level"},
            noise=self._noise(data_samples),
            parameters=self._neighbours(sets),
            notes=_notes(path_dependent=facts.path_dependent, asks_again=asks_again),
        )

    def _jobs(self, *, with_costs: bool) -> dict[tuple[str, Any], Job]:
        """Return the replays by kind and key; the first changes nothing."""
        signals = self.result.raw["recorded_signals"]
        jobs: dict[tuple[str, Any], Job] = {("base", 0): Job()}
        if with_costs:
            for factor in COST_FACTORS:
                jobs[("cost", factor)] = Job(plan=costlier(self.plan, factor), spread=factor)
        orders = signals.filter(
            pa.array([kind == SignalKind.ORDER for kind in signals["kind"].to_pylist()], pa.bool_())
        )
        if len(orders):
            jobs |= {("timing", shift): Job(shift=shift) for shift in SHIFTS}
        if any(orders[name].null_count < len(orders) for name in LEVELS if name in orders.column_names):
            jobs |= {("level", pair): level_job(*pair) for pair in level_factors()}
        return jobs

    def _replay(self, jobs: list[Job]) -> list[Outcome]:
        outcomes = replay(self.result, self._market, jobs, plan=self.text)
        self._report(len(jobs))
        return outcomes

    def _noise(self, samples: int) -> list[Outcome]:
        """Return runs that decide anew on noisy prices; none where no price moved a decision."""
        if self.result.conditions.strategy.style == "native":
            return self._replay([Job(noise=sample, decide=True) for sample in range(samples)])
        self._moved = False
        outcomes = [self._ask(noise=sample) for sample in range(samples)]
        return outcomes if self._moved else []

    def _neighbours(self, sets: Sequence[Mapping[str, Any]]) -> list[Outcome]:
        """Return runs with other parameters."""
        if self.result.conditions.strategy.style != "native":
            return [self._ask(parameters=parameters) for parameters in sets]
        plans = [{**self.plan, "strategy": {**self.plan["strategy"], "parameters": dict(one)}} for one in sets]
        return self._replay([Job(plan=plan, decide=True) for plan in plans])

    def _ask(
        self, *, costs: Fraction | None = None, noise: int | None = None, parameters: Mapping[str, Any] | None = None
    ) -> Outcome:
        """Return a run of a fresh strategy under changed conditions; no values if it fails."""
        conditions = self.result.conditions
        tables = conditions.tables
        if costs is not None or noise is not None:
            spread = costs or Fraction(1)
            seed = self.plan["rating"]["seed"]
            stress = {"spread": [spread.numerator, spread.denominator], "noise": noise, "seed": seed}
            series = conditions.backend.stress_market(self._market, json.dumps(stress))
            tables = dataclasses.replace(tables, series=tuple(series))
        resolved: Any = conditions.resolved if costs is None else _Costlier(conditions.resolved, costs)
        strategy = conditions.instance
        try:
            fresh = strategy._fresh() if parameters is None else type(strategy)(**parameters)
            stressed = run_plan(tables, resolved, fresh, backend=conditions.backend.name)
            outcome = _outcome(stressed)
            self._moved |= stressed.raw["recorded_signals"] != self.result.raw["recorded_signals"]
        except OmegaError:
            outcome, self._moved = FAILED, True
        self._report(1)
        return outcome

    def _report(self, count: int) -> None:
        self._done += count
        if self._on_progress is not None:
            self._on_progress(self._done, max(self._total, self._done))


class _Costlier:
    """A resolved config whose plan has higher debits."""

    def __init__(self, resolved: Any, factor: Fraction) -> None:
        self._resolved = resolved
        self._factor = factor

    def __getattr__(self, name: str) -> Any:
        return getattr(self._resolved, name)

    def plan_json(self, *arguments: Any) -> str:
        """Return the plan of the run, costlier."""
        return json.dumps(costlier(json.loads(self._resolved.plan_json(*arguments)), self._factor), sort_keys=True)


def _outcome(result: BacktestResult) -> Outcome:
    values = {name: value for name, value, _ in result.metrics.rows}
    sharpe = None if values["sharpe"] is None else float(values["sharpe"])
    return Outcome(int(values["total_net"] or 0), values["max_drawdown_frac"], sharpe, int(values["trades"] or 0), 0)


def _notes(*, path_dependent: bool, asks_again: bool) -> tuple[str, ...]:
    if not path_dependent:
        return ()
    reads = "The strategy reads its own positions or account"
    if asks_again:
        replayed = "moved entries and other levels replay what it decided in the run."
        return (f"{reads}: it was asked again at higher costs; {replayed}",)
    replayed = "higher costs, moved entries and other levels replay what it decided in the run"
    return (f"{reads}, so it might have decided otherwise: {replayed} (rating.rerun asks it again).",)
