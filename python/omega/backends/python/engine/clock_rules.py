"""Position rules that close at the open of a step: by the clock, and the parts that became due (MGT-3).

When a position has to go is known as soon as it opens: the first step whose fill comes `max_holding` after the
entry, or the step whose bar contains a moment of `session_close`, so that nothing is held beyond it.
"""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING

from omega.backends.python.engine import closing
from omega.backends.python.engine.fill_bar import FillBar
from omega.backends.python.engine.filters import Happened
from omega.backends.python.numerics import quotient
from omega.backends.python.plan_rules import MaxHolding, PartialClose, PositionRule, SessionClose
from omega.backends.python.portfolio.position import Position
from omega.schema import ExitReason, Moment, Rule

if TYPE_CHECKING:
    from omega.backends.python.engine.simulation import Simulation

MINUTE_US = 60_000_000


def begin(simulation: Simulation, position: Position, moment: Moment) -> None:
    """Note what rules and filters need of a position that has just opened; of the clock's rules the earliest wins."""
    position.rules.seen_before = (position.lowest, position.highest)
    simulation.last_entry = Happened(position.entry_bar_idx, position.entry_time_us)
    step_idx = position.entry_bar_idx + (1 if moment is Moment.CLOSE else 0)
    for rule in simulation.plan.position_rules:
        due = _due_step(simulation, rule, position, step_idx)
        if due is not None and (position.rules.due_step is None or due < position.rules.due_step):
            position.rules.due_step = due
            is_holding = isinstance(rule, MaxHolding)
            position.rules.due_reason = ExitReason.TIMEOUT if is_holding else ExitReason.SESSION_CLOSE


def are_due(simulation: Simulation, bar_idx: int) -> bool:
    """Return whether a rule closes something in step `bar_idx`."""
    return any(is_due(position, bar_idx) for position in simulation.positions)


def is_due(position: Position, bar_idx: int) -> bool:
    """Return whether a rule closes the position, or a part of it, in step `bar_idx`."""
    return _is_over(position, bar_idx) or position.rules.due_parts != 0


def close_due(simulation: Simulation, fill_bar: FillBar, bar_idx: int) -> None:
    """Close what is due in step `bar_idx`, by position id: the whole by the clock, else parts in order of the rules."""
    for position in list(simulation.positions):
        if _is_over(position, bar_idx):
            reason = position.rules.due_reason
            closing.close_at_market(simulation, fill_bar, position, position.steps, Rule.MGT_3, reason)
        elif position.rules.due_parts:
            _close_parts(simulation, fill_bar, position)


def _is_over(position: Position, bar_idx: int) -> bool:
    return position.rules.due_step is not None and position.rules.due_step <= bar_idx


def _close_parts(simulation: Simulation, fill_bar: FillBar, position: Position) -> None:
    due, position.rules.due_parts = position.rules.due_parts, 0
    for idx, rule in enumerate(simulation.plan.position_rules):
        if due & (1 << idx) and position.steps > 0 and isinstance(rule, PartialClose):
            steps = closing.part_of(simulation, position, quotient(*rule.share))
            reason = ExitReason.PARTIAL_CLOSE
            closing.close_at_market(simulation, fill_bar, position, steps, Rule.PARTIAL_CLOSE, reason)


def _due_step(simulation: Simulation, rule: PositionRule, position: Position, step_idx: int) -> int | None:
    """Return the step in which a rule closes the position; it may lie behind the last bar."""
    series = simulation.series
    # With `signal_close` step i fills at the close of bar i-1 (LOOP-2).
    lag = 1 if simulation.plan.signal_close else 0
    if isinstance(rule, MaxHolding):
        if rule.limit.unit == "bars":
            return position.entry_bar_idx + rule.limit.count + lag
        end_us = position.entry_time_us + rule.limit.count * MINUTE_US
        times = series.close_time_us if lag else series.time_us
        return bisect.bisect_left(times, end_us) + lag
    if isinstance(rule, SessionClose):
        row = bisect.bisect_right(rule.moments_us, position.entry_time_us)
        if row < len(rule.moments_us):
            return max(bisect.bisect_right(series.close_time_us, rule.moments_us[row]), step_idx + 1)
    return None
