"""The FX calendar: days, weeks and months that end at 17:00 New York (TIM-3).

Made once, from the `tzdata` package and never from system files, so that two machines agree. One row
per FX day, Saturdays and Sundays included; the day is named by the date on which it ends. A bar of W1
or MN1 is made of the sessions Monday to Friday; what is quoted between Friday and Sunday 17:00 counts
to the Monday that follows, so that no week is known before its last quote.

Sessions per symbol, holidays and seven-day markets are not known here.
"""

from __future__ import annotations

import datetime
import functools
import importlib.metadata
import importlib.resources
import zoneinfo
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from omega.data.timeframes import DAY_US, MINUTE_US, MINUTES
from omega.errors import error_for

__all__ = ["CALENDAR_VERSION", "FxCalendar", "fx_calendar", "instant_of", "iso_text"]

CALENDAR_VERSION = f"fx-1/tzdata-{importlib.metadata.version('tzdata')}"
"""Rules of this module and release of the zone data; part of a run's fingerprint."""

Int64s = npt.NDArray[np.int64]
_SPARE_DAYS = 40
_SESSION_WEEK_US = 5 * DAY_US
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MICROSECOND = datetime.timedelta(microseconds=1)


@functools.cache
def new_york() -> zoneinfo.ZoneInfo:
    """Return the zone America/New_York as the pinned `tzdata` package defines it."""
    source = importlib.resources.files("tzdata").joinpath("zoneinfo", "America", "New_York")
    with source.open("rb") as file:
        return zoneinfo.ZoneInfo.from_file(file, key="America/New_York")


@dataclass(frozen=True, slots=True, eq=False)
class FxCalendar:
    """Consecutive FX days, with room to spare on both sides of the data.

    Attributes:
        rollover_us: Ends of the days (17:00 New York), shape (n,).
        fx_day: Dates of the days, days since 1970-01-01, shape (n,).
        offset_minutes: New York's offset from UTC at the ends, shape (n,).
    """

    rollover_us: Int64s
    fx_day: Int64s
    offset_minutes: npt.NDArray[np.int16]

    def weekday(self) -> Int64s:
        """Return the weekdays of the days, 0 = Monday."""
        return np.asarray((self.fx_day + 3) % 7)

    def day_of(self, time_us: Int64s) -> npt.NDArray[np.intp]:
        """Return the row of the FX day that each time belongs to."""
        return np.asarray(np.searchsorted(self.rollover_us, time_us, side="right"))

    def intervals(self, time_us: Int64s, timeframe: str) -> tuple[Int64s, Int64s]:
        """Return start and close of the bar of `timeframe` that each time belongs to (TIM-2).

        Args:
            time_us: Times inside the calendar, shape (n,).
            timeframe: A name of `omega.data.timeframes`.
        """
        length_us = MINUTES[timeframe] * MINUTE_US
        if MINUTES[timeframe] <= 60:
            start = time_us - time_us % length_us
            return start, start + length_us
        day = self.day_of(time_us)
        if timeframe in ("D1", "W1", "MN1"):
            starts, closes = self._session_bounds(timeframe)
            return starts[day], closes[day]
        day_start, day_end = self.rollover_us[day - 1], self.rollover_us[day]
        start = day_start + (time_us - day_start) // length_us * length_us
        # A Sunday on which the clocks change has 23 or 25 hours; its last bar ends with it.
        return start, np.minimum(start + length_us, day_end)

    def session_us(self, time_us: Int64s) -> Int64s:
        """Return the session time that has passed at each time; it stands still at week-ends."""
        monday = np.flatnonzero(self.weekday() == 0)
        week_start = self.rollover_us[monday - 1]
        week: Int64s = np.searchsorted(week_start, time_us, side="right") - 1
        inside: Int64s = np.minimum(time_us - week_start[week], _SESSION_WEEK_US)
        return week * np.int64(_SESSION_WEEK_US) + inside

    def last_close(self, time_us: Int64s, timeframe: str) -> Int64s:
        """Return when the bar that should have completed last at each time closed, in session time."""
        passed = self.session_us(time_us)
        if timeframe == "MN1":
            closes = np.unique(self._session_bounds("MN1")[1])
            return self.session_us(closes[np.searchsorted(closes, time_us, side="right") - 1])
        length_us = MINUTES[timeframe] * MINUTE_US
        return passed - passed % length_us

    def table(self, first_us: int, last_us: int) -> pa.Table:
        """Return the `calendar` table for data from `first_us` to `last_us`, one day more on either side."""
        first, last = self.day_of(np.array([first_us, last_us], np.int64))
        rows = slice(int(first) - 1, int(last) + 2)
        return pa.table(
            [
                pa.array(self.rollover_us[rows]).cast(pa.timestamp("us", tz="UTC")),
                pa.array(self.fx_day[rows].astype(np.int32)),
                pa.array(self.weekday()[rows].astype(np.int8)),
                pa.array(self.offset_minutes[rows]),
            ],
            schema=pa.schema(
                [
                    pa.field("rollover_time", pa.timestamp("us", tz="UTC"), nullable=False),
                    pa.field("fx_day", pa.int32(), nullable=False),
                    pa.field("weekday", pa.int8(), nullable=False),
                    pa.field("utc_offset_minutes", pa.int16(), nullable=False),
                ]
            ),
        )

    def _session_bounds(self, timeframe: str) -> tuple[Int64s, Int64s]:
        """Return start and close of the D1, W1 or MN1 bar of every FX day that is far enough from the ends."""
        if timeframe == "D1":
            return np.concatenate([self.rollover_us[:1] - DAY_US, self.rollover_us[:-1]]), self.rollover_us
        weekday = self.weekday()
        trading = np.where(weekday < 5, self.fx_day, self.fx_day + 7 - weekday)
        if timeframe == "W1":
            first = trading - (trading + 3) % 7
            last = first + 4
        else:
            month = trading.astype("datetime64[D]").astype("datetime64[M]")
            begins = np.busday_offset(month.astype("datetime64[D]"), 0, roll="forward")
            ends = np.busday_offset((month + 1).astype("datetime64[D]"), -1, roll="forward")
            first, last = begins.astype(np.int64), ends.astype(np.int64)
        top = len(self.fx_day) - 1
        start_row = np.clip(first - self.fx_day[0] - 1, 0, top)
        close_row = np.clip(last - self.fx_day[0], 0, top)
        return self.rollover_us[start_row], self.rollover_us[close_row]


