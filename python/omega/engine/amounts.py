"""Numbers and times that people give to a component, on the grids that the engine counts in.

A component that is used alone has no importer and no config in front of it: what is not on the grid of points,
steps or minor units is refused here, never rounded.
"""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction

from omega.data.calendar import instant_of
from omega.errors import ConfigError, error_for

__all__ = ["Exactly", "Moment", "misfit", "moment_us", "on_grid"]

Exactly = int | float | str | Decimal | Fraction
"""A number. What binary floating point does to a decimal is forgiven, nothing else."""

Moment = int | str | date | datetime
"""Microseconds since 1970, ISO 8601 text or a date-time with a zone; a bare date is the start of its FX day."""

_TOLERANCE = Fraction(1, 10**6)
_FIRST_US, _LAST_US = -2_208_988_800_000_000, 7_258_118_400_000_000  # 1900 to 2200


def moment_us(ts: Moment, name: str) -> int:
    """Return a moment as UTC microseconds since 1970."""
    try:
        time_us = ts if isinstance(ts, int) and not isinstance(ts, bool) else instant_of(ts, name)
    except ConfigError:
        time_us = _LAST_US
    if not _FIRST_US <= time_us < _LAST_US:
        expected = "microseconds since 1970, a date, or a date-time with a zone, from 1900 to 2199"
        raise misfit(name, ts, expected)
    return time_us


def on_grid(value: Exactly, per_unit: Fraction, name: str, expected: str) -> int:
    """Return a number in units of a grid; what floating point does to decimals, a millionth of a unit, is forgiven."""
    try:
        if isinstance(value, bool) or (isinstance(value, float) and not math.isfinite(value)):
            raise ValueError
        number = Fraction(value) * per_unit
    except (TypeError, ValueError, OverflowError, ZeroDivisionError):
        raise misfit(name, value, expected) from None
    nearest = round(number)  # of a Fraction: exact
    if abs(number - nearest) > _TOLERANCE:
        raise misfit(name, value, expected)
    return nearest


def misfit(name: str, value: object, expected: str) -> Exception:
    """Return ``portfolio.value`` for something that cannot be used."""
    return error_for("portfolio.value", name=name, value=repr(value), expected=expected)
