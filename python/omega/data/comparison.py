"""Bars made of finer bars, held against bars of the same timeframe that a source gives (RES-3).

Bars that the finer series covers only in part, at its ends, are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from omega.data.calendar import FxCalendar, Int64s, iso_text
from omega.data.pairing import BaseBars, Prices
from omega.data.reading import PRICES
from omega.data.resampling import resample
from omega.data.time_checks import Flags
from omega.data.timeframes import MINUTE_US, MINUTES

__all__ = ["Comparison", "compare_resampled"]

_LISTED = 10


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two series of one timeframe and side have in common.

    Attributes:
        common: Bars that both have.
        differing: Bars of both with another open, high, low or close.
        only_made: Bars that only the resampled series has.
        only_given: Bars that only the given series has.
        worst_points: Largest difference of a price.
        listed: The first differences, in words.
    """

    common: int
    differing: int
    only_made: int
    only_given: int
    worst_points: int
    listed: tuple[str, ...]

    @property
    def is_equal(self) -> bool:
        return self.differing == self.only_made == self.only_given == 0

    def __str__(self) -> str:
        text = f"{self.common} bars in common, {self.differing} differ by up to {self.worst_points} points"
        text += f", {self.only_made} only in the finer data, {self.only_given} only in the given file"
        return text + (": " + "; ".join(self.listed) if self.listed else "")


def compare_resampled(
    base: BaseBars, base_timeframe: str, given: tuple[Int64s, Prices], timeframe: str, calendar: FxCalendar
) -> Comparison:
    """Compare the bid bars made of `base` with given ones.

    Args:
        base: Finer bars.
        base_timeframe: Their timeframe; it divides `timeframe`.
        given: Open times and prices of the given bars.
        timeframe: Timeframe of the given bars.
        calendar: Covers both.
    """
    made, close_us = resample(base, base_timeframe, timeframe, calendar)
    first_us, last_us = int(base.time[0]), int(base.time[-1]) + MINUTES[base_timeframe] * MINUTE_US
    time_us, prices = given
    _, given_close = calendar.intervals(time_us, timeframe)
    in_made, in_given = (
        _inside(made.time, close_us, first_us, last_us),
        _inside(time_us, given_close, first_us, last_us),
    )
    made, given_time = made.rows(in_made), time_us[in_given]
    common, rows, given_rows = np.intersect1d(made.time, given_time, assume_unique=True, return_indices=True)
    gaps = [
        np.abs(one[rows].astype(np.int64) - other[in_given][given_rows])
        for one, other in zip(made.bid, prices, strict=True)
    ]
    worst = np.max(gaps, axis=0) if len(common) else np.zeros(0, np.int64)
    differing = np.flatnonzero(worst)
    listed = []
    for row in differing[:_LISTED].tolist():
        shown = [f"{name} {int(gap[row])}" for name, gap in zip(PRICES, gaps, strict=True) if gap[row]]
        listed.append(f"{iso_text(int(common[row]))} {', '.join(shown)}")
    only_given = len(given_time) - len(common)
    if only_given:
        extra = np.setdiff1d(given_time, made.time, assume_unique=True)
        listed.append("only given: " + ", ".join(iso_text(int(moment)) for moment in extra[:_LISTED]))
    return Comparison(
        len(common),
        len(differing),
        len(made.time) - len(common),
        only_given,
        int(worst.max()) if len(worst) else 0,
        tuple(listed),
    )


def _inside(start_us: Int64s, close_us: Int64s, first_us: int, last_us: int) -> Flags:
    return np.asarray((start_us >= first_us) & (close_us <= last_us))
