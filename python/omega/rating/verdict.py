"""From components to one score, a confidence and a recommendation (RAT-5, RAT-6)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from omega.errors import error_for
from omega.rating.definitions import RAW
from omega.rating.result import Component, Number, RatingResult
from omega.rating.stages import Values, clamp, score_base, score_dropout, score_monte_carlo

DEFAULT_WEIGHTS: Mapping[str, float] = {"base": 0.2, "trade_dropout": 0.08, "monte_carlo": 0.12}
LABEL = "final score over the components of this version: base, trade_dropout, monte_carlo"
LEAST_TRADES = 30
FULL_TRADES = 100
FULL_YEARS = 2.0
REJECT_BELOW = 4.0
WATCH_BELOW = 7.0
DAYS_PER_YEAR = 365.25


def rate_run(
    metrics: Iterable[tuple[str, Number, str | None]],
    raw: Iterable[tuple[str, Number]],
    *,
    account_digits: int,
    weights: Mapping[str, float] | None = None,
) -> RatingResult:
    """Judge a finished run.

    Args:
        metrics: What the backend's `compute_metrics` returned.
        raw: What the backend's `rate` returned.
        account_digits: Digits of the account currency; money of the result is in that currency.
        weights: Weight per component, >= 0; components left out weigh nothing. Default: `DEFAULT_WEIGHTS`.

    Raises:
        ConfigError: ``rating.weights``.
    """
    chosen = check_weights(DEFAULT_WEIGHTS if weights is None else weights)
    values = {name: value for name, value, _ in metrics}
    resampled = {name: in_currency(name, value, account_digits) for name, value in raw}
    components = (
        score_base(values, chosen.get("base", 0.0)),
        score_dropout(values, resampled, chosen.get("trade_dropout", 0.0)),
        score_monte_carlo(resampled, chosen.get("monte_carlo", 0.0)),
    )
    trades = int(values["trades"] or 0)
    score = weighted_score(components) if trades >= LEAST_TRADES else None
    return RatingResult(
        final_score=score,
        confidence=confidence(values),
        recommendation=recommendation(score),
        components=components,
        reasons=reasons_in_words(values, score),
        label=LABEL,
        seeds={"trade_dropout": int(resampled["seed"] or 0), "monte_carlo": int(resampled["seed"] or 0)},
    )


def in_currency(name: str, value: Number, account_digits: int) -> Number:
    """Return a raw value as people read it: money in account currency, anything else as it is."""
    if value is None or RAW[name].unit != "minor":
        return value
    minor_units: int = 10**account_digits
    return value / minor_units


def check_weights(weights: Mapping[str, float]) -> Mapping[str, float]:
    """Refuse weights that make no score.

    Raises:
        ConfigError: ``rating.weights``.
    """
    for name, weight in weights.items():
        if name not in DEFAULT_WEIGHTS:
            raise error_for("rating.weights", reason=f"there is no component {name!r}")
        if not (math.isfinite(weight) and weight >= 0.0):
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
