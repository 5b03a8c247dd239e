"""From components to one score, a confidence and a recommendation (RAT-5, RAT-6)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from omega.errors import error_for
from omega.rating.definitions import RAW, STRESS
from omega.rating.replaying import Outcome
from omega.rating.result import Component, Number, RatingResult
from omega.rating.robustness import (
    report_parameters,
    score_cost_shock,
    score_data_jitter,
    score_levels,
    score_timing,
)
from omega.rating.stages import (
    Values,
    clamp,
    score_base,
    score_bayesian,
    score_dropout,
    score_monte_carlo,
    score_significance,
    score_stability,
)

DEFAULT_WEIGHTS: Mapping[str, float] = {
    "base": 0.2,
    "trade_dropout": 0.08,
    "cost_shock": 0.08,
    "timing_jitter": 0.08,
    "level_stress": 0.08,
    "data_jitter": 0.08,
    "monte_carlo": 0.12,
    "bayesian": 0.08,
    "stability": 0.1,
    "significance": 0.1,
}
LEAST_TRADES = 30
FULL_TRADES = 100
FULL_YEARS = 2.0
REJECT_BELOW = 4.0
WATCH_BELOW = 7.0
DAYS_PER_YEAR = 365.25
LARGEST_CHANCE = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Stress:
    """What the stressed runs of stage 2 gave; an empty group does not apply.

    Attributes:
        base: The replay without a change: the run itself.
        costs: By factor of the debits.
        timing: By bars that entries came later.
        levels: By percentages of stop and target distance.
        noise: Runs that decided anew on noisy prices.
        parameters: Runs with neighbouring parameters.
        notes: What a reader must know about how they were made.
    """

    base: Outcome
    costs: Mapping[Fraction, Outcome]
    timing: Mapping[int, Outcome]
    levels: Mapping[tuple[int, int], Outcome]
    noise: Sequence[Outcome]
    parameters: Sequence[Outcome] = ()
    notes: Sequence[str] = field(default=())


def rate_run(
    metrics: Iterable[tuple[str, Number, str | None]],
    raw: Iterable[tuple[str, Number]],
    stress: Stress,
    *,
    account_digits: int,
    weights: Mapping[str, float] | None = None,
) -> RatingResult:
    """Judge a finished run.

    Args:
        metrics: What the backend's `compute_metrics` returned.
        raw: What the backend's `rate` returned.
        stress: What the stressed runs gave.
        account_digits: Digits of the account currency; money of the result is in that currency.
        weights: Weight per component, >= 0; components left out weigh nothing. Default: `DEFAULT_WEIGHTS`.

    Raises:
        ConfigError: ``rating.weights``.
    """
    chosen = check_weights(DEFAULT_WEIGHTS if weights is None else weights)
    values = {name: value for name, value, _ in metrics}
    given = dict(raw)
    judged = (
        score_base(values, chosen.get("base", 0.0)),
        score_dropout(values, given, chosen.get("trade_dropout", 0.0)),
        score_cost_shock(values, stress.base, stress.costs, chosen.get("cost_shock", 0.0)),
        score_timing(stress.base, stress.timing, chosen.get("timing_jitter", 0.0)),
        score_levels(stress.base, stress.levels, chosen.get("level_stress", 0.0)),
        score_data_jitter(stress.base, stress.noise, chosen.get("data_jitter", 0.0)),
        score_monte_carlo(given, chosen.get("monte_carlo", 0.0)),
        score_bayesian(given, chosen.get("bayesian", 0.0)),
        score_stability(values, given, chosen.get("stability", 0.0)),
        score_significance(values, given, chosen.get("significance", 0.0)),
        report_parameters(stress.parameters),
    )
    trades = int(values["trades"] or 0)
    score = weighted_score(judged) if trades >= LEAST_TRADES else None
    seed = int(given["seed"] or 0)
    word, doubt = ruled(recommendation(score), given["monte_carlo_p_value_net"])
    return RatingResult(
        final_score=score,
        confidence=confidence(values),
        recommendation=word,
        components=tuple(in_currency(component, account_digits) for component in judged),
        reasons=(*doubt, *reasons_in_words(values, score), *stress.notes),
        label=f"final score over {len(DEFAULT_WEIGHTS)} weighted components",
        seeds=dict.fromkeys(("data_jitter", "monte_carlo", "parameter_jitter", "trade_dropout"), seed),
    )


def in_currency(component: Component, account_digits: int) -> Component:
    """Return a component with its raw values as people read them: money in account currency."""
    minor_units: int = 10**account_digits
    known = {**RAW, **STRESS}
    return replace(
        component,
        raw={
            name: value / minor_units if value is not None and name in known and known[name].unit == "minor" else value
            for name, value in component.raw.items()
        },
    )


def check_weights(weights: Mapping[str, float]) -> Mapping[str, float]:
    """Refuse weights that make no score.

    Raises:
        ConfigError: ``rating.weights``.
    """
    for name, weight in weights.items():
        if name not in DEFAULT_WEIGHTS:
            raise error_for("rating.weights", reason=f"there is no component {name!r}")
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not math.isfinite(weight) or weight < 0:
            raise error_for("rating.weights", reason=f"{name} is {weight}, expected a number from 0 up")
    if not any(weight > 0.0 for weight in weights.values()):
        raise error_for("rating.weights", reason="no component has a weight above 0")
    return weights


def weighted_score(components: Sequence[Component]) -> float | None:
    """Return 10 · Σ w·s / Σ w over the components that apply, or None if none weighs anything (RAT-5)."""
    earned = 0.0
    possible = 0.0
    for component in components:
        if component.score is not None:
            earned += component.weight * component.score
            possible += component.weight
    return None if possible == 0.0 else 10.0 * earned / possible


def confidence(metrics: Values) -> float:
    """Return min(1, n/100) · (1 - ambiguous share) · min(1, years/2) (RAT-6)."""
    many = clamp((metrics["trades"] or 0) / FULL_TRADES)
    clear = 1.0 - (metrics["ambiguous_share"] or 0.0)
    long = clamp((metrics["elapsed_days"] or 0.0) / DAYS_PER_YEAR / FULL_YEARS)
    return many * clear * long


def recommendation(score: float | None) -> str:
    """Return the word for a score: reject below 4, watch below 7, candidate from 7 (RAT-6)."""
    if score is None:
        return "insufficient_evidence"
    if score < REJECT_BELOW:
        return "reject"
    return "watch" if score < WATCH_BELOW else "candidate"


def ruled(word: str, chance: Number) -> tuple[str, tuple[str, ...]]:
    """Return the recommendation once chance is asked: no candidate while luck alone may have made the profit.

    Of many strategies without any edge the luckiest score well in every test that looks at the same trades;
    benchmarks/calibration.py shows how many. `chance` is the bootstrap p-value of the mean net.
    """
    if word != "candidate" or (chance is not None and chance <= LARGEST_CHANCE):
        return word, ()
    share = "unknown" if chance is None else f"{100 * chance:.1f} %"
    return "watch", (
        f"Chance is not ruled out: the probability that a run without edge does as well is {share}; "
        f"a candidate needs at most {100 * LARGEST_CHANCE:g} %.",
    )


def reasons_in_words(metrics: Values, score: float | None) -> tuple[str, ...]:
    """Return what besides the components speaks for or against the run."""
    trades = int(metrics["trades"] or 0)
    ambiguous = metrics["ambiguous_share"] or 0.0
    years = (metrics["elapsed_days"] or 0.0) / DAYS_PER_YEAR
    reasons = []
    if trades < LEAST_TRADES:
        reasons.append(f"{trades} trades are too few for a score; it takes {LEAST_TRADES}.")
    elif score is None:
        reasons.append("No component that applies has a weight.")
    elif trades < FULL_TRADES:
        reasons.append(f"{trades} trades: full confidence takes {FULL_TRADES}.")
    if metrics["ruined"]:
        reasons.append("Equity was at or below 0 at some time.")
    if ambiguous > 0.0:
        reasons.append(f"The intrabar rule decided {100 * ambiguous:.1f} % of the trades.")
    if years < FULL_YEARS:
        reasons.append(f"{years:.2f} years of data: full confidence takes {FULL_YEARS:.0f}.")
    return tuple(reasons)
