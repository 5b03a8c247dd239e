"""What the account did over the whole run: money, return, growth (MET-2)."""

from __future__ import annotations

from collections.abc import Sequence

from omega.backends.python import numerics
from omega.backends.python.metrics.columns import Equity, Row, Trades, Undefined, Value

DAY_US = 86_400_000_000
YEAR_US = 31_557_600_000_000  # 365.25 days
LEAST_CAGR_US = 90 * DAY_US


def compute_totals(trades: Trades, equity: Equity) -> list[Row]:
    """Return account, cost and growth totals; costs are negative where they cost."""
    spread = total(trades.spread)
    slippage = total(trades.slippage)
    commission = total(trades.commission)
    swap = total(trades.swap)
    initial = equity.value[0]
    final = equity.value[len(equity.value) - 1]
    return [
        ("initial_balance", initial),
        ("final_equity", final),
        ("total_net", total(trades.net)),
        ("total_gross_cost_free", total(trades.gross_cost_free)),
        ("total_spread", spread),
        ("total_slippage", slippage),
        ("total_commission", commission),
        ("total_swap", swap),
        ("total_costs", spread + slippage + commission + swap),
        ("return_frac", numerics.quotient(final - initial, initial)),
        ("elapsed_days", numerics.quotient(equity.elapsed_us(), DAY_US)),
        ("ruined", 1 if equity.is_ruined() else 0),
        ("cagr", cagr(equity)),
    ]


def cagr(equity: Equity) -> Value:
    """Return the compound annual growth as a fraction: -1 after ruin, undefined below 90 days (MET-1, MET-2)."""
    if equity.is_ruined():
        return -1.0
    elapsed_us = equity.elapsed_us()
    if elapsed_us < LEAST_CAGR_US:
        return Undefined("below_90_days")
    growth = numerics.quotient(equity.value[len(equity.value) - 1], equity.value[0])
    years = numerics.quotient(elapsed_us, YEAR_US)
    return numerics.exp(numerics.ln(growth) / years) - 1.0


def total(values: Sequence[int]) -> int:
    """Return the exact sum of a money or volume column."""
    result = 0
    for value in values:
        result += value
    return result
