"""When a symbol trades: sessions and holidays, read from `sessions.toml`.

A session is a set of weekdays, a later opening or an earlier close (daily breaks), and holidays. What a
broker really quoted around holidays is in its data; this is what may be expected of it.
"""

from __future__ import annotations

import datetime
import functools
import importlib.resources
import tomllib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["SESSIONS_VERSION", "Session", "session_named", "session_of"]

SESSIONS_VERSION = 2
_MINUTE_US = 60_000_000


@dataclass(frozen=True, slots=True)
class Session:
    """Trading hours of a kind of market.

    Attributes:
        name: `fx`, `metals`, `indices` or `crypto`.
        days: FX days with a session, 0 = Monday.
        opens_after_us: Time from 17:00 New York to the opening.
        closes_before_us: Time from the close to 17:00 New York.
        yearly: Holidays of every year, (month, day).
        single: Holidays of one year, days since 1970-01-01.
    """

    name: str
    days: tuple[int, ...]
    opens_after_us: int
    closes_before_us: int
    yearly: frozenset[tuple[int, int]]
    single: frozenset[int]

    @property
    def is_seven_day(self) -> bool:
        return len(self.days) == 7

    def trades_on(self, fx_day: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Return whether there is a session on each FX day (days since 1970-01-01)."""
        trades = np.isin((fx_day + 3) % 7, self.days)
        dates = fx_day.astype("datetime64[D]").astype(datetime.date)
        closed = [
            (date.month, date.day) in self.yearly or int(day) in self.single
            for date, day in zip(dates, fx_day, strict=True)
        ]
        return np.asarray(trades & ~np.array(closed, np.bool_))


def session_of(symbol: str) -> str:
    """Return the name of a symbol's session; `fx` unless the table says otherwise."""
    names = [name for name, symbols in _tables()["symbols"].items() if symbol.upper() in symbols]
    return names[0] if names else "fx"


@functools.cache
def session_named(name: str) -> Session:
    """Return a session of the table."""
    tables = _tables()
    entry = tables["session"][name]
    dates = [date for holiday in entry["holidays"] for date in tables["holidays"][holiday]]
    epoch = datetime.date(1970, 1, 1)
    return Session(
        name=name,
        days=tuple(entry["days"]),
        opens_after_us=entry["opens_after_minutes"] * _MINUTE_US,
        closes_before_us=entry["closes_before_minutes"] * _MINUTE_US,
        yearly=frozenset((int(date[:2]), int(date[3:])) for date in dates if len(date) == 5),
        single=frozenset((datetime.date.fromisoformat(date) - epoch).days for date in dates if len(date) == 10),
    )


@functools.cache
def _tables() -> dict[str, Any]:
    text = importlib.resources.files("omega.data").joinpath("sessions.toml").read_text("utf-8")
    return tomllib.loads(text)
