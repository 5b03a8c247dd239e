"""The finer bars inside a bar of the step timeframe, where the intrabar rule asks for them (FIL-7)."""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING

from omega.backends.python.engine import orders, passes
from omega.backends.python.engine.pass_bar import PassBar, finer_bar
from omega.backends.python.execution.exits import Bracket, is_ambiguous, is_stop_at, is_target_at
from omega.backends.python.execution.fills import Trigger, is_limit_met, is_stop_met, works_as_limit
from omega.backends.python.execution.path import STOP_FIRST
from omega.backends.python.market import Ohlc

if TYPE_CHECKING:
    from omega.backends.python.engine.simulation import Simulation


def bars_inside(simulation: Simulation, bar: PassBar) -> list[PassBar]:
    """Return the finer bars that replace a bar in step 3, or the bar itself.

    A bar that reaches no level stays whole. Finer data that miss a level which the bar reached are not
    believed: the bar is decided by `stop_first` and counted.
    """
    brackets = [passes.bracket_of(simulation, position) for position in simulation.positions]
    triggers = [orders.trigger_of(simulation, order) for order in simulation.working if not orders.is_at_market(order)]
    if not _reaches_any(brackets, triggers, bar):
        return [bar]
    for position, bracket in zip(simulation.positions, brackets, strict=True):
        position.ambiguous |= is_ambiguous(bracket, bar.closing_side(position.direction), None, bar.has_one_spread)
    inside = _finer_bars(simulation, bar)
    if not inside or _misses_any(brackets, triggers, bar, inside):
        simulation.finer_missing_count += 1
        return [bar]
    return inside


def _finer_bars(simulation: Simulation, bar: PassBar) -> list[PassBar]:
    series = simulation.market.finer
    if series is None:
        return []
    first = bisect.bisect_left(series.time_us, bar.time_us)
    end = bisect.bisect_left(series.time_us, bar.close_time_us)
    return [finer_bar(bar, series, idx, STOP_FIRST) for idx in range(first, end)]


def _reaches_any(brackets: list[Bracket], triggers: list[Trigger], bar: PassBar) -> bool:
    return any(_levels_reached(brackets, triggers, bar))


def _misses_any(brackets: list[Bracket], triggers: list[Trigger], bar: PassBar, inside: list[PassBar]) -> bool:
    """Return whether the bar reaches a level that no finer bar reaches."""
    found = [_levels_reached(brackets, triggers, finer) for finer in inside]
    coarse = _levels_reached(brackets, triggers, bar)
    return any(reached and not any(row[idx] for row in found) for idx, reached in enumerate(coarse))


def _levels_reached(brackets: list[Bracket], triggers: list[Trigger], bar: PassBar) -> list[bool]:
    """Return for every level of positions and orders whether the bar reaches it."""
    reached = []
    for bracket in brackets:
        side = bar.closing_side(bracket.direction)
        adverse, favourable = _extremes(side, bracket.direction)
        reached += [is_stop_at(bracket, adverse), is_target_at(bracket, favourable)]
    for trigger in triggers:
        cheap, dear = _extremes(bar.order_side(trigger.direction), trigger.direction)
        waits = works_as_limit(trigger)
        reached.append(is_limit_met(trigger, cheap) if waits else is_stop_met(trigger, dear))
    return reached


def _extremes(side: Ohlc, direction: int) -> tuple[int, int]:
    """Return the extreme against a direction and the one in it."""
    return (side.low, side.high) if direction > 0 else (side.high, side.low)
