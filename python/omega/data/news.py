"""Economic calendars: when news are published, for which currency, how much they move (CST-1, MGT).

Our own format is CSV with the columns ``time,currency,impact,title``: times in ISO 8601 with their zone
(``2025-05-13T12:30:00Z``), currencies by ISO 4217 (``ALL`` for every one), impact none, low, medium or
high. Three layouts that calendar sites and scrapers write are read as well; none of them names its clock,
so the caller must.

Rows without a time of day ("All Day", bank holidays) open no window; they are left out and counted. Values
such as forecast and actual are not read: what they were at the time is not known from such files.
"""

from __future__ import annotations

import csv
import datetime
import hashlib
import json
import pathlib
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from omega.data.calendar import Int64s
from omega.data.timeframes import DAY_US, MINUTE_US
from omega.data.zones import Zone, zone_named
from omega.errors import OmegaError, error_for

__all__ = ["IMPACTS", "NewsCalendar", "load_news"]

IMPACTS = ("none", "low", "medium", "high")
"""Impacts by rank; the table holds the rank."""

EVERY_CURRENCY = "ALL"
_MAX_MINUTES = 7 * 24 * 60
_EPOCH_DAY = datetime.date(1970, 1, 1).toordinal()
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_IMPACT_WORDS = {"holiday": 0, "non-economic": 0, "yellow": 1, "orange": 2, "red": 3}
_IMPACT_WORDS |= {name: rank for rank, name in enumerate(IMPACTS)}

_DATED = re.compile(r"(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)")
_DAY_ROW = re.compile(r"(\w+), (\w{3})\w* (\d{1,2}), (\d{4})")
_MONTH_DAY = re.compile(r"(\w{3}) (\d{1,2})")
_CLOCK_12 = re.compile(r"(\d{1,2}):(\d\d)(am|pm)")
_CLOCK_24 = re.compile(r"(\d\d):(\d\d)")
_UNTIMED = re.compile(r"(All Day|Tentative|Day \d+)?")
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True, eq=False)
class NewsCalendar:
    """Events in order of time.

    Attributes:
        time_us: When each is published, UTC microseconds, ascending, shape (n,).
        currency: Currency each is about; ``ALL`` for every one.
        impact: Rank of each in `IMPACTS`, shape (n,).
        title: What is published, as the file says.
        untimed: Rows left out because they have no time of day.
        source: The file.
    """

    time_us: Int64s
    currency: tuple[str, ...]
    impact: npt.NDArray[np.int8]
    title: tuple[str, ...]
    untimed: int
    source: str

    def __len__(self) -> int:
        return len(self.time_us)

    @property
    def digest(self) -> str:
        """SHA-256 of times, currencies and impacts."""
        facts = [self.time_us.tolist(), self.currency, self.impact.tolist()]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()

    def windows(
        self, currencies: Collection[str], minutes_before: int, minutes_after: int, min_impact: str
    ) -> list[tuple[int, int]]:
        """Return the times around news as half-open intervals in UTC microseconds, merged and ascending.

        An event at t gives ``[t - minutes_before, t + minutes_after)``; intervals that touch become one.

        Args:
            currencies: Whose news count, such as both currencies of a symbol.
            minutes_before: Minutes before each event, 0 to 10080.
            minutes_after: Minutes after it, 0 to 10080.
            min_impact: Least impact that counts, a name of `IMPACTS`.

        Raises:
            ConfigError: ``config.invalid``.
        """
        for key, minutes in (("minutes_before", minutes_before), ("minutes_after", minutes_after)):
            if isinstance(minutes, bool) or not isinstance(minutes, int) or not 0 <= minutes <= _MAX_MINUTES:
                raise _invalid(key, f"whole minutes from 0 to {_MAX_MINUTES}", minutes)
        if min_impact not in IMPACTS:
            raise _invalid("min_impact", "one of " + ", ".join(IMPACTS), min_impact)
        wanted = {*currencies, EVERY_CURRENCY}
        loud = self.impact >= IMPACTS.index(min_impact)
        times = [int(self.time_us[row]) for row in np.flatnonzero(loud) if self.currency[row] in wanted]
        merged: list[tuple[int, int]] = []
        for time_us in times if minutes_before + minutes_after else ():
            start_us, end_us = time_us - minutes_before * MINUTE_US, time_us + minutes_after * MINUTE_US
            if merged and start_us <= merged[-1][1]:
                start_us = merged.pop()[0]
            merged.append((start_us, end_us))
        return merged


