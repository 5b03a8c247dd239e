"""What can be said about stored data: verdict, findings, coverage by day, spread by hour of the week (CHK).

The bars were checked as a load checks them; a file that a load refuses has the refusal as its only finding.
"""

from __future__ import annotations

import pathlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from omega.data.cache import cache_path, is_sound
from omega.data.calendar import Int64s, fx_calendar, iso_text
from omega.data.findings import Finding, Subject, find_all, hours_of_week, label_finding
from omega.data.pairing import BaseBars
from omega.data.sessions import session_of
from omega.data.timeframes import MINUTES
from omega.errors import DataError

__all__ = ["Audit", "audit_bars", "cache_is_damaged", "refused", "spread_by_hour_of_week", "week_table"]

_DAY = "datetime64[D]"


@dataclass(frozen=True, slots=True, eq=False)
class Audit:
    """One audited series.

    Attributes:
        symbol: Symbol name.
        timeframe: Of the bars, or `ticks`.
        sides: `bid`, or `bid and ask`.
        where: Files.
        rows: Bars or ticks.
        first_us: First time, None if the file was refused.
        last_us: Last time.
        findings: The gravest first.
        days: FX days from the first to the last, days since 1970-01-01.
        coverage: Share of the expected bars that each of them has; NaN where none is expected.
        spread: Mean spread in points by hour of the New York week, shape (168,), NaN where there is none; or None.
    """

    symbol: str
    timeframe: str
    sides: str
    where: str
    rows: int
    first_us: int | None
    last_us: int | None
    findings: tuple[Finding, ...]
    days: Int64s
    coverage: np.ndarray[Any, np.dtype[np.float64]]
    spread: np.ndarray[Any, np.dtype[np.float64]] | None

    @property
    def severity(self) -> str:
        return self.findings[0].severity if self.findings else "info"

    @property
    def verdict(self) -> str:
        """A sentence a trader understands."""
        if self.severity == "error":
            return f"Not usable as it is: {self.findings[0].text}"
        if self.severity == "warning":
            reasons = [finding.text for finding in self.findings if finding.severity == "warning"]
            more = f" Further warnings: {len(reasons) - 1}." if len(reasons) > 1 else ""
            return f"Usable with care: {reasons[0]}{more}"
        if any(finding.code == "data.one_sided" for finding in self.findings):
            one_sided = next(finding for finding in self.findings if finding.code == "data.one_sided")
            return f"Good quotes of one side. {one_sided.text}"
        return "Good: bid and ask, nothing that would mislead a backtest was found."

    def to_dict(self) -> dict[str, Any]:
        """Return the audit as plain values for JSON."""
        return {
            **{"symbol": self.symbol, "timeframe": self.timeframe, "sides": self.sides, "where": self.where},
            **{"rows": self.rows, "severity": self.severity, "verdict": self.verdict},
            "first": None if self.first_us is None else iso_text(self.first_us),
            "last": None if self.last_us is None else iso_text(self.last_us),
            "findings": [_plain(finding) for finding in self.findings],
            "spread_by_hour_of_week": None if self.spread is None else week_table(self.spread),
        }


def audit_bars(
    bars: BaseBars,
    timeframe: str,
    *,
    symbol: str,
    digits: int,
    where: str,
    neighbour: tuple[BaseBars, str] | None = None,
) -> Audit:
    """Return the audit of checked bars.

    Args:
        bars: Bars in points.
        timeframe: Their timeframe.
        symbol: Symbol name; its session is looked up.
        digits: Decimals of its prices.
        where: Files, for people.
        neighbour: Another series of the same market and its timeframe, to tell open from close times.
    """
    session = session_of(symbol)
    first_us, last_us = int(bars.time[0]), int(bars.time[-1])
    calendar = fx_calendar(first_us, last_us, session)
    subject = Subject(bars, timeframe, digits, session, calendar)
    findings = find_all(subject)
    if neighbour is not None:
        other, other_timeframe = neighbour
        wide = fx_calendar(min(first_us, int(other.time[0])), max(last_us, int(other.time[-1])), session)
        compared = Subject(other, other_timeframe, digits, session, wide)
        label = label_finding(replace(subject, calendar=wide), compared)
        findings = [*([label] if label else []), *findings]
    days, coverage = _coverage(subject)
    return Audit(
        symbol=symbol,
        timeframe=timeframe,
        sides="bid" if bars.ask is None else "bid and ask",
        where=where,
        rows=len(bars.time),
        first_us=first_us,
        last_us=last_us,
        findings=tuple(findings),
        days=days,
        coverage=coverage,
        spread=spread_by_hour_of_week(bars),
    )


