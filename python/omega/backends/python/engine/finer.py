"""The finer bars inside a bar of the step timeframe, where the intrabar rule asks for them (FIL-7)."""

from __future__ import annotations

import bisect
from dataclasses import replace
from typing import TYPE_CHECKING

from omega.backends.python.engine import orders, passes
from omega.backends.python.engine.pass_bar import PassBar, finer_bar
from omega.backends.python.execution.exits import Bracket, exit_at_open, is_ambiguous, is_stop_at, is_target_at
from omega.backends.python.execution.fills import Trigger, is_limit_met, is_stop_met, works_as_limit
from omega.backends.python.market import Ohlc

if TYPE_CHECKING:
    from omega.backends.python.engine.simulation import Simulation


def run(simulation: Simulation, bar: PassBar, rows: range) -> None:
    """Let a bar, or a part of one, fill and close what its finer bars reach.

    A bar that reaches no level stays whole. Finer data that miss a level which the bar reached are not
    believed: the bar is decided by `stop_first` and counted.
    """
    levels = Levels(simulation)
    if not any(levels.reached(bar)):
        passes.run_passes(simulation, bar, bar)
        return
    for position, bracket in zip(simulation.positions, levels.brackets, strict=True):
        side = bar.closing_side(position.direction)
        if exit_at_open(bracket, side.open) is None:
            position.ambiguous |= is_ambiguous(bracket, side, None, bar.has_one_spread)
    inside = bars_of(simulation, bar, rows)
    if bar.is_later and inside:
        # A part opens with the first of its bars.
        inside[0] = replace(inside[0], is_inner=False)
    if not inside or levels.are_missed(bar, inside):
        simulation.finer_missing_count += 1
        inside = [bar]
    for part in inside:
        passes.run_passes(simulation, part, bar)


def rows_inside(simulation: Simulation, bar: PassBar) -> range:
    """Return where the finer bars of a bar lie."""
    series = simulation.market.finer
    if series is None:
        return range(0)
    first = bisect.bisect_left(series.time_us, bar.time_us)
    return range(first, bisect.bisect_left(series.time_us, bar.close_time_us))


def bars_of(simulation: Simulation, bar: PassBar, rows: range) -> list[PassBar]:
    """Return finer bars of a bar."""
    series = simulation.market.finer
    assert series is not None or not rows
    return [] if series is None else [finer_bar(bar, series, idx) for idx in rows]


class Levels:
    """Every level that stands for positions and working orders at a moment."""

    def __init__(self, simulation: Simulation) -> None:
        self.brackets = [passes.bracket_of(simulation, position) for position in simulation.positions]
        waiting = [order for order in simulation.working if not orders.is_at_market(order)]
        self.triggers = [orders.trigger_of(simulation, order) for order in waiting]

    def reached(self, bar: PassBar) -> list[bool]:
        """Return for each level whether a bar reaches it."""
        return _levels_reached(self.brackets, self.triggers, bar)

    def are_missed(self, bar: PassBar, inside: list[PassBar]) -> bool:
        """Return whether the bar reaches a level that no finer bar reaches."""
        found = [self.reached(finer) for finer in inside]
        return any(reached and not any(row[idx] for row in found) for idx, reached in enumerate(self.reached(bar)))


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
