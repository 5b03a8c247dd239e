"""The FX calendar: days, weeks and months that end at 17:00 New York (TIM-3).

Made once, from the `tzdata` package and never from system files, so that two machines agree. One row
per FX day, Saturdays and Sundays included; the day is named by the date on which it ends. A bar of W1
or MN1 is made of the sessions Monday to Friday; what is quoted between Friday and Sunday 17:00 counts
to the Monday that follows, so that no week is known before its last quote.

When a symbol trades inside this frame (daily breaks, holidays, seven days) is its session, from
`omega.data.sessions`. Seven-day markets have weeks from Sunday to Sunday and months of all their days.
"""

from __future__ import annotations

import datetime
import functools
import importlib.metadata
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from omega.data.sessions import SESSIONS_VERSION, session_named
from omega.data.timeframes import DAY_US, MINUTE_US, MINUTES
from omega.errors import error_for
from omega.values import INSTANT, instant_us, new_york

__all__ = ["CALENDAR_VERSION", "FxCalendar", "fx_calendar", "instant_of", "iso_text"]

CALENDAR_VERSION = f"fx-2/sessions-{SESSIONS_VERSION}/tzdata-{importlib.metadata.version('tzdata')}"
"""Rules of this module, release of the sessions and of the zone data; part of a run's fingerprint."""

Int64s = npt.NDArray[np.int64]
_SPARE_DAYS = 40
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MICROSECOND = datetime.timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, eq=False)
class FxCalendar:
    """Consecutive FX days, with room to spare on both sides of the data.

    Attributes:
        rollover_us: Ends of the days (17:00 New York), shape (n,).
        fx_day: Dates of the days, days since 1970-01-01, shape (n,).
        offset_minutes: New York's offset from UTC at the ends, shape (n,).
        opens_us: Openings of the sessions, ascending, shape (m,).
        closes_us: Closes of the sessions, shape (m,).
        is_seven_day: Whether Saturdays and Sundays have sessions.
    """

    rollover_us: Int64s
    fx_day: Int64s
    offset_minutes: npt.NDArray[np.int16]
    opens_us: Int64s
    closes_us: Int64s
    is_seven_day: bool

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
        """Return the session time that has passed at each time; it stands still outside of sessions."""
        lengths = self.closes_us - self.opens_us
        before = np.cumsum(lengths) - lengths
        session = np.maximum(np.searchsorted(self.opens_us, time_us, side="right") - 1, 0)
        inside: Int64s = np.clip(time_us - self.opens_us[session], 0, lengths[session])
        return np.asarray(before[session] + inside)

    def is_in_session(self, time_us: Int64s) -> npt.NDArray[np.bool_]:
        """Return whether a bar that opens at each time, or a tick, lies in a session."""
        session = np.searchsorted(self.opens_us, time_us, side="right") - 1
        return np.asarray((session >= 0) & (time_us < self.closes_us[np.maximum(session, 0)]))

    def last_close(self, time_us: Int64s, timeframe: str) -> Int64s:
        """Return when the bar that should have completed last at each time closed, in session time."""
        start, _ = self.intervals(time_us, timeframe)
        return self.session_us(start)

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
        if self.is_seven_day:
            return self._seven_day_bounds(timeframe)
        trading = np.where(weekday < 5, self.fx_day, self.fx_day + 7 - weekday)
        if timeframe == "W1":
            first = trading - (trading + 3) % 7
            last = first + 4
        else:
            month = trading.astype("datetime64[D]").astype("datetime64[M]")
            begins = np.busday_offset(month.astype("datetime64[D]"), 0, roll="forward")
            ends = np.busday_offset((month + 1).astype("datetime64[D]"), -1, roll="forward")
            first, last = begins.astype(np.int64), ends.astype(np.int64)
        return self._ends_of(first, last)

    def _seven_day_bounds(self, timeframe: str) -> tuple[Int64s, Int64s]:
        if timeframe == "W1":
            first = self.fx_day - self.weekday()
            return self._ends_of(first, first + 6)
        month = self.fx_day.astype("datetime64[D]").astype("datetime64[M]")
        begins, ends = (edge.astype("datetime64[D]").astype(np.int64) for edge in (month, month + 1))
        return self._ends_of(begins, ends - 1)

    def _ends_of(self, first: Int64s, last: Int64s) -> tuple[Int64s, Int64s]:
        """Return where the first of some FX days begins and the last one ends."""
        top = len(self.fx_day) - 1
        start_row = np.clip(first - self.fx_day[0] - 1, 0, top)
        close_row = np.clip(last - self.fx_day[0], 0, top)
        return self.rollover_us[start_row], self.rollover_us[close_row]


def fx_calendar(first_us: int, last_us: int, session: str = "fx") -> FxCalendar:
    """Return the calendar for times from `first_us` to `last_us`, whole weeks and months included.

    Args:
        first_us: First time.
        last_us: Last time.
        session: Name of the symbol's session (`omega.data.sessions.session_of`).
    """
    first_day = first_us // DAY_US - _SPARE_DAYS
    # The first row is a Sunday: its end opens a week.
    first_day -= (first_day + 4) % 7
    return _calendar_between(first_day, last_us // DAY_US + _SPARE_DAYS, session)


@functools.lru_cache(maxsize=16)
def _calendar_between(first_day: int, last_day: int, session: str) -> FxCalendar:
    zone, evening = new_york(), datetime.time(17)
    ends, offsets = [], []
    for day in range(first_day, last_day + 1):
        date = datetime.date(1970, 1, 1) + datetime.timedelta(days=day)
        moment = datetime.datetime.combine(date, evening, zone)
        ends.append((moment - _EPOCH) // _MICROSECOND)
        offsets.append(int(moment.strftime("%z")[:3]) * 60)
    rollovers, days = np.array(ends, np.int64), np.arange(first_day, last_day + 1, dtype=np.int64)
    kind = session_named(session)
    traded = np.flatnonzero(kind.trades_on(days[1:])) + 1
    return FxCalendar(
        rollovers,
        days,
        np.array(offsets, np.int16),
        rollovers[traded - 1] + kind.opens_after_us,
        rollovers[traded] - kind.closes_before_us,
        kind.is_seven_day,
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
    time_us = instant_us(value)
    if time_us is None:
        raise error_for(
            "config.invalid", file="omega.load", line="", key=key, expected=INSTANT, value=repr(value), hint=""
        )
    return time_us