def refused(error: DataError, *, symbol: str, timeframe: str, where: str) -> Audit:
    """Return the audit of a file that a load refuses."""
    facts: Mapping[str, Any] = error.context
    row = facts.get("row", facts.get("bar_idx"))
    finding = Finding(error.code, "error", 1, row, facts.get("time_us"), str(facts.get("value", "")), str(error))
    nothing = np.zeros(0, np.int64)
    return Audit(symbol, timeframe, "", where, 0, None, None, (finding,), nothing, np.zeros(0), None)


def spread_by_hour_of_week(bars: BaseBars) -> np.ndarray[Any, np.dtype[np.float64]] | None:
    """Return the mean spread at the close in points, by hour of the New York week (0 = Sunday 00:00).

    Taken from bid and ask, or from a stored spread column; NaN for hours without a bar, None without a spread.
    """
    if bars.ask is not None:
        spread = bars.ask[3].astype(np.float64) - bars.bid[3]
    elif bars.spread is not None:
        spread = bars.spread.astype(np.float64)
    else:
        return None
    hours = hours_of_week(fx_calendar(int(bars.time[0]), int(bars.time[-1])), bars.time)
    counts = np.bincount(hours, minlength=168)
    sums = np.bincount(hours, weights=spread, minlength=168)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def cache_is_damaged(file: pathlib.Path) -> bool:
    """Return whether a file has a cache whose columns are not what was written; such a cache is removed."""
    cache = cache_path(file)
    if not cache.is_file() or is_sound(file):
        return False
    cache.unlink()
    return True


def week_table(spread: np.ndarray[Any, np.dtype[np.float64]]) -> list[list[float | None]]:
    """Return seven rows of 24 hours, Sunday first; hours without a bar are None."""
    return [[None if np.isnan(value) else round(float(value), 3) for value in day] for day in spread.reshape(7, 24)]


def _coverage(subject: Subject) -> tuple[Int64s, np.ndarray[Any, np.dtype[np.float64]]]:
    """Return FX days and the share of their session that has bars."""
    calendar = subject.calendar
    rows = calendar.day_of(subject.close_us - 1)
    first, last = int(rows[0]), int(rows[-1])
    counts = np.bincount(rows - first, minlength=last - first + 1).astype(np.float64)
    begin, end = calendar.rollover_us[first - 1 : last], calendar.rollover_us[first : last + 1]
    session_us = calendar.session_us(end) - calendar.session_us(begin)
    length_us = min(MINUTES[subject.timeframe], 1440) * 60_000_000
    if subject.timeframe in ("D1", "W1", "MN1"):
        expected = np.where(session_us > 0, 1.0, 0.0)
    else:
        expected = np.ceil(session_us / length_us)
    if subject.timeframe in ("W1", "MN1"):
        counts = np.where(expected > 0, 1.0, 0.0)
    share = np.where(expected > 0, np.minimum(counts / np.maximum(expected, 1.0), 1.0), np.nan)
    return calendar.fx_day[first : last + 1], share


def _plain(finding: Finding) -> dict[str, Any]:
    time = None if finding.time_us is None else iso_text(finding.time_us)
    fields = {"code": finding.code, "severity": finding.severity, "count": finding.count, "row": finding.row}
    return {**fields, "time": time, "value": finding.value, "text": finding.text}
