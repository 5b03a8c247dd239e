"""Step 3 of the loop: what one bar does to positions and working orders.

Three passes over the bar. (a) what its open decides: exits, then orders; (b) the other exits; (c) the other
orders, each followed by its exits in the same bar. Within a pass by id. Under `finer` the passes run on the
finer bars inside the bar instead, and on its parts where something arrives inside it.

Rules LOOP step 3, FIL-2 to FIL-9, FIL-11 and MGT-2 in `docs/spec/engine.md`. Prices are found in
`execution/fills` and `execution/exits`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from omega.backends.python.engine import arriving, closing, finer, oco, opening, orders
from omega.backends.python.engine.filters import Happened
from omega.backends.python.engine.orders import Order
from omega.backends.python.engine.pass_bar import PassBar, pass_bar
from omega.backends.python.execution.exits import Bracket, Exit, exit_at_open, exit_inside, exit_on_path, is_ambiguous
from omega.backends.python.execution.fills import (
    Entry,
    Trigger,
    entry_at_open,
    entry_inside,
    entry_on_path,
    is_stop_met,
)
from omega.backends.python.execution.path import (
    FINER,
    STOP_FIRST,
    TARGET_FIRST,
    Legs,
    goes_up_first,
    legs_of,
)
from omega.backends.python.market import Ohlc
from omega.backends.python.portfolio.position import Position, see_price
from omega.schema import Moment, OrderType, Tif

if TYPE_CHECKING:
    from omega.backends.python.engine.simulation import Simulation


def run(simulation: Simulation, bar_idx: int) -> None:
    """Let the bar at `bar_idx` fill and close what it reaches."""
    intrabar = simulation.plan.intrabar
    whole = pass_bar(simulation.series, bar_idx, STOP_FIRST if intrabar == FINER else intrabar)
    if simulation.arriving:
        arriving.run(simulation, whole)
    elif intrabar == FINER:
        finer.run(simulation, whole, finer.rows_inside(simulation, whole))
    else:
        run_passes(simulation, whole, whole)


def run_passes(simulation: Simulation, bar: PassBar, whole: PassBar) -> None:
    """Run the three passes over one bar; `whole` is the bar of the step, by which ambiguity is told (FIL-9)."""
    simulation.pass_number += 1
    _exit_at_open(simulation, bar)
    _enter_at_open(simulation, bar, whole)
    _exit_inside(simulation, bar)
    _enter_inside(simulation, bar, whole)


def bracket_of(simulation: Simulation, position: Position) -> Bracket:
    """Return the levels that stand for a position."""
    return Bracket(position.direction, position.sl, position.tp, simulation.plan.limit_through_points)


def path_of(bar: PassBar, side: Ohlc) -> Legs | None:
    """Return the legs of one side on the bar's path, or None under a rule without a path."""
    if bar.intrabar in (STOP_FIRST, TARGET_FIRST):
        return None
    return legs_of(side, goes_up_first(bar.intrabar, bar.bid))


def find_entry(trigger: Trigger, bar: PassBar) -> Entry | None:
    """Return how the bar fills a working order between its open and its close, or None."""
    side = bar.order_side(trigger.direction)
    ends = path_of(bar, side)
    return entry_inside(trigger, side) if ends is None else entry_on_path(trigger, side, ends)


def find_exit(bracket: Bracket, bar: PassBar, entry: Entry | None) -> Exit | None:
    """Return how the bar closes a position between its open, or its entry, and the close, or None."""
    side = bar.closing_side(bracket.direction)
    ends = path_of(bar, side)
    if ends is not None:
        return exit_on_path(bracket, side, ends, entry)
    return exit_inside(bracket, side, entry, bar.has_one_spread, bar.intrabar == TARGET_FIRST)


def _exit_at_open(simulation: Simulation, bar: PassBar) -> None:
    """Pass (a), exits: positions that were open before the bar."""
    for position in list(simulation.positions):
        if position.entry_pass < simulation.pass_number:
            side = bar.closing_side(position.direction)
            found = exit_at_open(bracket_of(simulation, position), side.open)
            if found is not None:
                closing.close_at_level(simulation, position, bar, found, saw_open=True)


def _enter_at_open(simulation: Simulation, bar: PassBar, whole: PassBar) -> None:
    """Pass (a), orders: those whose level the open is at or beyond; ioc and fok get no other chance."""
    for order in list(simulation.working):
        if orders.is_at_market(order) or order not in simulation.working:
            continue
        trigger = orders.trigger_of(simulation, order)
        open_ = bar.order_side(order.direction).open
        entry = entry_at_open(trigger, open_)
        if entry is not None:
            if orders.cancel_refused(simulation, order, Happened(bar.bar_idx, bar.time_us)):
                continue
            is_contested = bar.is_inner and oco.has_rival(simulation, order, whole)
            opened = _fill(simulation, order, bar, entry)
            if opened is not None and bar.is_finer:
                _mark_ambiguity(simulation, opened, order, whole, entry if bar.is_inner else None, is_contested)
            if opened is not None and bar.is_later:
                opened.ambiguous |= _straddles(order, whole)
        elif order.order_type is OrderType.STOP_LIMIT and is_stop_met(trigger, open_):
            order.is_triggered = True
        if order.tif in (Tif.IOC, Tif.FOK) and order.steps > 0:
            orders.cancel_unfilled(simulation, order, bar.bar_idx, bar.time_us)


