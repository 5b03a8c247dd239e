"""Small values that every layer may use."""

from __future__ import annotations

import datetime

__all__ = ["utc"]

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def utc(time_us: int) -> datetime.datetime:
    """Return microseconds since 1970 as an aware UTC date-time, exactly."""
    return _EPOCH + datetime.timedelta(microseconds=time_us)
