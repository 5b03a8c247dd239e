"""Filters that refuse orders: sessions, news, cooldowns, numbers of positions (MGT-4).

Asked when an order is accepted and again when its first fill would open a position. They do not touch what is
open, nor closes and modifications.
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass
from typing import TYPE_CHECKING

from omega.backends.python.plan_rules import Cooldown
from omega.error_catalogue import CATALOGUE

if TYPE_CHECKING:
    from omega.backends.python.engine.simulation import Simulation

MINUTE_US = 60_000_000
SESSION = CATALOGUE["filter.session"].number
NEWS = CATALOGUE["filter.news"].number
COOLDOWN = CATALOGUE["filter.cooldown"].number
MAX_POSITIONS = CATALOGUE["filter.max_positions"].number


@dataclass(frozen=True, slots=True)
class Happened:
    """Where an entry or exit was: its bar and its time."""

    bar_idx: int
    time_us: int


def find_refusal(simulation: Simulation, now: Happened, symbol: int) -> int:
    """Return the error number of the first filter that refuses an order here, or 0."""
    filters = simulation.plan.filters
    if filters is None:
        return 0
    if filters.sessions is not None and not is_inside(filters.sessions, now.time_us):
        return SESSION
    if is_inside(filters.news, now.time_us):
        return NEWS
    for cooldown in filters.cooldowns:
        last = simulation.last_exit if cooldown.after_exit else simulation.last_entry
        if last is not None and is_cooling(cooldown, last, now):
            return COOLDOWN
    of_symbol = len([position for position in simulation.positions if position.symbol == symbol])
    if filters.max_symbol is not None and of_symbol >= filters.max_symbol:
        return MAX_POSITIONS
    if filters.max_total is not None and len(simulation.positions) >= filters.max_total:
        return MAX_POSITIONS
    return 0


def is_inside(windows: tuple[tuple[int, int], ...], time_us: int) -> bool:
    """Return whether a time lies in one of the half-open windows."""
    row = bisect.bisect_right(windows, time_us, key=_start) - 1
    return row >= 0 and time_us < windows[row][1]


def is_cooling(cooldown: Cooldown, last: Happened, now: Happened) -> bool:
    """Return whether fewer bars or minutes than the cooldown's have passed."""
    if cooldown.limit.unit == "bars":
        return now.bar_idx - last.bar_idx < cooldown.limit.count
    return now.time_us - last.time_us < cooldown.limit.count * MINUTE_US


def _start(window: tuple[int, int]) -> int:
    return window[0]
