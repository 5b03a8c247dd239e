"""Small values that every layer may use."""

from __future__ import annotations

import datetime
import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import zoneinfo

__all__ = ["INSTANT", "instant_us", "new_york", "utc"]

INSTANT = "a date such as 2025-01-20, or a date-time with a zone such as 2025-01-20T08:00:00Z"
"""What `instant_us` takes, for messages."""

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MICROSECOND = datetime.timedelta(microseconds=1)
_DAY = datetime.timedelta(days=1)
_EVENING = datetime.time(17)


def utc(time_us: int) -> datetime.datetime:
    """Return microseconds since 1970 as an aware UTC date-time, exactly."""
    return _EPOCH + datetime.timedelta(microseconds=time_us)


def instant_us(value: object) -> int | None:
    """Return a date or date-time as UTC microseconds (API-3b); None for anything else.

    A bare date (``"2025-01-20"`` or a `datetime.date`) is the start of that FX day: 17:00 New York of the
    day before. A date-time (ISO 8601 text or a `datetime.datetime`) needs a zone.
    """
    try:
        if isinstance(value, str):
            is_date = len(value) == 10
            value = datetime.date.fromisoformat(value) if is_date else datetime.datetime.fromisoformat(value)
        if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
            value = datetime.datetime.combine(value - _DAY, _EVENING, new_york())
    except (ValueError, OverflowError):
        return None
    if not isinstance(value, datetime.datetime) or value.tzinfo is None:
        return None
    return (value - _EPOCH) // _MICROSECOND


@functools.cache
def new_york() -> zoneinfo.ZoneInfo:
    """Return the zone America/New_York as the pinned `tzdata` package defines it, never as the system does."""
    import importlib.resources  # light modules import this one
    import zoneinfo

    source = importlib.resources.files("tzdata").joinpath("zoneinfo", "America", "New_York")
    with source.open("rb") as file:
        return zoneinfo.ZoneInfo.from_file(file, key="America/New_York")
