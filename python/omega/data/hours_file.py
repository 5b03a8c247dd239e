"""A spread by hour of the week, measured on data that have both sides, as a file that a cost file names (CST-1).

Best measured on ticks: a stored spread column holds minima, and closes of coarse bars are few.
"""

from __future__ import annotations

import pathlib
from collections.abc import Sequence

from omega.data.audit import Audit, week_table
from omega.data.calendar import iso_text
from omega.errors import error_for

__all__ = ["write_spread_hours"]

_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")


def write_spread_hours(audits: Sequence[Audit], path: pathlib.Path) -> None:
    """Write the table of the one audited series that has a spread, as YAML.

    Raises:
        ConfigError: ``config.invalid``: none of the series has a spread, or several have.
    """
    found = [(audit, audit.spread) for audit in audits if audit.spread is not None]
    if len(found) != 1:
        names = ", ".join(f"{audit.symbol} {audit.timeframe}" for audit, _ in found)
        raise error_for(
            "config.invalid",
            **{"file": "omega data check", "line": "", "key": "--spread", "hint": ""},
            expected="expected one series with a spread; name its file",
            value=names or "none",
        )
    audit, spread = found[0]
    assert audit.first_us is not None and audit.last_us is not None
    span = f"{iso_text(audit.first_us)[:10]} to {iso_text(audit.last_us)[:10]}"
    lines = [
        f"# {audit.symbol}: mean spread in points by hour of the New York week,",
        f"# measured on {audit.rows:,} closes of {audit.timeframe}, {audit.sides}, {span}. null: nothing trades.",
        "hours:",
    ]
    for name, day in zip(_DAYS, week_table(spread), strict=True):
        cells = ", ".join("null" if hour is None else repr(hour) for hour in day)
        lines.append(f"  - [{cells}]  # {name}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
