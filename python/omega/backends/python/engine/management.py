"""Position rules after the exits of a bar: break-even, trailing stops, partial closes (LOOP step 4).

A bar's stop test used the stop that stood at its open; only then do the rules see the bar's extreme. A stop
that moved so far that the bar's close is at or beyond it closes in this bar (MGT-1). On the bar of an inside
fill only prices that surely came after it count (MGT-2). A partial close is due at the next open.

Prices here are *signed points*, `direction · price`: for either direction a position gains where they rise,
and its stop lies below.

Not here: rules of the clock, and the closing of what is due (`clock_rules`).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING

from omega.backends.python.engine import closing
from omega.backends.python.execution.levels import to_points
from omega.backends.python.numerics import half_even_quotient, quotient
from omega.backends.python.plan_rules import BreakEven, Measure, PartialClose, PositionRule, Trailing
from omega.backends.python.portfolio.position import Position, see_price
from omega.schema import ExitReason, Moment, Rule

if TYPE_CHECKING:
    from omega.backends.python.engine.simulation import Simulation


@dataclass(frozen=True, slots=True)
class Seen:
    """What the rules see of a bar, in signed points."""

    best: int
    worst: int
    last: int


def manage(simulation: Simulation, bar_idx: int) -> None:
    """Let every rule see the bar with every open position, in order of id (MGT-1, MGT-2)."""
    rules = simulation.plan.position_rules
    tick_points = simulation.symbol.tick_points
    for position in list(simulation.positions):
        seen = see_bar(simulation, position, bar_idx)
        atr = simulation.volatility.atr(position.direction, bar_idx) if needs_atr(rules) else nan
        if apply_rules(rules, position, seen.best, atr, tick_points):
            _test_moved_stop(simulation, position, bar_idx, seen)
        position.rules.seen_before = (position.lowest, position.highest)


def see_bar(simulation: Simulation, position: Position, bar_idx: int) -> Seen:
    """Return what the rules see of a bar: its closing side, or in the bar of the entry what MAE and MFE saw (MGT-2)."""
    series, direction = simulation.series, position.direction
    side = series.bid if direction > 0 else series.ask
    low, high = side.low[bar_idx], side.high[bar_idx]
    if position.entry_bar_idx == bar_idx and position.lowest is not None and position.highest is not None:
        low, high = position.lowest, position.highest
    best, worst = (high, low) if direction > 0 else (low, high)
    return Seen(direction * best, direction * worst, direction * side.close[bar_idx])


def apply_rules(rules: tuple[PositionRule, ...], position: Position, best: int, atr: float, tick_points: int) -> bool:
    """Let every rule see the best price of a bar; return whether the stop moved.

    Args:
        rules: Rules in the order of the plan; each sees what the ones before it did.
        position: The position.
        best: Best signed price that counts.
        atr: ATR(14) in points, NaN before it is there; a trailing stop by ATR then waits.
        tick_points: Grid of the distances.
    """
    has_moved = False
    for idx, rule in enumerate(rules):
        bit = 1 << idx
        if not position.rules.done & bit:
            reach = _reach_of(rule, position)
            if reach is None or best < reach:
                continue
            position.rules.done |= bit
            if isinstance(rule, BreakEven):
                has_moved |= _move_stop(position, break_even_stop(rule, position), 1, ExitReason.BREAK_EVEN)
            elif isinstance(rule, PartialClose):
                position.rules.due_parts |= bit
        if isinstance(rule, Trailing):
            distance = trail_distance(rule.distance, position, atr, tick_points)
            if distance is not None:
                step = max(rule.step_points, 1)
                has_moved |= _move_stop(position, best - distance, step, ExitReason.TRAILING_STOP)
    return has_moved


def needs_atr(rules: tuple[PositionRule, ...]) -> bool:
    """Return whether a rule is measured in ATR."""
    return any(isinstance(rule, Trailing) and rule.distance.unit == "atr" for rule in rules)


def reach_of_measure(measure: Measure, position: Position) -> int | None:
    """Return the least signed price with so much profit over K/n of the entry, rounded up to a point.

    None where there never is one: R without a first stop on the loss side (POS-2), or a price that is no profit.
    """
    start, steps = position.direction * position.entered.points, position.entered.steps
    num, den = measure.amount
    if measure.unit == "price":
        price = position.direction * num
        return price if price * steps > start else None
    if measure.unit == "points":
        return _ceil_quotient(start + num * steps, steps)
    risk = first_risk(position)
    return None if risk is None else _ceil_quotient(start * den + num * risk, steps * den)


def first_risk(position: Position) -> int | None:
    """Return the distance of K/n from the first stop, times the entry's steps; None if it is not above 0 (POS-2)."""
    if position.first_sl is None:
        return None
    entered = position.entered
    risk = position.direction * (entered.points - entered.steps * position.first_sl)
    return risk if risk > 0 else None


