"""What the trades say about themselves, one by one (MET-3, and the trade-level Sharpe of MET-4)."""

from __future__ import annotations

import math
from collections.abc import Sequence

from omega.backends.python import numerics
from omega.backends.python.metrics.columns import Equity, Plan, Row, Trades, Undefined, Value
from omega.backends.python.metrics.totals import YEAR_US, total


def compute_trade_statistics(trades: Trades, equity: Equity, plan: Plan) -> list[Row]:
    """Return counts, averages, streaks and shares of the closed trades.

    A trade with net = 0 is neither a win nor a loss and ends a streak of either.
    """
    net = trades.net
    count = len(net)
    wins = [value for value in net if value > 0]
    losses = [value for value in net if value < 0]
    risk_multiples = [value for value in trades.r_multiple if value is not None]
    return [
        ("trades", count),
        ("wins", len(wins)),
        ("losses", len(losses)),
        ("win_rate", share(len(wins), count)),
        ("avg_win", average(wins, "no_wins")),
        ("avg_loss", average(losses, "no_losses")),
        ("payoff", payoff(wins, losses)),
        ("expectancy", average(net, "no_trades")),
        ("expectancy_r", _or_undefined(numerics.mean(risk_multiples), "no_r")),
        ("profit_factor", profit_factor(wins, losses)),
        ("sqn", sqn(risk_multiples)),
        ("longest_win_streak", longest_streak(net, 1)),
        ("longest_loss_streak", longest_streak(net, -1)),
        ("exposure_frac", exposure_frac(trades, equity)),
        ("trades_per_year", trades_per_year(count, equity)),
        ("avg_bars_held", average(trades.bars_held, "no_trades")),
        ("turnover_lots", turnover_lots(trades, plan)),
        ("ambiguous_share", share(len([flag for flag in trades.ambiguous if flag]), count)),
        ("trade_sharpe", trade_sharpe(net, equity)),
    ]


def share(part: int, whole: int) -> Value:
    """Return ``part / whole`` of the trades."""
    if whole == 0:
        return Undefined("no_trades")
    return numerics.quotient(part, whole)


def average(values: Sequence[int], reason: str) -> Value:
    """Return the correctly rounded mean of integers."""
    return _or_undefined(numerics.mean_int(values), reason)


def payoff(wins: Sequence[int], losses: Sequence[int]) -> Value:
    """Return the average win over the size of the average loss, rounded once."""
    if len(wins) == 0:
        return Undefined("no_wins")
    if len(losses) == 0:
        return Undefined("no_losses")
    return numerics.quotient(total(wins) * len(losses), -total(losses) * len(wins))


def profit_factor(wins: Sequence[int], losses: Sequence[int]) -> Value:
    """Return what was won over what was lost; undefined without losses."""
    if len(losses) == 0:
        return Undefined("no_losses")
    return numerics.quotient(total(wins), -total(losses))


def sqn(risk_multiples: Sequence[float]) -> Value:
    """Return √min(n, 100) · mean(R) / sd(R) over the n trades that have an R.

    Source: V. K. Tharp, "Definitive Guide to Position Sizing", 2008 (system quality number, n capped at 100).
    """
    center = numerics.mean(risk_multiples)
    deviation = numerics.sample_deviation(risk_multiples)
    if center is None or deviation is None:
        return Undefined("too_few_trades")
    if deviation == 0.0:
        return Undefined("no_deviation")
    count = len(risk_multiples)
    return math.sqrt(float(count if count < 100 else 100)) * center / deviation


def longest_streak(net: Sequence[int], sign: int) -> int:
    """Return the longest run of trades in closing order whose net has this sign."""
    longest = 0
    current = 0
    for value in net:
        current = current + 1 if value * sign > 0 else 0
        if current > longest:
            longest = current
    return longest


def exposure_frac(trades: Trades, equity: Equity) -> Value:
    """Return the share of steps in whose bar a trade was open at some moment.

    Bars count from the entry bar to the exit bar, both included, once however many trades were open.
    """
    steps = len(equity.value) - 2
    if steps < 1:
        return Undefined("no_steps")
    covered = 0
    covered_to = -1
    for entry, leave in sorted(zip(trades.entry_bar_idx, trades.exit_bar_idx, strict=True)):
        start = entry if entry > covered_to else covered_to + 1
        if leave >= start:
            covered += leave - start + 1
            covered_to = leave
    return numerics.quotient(covered, steps)


def trades_per_year(count: int, equity: Equity) -> Value:
    """Return trades over elapsed years of 365.25 days."""
    elapsed_us = equity.elapsed_us()
    if elapsed_us <= 0:
        return Undefined("no_time")
    return numerics.quotient(count * YEAR_US, elapsed_us)


def turnover_lots(trades: Trades, plan: Plan) -> Value:
    """Return the lots of all deals: each trade's volume once opened and once closed, rounded once."""
    common = 1
    for _, den in plan.volume_steps:
        common = common // math.gcd(common, den) * den
    lots = 0
    for symbol, steps in zip(trades.symbol, trades.steps, strict=True):
        num, den = plan.volume_steps[symbol]
        lots += 2 * steps * num * (common // den)
    return numerics.quotient(lots, common)


def trade_sharpe(net: Sequence[int], equity: Equity) -> Value:
    """Return mean over deviation of the trades' net, times √trades_per_year. Not the Sharpe ratio of returns."""
    per_year = trades_per_year(len(net), equity)
    center = numerics.mean_int(net)
    deviation = numerics.sample_deviation([float(value) for value in net])
    if center is None or deviation is None:
        return Undefined("too_few_trades")
    if deviation == 0.0:
        return Undefined("no_deviation")
    if isinstance(per_year, Undefined):
        return per_year
    return center / deviation * math.sqrt(per_year)


def _or_undefined(value: float | None, reason: str) -> Value:
    return Undefined(reason) if value is None else value
