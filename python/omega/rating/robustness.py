"""Stage 2: what is left of a run under stress (RAT-3). Outcomes in, one score from 0 to 1 per component.

Without profit there is nothing to keep: every component is 0. A component that has nothing to stress does not
apply (score None). There is no floor.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from omega.rating.replaying import Job, Outcome
from omega.rating.result import Component, Number
from omega.rating.stages import Values, clamp, mean, number

COST_FACTORS = (Fraction(5, 4), Fraction(3, 2), Fraction(2))
SCORED_COST = Fraction(3, 2)
SHIFTS = (-3, -2, -1, 1, 2, 3)
LEVEL_PERCENTS = (10, 20, 30)
SCORED_PERCENT = 10


def level_factors() -> list[tuple[int, int]]:
    """Return all pairs of stop and target percentages: down and up by 10, 20 and 30."""
    return [
        (stop, target)
        for percent in LEVEL_PERCENTS
        for stop in (100 - percent, 100 + percent)
        for target in (100 - percent, 100 + percent)
    ]


def level_job(stop: int, target: int) -> Job:
    """Return the job of one pair of percentages."""
    return Job(stop=Fraction(stop, 100), target=Fraction(target, 100))


def kept(stressed: Outcome, base: Outcome) -> float:
    """Return the score of one stressed run: the mean of what is kept of net, drawdown and Sharpe (RAT-3)."""
    if base.net is None or base.net <= 0 or stressed.net is None:
        return 0.0
    net = clamp(stressed.net / base.net)
    base_fall, fall = number(base.drawdown_frac), number(stressed.drawdown_frac)
    shallow = 1.0 if fall <= base_fall else base_fall / fall
    steady = 0.0
    if base.sharpe is not None and base.sharpe > 0.0:
        steady = clamp(number(stressed.sharpe) / base.sharpe)
    return (net + shallow + steady) / 3.0


def score_cost_shock(metrics: Values, base: Outcome, stressed: Mapping[Fraction, Outcome], weight: float) -> Component:
    """Return the score at 1.5 times the costs, and the factor at which nothing is left."""
    costs = -number(metrics["total_costs"])
    paid = [number(metrics[f"total_{name}"]) for name in ("spread", "slippage", "commission", "swap")]
    factor = None if costs <= 0.0 else 1.0 + number(metrics["total_net"]) / costs
    raw: dict[str, Number] = {"cost_break_even_factor": factor}
    for share, outcome in stressed.items():
        percent = int(share * 100)
        raw[f"cost_{percent}_net"] = outcome.net
        raw[f"cost_{percent}_drawdown_frac"] = outcome.drawdown_frac
        raw[f"cost_{percent}_sharpe"] = outcome.sharpe
    if not any(cost < 0.0 for cost in paid):
        return Component(name="cost_shock", weight=weight, score=None, reason="Not applicable: no costs.", raw=raw)
    if factor is None:
        text = "Credits outweigh the costs."
    else:
        text = _if_profit(base, f"Profit is gone at {factor:.2f} times the costs.")
    return Component(name="cost_shock", weight=weight, score=kept(stressed[SCORED_COST], base), reason=text, raw=raw)


def score_timing(base: Outcome, stressed: Mapping[int, Outcome], weight: float) -> Component:
    """Return the mean score of entries 1, 2 and 3 bars later; earlier ones are reported."""
    raw: dict[str, Number] = {}
    for shift, outcome in stressed.items():
        side = f"{'minus' if shift < 0 else 'plus'}_{abs(shift)}"
        raw[f"timing_{side}_net"] = outcome.net
        raw[f"timing_{side}_dropped"] = outcome.dropped
    if not stressed:
        return Component(
            name="timing_jitter", weight=weight, score=None, reason="Not applicable: no opening signals.", raw=raw
        )
    late = [outcome for shift, outcome in stressed.items() if shift > 0]
    return Component(
        name="timing_jitter",
        weight=weight,
        score=mean([kept(outcome, base) for outcome in late]),
        reason=_if_profit(
            base, f"Entered one bar later {_share_text(late[0], base)}, three bars later {_share_text(late[-1], base)}."
        ),
        raw=raw,
    )


def score_levels(base: Outcome, stressed: Mapping[tuple[int, int], Outcome], weight: float) -> Component:
    """Return the mean score over stops and targets 10 % nearer and farther; 20 and 30 % are reported."""
    raw: dict[str, Number] = {
        f"level_stop_{stop}_target_{target}_net": outcome.net for (stop, target), outcome in stressed.items()
    }
    if not stressed:
        return Component(
            name="level_stress", weight=weight, score=None, reason="Not applicable: no stops or targets.", raw=raw
        )
    scored = [outcome for (stop, _), outcome in stressed.items() if abs(stop - 100) == SCORED_PERCENT]
    worst = min(scored, key=lambda outcome: number(outcome.net))
    return Component(
        name="level_stress",
        weight=weight,
        score=mean([kept(outcome, base) for outcome in scored]),
        reason=_if_profit(base, f"With stops and targets 10 % elsewhere, at worst {_share_text(worst, base)}."),
        raw=raw,
    )


def score_data_jitter(base: Outcome, stressed: Sequence[Outcome], weight: float) -> Component:
    """Return the mean score over runs that decided anew on prices moved by noise."""
    raw = _distribution("data", stressed)
    if not stressed:
        return Component(
            name="data_jitter",
            weight=weight,
            score=None,
            reason="Not applicable: no decision depends on prices.",
            raw=raw,
        )
    share = 100.0 * number(raw["data_p_net_positive"])
    return Component(
        name="data_jitter",
        weight=weight,
        score=mean([kept(outcome, base) for outcome in stressed]),
        reason=f"On prices moved by a tenth of their range {share:.0f} % of {len(stressed)} runs are in profit.",
        raw=raw,
    )


def report_parameters(stressed: Sequence[Outcome]) -> Component:
    """Return the runs with neighbouring parameters: reported, never scored."""
    raw = _distribution("parameter", stressed)
    if not stressed:
        text = "Reported only: no numeric parameters, or none asked for."
    else:
        share = 100.0 * number(raw["parameter_p_net_positive"])
        text = f"Reported only: {share:.0f} % of {len(stressed)} neighbouring parameter sets are in profit."
    return Component(name="parameter_jitter", weight=0.0, score=None, reason=text, raw=raw)


def _distribution(prefix: str, outcomes: Sequence[Outcome]) -> dict[str, Number]:
    """Return runs, share in profit, and quantiles of net (NUM-4); failed runs are not in profit."""
    nets = sorted(outcome.net for outcome in outcomes if outcome.net is not None)
    raw: dict[str, Number] = {f"{prefix}_runs": len(outcomes)}
    raw[f"{prefix}_p_net_positive"] = sum(net > 0 for net in nets) / len(outcomes) if outcomes else None
    for name, num, den in (("q05", 1, 20), ("q50", 1, 2), ("q95", 19, 20)):
        raw[f"{prefix}_net_{name}"] = nets[max(0, -(-num * len(nets) // den) - 1)] if nets else None
    return raw


def _if_profit(base: Outcome, text: str) -> str:
    return "The run made no profit to keep." if base.net is None or base.net <= 0 else text


def _share_text(outcome: Outcome, base: Outcome) -> str:
    if outcome.net is None:
        return "the run fails"
    if not base.net or outcome.net <= 0:
        return "the profit is gone"
    return f"{100.0 * outcome.net / base.net:.0f} % of the profit is left"