def load_news(path: str | pathlib.Path, *, zone: str | None = None) -> NewsCalendar:
    """Return the events of a calendar file, sorted by time; equal times keep the order of the file.

    The first line decides the layout: ``time,currency,impact,title`` (ours), ``Start,Name,Impact,Currency``,
    ``year,day,time,impact,cur,text,…`` (ForexFactory, days as ``Jan 3`` and times as ``8:30am``), or
    ``Time,Cur.,Imp.,Event,…`` (days in rows of their own, impact as a colour).

    Args:
        path: A CSV file, UTF-8.
        zone: The clock of its times, as `omega data import` takes it (``UTC``, ``America/New_York``, ``+02:00``).
            Required for every layout but ours, which names a zone with every time and takes none here.

    Raises:
        DataError: ``data.unreadable``, ``data.news_format``, ``data.news_zone``, ``data.ragged_row``,
            ``data.naive_time``, ``data.bad_time``, ``data.wrong_type``, ``data.clock_change`` with file and row.
        ConfigError: ``config.invalid``: a zone that does not exist, or one for our own layout.
    """
    where = str(path)
    rows = list(_cells(pathlib.Path(path), where))
    header = tuple(cell.strip().lower() for cell in rows[0]) if rows else ()
    layout = next((layout for layout in _LAYOUTS if header[: len(layout.header)] == layout.header), None)
    if layout is None or (layout is _OWN and header != layout.header):
        raise error_for("data.news_format", where=where, found=", ".join(header)[:120] or "nothing")
    if layout is _OWN and zone is not None:
        raise _invalid("zone", f"nothing, because {where} names a zone with every time", zone)
    if layout is not _OWN and zone is None:
        raise error_for("data.news_zone", where=where)
    read = _Reader(where, len(header))
    events = [event for event in layout.read(read, rows[1:]) if event is not None]
    return _calendar(events, read, None if zone is None else zone_named(zone, where=where))


@dataclass(frozen=True, slots=True)
class _Event:
    """One row: its number from 1 below the header, and what it says; the time is UTC or a wall time."""

    row: int
    time_us: int
    currency: str
    impact: int
    title: str


@dataclass(slots=True)
class _Reader:
    """Turns cells into values, or says which row does not hold one."""

    where: str
    width: int
    untimed: int = 0

    def rows(self, rows: Sequence[list[str]]) -> Iterator[tuple[int, list[str]]]:
        """Yield rows that hold something, with their numbers; all are as wide as the header."""
        for row, cells in enumerate(rows, 1):
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != self.width:
                shown = ",".join(cells)[:80]
                raise error_for(
                    "data.ragged_row", where=self.where, row=row, found=len(cells), expected=self.width, value=shown
                )
            yield row, [cell.strip() for cell in cells]

    def event(self, row: int, time_us: int | None, currency: str, impact: str, title: str) -> _Event | None:
        """Return a row as an event, None if it has no time."""
        rank = _IMPACT_WORDS.get(impact.lower())
        if rank is None:
            raise self._wrong(row, "impact", impact, "one of " + ", ".join(IMPACTS))
        if time_us is None:
            self.untimed += 1
            return None
        if _CURRENCY.fullmatch(currency.upper()) is None:
            raise self._wrong(row, "currency", currency, "three letters, such as USD")
        return _Event(row, time_us, currency.upper(), rank, title)

    def wall(self, row: int, text: str, date: tuple[int, int, int], clock: tuple[int, int, int]) -> int:
        """Return a date and a time of day as microseconds of its own clock."""
        hour, minute, second = clock
        try:
            day = datetime.date(*date).toordinal() - _EPOCH_DAY
        except ValueError:
            day = -1
        if not 0 <= day < 106_000 or hour > 23 or minute > 59 or second > 59:
            raise self.bad_time(row, text)
        return day * DAY_US + (hour * 60 + minute) * MINUTE_US + second * 1_000_000

    def bad_time(self, row: int, text: str) -> OmegaError:
        return error_for(
            "data.bad_time", where=self.where, row=row, column="time", value=repr(text), reason="there is no such time"
        )

    def _wrong(self, row: int, column: str, found: str, expected: str) -> OmegaError:
        return error_for(
            "data.wrong_type", where=self.where, row=row, column=column, found=repr(found), expected=expected, hint=""
        )


def _own(read: _Reader, rows: Sequence[list[str]]) -> Iterator[_Event | None]:
    for row, (text, currency, impact, title) in read.rows(rows):
        try:
            moment = datetime.datetime.fromisoformat(text)
        except ValueError:
            raise read.bad_time(row, text) from None
        if moment.tzinfo is None:
            raise error_for("data.naive_time", where=read.where, row=row, column="time", value=text)
        utc = moment.astimezone(datetime.UTC)
        time_us = read.wall(row, text, (utc.year, utc.month, utc.day), (utc.hour, utc.minute, utc.second))
        yield read.event(row, time_us + utc.microsecond, currency, impact, title)


