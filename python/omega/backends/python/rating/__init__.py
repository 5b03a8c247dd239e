"""Raw values of the statistical components: dropout, Monte Carlo, Bayes, stability (RAT-3, RAT-4); and replays.

Draws depend on seed, purpose, sample and draw number only, so no thread or order can move a value. What
the values are worth is judged once, in `omega.rating`.
"""

from __future__ import annotations

from omega.backends.python import numerics
from omega.backends.python.metrics.columns import Calendar, Equity, Plan, Trades
from omega.backends.python.metrics.returns import measure_days
from omega.backends.python.metrics.totals import total
from omega.backends.python.rating.bayes import compute_bayes
from omega.backends.python.rating.dropout import RawRow, compute_dropout
from omega.backends.python.rating.monte_carlo import check_range, compute_monte_carlo
from omega.backends.python.rating.replay import replay, stress_market
from omega.backends.python.rating.stability import compute_stability

__all__ = ["RawRow", "rate", "replay", "stress_market"]


def rate(trades: Trades, equity: Equity, calendar: Calendar, plan: Plan) -> list[RawRow]:
    """Return (name, value or None) of every raw value, in one fixed order.

    Raises:
        DataError: ``data.shape`` when equity has no rows or does not begin above 0.
        EngineError: ``engine.overflow`` when a resampled sum could leave 62 bits.
    """
    equity.check()
    check_range(total([-net if net < 0 else net for net in trades.net]), equity.value[0])
    boundaries = calendar.boundaries(plan.days)
    days = measure_days(equity, boundaries, numerics.quotient(plan.risk_free[0], plan.risk_free[1]))
    rows: list[RawRow] = [("seed", plan.seed)]
    rows += compute_dropout(trades.net, plan)
    rows += compute_monte_carlo(trades, equity, boundaries, plan)
    rows += compute_bayes(trades.net, equity, days)
    rows += compute_stability(equity, days)
    return rows
