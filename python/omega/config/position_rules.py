"""Position rules and filters as people write them (MGT).

Distances are points, multiples of R (the distance from the entry to the first stop) or of ATR(14) of the step
timeframe. Times of day are New York's; `omega.engine` turns them into UTC for the bars of a run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from omega.config.exact import Exact, as_pair
from omega.config.specs import STRICT, SymbolSpec

__all__ = [
    "COARSE",
    "BreakEven",
    "Cooldown",
    "Filters",
    "MaxHolding",
    "MaxPositions",
    "NewsFilter",
    "PartialClose",
    "PositionRules",
    "RunMoments",
    "SessionClose",
    "SessionWindow",
    "Trailing",
    "filters_plan",
    "off_grid_prices",
    "rules_plan",
]

COARSE = ("D1", "W1", "MN1")
"""Step timeframes whose bars are whole sessions: no bar of theirs ends at a session close (MGT-3)."""

Points = Annotated[int, Field(ge=1, le=10**9)]
Multiple = Annotated[Exact, Field(gt=0, le=10**6)]
Count = Annotated[int, Field(ge=1, le=10**7)]
Minutes = Annotated[int, Field(ge=0, le=10_080)]
Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
Window = tuple[int, int]


class Rule(BaseModel):
    """A table of rules: strict, frozen, no unknown keys."""

    model_config = STRICT

    def _given(self, *names: str) -> list[str]:
        return [name for name in names if getattr(self, name) is not None]

    def _check_one(self, *names: str) -> None:
        if len(self._given(*names)) != 1:
            raise PydanticCustomError("one_of", "exactly one of {names}", {"names": ", ".join(names)})


class BreakEven(Rule):
    """Moves the stop to the entry once there is enough profit."""

    trigger_points: Points | None = Field(default=None, description="Profit that triggers it, points; or trigger_r.")
    trigger_r: Multiple | None = Field(default=None, description="Profit that triggers it, multiples of R.")
    offset_points: Annotated[int, Field(ge=0, le=10**9)] = Field(
        default=0, description="Points beyond the entry, on the side of profit."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        self._check_one("trigger_points", "trigger_r")
        if self.trigger_points is not None and self.offset_points >= self.trigger_points:
            raise PydanticCustomError("break_even", "an offset_points below trigger_points")
        return self


class Trailing(Rule):
    """Keeps the stop at a distance behind the best price of each bar."""

    distance_points: Points | None = Field(default=None, description="Distance, points; or distance_r, distance_atr.")
    distance_r: Multiple | None = Field(default=None, description="Distance, multiples of R.")
    distance_atr: Multiple | None = Field(default=None, description="Distance, multiples of ATR(14) of the bar.")
    start_points: Points | None = Field(default=None, description="Profit from which it works, points; null = at once.")
    start_r: Multiple | None = Field(default=None, description="Profit from which it works, multiples of R.")
    step_points: Annotated[int, Field(ge=0, le=10**9)] = Field(
        default=0, description="Least move of the stop, points; 0 = every point counts."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        self._check_one("distance_points", "distance_r", "distance_atr")
        if len(self._given("start_points", "start_r")) == 2:
            raise PydanticCustomError("trailing", "start_points or start_r, not both")
        return self


class PartialClose(Rule):
    """Closes a share of the first volume at the open after the bar that got so far."""

    at_points: Points | None = Field(default=None, description="Profit, points; or at_r, at_price.")
    at_r: Multiple | None = Field(default=None, description="Profit, multiples of R.")
    at_price: Annotated[Exact, Field(gt=0)] | None = Field(
        default=None, description="Price, for positions to which it is a profit; on the symbol's grid."
    )
    share: Annotated[Exact, Field(gt=0, lt=1)] = Field(description="Share of the first volume, above 0 and below 1.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        self._check_one("at_points", "at_r", "at_price")
        return self


class MaxHolding(Rule):
    """Closes a position that was held so long."""

    bars: Count | None = Field(default=None, description="Bars after the entry bar; or minutes.")
    minutes: Count | None = Field(default=None, description="Minutes of the clock since the entry, weekends included.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        self._check_one("bars", "minutes")
        return self


class SessionClose(Rule):
    """Closes every position at a time of day."""

    time: Clock = Field(description='Time in New York, as "16:45".')
    weekday: Weekday | None = Field(default=None, description="On this weekday only; null = every day.")

    @property
    def weekdays(self) -> tuple[int, ...]:
        """Weekdays it happens on, Monday = 0."""
        return tuple(range(7)) if self.weekday is None else (WEEKDAYS.index(self.weekday),)


class PositionRules(Rule):
    """What happens to open positions without a signal; every part may be left out (MGT)."""

    break_even: BreakEven | None = Field(default=None, description="Break-even table, or null.")
    trailing: Trailing | None = Field(default=None, description="Trailing stop table, or null.")
    partial_close: Annotated[tuple[PartialClose, ...], Field(max_length=8)] = Field(
        default=(), description="Partial closes, at most 8."
    )
    max_holding: MaxHolding | None = Field(default=None, description="Longest holding, a table, or null.")
    session_close: Annotated[tuple[SessionClose, ...], Field(max_length=8)] = Field(
        default=(), description="Times of day at which everything is closed, at most 8."
    )


class MaxPositions(Rule):
    """How many positions may be open."""

    symbol: Count | None = Field(default=None, description="Open positions of the symbol, at most; null = any number.")
    total: Count | None = Field(default=None, description="Open positions in all, at most; null = any number.")


class Cooldown(Rule):
    """How long no order is taken after the last entry or exit of the symbol."""

    after_entry_bars: Count | None = Field(default=None, description="Bars after the last entry.")
    after_entry_minutes: Count | None = Field(default=None, description="Minutes of the clock after the last entry.")
    after_exit_bars: Count | None = Field(default=None, description="Bars after the last exit.")
    after_exit_minutes: Count | None = Field(default=None, description="Minutes of the clock after the last exit.")


class SessionWindow(Rule):
    """A time of day in which orders are taken."""

    from_: Clock = Field(alias="from", description='Start in New York, as "08:00".')
    to: Clock = Field(description='End in New York, not included; up to "from": on the next day.')
    weekdays: Annotated[tuple[Weekday, ...], Field(min_length=1)] = Field(
        default=WEEKDAYS[:5], description="Weekdays on which it starts."
    )


class NewsFilter(Rule):
    """No orders around news of the symbol's currencies."""

    file: Annotated[str, Field(min_length=1, max_length=1000)] = Field(
        description="Calendar file, relative to the config file."
    )
    zone: Annotated[str, Field(min_length=1, max_length=100)] | None = Field(
        default=None, description="Clock of the file; null where every time names its own."
    )
    minutes_before: Minutes = Field(description="Minutes before each event.")
    minutes_after: Minutes = Field(description="Minutes after each event.")
    min_impact: Literal["none", "low", "medium", "high"] = Field(
        default="high", description="Least impact that counts: none, low, medium or high."
    )


