"""How good a raw value is: stages 1 and 3, one score from 0 to 1 per component, with the sentence that says why.

A component that could not be computed scores 0, because no data is never a good score (RAT-5). Stage 2 is in
`omega.rating.robustness`.
"""

from __future__ import annotations

from collections.abc import Mapping

from omega.rating.result import Component, Number

DROPOUT_PERCENTS = (10, 20, 30)
TOLERATED_DRAWDOWN_FRAC = 0.30
FULL_SHARPE = 2.0
METHODS = ("trades", "FX days", "FX weeks", "trades in runs")

Values = Mapping[str, Number]


def score_base(metrics: Values, weight: float) -> Component:
    """Return stage 1: the mean of profit factor, Sharpe and drawdown scores (RAT-2)."""
    profit_factor = metrics["profit_factor"]
    if profit_factor is None:
        earned = 1.0 if (metrics["wins"] or 0) > 0 else 0.0
        earned_text = "profit factor without losses" if earned > 0.0 else "no profit factor"
    else:
        earned = clamp(profit_factor - 1.0)
        earned_text = f"profit factor {profit_factor:.2f}"
    sharpe = metrics["sharpe"]
    steady = 0.0 if sharpe is None else clamp(sharpe / FULL_SHARPE)
    steady_text = "no Sharpe ratio" if sharpe is None else f"Sharpe {sharpe:.2f}"
    drawdown = number(metrics["max_drawdown_frac"])
    shallow = clamp(1.0 - drawdown / TOLERATED_DRAWDOWN_FRAC)
    return Component(
        name="base",
        weight=weight,
        score=(earned + steady + shallow) / 3.0,
        reason=f"{earned_text} ({earned:.2f}), {steady_text} ({steady:.2f}), "
        f"drawdown {100 * drawdown:.1f} % ({shallow:.2f}).",
        raw={name: metrics[name] for name in ("profit_factor", "sharpe", "max_drawdown_frac")},
    )


def score_dropout(metrics: Values, raw: Values, weight: float) -> Component:
    """Return trade dropout: half P(net > 0), half profit kept, over all fractions (RAT-3)."""
    own = _own(raw, "dropout_")
    shares = [own[f"dropout_{percent}_p_net_positive"] for percent in DROPOUT_PERCENTS]
    kept = [own[f"dropout_{percent}_kept_profit"] for percent in DROPOUT_PERCENTS]
    if number(metrics["total_net"]) <= 0:
        return Component(
            name="trade_dropout", weight=weight, score=0.0, reason="The run made no profit to keep.", raw=own
        )
    if None in shares or None in kept:
        return Component(name="trade_dropout", weight=weight, score=0.0, reason="Could not be computed.", raw=own)
    sure = mean([clamp(2.0 * number(share) - 1.0) for share in shares])
    full = mean([clamp(number(part)) for part in kept])
    return Component(
        name="trade_dropout",
        weight=weight,
        score=0.5 * sure + 0.5 * full,
        reason=f"Without 30 % of the trades {100 * number(shares[-1]):.1f} % of the samples stay in profit.",
        raw=own,
    )


def score_monte_carlo(raw: Values, weight: float) -> Component:
    """Return Monte Carlo confidence: clamp(2p - 1) of p = P(net > 0); a coin flip earns nothing (RAT-4)."""
    own = _own(raw, "monte_carlo_")
    p = own["monte_carlo_p_net_positive"]
    if p is None:
        return Component(name="monte_carlo", weight=weight, score=0.0, reason="Could not be computed.", raw=own)
    units = METHODS[int(number(own["monte_carlo_method"]))]
    low, high = number(own["monte_carlo_p_low"]), number(own["monte_carlo_p_high"])
    return Component(
        name="monte_carlo",
        weight=weight,
        score=clamp(2.0 * p - 1.0),
        reason=f"{100 * p:.1f} % of {own['monte_carlo_samples']} resamples of {own['monte_carlo_units']} {units} "
        f"end in profit (95 % interval {100 * low:.1f} to {100 * high:.1f} %); "
        f"risk of ruin {100 * number(own['monte_carlo_risk_of_ruin']):.1f} %.",
        raw=own,
    )


def score_bayesian(raw: Values, weight: float) -> Component:
    """Return the Bayesian win rate: clamp(2p - 1) of p = P(win rate > break-even) (RAT-4)."""
    own = _own(raw, "bayes_")
    p, level = own["bayes_p_above_break_even"], own["bayes_break_even"]
    if p is None or level is None:
        return Component(name="bayesian", weight=weight, score=0.0, reason="No trade won or lost.", raw=own)
    return Component(
        name="bayesian",
        weight=weight,
        score=clamp(2.0 * p - 1.0),
        reason=f"The true win rate is above its break-even of {100 * level:.1f} % "
        f"with a probability of {100 * p:.1f} %.",
        raw=own,
    )


def score_stability(metrics: Values, raw: Values, weight: float) -> Component:
    """Return the stability index; r² of log equity on time is reported beside it (RAT-4)."""
    own = {**_own(raw, "stability_"), "stability_r2": metrics["stability_r2"]}
    index = own["stability_index"]
    if index is None:
        return Component(
            name="stability", weight=weight, score=0.0, reason="Could not be computed: fewer than 12 FX days.", raw=own
        )
    windows = "months" if own["stability_by_month"] else "equal parts"
    r2 = "undefined" if own["stability_r2"] is None else f"{own['stability_r2']:.2f}"
    return Component(
        name="stability",
        weight=weight,
        score=clamp(index),
        reason=f"The mean returns of {own['stability_windows']} {windows} have an index of {index:.2f} "
        f"(1 is the same in each, 0 no profit); signed r² of log equity {r2}.",
        raw=own,
    )


def score_significance(metrics: Values, raw: Values, weight: float) -> Component:
    """Return significance: clamp(2p - 1) of p = PSR(0); bootstrap p-values are reported (RAT-4)."""
    own = {name: metrics[name] for name in ("psr", "min_track_record", "skewness", "kurtosis", "runs_z")}
    own |= {name: raw[name] for name in ("monte_carlo_p_value_net", "monte_carlo_p_value_r")}
    p = own["psr"]
    if p is None:
        return Component(name="significance", weight=weight, score=0.0, reason="Could not be computed.", raw=own)
    record = own["min_track_record"]
    needed = "no record is long enough" if record is None else f"{record:.0f} FX days would make it 95 %"
    return Component(
        name="significance",
        weight=weight,
        score=clamp(2.0 * p - 1.0),
        reason=f"The true Sharpe ratio is above 0 with a probability of {100 * p:.1f} %; {needed}.",
        raw=own,
    )


def clamp(value: float) -> float:
    """Return the value, brought into 0 to 1."""
    if value < 0.0:
        return 0.0
    return 1.0 if value > 1.0 else value


def number(value: Number) -> float:
    """Return a value, 0 where there is none."""
    return 0.0 if value is None else value


def mean(values: list[float]) -> float:
    """Return the mean of at least one value."""
    total = 0.0
    for value in values:
        total += value
    return total / len(values)


def _own(raw: Values, prefix: str) -> dict[str, Number]:
    return {name: value for name, value in raw.items() if name.startswith(prefix)}
