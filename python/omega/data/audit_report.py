"""The audit as one HTML file: verdict, calendar of coverage, spread by hour of the week, findings (CHK-4).

Self-contained: no script, no network (a content security policy says so), every name escaped.
"""

from __future__ import annotations

import datetime
import math
import os
import pathlib
from collections.abc import Sequence
from dataclasses import dataclass

import jinja2
import numpy as np

from omega.data.audit import Audit
from omega.data.calendar import iso_text

__all__ = ["audit_html", "write_audit_report"]

_EPOCH = datetime.date(1970, 1, 1)
_CELL = 13
_DAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
_STEPS = (
    (0.0, "none", "no bars"),
    (0.5, "poor", "under 50 %"),
    (0.9, "part", "50 to 90 %"),
    (0.99, "most", "90 to 99 %"),
    (math.inf, "full", "99 % and more"),
)


@dataclass(frozen=True, slots=True)
class _Cell:
    x: int
    y: int
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class _Year:
    year: int
    months: list[tuple[int, str]]
    cells: list[_Cell]


def audit_html(audits: Sequence[Audit]) -> str:
    """Return the report on some series."""
    loader = jinja2.PackageLoader("omega.data", "")
    environment = jinja2.Environment(loader=loader, autoescape=True, undefined=jinja2.StrictUndefined)
    return environment.get_template("audit.html").render(
        audits=[
            {
                "audit": audit,
                "span": _span(audit),
                "years": _years(audit),
                "spread": _spread_rows(audit),
                "times": [iso_text(f.time_us) if f.time_us is not None else "" for f in audit.findings],
            }
            for audit in audits
        ],
        legend=[(kind, text) for _, kind, text in _STEPS],
        days=_DAYS,
        cell=_CELL,
    )


def write_audit_report(audits: Sequence[Audit], path: pathlib.Path) -> None:
    """Write the report; the file appears complete or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.write_text(audit_html(audits), encoding="utf-8")
    os.replace(part, path)


def _span(audit: Audit) -> str:
    if audit.first_us is None or audit.last_us is None:
        return ""
    return f"{iso_text(audit.first_us)} to {iso_text(audit.last_us)}"


def _years(audit: Audit) -> list[_Year]:
    """Return a calendar per year: a column per week, a row per weekday, Sunday on top."""
    years: dict[int, _Year] = {}
    for day, share in zip(audit.days.tolist(), audit.coverage.tolist(), strict=True):
        date = _EPOCH + datetime.timedelta(days=day)
        first = datetime.date(date.year, 1, 1)
        year = years.setdefault(date.year, _Year(date.year, _months(date.year), []))
        weekday = date.isoweekday() % 7
        week = ((date - first).days + first.isoweekday() % 7) // 7
        if math.isnan(share):
            kind, text = "closed", "no session"
        else:
            kind = "none" if share == 0 else next(kind for limit, kind, _ in _STEPS[1:] if share < limit)
            text = f"{share:.1%} of the session"
        year.cells.append(_Cell(week * _CELL, weekday * _CELL, kind, f"{date:%a %Y-%m-%d}: {text}"))
    return list(years.values())


def _months(year: int) -> list[tuple[int, str]]:
    first = datetime.date(year, 1, 1)
    starts = [datetime.date(year, month, 1) for month in range(1, 13)]
    weeks = [((start - first).days + first.isoweekday() % 7) // 7 for start in starts]
    return [(week * _CELL, f"{start:%b}") for week, start in zip(weeks, starts, strict=True)]


def _spread_rows(audit: Audit) -> list[list[tuple[str, int]]]:
    """Return text and shade (0 to 9, -1 for none) of each hour; shades are steps of the logarithm."""
    if audit.spread is None:
        return []
    known = audit.spread[~np.isnan(audit.spread)]
    low, high = math.log1p(float(known.min())), math.log1p(float(known.max()))
    rows = []
    for day in audit.spread.reshape(7, 24):
        cells = []
        for value in day.tolist():
            if math.isnan(value):
                cells.append(("", -1))
            else:
                shade = 0 if high == low else int(9 * (math.log1p(value) - low) / (high - low))
                cells.append((f"{value:.1f}" if value < 100 else f"{value:.0f}", shade))
        rows.append(cells)
    return rows