def _dated(read: _Reader, rows: Sequence[list[str]]) -> Iterator[_Event | None]:
    """Read ``2012-01-06 13:30:00,Nonfarm Payrolls,HIGH,USD``."""
    for row, (text, title, impact, currency, *_) in read.rows(rows):
        match = _DATED.fullmatch(text)
        if match is None:
            raise read.bad_time(row, text)
        year, month, day, hour, minute, second = map(int, match.groups())
        yield read.event(row, read.wall(row, text, (year, month, day), (hour, minute, second)), currency, impact, title)


def _month_days(read: _Reader, rows: Sequence[list[str]]) -> Iterator[_Event | None]:
    """Read ``2022,Jan 3,8:30am,high,USD,…``."""
    for row, (year, day, clock, impact, currency, title, *_) in read.rows(rows):
        text = f"{year} {day} {clock}"
        date, time = _MONTH_DAY.fullmatch(day), _CLOCK_12.fullmatch(clock)
        if date is None or not year.isdecimal() or not (time or _UNTIMED.fullmatch(clock)):
            raise read.bad_time(row, text)
        time_us = None
        if time is not None:
            hour = int(time[1]) % 12 + (12 if time[3] == "pm" else 0)
            hour = 24 if int(time[1]) > 12 else hour  # there is no 13:00pm
            time_us = read.wall(row, text, (int(year), _month(date[1]), int(date[2])), (hour, int(time[2]), 0))
        yield read.event(row, time_us, currency, impact, title)


def _day_rows(read: _Reader, rows: Sequence[list[str]]) -> Iterator[_Event | None]:
    """Read ``"Sunday, May 11, 2025"`` and below it ``18:00,USD,Yellow,…``."""
    date: tuple[int, int, int] | None = None
    for row, (text, currency, impact, title, *_) in read.rows(rows):
        day = _DAY_ROW.fullmatch(text)
        if day is not None:
            date = int(day[4]), _month(day[2]), int(day[3])
            midnight = read.wall(row, text, date, (0, 0, 0))
            if day[1].lower() != _WEEKDAYS[(midnight // DAY_US + 3) % 7]:
                raise read.bad_time(row, text)
            continue
        time = _CLOCK_24.fullmatch(text)
        if date is None or not (time or _UNTIMED.fullmatch(text)):
            raise read.bad_time(row, text)
        time_us = None if time is None else read.wall(row, text, date, (int(time[1]), int(time[2]), 0))
        yield read.event(row, time_us, currency, impact, title)


@dataclass(frozen=True, slots=True)
class _Layout:
    header: tuple[str, ...]
    read: Callable[[_Reader, Sequence[list[str]]], Iterator[_Event | None]]


_OWN = _Layout(("time", "currency", "impact", "title"), _own)
_LAYOUTS = (
    _OWN,
    _Layout(("start", "name", "impact", "currency"), _dated),
    _Layout(("year", "day", "time", "impact", "cur", "text"), _month_days),
    _Layout(("time", "cur.", "imp.", "event"), _day_rows),
)


def _calendar(events: list[_Event], read: _Reader, zone: Zone | None) -> NewsCalendar:
    times = np.array([event.time_us for event in events], np.int64)
    if zone is not None and events:
        times, doubtful = zone.to_utc(times)
        if doubtful.any():
            first = int(np.argmax(doubtful))
            wall = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=events[first].time_us)
            raise error_for(
                "data.clock_change", where=read.where, row=events[first].row, value=str(wall), zone=zone.name
            )
    order = np.argsort(times, kind="stable")
    chosen = [events[row] for row in order]
    return NewsCalendar(
        time_us=times[order],
        currency=tuple(event.currency for event in chosen),
        impact=np.array([event.impact for event in chosen], np.int8),
        title=tuple(event.title for event in chosen),
        untimed=read.untimed,
        source=read.where,
    )


def _cells(path: pathlib.Path, where: str) -> Iterator[list[str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            yield from csv.reader(stream, strict=True)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise error_for("data.unreadable", where=where, format="CSV", reason=reason) from None


def _month(name: str) -> int:
    """Return the number of a month, 0 for no month."""
    return _MONTHS.index(name.lower()) + 1 if name.lower() in _MONTHS else 0


def _invalid(key: str, expected: str, value: object) -> OmegaError:
    return error_for("config.invalid", file="news", line="", key=key, expected=expected, value=repr(value), hint="")
