"""Whether the profit came all the time or once: the stability index over windows (RAT-4)."""

from __future__ import annotations

from collections.abc import Sequence

from omega.backends.python import numerics
from omega.backends.python.metrics.columns import Equity, Undefined
from omega.backends.python.metrics.returns import DayReturns
from omega.backends.python.metrics.totals import DAY_US

RawRow = tuple[str, int | float | None]

PARTS = 12


def compute_stability(equity: Equity, days: DayReturns) -> list[RawRow]:
    """Return the windows and 1/(1 + sd/|mean|) of their mean returns; None below twelve days."""
    if isinstance(days.excess, Undefined) or len(days.excess) < PARTS:
        return [("stability_windows", None), ("stability_by_month", None), ("stability_index", None)]
    months = month_ends(equity, days)
    by_month = len(months) >= PARTS
    ends = months if by_month else [len(days.excess) * (part + 1) // PARTS for part in range(PARTS)]
    means = []
    start = 0
    for end in ends:
        means.append(numerics.sum_left(days.excess[start:end]) / (end - start))
        start = end
    return [
        ("stability_windows", len(means)),
        ("stability_by_month", 1 if by_month else 0),
        ("stability_index", stability_index(means)),
    ]


def month_ends(equity: Equity, days: DayReturns) -> list[int]:
    """Return, for each calendar month in UTC, the number of days up to its end."""
    ends: list[int] = []
    open_month = -1
    for day in range(1, len(days.rows)):
        month = month_of((equity.time[days.rows[day]] - 1) // DAY_US)
        if month == open_month:
            ends[len(ends) - 1] = day
        else:
            ends.append(day)
            open_month = month
    return ends


def month_of(day: int) -> int:
    """Return months since year 0 of a day counted from 1970-01-01, in the Gregorian calendar.

    Years begin in March, so that the odd day comes last; 719468 days lie between 0000-03-01 and 1970-01-01.
    """
    shifted = day + 719468
    era = shifted // 146097
    of_era = shifted - era * 146097
    year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    return 12 * (era * 400 + year) + (5 * of_year + 2) // 153 + 2


def stability_index(means: Sequence[float]) -> float:
    """Return 1/(1 + sd/mean) of window means, 0 where their mean is not above 0."""
    center = numerics.sum_left(means) / len(means)
    deviation = numerics.sample_deviation(means)
    if not center > 0.0 or deviation is None:
        return 0.0
    return 1.0 / (1.0 + deviation / center)
