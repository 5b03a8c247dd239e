"""Returns per FX day and the ratios made of them (MET-1, MET-4)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from omega.backends.python import numerics
from omega.backends.python.metrics.columns import Equity, Row, Undefined, Value
from omega.backends.python.metrics.totals import YEAR_US


@dataclass(frozen=True, slots=True, kw_only=True)
class DayReturns:
    """What ratios are made of.

    Attributes:
        rows: Equity rows of the values.
        values: The initial balance and the equity of each FX day with a bar.
        factor: The annualisation factor A.
        excess: Returns less the risk-free rate, one per day; undefined after ruin and without time.
    """

    rows: Sequence[int]
    values: Sequence[int]
    factor: float | Undefined
    excess: Sequence[float] | Undefined


def day_rows(equity: Equity, boundaries: Sequence[int]) -> list[int]:
    """Return row 0 and the last equity row of each FX day with a bar (MET-1).

    That is the last row with ``close_time`` at or before the day's boundary. Rows after the last boundary,
    where a calendar ends early, make one more day.
    """
    rows = [0]
    day = 0
    open_day = -1
    for row in range(1, len(equity.value)):
        while day < len(boundaries) and boundaries[day] < equity.time[row]:
            day += 1
        if day == open_day:
            rows[len(rows) - 1] = row
        else:
            rows.append(row)
            open_day = day
    return rows


def simple_returns(values: Sequence[int]) -> list[float]:
    """Return the change from each value to the next as a correctly rounded fraction; values above 0."""
    return [numerics.quotient(values[row] - values[row - 1], values[row - 1]) for row in range(1, len(values))]


def excess_returns(returns: Sequence[float], rate_per_row: float) -> list[float]:
    """Return each return less the risk-free rate of one row."""
    return [value - rate_per_row for value in returns]


def sharpe(excess: Sequence[float], rows_per_year: float) -> Value:
    """Return mean / sd · √A of excess returns, sd with n - 1.

    Source: W. F. Sharpe, "The Sharpe Ratio", J. of Portfolio Management 21(1), 1994.
    """
    center = numerics.mean(excess)
    deviation = numerics.sample_deviation(excess)
    if center is None or deviation is None:
        return Undefined("too_few_returns")
    if deviation == 0.0:
        return Undefined("no_deviation")
    return center / deviation * math.sqrt(rows_per_year)


def sortino(excess: Sequence[float], rows_per_year: float) -> Value:
    """Return mean / downside deviation · √A; the downside deviation is √mean(min(e, 0)²) over all rows.

    Source: F. A. Sortino & L. N. Price, "Performance Measurement in a Downside Risk Framework", 1994.
    """
    center = numerics.mean(excess)
    if center is None:
        return Undefined("too_few_returns")
    squares = 0.0
    for value in excess:
        if value < 0.0:
            squares = squares + value * value
    if squares == 0.0:
        return Undefined("no_downside")
    return center / math.sqrt(squares / len(excess)) * math.sqrt(rows_per_year)


def rows_per_year(count: int, equity: Equity) -> float | Undefined:
    """Return the annualisation factor A: rows over elapsed years, never a fixed 252 (MET-1)."""
    elapsed_us = equity.elapsed_us()
    if elapsed_us <= 0 or count == 0:
        return Undefined("no_time")
    return numerics.quotient(count * YEAR_US, elapsed_us)


def measure_days(equity: Equity, boundaries: Sequence[int], risk_free: float) -> DayReturns:
    """Return the day values of a run, the annualisation factor and the excess returns."""
    rows = day_rows(equity, boundaries)
    values = [equity.value[row] for row in rows]
    factor = rows_per_year(len(values) - 1, equity)
    excess: list[float] | Undefined
    if equity.is_ruined():
        excess = Undefined("ruined")
    elif isinstance(factor, Undefined):
        excess = factor
    else:
        excess = excess_returns(simple_returns(values), risk_free / factor)
    return DayReturns(rows=rows, values=values, factor=factor, excess=excess)


def compute_ratios(days: DayReturns) -> list[Row]:
    """Return the number of rows, the annualisation factor, Sharpe and Sortino."""
    first: Value
    second: Value
    if isinstance(days.excess, Undefined):
        first = second = days.excess
    elif isinstance(days.factor, Undefined):
        first = second = days.factor
    else:
        first = sharpe(days.excess, days.factor)
        second = sortino(days.excess, days.factor)
    return [
        ("return_rows", len(days.values) - 1),
        ("annualisation_factor", days.factor),
        ("sharpe", first),
        ("sortino", second),
    ]


def per_risk(growth: Value, risk: float) -> Value:
    """Return annual growth over a measure of drawdown (Calmar, Martin)."""
    if isinstance(growth, Undefined):
        return growth
    if risk == 0.0:
        return Undefined("no_drawdown")
    return growth / risk
