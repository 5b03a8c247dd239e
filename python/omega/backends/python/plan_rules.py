"""Position rules and filters as they stand in the plan (MGT).

Rules move stops (`break_even`, `trailing`), take part of a position off (`partial_close`) or close it by the
clock (`max_holding`, `session_close`); filters refuse orders. Windows and moments of New York time were turned
into UTC before the seam. What they do: `engine/management`, `engine/clock_rules`, `engine/filters`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from omega.backends.python.plan_fields import Fraction, fields_of, integer, misfit, one_of, positive

MAX_RULES = 32
MAX_POINTS = 10**9
MAX_MULTIPLE = 10**6
MAX_COUNT = 10**7
MAX_TIME_US = 2**62


@dataclass(frozen=True, slots=True)
class Measure:
    """A distance or a profit: `amount` in `unit` (points, r, atr), or a price in points (price)."""

    unit: str
    amount: Fraction


@dataclass(frozen=True, slots=True)
class BreakEven:
    """Moves the stop to the entry plus `offset_points` once the profit reaches the trigger."""

    trigger: Measure
    offset_points: int


@dataclass(frozen=True, slots=True)
class Trailing:
    """Keeps the stop at a distance behind the bar's extreme, from a profit of `start` on."""

    distance: Measure
    start: Measure | None
    step_points: int


@dataclass(frozen=True, slots=True)
class PartialClose:
    """Closes a share of the first volume at the open after the bar that reached a profit or price."""

    at: Measure
    share: Fraction


@dataclass(frozen=True, slots=True)
class Limit:
    """How long something lasts: `count` bars or minutes."""

    unit: str
    count: int


@dataclass(frozen=True, slots=True)
class MaxHolding:
    """Closes a position that was held so long."""

    limit: Limit


@dataclass(frozen=True, slots=True)
class SessionClose:
    """Closes every position at these moments, ascending."""

    moments_us: tuple[int, ...]


PositionRule = BreakEven | Trailing | PartialClose | MaxHolding | SessionClose


@dataclass(frozen=True, slots=True)
class Cooldown:
    """No order for so long after the last entry, or exit, of the symbol."""

    after_exit: bool
    limit: Limit


@dataclass(frozen=True, slots=True)
class Filters:
    """When orders are refused (MGT-4). Windows are half-open, ascending and apart; no `sessions` is always."""

    max_symbol: int | None
    max_total: int | None
    cooldowns: tuple[Cooldown, ...]
    sessions: tuple[tuple[int, int], ...] | None
    news: tuple[tuple[int, int], ...]


def parse_rules(raw: Any) -> tuple[PositionRule, ...]:
    """Return the plan's `position_rules`.

    Raises:
        ConfigError: ``config.plan`` with what does not fit.
    """
    if not isinstance(raw, list) or len(raw) > MAX_RULES:
        raise misfit(f"position_rules must be at most {MAX_RULES} rules")
    return tuple(_rule(entry) for entry in raw)


def parse_filters(raw: Any) -> Filters:
    """Return the plan's `filters`.

    Raises:
        ConfigError: ``config.plan`` with what does not fit.
    """
    raw = fields_of(raw, "filters", "max_symbol max_total cooldowns sessions news")
    if not isinstance(raw["cooldowns"], list):
        raise misfit("filters.cooldowns must be a list")
    return Filters(
        max_symbol=_count_or_none(raw["max_symbol"], "filters.max_symbol"),
        max_total=_count_or_none(raw["max_total"], "filters.max_total"),
        cooldowns=tuple(_cooldown(entry) for entry in raw["cooldowns"]),
        sessions=None if raw["sessions"] is None else _windows(raw["sessions"], "filters.sessions"),
        news=_windows(raw["news"], "filters.news"),
    )


def _rule(raw: Any) -> PositionRule:
    kind = raw.get("kind") if isinstance(raw, dict) else None
    if kind not in PARSERS:
        raise misfit("position_rules[].kind")
    return PARSERS[kind](raw)


