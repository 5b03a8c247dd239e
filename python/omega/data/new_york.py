"""Times of day in New York as UTC, across changes of its clock (TIM-3, MGT).

A time that the change in March skips is taken as if the clock had not changed yet; one that the change in
November repeats is the first of the two.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable

from omega.data.timeframes import DAY_US
from omega.values import new_york

__all__ = ["join_windows", "moments_at", "windows_between"]

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MICROSECOND = datetime.timedelta(microseconds=1)
_DAY = datetime.timedelta(days=1)


def moments_at(time: str, weekdays: Collection[int], first_us: int, last_us: int) -> list[int]:
    """Return when it is that time in New York, ascending, from `first_us` to `last_us`.

    Args:
        time: Time of day, ``"16:45"``.
        weekdays: Weekdays in New York, Monday = 0.
        first_us: First moment, UTC microseconds.
        last_us: Last moment.
    """
    moments = (_moment(date, time) for date in _dates(first_us, last_us) if date.weekday() in weekdays)
    return [moment for moment in moments if first_us <= moment <= last_us]


def windows_between(
    start: str, end: str, weekdays: Collection[int], *, first_us: int, last_us: int
) -> list[tuple[int, int]]:
    """Return the half-open windows from one time of day to another that overlap `first_us` to `last_us`.

    A window whose end is not after its start ends on the next day. Arguments as `moments_at`; the weekday is
    that of the start.
    """
    over = _DAY if end <= start else datetime.timedelta()
    dates = (date for date in _dates(first_us, last_us) if date.weekday() in weekdays)
    windows = ((_moment(date, start), _moment(date + over, end)) for date in dates)
    return [(opens, closes) for opens, closes in windows if opens <= last_us and closes > first_us]


def join_windows(windows: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return windows in ascending order; those that overlap or touch become one, empty ones are left out."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(window for window in windows if window[0] < window[1]):
        if joined and start <= joined[-1][1]:
            start, end = joined[-1][0], max(end, joined.pop()[1])
        joined.append((start, end))
    return joined


def _dates(first_us: int, last_us: int) -> Iterable[datetime.date]:
    """Return every date in New York that has a part between two moments, and one more at either end."""
    first, last = first_us // DAY_US - 2, last_us // DAY_US + 1
    return (datetime.date(1970, 1, 1) + day * _DAY for day in range(first, last + 1))


def _moment(date: datetime.date, time: str) -> int:
    clock = datetime.time.fromisoformat(time)
    return (datetime.datetime.combine(date, clock, new_york()) - _EPOCH) // _MICROSECOND
