"""How far below its peak marked equity stood, how long, and how often (MET-5, Ulcer index of MET-4)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from omega.backends.python import numerics
from omega.backends.python.metrics.columns import Equity, Row, Undefined, Value
from omega.backends.python.metrics.totals import DAY_US

QUANTILES = (("drawdown_q50", 1, 2), ("drawdown_q75", 3, 4), ("drawdown_q90", 9, 10), ("drawdown_q95", 19, 20))


@dataclass(frozen=True, slots=True, kw_only=True)
class Deepest:
    """The deepest drawdown by fraction of its peak.

    Attributes:
        frac: (peak - equity) / peak, 0 when equity never fell.
        peak_row: Last row at the peak before the trough.
        trough_row: First row of the depth.
        recovery_row: First later row at or above the peak; None while it has not recovered.
    """

    frac: float
    peak_row: int
    trough_row: int
    recovery_row: int | None


def drawdown_fracs(values: Sequence[int]) -> list[float]:
    """Return (peak - equity) / peak per row, row 0 being the first peak; above 1 when equity is negative."""
    peak = values[0]
    fracs = []
    for value in values:
        if value > peak:
            peak = value
        fracs.append(numerics.quotient(peak - value, peak))
    return fracs


def find_deepest(fracs: Sequence[float]) -> Deepest:
    """Return the deepest drawdown: the first of equals."""
    deepest = Deepest(frac=0.0, peak_row=0, trough_row=0, recovery_row=None)
    peak_row = 0
    for row, frac in enumerate(fracs):
        if frac == 0.0:
            peak_row = row
            if deepest.frac > 0.0 and deepest.recovery_row is None:
                deepest = Deepest(
                    frac=deepest.frac, peak_row=deepest.peak_row, trough_row=deepest.trough_row, recovery_row=row
                )
        elif frac > deepest.frac:
            deepest = Deepest(frac=frac, peak_row=peak_row, trough_row=row, recovery_row=None)
    return deepest


def deepest_frac(values: Sequence[int]) -> float:
    """Return the largest of `drawdown_fracs`; only a fall larger than all before is divided: peaks never sink."""
    peak = values[0]
    fall = 0
    deepest = 0.0
    for value in values:
        if value > peak:
            peak = value
        elif peak - value > fall:
            fall = peak - value
            frac = numerics.quotient(fall, peak)
            if frac > deepest:
                deepest = frac
    return deepest


def max_drawdown_money(values: Sequence[int]) -> int:
    """Return the largest fall from a peak in minor units; it may be another one than the deepest fraction."""
    peak = values[0]
    largest = 0
    for value in values:
        if value > peak:
            peak = value
        if peak - value > largest:
            largest = peak - value
    return largest


def longest_below_peak_us(fracs: Sequence[float], times: Sequence[int]) -> int:
    """Return the longest time between standing at a peak and reaching it again; an unfinished one counts."""
    longest = 0
    peak_time = times[0]
    for frac, time in zip(fracs, times, strict=True):
        if time - peak_time > longest:
            longest = time - peak_time
        if frac == 0.0:
            peak_time = time
    return longest


def ulcer_index(fracs: Sequence[float]) -> float:
    """Return √mean(drawdown²) over all rows.

    Source: P. Martin and B. McCann, "The Investor's Guide to Fidelity Funds", 1989.
    """
    squares = 0.0
    for frac in fracs:
        squares = squares + frac * frac
    return math.sqrt(squares / len(fracs))


def compute_drawdowns(equity: Equity, fracs: Sequence[float]) -> list[Row]:
    """Return size, dates, lengths and distribution of drawdowns of marked equity."""
    deepest = find_deepest(fracs)
    ordered = sorted(fracs)
    rows: list[Row] = [
        ("max_drawdown", max_drawdown_money(equity.value)),
        ("max_drawdown_frac", deepest.frac),
        *_dates(deepest, equity.time),
        ("longest_drawdown_days", numerics.quotient(longest_below_peak_us(fracs, equity.time), DAY_US)),
    ]
    rows += [(name, ordered[numerics.quantile_idx(len(ordered), num, den)]) for name, num, den in QUANTILES]
    rows.append(("ulcer_index", ulcer_index(fracs)))
    return rows


def _dates(deepest: Deepest, times: Sequence[int]) -> list[Row]:
    peak: Value = Undefined("no_drawdown")
    trough: Value = Undefined("no_drawdown")
    fall: Value = Undefined("no_drawdown")
    recovery: Value = Undefined("no_drawdown")
    rise: Value = Undefined("no_drawdown")
    if deepest.frac > 0.0:
        peak = times[deepest.peak_row]
        trough = times[deepest.trough_row]
        fall = numerics.quotient(trough - peak, DAY_US)
        recovery = Undefined("not_recovered")
        rise = Undefined("not_recovered")
        if deepest.recovery_row is not None:
            recovery = times[deepest.recovery_row]
            rise = numerics.quotient(recovery - trough, DAY_US)
    return [
        ("max_drawdown_peak_time", peak),
        ("max_drawdown_trough_time", trough),
        ("max_drawdown_recovery_time", recovery),
        ("max_drawdown_fall_days", fall),
        ("max_drawdown_recovery_days", rise),
    ]