def fx_calendar(first_us: int, last_us: int) -> FxCalendar:
    """Return the calendar for times from `first_us` to `last_us`, whole weeks and months included."""
    first_day = first_us // DAY_US - _SPARE_DAYS
    # The first row is a Sunday: its end opens a week, from which session time is counted.
    first_day -= (first_day + 4) % 7
    return _calendar_between(first_day, last_us // DAY_US + _SPARE_DAYS)


@functools.lru_cache(maxsize=8)
def _calendar_between(first_day: int, last_day: int) -> FxCalendar:
    zone, evening = new_york(), datetime.time(17)
    rollovers, offsets = [], []
    for day in range(first_day, last_day + 1):
        date = datetime.date(1970, 1, 1) + datetime.timedelta(days=day)
        moment = datetime.datetime.combine(date, evening, zone)
        rollovers.append((moment - _EPOCH) // _MICROSECOND)
        offsets.append(int(moment.strftime("%z")[:3]) * 60)
    return FxCalendar(
        np.array(rollovers, np.int64),
        np.arange(first_day, last_day + 1, dtype=np.int64),
        np.array(offsets, np.int16),
    )


def iso_text(time_us: int) -> str:
    """Return a time as ISO 8601 text in UTC, to the second or, if it has a fraction, the microsecond."""
    return (_EPOCH + time_us * _MICROSECOND).isoformat().replace("+00:00", "Z")


def instant_of(value: object, key: str) -> int:
    """Return a date or date-time as UTC microseconds (API-3b).

    A bare date (``"2025-01-20"`` or a `datetime.date`) is the start of that FX day: 17:00 New York of
    the day before. A date-time (ISO 8601 text or a `datetime.datetime`) needs a zone.

    Raises:
        ConfigError: ``config.invalid``: no date, or a date-time without a zone.
    """
    expected = "a date such as 2025-01-20, or a date-time with a zone such as 2025-01-20T08:00:00Z"
    try:
        moment = _parse(value)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise error_for(
            "config.invalid", file="omega.load", line="", key=key, expected=expected, value=repr(value), hint=""
        )
    return (moment - _EPOCH) // _MICROSECOND


def _parse(value: object) -> datetime.datetime | None:
    if isinstance(value, str):
        is_date = len(value) == 10
        value = datetime.date.fromisoformat(value) if is_date else datetime.datetime.fromisoformat(value)
    if isinstance(value, datetime.datetime):
        return value
    if isinstance(value, datetime.date):
        eve = value - datetime.timedelta(days=1)
        return datetime.datetime.combine(eve, datetime.time(17), new_york())
    return None
