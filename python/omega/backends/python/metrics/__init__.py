"""The metrics of a finished run, MET-1 to MET-7, in one fixed order.

Money stays in integer minor units, averages of money are floats in minor units, ratios are floats. What
has no value is None with a reason; it is never 0, NaN or a very large number. Names, units and definitions
in words are in `omega.rating.definitions`.
"""

from __future__ import annotations

from omega.backends.python import numerics
from omega.backends.python.metrics.columns import Calendar, Equity, Plan, Row, Trades, Undefined, Value
from omega.backends.python.metrics.drawdown import compute_drawdowns, drawdown_fracs, find_deepest, ulcer_index
from omega.backends.python.metrics.returns import compute_ratios, measure_days, per_risk
from omega.backends.python.metrics.significance import compute_significance
from omega.backends.python.metrics.totals import cagr, compute_totals
from omega.backends.python.metrics.trade_statistics import compute_trade_statistics

__all__ = ["Calendar", "Equity", "Metric", "Plan", "Trades", "compute_metrics"]

Metric = tuple[str, int | float | None, str | None]


def compute_metrics(trades: Trades, equity: Equity, calendar: Calendar, plan: Plan) -> list[Metric]:
    """Return (name, value or None, reason or None) of every metric.

    Raises:
        DataError: ``data.shape`` when equity has no rows or does not begin above 0, or a trade's symbol is unknown.
    """
    equity.check()
    trades.check(plan)
    risk_free = numerics.quotient(plan.risk_free[0], plan.risk_free[1])
    fracs = drawdown_fracs(equity.value)
    days = measure_days(equity, calendar.boundaries(plan.days), risk_free)
    rows = compute_totals(trades, equity)
    rows += compute_trade_statistics(trades, equity, plan)
    rows += compute_ratios(days)
    rows += growth_ratios(equity, find_deepest(fracs).frac, ulcer_index(fracs), risk_free)
    rows += compute_drawdowns(equity, fracs)
    rows += compute_significance(days, trades.net)
    return [metric(row) for row in rows]


def growth_ratios(equity: Equity, deepest_frac: float, ulcer: float, risk_free: float) -> list[Row]:
    """Return Calmar (CAGR over the deepest drawdown) and Martin ((CAGR - risk-free) over the Ulcer index)."""
    growth: Value = Undefined("ruined") if equity.is_ruined() else cagr(equity)
    excess = growth if isinstance(growth, Undefined) else growth - risk_free
    return [("calmar", per_risk(growth, deepest_frac)), ("martin", per_risk(excess, ulcer))]


def metric(row: Row) -> Metric:
    """Return a row as it crosses the seam."""
    name, value = row
    if isinstance(value, Undefined):
        return name, None, value.reason
    return name, value, None