class Filters(Rule):
    """When orders are refused (MGT-4); every part may be left out."""

    max_positions: MaxPositions | None = Field(default=None, description="Table with symbol, total; or null.")
    cooldown: Cooldown | None = Field(default=None, description="Cooldown table, or null.")
    sessions: tuple[SessionWindow, ...] = Field(
        default=(), description="Times of day in which orders are taken; none = always."
    )
    news: NewsFilter | None = Field(default=None, description="News table, or null.")

    @property
    def is_on(self) -> bool:
        """Whether anything is filtered."""
        return bool(self.max_positions or self.cooldown or self.sessions or self.news)


@dataclass(frozen=True, slots=True)
class RunMoments:
    """What the clock of New York and the news mean for the bars of one run, in UTC microseconds.

    Attributes:
        session_closes: Moments of each `session_close`, ascending.
        sessions: Windows in which orders are taken, half-open, ascending and apart.
        news: Windows in which they are not.
    """

    session_closes: tuple[tuple[int, ...], ...] = ()
    sessions: tuple[Window, ...] = ()
    news: tuple[Window, ...] = ()


def rules_plan(rules: PositionRules, spec: SymbolSpec, moments: RunMoments) -> list[dict[str, Any]]:
    """Return the `position_rules` of the plan: break-even, trailing, partial closes, then the clock."""
    plan: list[dict[str, Any]] = []
    if rules.break_even is not None:
        trigger = _measure(rules.break_even, "trigger", spec)
        plan.append({"kind": "break_even", "trigger": trigger, "offset_points": rules.break_even.offset_points})
    if rules.trailing is not None:
        plan.append(
            {
                "kind": "trailing",
                "distance": _measure(rules.trailing, "distance", spec),
                "start": _measure(rules.trailing, "start", spec),
                "step_points": rules.trailing.step_points,
            }
        )
    for part in rules.partial_close:
        plan.append({"kind": "partial_close", "at": _measure(part, "at", spec), "share": as_pair(part.share)})
    if rules.max_holding is not None:
        bars, minutes = rules.max_holding.bars, rules.max_holding.minutes
        plan.append({"kind": "max_holding", "limit": {"minutes": minutes} if bars is None else {"bars": bars}})
    for closes in moments.session_closes:
        plan.append({"kind": "session_close", "moments_us": list(closes)})
    return plan


def filters_plan(filters: Filters, moments: RunMoments) -> dict[str, Any] | None:
    """Return the `filters` of the plan, None where nothing is filtered."""
    if not filters.is_on:
        return None
    most, cooldown = filters.max_positions, filters.cooldown
    given = {} if cooldown is None else cooldown.model_dump(exclude_none=True)
    return {
        "max_symbol": most and most.symbol,
        "max_total": most and most.total,
        "cooldowns": [_cooldown(name, count) for name, count in given.items()],
        "sessions": _pairs(moments.sessions) if filters.sessions else None,
        "news": _pairs(moments.news),
    }


def off_grid_prices(rules: PositionRules, spec: SymbolSpec) -> list[int]:
    """Return which partial closes are at a price that the symbol does not have."""
    grid = [price and price * 10**spec.digits / spec.tick_points for price in (p.at_price for p in rules.partial_close)]
    return [idx for idx, ticks in enumerate(grid) if ticks and (ticks.denominator != 1 or ticks > 10**9)]


def _measure(rule: Rule, name: str, spec: SymbolSpec) -> dict[str, Any] | None:
    """Return the one measure of a rule whose keys start with `name`, as the plan has it; None without any."""
    for unit in ("points", "r", "atr", "price"):
        value = getattr(rule, f"{name}_{unit}", None)
        if value is not None:
            if unit == "price":
                return {"price": int(value * 10**spec.digits)}
            return {unit: value if unit == "points" else as_pair(value)}
    return None


def _cooldown(name: str, count: int) -> dict[str, Any]:
    _, after, unit = name.split("_")
    return {"after": after, "limit": {unit: count}}


def _pairs(windows: Sequence[Window]) -> list[list[int]]:
    return [list(window) for window in windows]
