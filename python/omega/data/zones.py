"""Wall clocks of data sources, turned into UTC (TIM-1).

A zone is written as people know it: ``UTC``, a fixed offset ``+02:00``, ``EST`` (HistData: UTC-5 all year),
an IANA name, a name with hours added (``America/New_York+7h``, the clock of most MetaTrader servers), or
several one after the other: ``UTC, from 2013-11-09 +02:00``. Zone data come from the pinned `tzdata`
package. Times that a clock change skips or repeats are refused, never guessed.
"""

from __future__ import annotations

import datetime
import functools
import importlib.resources
import re
import zoneinfo
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from omega.data.calendar import Int64s
from omega.data.timeframes import DAY_US
from omega.errors import error_for

__all__ = ["BROKER_ZONE", "CANDIDATES", "Zone", "zone_named"]

BROKER_ZONE = "America/New_York+7h"
CANDIDATES = (BROKER_ZONE, "UTC", "Europe/Athens", "EST", "America/New_York", "Europe/London", "+02:00", "+03:00")
"""Clocks that are tried against the weekly openings of a file, the most frequent one first."""

_HOUR_US = 3_600_000_000
_FIXED = re.compile(r"([+-])(\d\d):?(\d\d)")
_NAMED = re.compile(r"([A-Za-z]+(?:/[A-Za-z_]+)+)(?:([+-]\d{1,2})h)?")
_FROM = re.compile(r",\s*from\s+(\d{4}-\d\d-\d\d)\s+")


@dataclass(frozen=True, slots=True)
class Zone:
    """A clock, or several that follow each other.

    Attributes:
        name: As it was written.
        parts: Wall time from which each clock counts (microseconds), its IANA name or None, and the fixed
            part of its offset from UTC in microseconds.
    """

    name: str
    parts: tuple[tuple[int, str | None, int], ...]

    def to_utc(self, wall_us: Int64s) -> tuple[Int64s, npt.NDArray[np.bool_]]:
        """Return UTC times, and a mask of wall times that a change of the clock skips or repeats."""
        if len(self.parts) == 1:
            return _to_utc(wall_us, *self.parts[0][1:])
        utc, doubtful = np.empty_like(wall_us), np.zeros(len(wall_us), np.bool_)
        begins = [part[0] for part in self.parts]
        which = np.searchsorted(np.array(begins[1:], np.int64), wall_us, side="right")
        for idx, (_, key, fixed_us) in enumerate(self.parts):
            rows = which == idx
            if rows.any():
                utc[rows], doubtful[rows] = _to_utc(wall_us[rows], key, fixed_us)
        return utc, doubtful


def zone_named(text: str, *, where: str = "omega data import") -> Zone:
    """Return the zone that a text names.

    Raises:
        ConfigError: ``config.invalid``.
    """
    pieces = _FROM.split(text.strip())
    begins = [_wall_of(day) for day in pieces[1::2]]
    clocks = [_clock(piece.strip()) for piece in pieces[::2]]
    if None in clocks or None in begins or begins != sorted(begins, key=lambda begin: begin or 0):
        expected = f"UTC, EST, +02:00, an IANA name, {BROKER_ZONE}, or two of them joined by ', from 2013-11-09 '"
        raise error_for("config.invalid", file=where, line="", key="zone", expected=expected, value=repr(text), hint="")
    first = np.iinfo(np.int64).min
    starts = [int(first), *(begin for begin in begins if begin is not None)]
    return Zone(
        text.strip(), tuple((start, *clock) for start, clock in zip(starts, clocks, strict=True) if clock is not None)
    )


def _wall_of(day: str) -> int | None:
    try:
        return (datetime.date.fromisoformat(day) - datetime.date(1970, 1, 1)).days * DAY_US
    except ValueError:
        return None


def _clock(text: str) -> tuple[str | None, int] | None:
    if text.upper() in ("UTC", "GMT", "Z"):
        return None, 0
    if text.upper() == "EST":
        return None, -5 * _HOUR_US
    if match := _FIXED.fullmatch(text):
        minutes = int(match[2]) * 60 + int(match[3])
        return (None, (-minutes if match[1] == "-" else minutes) * 60_000_000) if minutes <= 18 * 60 else None
    match = _NAMED.fullmatch(text)
    if match is None or _zone_info(match[1]) is None:
        return None
    return match[1], int(match[2] or 0) * _HOUR_US


@functools.cache
def _zone_info(key: str) -> zoneinfo.ZoneInfo | None:
    source = importlib.resources.files("tzdata").joinpath("zoneinfo", *key.split("/"))
    if not source.is_file():
        return None
    with source.open("rb") as file:
        return zoneinfo.ZoneInfo.from_file(file, key=key)


def _to_utc(wall_us: Int64s, key: str | None, fixed_us: int) -> tuple[Int64s, npt.NDArray[np.bool_]]:
    if key is None or len(wall_us) == 0:
        return wall_us - fixed_us, np.zeros(len(wall_us), np.bool_)
    local = wall_us - fixed_us
    years = (np.array([local.min(), local.max()]) // DAY_US).astype("datetime64[D]").astype("datetime64[Y]")
    first, last = (int(year) + 1970 for year in years.astype(np.int64))
    changes, offsets = _changes(key, first - 1, last + 1)
    before, after = changes + offsets[:-1], changes + offsets[1:]
    segment = np.searchsorted(np.maximum(before, after), local, side="right")
    nearest = np.minimum(segment, len(changes) - 1) if len(changes) else segment
    doubtful = np.zeros(len(local), np.bool_)
    if len(changes):
        doubtful = (local >= np.minimum(before, after)[nearest]) & (local < np.maximum(before, after)[nearest])
    return local - offsets[segment], doubtful


@functools.lru_cache(maxsize=64)
def _changes(key: str, first: int, last: int) -> tuple[Int64s, Int64s]:
    """Return the clock changes of some years (UTC microseconds), and the offsets before, between and after them."""
    zone = _zone_info(key)
    assert zone is not None
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    moment = datetime.datetime(min(max(first, 1971), 2260), 1, 1, tzinfo=datetime.UTC)
    end = datetime.datetime(min(max(last, 1971), 2261), 12, 31, tzinfo=datetime.UTC)
    changes, offsets = [], [_offset_us(moment, zone)]
    while moment < end:
        following = moment + datetime.timedelta(days=1)
        if _offset_us(following, zone) != offsets[-1]:
            low, high = moment, following
            while high - low > datetime.timedelta(minutes=1):
                middle = low + (high - low) / 2
                middle = middle.replace(second=0, microsecond=0)
                low, high = (middle, high) if _offset_us(middle, zone) == offsets[-1] else (low, middle)
            changes.append((high - epoch) // datetime.timedelta(microseconds=1))
            offsets.append(_offset_us(following, zone))
        moment = following
    return np.array(changes, np.int64), np.array(offsets, np.int64)


def _offset_us(moment: datetime.datetime, zone: zoneinfo.ZoneInfo) -> int:
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None
    return offset // datetime.timedelta(microseconds=1)