def _break_even(raw: Any) -> BreakEven:
    raw = fields_of(raw, "break_even", "kind trigger offset_points")
    trigger = _measure(raw["trigger"], "break_even.trigger", ("points", "r"))
    return BreakEven(trigger, integer(raw["offset_points"], "break_even.offset_points", 0, MAX_POINTS))


def _trailing(raw: Any) -> Trailing:
    raw = fields_of(raw, "trailing", "kind distance start step_points")
    start = raw["start"]
    return Trailing(
        distance=_measure(raw["distance"], "trailing.distance", ("points", "r", "atr")),
        start=None if start is None else _measure(start, "trailing.start", ("points", "r")),
        step_points=integer(raw["step_points"], "trailing.step_points", 0, MAX_POINTS),
    )


def _partial_close(raw: Any) -> PartialClose:
    raw = fields_of(raw, "partial_close", "kind at share")
    at = _measure(raw["at"], "partial_close.at", ("points", "r", "price"))
    share = positive(raw["share"], "partial_close.share")
    if share[0] >= share[1]:
        raise misfit("partial_close.share must be below 1")
    return PartialClose(at, share)


def _max_holding(raw: Any) -> MaxHolding:
    raw = fields_of(raw, "max_holding", "kind limit")
    return MaxHolding(_limit(raw["limit"], "max_holding.limit"))


def _session_close(raw: Any) -> SessionClose:
    raw = fields_of(raw, "session_close", "kind moments_us")
    if not isinstance(raw["moments_us"], list):
        raise misfit("session_close.moments_us must be a list")
    moments = tuple(_moment(value, "session_close.moments_us") for value in raw["moments_us"])
    if any(late <= early for early, late in itertools.pairwise(moments)):
        raise misfit("session_close.moments_us must ascend")
    return SessionClose(moments)


def _cooldown(raw: Any) -> Cooldown:
    raw = fields_of(raw, "filters.cooldowns", "after limit")
    after = one_of(raw["after"], "filters.cooldowns.after", ("entry", "exit"))
    return Cooldown(after == "exit", _limit(raw["limit"], "filters.cooldowns.limit"))


def _measure(raw: Any, place: str, units: tuple[str, ...]) -> Measure:
    """Return a measure of one of the units; fractions are r and atr, the others are whole points."""
    unit, value = _only_item(raw, place, units)
    if unit in ("points", "price"):
        return Measure(unit, (integer(value, place, 1, MAX_POINTS), 1))
    amount = positive(value, place)
    if amount[0] > MAX_MULTIPLE * amount[1]:
        raise misfit(f"{place} must be at most {MAX_MULTIPLE}")
    return Measure(unit, amount)


def _limit(raw: Any, place: str) -> Limit:
    unit, value = _only_item(raw, place, ("bars", "minutes"))
    return Limit(unit, integer(value, place, 1, MAX_COUNT))


def _only_item(raw: Any, place: str, names: tuple[str, ...]) -> tuple[str, Any]:
    if not isinstance(raw, dict) or len(raw) != 1 or next(iter(raw)) not in names:
        raise misfit(f"{place} must have exactly one of the fields {', '.join(names)}")
    return next(iter(raw.items()))


def _windows(raw: Any, place: str) -> tuple[tuple[int, int], ...]:
    """Return half-open windows, each behind the one before it."""
    if not isinstance(raw, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in raw):
        raise misfit(f"{place} must be a list of [start, end]")
    windows = tuple((_moment(start, place), _moment(end, place)) for start, end in raw)
    edges = [edge for window in windows for edge in window]
    if any(late <= early for early, late in itertools.pairwise(edges)):
        raise misfit(f"{place} must ascend and lie apart")
    return windows


def _moment(raw: Any, place: str) -> int:
    return integer(raw, place, -MAX_TIME_US, MAX_TIME_US)


def _count_or_none(raw: Any, place: str) -> int | None:
    return None if raw is None else integer(raw, place, 1, MAX_COUNT)


PARSERS: dict[Any, Callable[[Any], PositionRule]] = {
    "break_even": _break_even,
    "trailing": _trailing,
    "partial_close": _partial_close,
    "max_holding": _max_holding,
    "session_close": _session_close,
}
