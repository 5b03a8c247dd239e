"""What the trades and days let one believe about the true rates (RAT-4).

The win rate has the uniform prior Beta(1, 1). Alpha and beta against a benchmark have the noninformative
prior of a linear regression, whose posterior of alpha is a t distribution with n - 2 degrees of freedom.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from omega.backends.python import numerics
from omega.backends.python.metrics.columns import Equity, Undefined
from omega.backends.python.metrics.returns import DayReturns, simple_returns
from omega.backends.python.metrics.totals import total

RawRow = tuple[str, int | float | None]


def compute_bayes(net: Sequence[int], equity: Equity, days: DayReturns) -> list[RawRow]:
    """Return the break-even win rate with P(rate above it), and the regression on the benchmark."""
    wins = [value for value in net if value > 0]
    losses = [value for value in net if value < 0]
    level = break_even(wins, losses)
    sure = None if level is None else rate_above(len(wins), len(losses), level)
    rows: list[RawRow] = [("bayes_break_even", level), ("bayes_p_above_break_even", sure)]
    return rows + regression(equity, days)


def break_even(wins: Sequence[int], losses: Sequence[int]) -> float | None:
    """Return the win rate at which nothing is earned, 1/(1 + payoff): 0 without losses, 1 without wins."""
    if len(wins) == 0 and len(losses) == 0:
        return None
    if len(losses) == 0:
        return 0.0
    if len(wins) == 0:
        return 1.0
    # payoff = (won/wins) / (lost/losses), so 1/(1 + payoff) is one exact fraction.
    lost = -total(losses) * len(wins)
    return numerics.quotient(lost, lost + total(wins) * len(losses))


def rate_above(wins: int, losses: int, level: float) -> float:
    """Return P(win rate > level) under Beta(1 + wins, 1 + losses)."""
    return numerics.betainc(1.0 + losses, 1.0 + wins, 1.0 - level)


def regression(equity: Equity, days: DayReturns) -> list[RawRow]:
    """Return annual alpha, beta and P(alpha > 0) of excess returns per FX day on those of the benchmark.

    None without a benchmark, below three days, or where the benchmark does not move or explains everything.
    """
    missing: list[RawRow] = [("bayes_alpha", None), ("bayes_beta", None), ("bayes_p_alpha_positive", None)]
    if equity.benchmark is None or isinstance(days.excess, Undefined) or isinstance(days.factor, Undefined):
        return missing
    held = simple_returns([equity.benchmark[row] for row in days.rows])
    count = len(held)
    if count < 3 or numerics.sample_deviation(held) == 0.0:
        return missing
    mean_x = numerics.sum_left(held) / count
    mean_y = numerics.sum_left(days.excess) / count
    across = both = 0.0
    for x, y in zip(held, days.excess, strict=True):
        across = across + (x - mean_x) * (x - mean_x)
        both = both + (x - mean_x) * (y - mean_y)
    beta = both / across
    alpha = mean_y - beta * mean_x
    errors = 0.0
    for x, y in zip(held, days.excess, strict=True):
        error = (y - mean_y) - beta * (x - mean_x)
        errors = errors + error * error
    if errors == 0.0:
        return missing
    deviation = math.sqrt(errors / (count - 2) * (1.0 / count + mean_x * mean_x / across))
    return [
        ("bayes_alpha", alpha * days.factor),
        ("bayes_beta", beta),
        ("bayes_p_alpha_positive", numerics.student_cdf(alpha / deviation, float(count - 2))),
    ]