def break_even_stop(rule: BreakEven, position: Position) -> int:
    """Return the stop at the entry, rounded to the side of profit, plus the offset; in signed points."""
    entered = position.entered
    return _ceil_quotient(position.direction * entered.points, entered.steps) + rule.offset_points


def trail_distance(measure: Measure, position: Position, atr: float, tick_points: int) -> int | None:
    """Return a distance in points, half to even, on the grid of ticks and at least one; None if it is unknown."""
    num, den = measure.amount
    if measure.unit == "atr":
        if not atr == atr:
            return None
        return max(to_points(quotient(num, den), atr, tick_points), tick_points)
    points = num
    if measure.unit == "r":
        risk = first_risk(position)
        if risk is None:
            return None
        points = half_even_quotient(num * risk, den * position.entered.steps)
    return max(half_even_quotient(points, tick_points) * tick_points, tick_points)


def _reach_of(rule: PositionRule, position: Position) -> int | None:
    """Return the least signed price that sets a rule off, None if none ever does."""
    if isinstance(rule, BreakEven):
        reach = reach_of_measure(rule.trigger, position)
        # A stop at or beyond the best price was never on offer.
        return None if reach is None else max(reach, break_even_stop(rule, position) + 1)
    if isinstance(rule, PartialClose):
        return reach_of_measure(rule.at, position)
    if isinstance(rule, Trailing):
        return ALWAYS if rule.start is None else reach_of_measure(rule.start, position)
    return None


def _move_stop(position: Position, stop: int, step: int, reason: ExitReason) -> bool:
    """Move the stop to `stop`, signed, if that is at least `step` points better; return whether it moved."""
    if position.sl is not None and stop - position.direction * position.sl < step:
        return False
    position.sl = position.direction * stop
    position.stop_reason = reason
    return True


def _test_moved_stop(simulation: Simulation, position: Position, bar_idx: int, seen: Seen) -> None:
    """Close at the moved stop if the close is at or beyond it; else note whether the bar may have come back (MGT-1)."""
    assert position.sl is not None
    stop = position.direction * position.sl
    if seen.last > stop:
        position.ambiguous |= seen.worst <= stop
        return
    series = simulation.series
    is_long = position.direction > 0
    position.lowest, position.highest = position.rules.seen_before
    if position.entry_bar_idx < bar_idx:
        see_price(position, (series.bid if is_long else series.ask).open[bar_idx])
    deal = closing.Deal(
        bar_idx=bar_idx,
        time_us=series.time_us[bar_idx],
        raw_price=position.sl,
        level=position.sl,
        spread_points=0 if is_long else series.ask.open[bar_idx] - series.bid.open[bar_idx],
        rule=Rule.MGT_1,
        moment=Moment.INSIDE,
        path_step=None,
        reason=position.stop_reason,
        leg=1,
    )
    closing.close(simulation, position, deal, position.steps)


def _ceil_quotient(num: int, den: int) -> int:
    return -(-num // den)


ALWAYS = -(10**12)
"""A signed price that every bar reaches."""
