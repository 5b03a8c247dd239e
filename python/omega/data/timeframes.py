"""Names, lengths and divisibility of timeframes.

A timeframe is its name (`"M15"`). Minutes and the first hour lie on the UTC grid, H2 to H12 are
anchored at the start of the FX day, D1, W1 and MN1 follow the FX calendar (TIM-2, TIM-3). Where an
interval begins and ends is the business of `omega.data.calendar`.
"""

from __future__ import annotations

import difflib
import re

from omega.errors import error_for

__all__ = ["MINUTES", "divides", "duration_us", "timeframe_named"]

MINUTE_US = 60_000_000
DAY_US = 1_440 * MINUTE_US

_SESSION_DAYS = {"D1": 1, "W1": 5, "MN1": 22}
MINUTES: dict[str, int] = {
    **{f"M{n}": n for n in (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30)},
    **{f"H{n}": n * 60 for n in (1, 2, 3, 4, 6, 8, 12)},
    **{name: days * 1_440 for name, days in _SESSION_DAYS.items()},
}
"""Minutes of session time in one bar; a month counts as 22 sessions. Finest first."""
_UNITS = {"MIN": 1, "M": 1, "T": 1, "H": 60, "D": 1_440, "W": 5 * 1_440}


def timeframe_named(name: object, key: str = "timeframe") -> str:
    """Return `name` if it is a timeframe.

    Raises:
        ConfigError: ``config.invalid``, naming the closest timeframe.
    """
    if isinstance(name, str) and name in MINUTES:
        return name
    close = _of_same_length(str(name)) or difflib.get_close_matches(str(name).upper(), MINUTES, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    raise error_for(
        "config.invalid",
        file="omega.load",
        line="",
        key=key,
        expected="one of " + ", ".join(MINUTES),
        value=repr(name),
        hint=hint,
    )


def _of_same_length(name: str) -> list[str]:
    """Return the timeframe that another spelling means: "1h", "60min", "M60" and "H24" name a length, too."""
    match = re.fullmatch(r"([0-9]*)(MIN|M|T|H|D|W)([0-9]*)", name.upper())
    if match is None:
        return []
    before, unit, after = match.groups()
    minutes = int(before or after or 1) * _UNITS[unit]
    return [known for known, length in MINUTES.items() if length == minutes and not (before and after)]


def divides(fine: str, coarse: str) -> bool:
    """Return whether every bar of `coarse` is made of whole bars of `fine`."""
    if coarse in _SESSION_DAYS:
        return fine == coarse or fine == "D1" or fine not in _SESSION_DAYS
    return fine not in _SESSION_DAYS and MINUTES[coarse] % MINUTES[fine] == 0


def duration_us(timeframe: str) -> int:
    """Return the session time of one bar in microseconds; the nominal 22 days for a month."""
    return MINUTES[timeframe] * MINUTE_US
