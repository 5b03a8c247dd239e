"""How good a raw value is: one score from 0 to 1 per component, with the sentence that says why.

A component that could not be computed scores 0, because no data is never a good score (RAT-5).
"""

from __future__ import annotations

from collections.abc import Mapping

from omega.rating.result import Component, Number

DROPOUT_PERCENTS = (10, 20, 30)
TOLERATED_DRAWDOWN_FRAC = 0.30
FULL_SHARPE = 2.0

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
    drawdown = _number(metrics["max_drawdown_frac"])
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
    own = {name: value for name, value in raw.items() if name.startswith("dropout_")}
    shares = [own[f"dropout_{percent}_p_net_positive"] for percent in DROPOUT_PERCENTS]
    kept = [own[f"dropout_{percent}_kept_profit"] for percent in DROPOUT_PERCENTS]
    if _number(metrics["total_net"]) <= 0:
        return Component(
            name="trade_dropout", weight=weight, score=0.0, reason="The run made no profit to keep.", raw=own
        )
    if None in shares or None in kept:
        return Component(name="trade_dropout", weight=weight, score=0.0, reason="Could not be computed.", raw=own)
    sure = _mean([clamp(2.0 * _number(share) - 1.0) for share in shares])
    full = _mean([clamp(_number(part)) for part in kept])
    return Component(
        name="trade_dropout",
        weight=weight,
        score=0.5 * sure + 0.5 * full,
        reason=f"Without 30 % of the trades {100 * _number(shares[-1]):.1f} % of the samples stay in profit.",
        raw=own,
    )


def score_monte_carlo(raw: Values, weight: float) -> Component:
    """Return Monte Carlo confidence: clamp(2p - 1) of p = P(net > 0); a coin flip earns nothing (RAT-4)."""
    own = {name: value for name, value in raw.items() if name.startswith("monte_carlo_")}
    p = own["monte_carlo_p_net_positive"]
    if p is None:
        return Component(name="monte_carlo", weight=weight, score=0.0, reason="Could not be computed.", raw=own)
    units = "FX days" if own["monte_carlo_by_day"] else "trades"
    low, high = _number(own["monte_carlo_p_low"]), _number(own["monte_carlo_p_high"])
    return Component(
        name="monte_carlo",
        weight=weight,
        score=clamp(2.0 * p - 1.0),
        reason=f"{100 * p:.1f} % of {own['monte_carlo_samples']} resamples of {own['monte_carlo_units']} {units} "
        f"end in profit (95 % interval {100 * low:.1f} to {100 * high:.1f} %); "
        f"risk of ruin {100 * _number(own['monte_carlo_risk_of_ruin']):.1f} %.",
        raw=own,
    )


def clamp(value: float) -> float:
    """Return the value, brought into 0 to 1."""
    if value < 0.0:
        return 0.0
    return 1.0 if value > 1.0 else value


def _number(value: Number) -> float:
    return 0.0 if value is None else value


def _mean(values: list[float]) -> float:
    total = 0.0
    for value in values:
        total += value
    return total / len(values)