def _exit_inside(simulation: Simulation, bar: PassBar) -> None:
    """Pass (b): all other exits; for positions opened at the open it decides too."""
    for position in list(simulation.positions):
        bracket = bracket_of(simulation, position)
        side = bar.closing_side(position.direction)
        found = exit_at_open(bracket, side.open)
        if found is None:
            if not bar.is_finer:
                position.ambiguous |= is_ambiguous(bracket, side, None, bar.has_one_spread)
            found = find_exit(bracket, bar, None)
        if found is not None:
            closing.close_at_level(simulation, position, bar, found, saw_open=True)
        else:
            see_price(position, side.low)
            see_price(position, side.high)


def _enter_inside(simulation: Simulation, bar: PassBar, whole: PassBar) -> None:
    """Pass (c): orders that the bar reaches after its open, each followed by its exits."""
    for order in list(simulation.working):
        if orders.is_at_market(order) or order not in simulation.working:
            continue
        trigger = orders.trigger_of(simulation, order)
        entry = find_entry(trigger, bar)
        if entry is None:
            _trigger_if_met(order, trigger, bar)
            continue
        if orders.cancel_refused(simulation, order, Happened(bar.bar_idx, bar.time_us)):
            continue
        chosen, entry = oco.choose(simulation, order, bar, entry)
        is_contested = oco.has_rival(simulation, chosen, whole)
        position = _fill(simulation, chosen, bar, entry)
        if position is not None:
            _mark_ambiguity(simulation, position, chosen, whole, entry, is_contested)
            _exit_after_entry(simulation, position, bar, entry)


def _mark_ambiguity(
    simulation: Simulation,
    position: Position,
    order: Order,
    whole: PassBar,
    entry: Entry | None,
    is_contested: bool,
) -> None:
    """Mark a position that another reading of the bar it opened in would change (FIL-9); `entry` is None at its O."""
    side = whole.closing_side(position.direction)
    bracket = bracket_of(simulation, position)
    position.ambiguous |= is_contested or (entry is not None and _straddles(order, whole))
    position.ambiguous |= is_ambiguous(bracket, side, entry, whole.has_one_spread)


def _trigger_if_met(order: Order, trigger: Trigger, bar: PassBar) -> None:
    """Let a stop-limit that the bar reached and did not fill work as a limit from the next bar on (FIL-4)."""
    side = bar.order_side(order.direction)
    extreme = side.high if order.direction > 0 else side.low
    if order.order_type is OrderType.STOP_LIMIT and is_stop_met(trigger, extreme):
        order.is_triggered = True


def _straddles(order: Order, bar: PassBar) -> bool:
    """Return whether the order expires inside the bar, so that the fill may have come too late (FIL-15)."""
    return order.expiry_us is not None and order.expiry_us < bar.close_time_us


def _fill(simulation: Simulation, order: Order, bar: PassBar, entry: Entry) -> Position | None:
    """Fill an order; return the position that it opened inside the bar."""
    is_inside = entry.moment is Moment.INSIDE
    is_long = order.direction > 0
    fill = opening.Fill(
        bar_idx=bar.bar_idx,
        time_us=bar.time_us,
        raw_price=entry.raw_price,
        level=entry.level,
        spread_points=bar.opening_spread if is_long else 0,
        rule=entry.rule,
        moment=Moment.INSIDE if bar.is_later else entry.moment,
        path_step=entry.path_step,
        closing_price=None if is_inside else bar.closing_side(order.direction).open,
        entry_pass=simulation.pass_number,
    )
    order.is_triggered = order.order_type is not OrderType.LIMIT
    return opening.fill_order(simulation, order, fill)


def _exit_after_entry(simulation: Simulation, position: Position, bar: PassBar, entry: Entry) -> None:
    """Close a position opened inside the bar if what follows its entry does; else see what is proven (FIL-8)."""
    bracket = bracket_of(simulation, position)
    side = bar.closing_side(position.direction)
    found = find_exit(bracket, bar, entry)
    if found is not None:
        closing.close_at_level(simulation, position, bar, found, saw_open=False)
        return
    see_price(position, side.close)
    if entry.is_stop:
        see_price(position, side.high if position.direction > 0 else side.low)
