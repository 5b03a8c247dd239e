"""Which order of a one-cancels-other group fills when one bar reaches several of them inside (FIL-11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omega.backends.python.engine import orders, passes
from omega.backends.python.engine.orders import Order
from omega.backends.python.engine.pass_bar import PassBar
from omega.backends.python.engine.slipping import sure_slip
from omega.backends.python.execution import levels
from omega.backends.python.execution.commission import Charge, charge
from omega.backends.python.execution.exits import Bracket
from omega.backends.python.execution.fills import Entry
from omega.backends.python.execution.path import TARGET_FIRST
from omega.backends.python.portfolio.money import book, rate_for
from omega.schema import Rule

if TYPE_CHECKING:
    from omega.backends.python.engine.simulation import Simulation

Candidate = tuple[Order, Entry]


def has_rival(simulation: Simulation, order: Order, bar: PassBar) -> bool:
    """Return whether the bar reaches another order of the group inside (FIL-9)."""
    for other in simulation.working:
        is_rival = order.oco is not None and other.oco == order.oco and other.number != order.number
        if is_rival and not orders.is_at_market(other):
            if passes.find_entry(orders.trigger_of(simulation, other), bar) is not None:
                return True
    return False


def choose(simulation: Simulation, order: Order, bar: PassBar, entry: Entry) -> tuple[Order, Entry]:
    """Return the order of the group that fills, and its entry.

    `order` is the first of its group that the bar reaches inside. On a path the first one on the path fills;
    else each is tried alone, and `stop_first` takes the worst, `target_first` the best; ties go to the lower id.
    """
    found = [(order, entry)]
    for other in simulation.working:
        is_rival = order.oco is not None and other.oco == order.oco and other.number > order.number
        if is_rival and not orders.is_at_market(other):
            reached = passes.find_entry(orders.trigger_of(simulation, other), bar)
            if reached is not None:
                found.append((other, reached))
    chosen = found[0]
    for candidate in found[1:]:
        if _is_before(simulation, bar, candidate, chosen):
            chosen = candidate
    return chosen


def _is_before(simulation: Simulation, bar: PassBar, candidate: Candidate, chosen: Candidate) -> bool:
    """Return whether a candidate of a higher id takes the place of the one chosen so far."""
    if candidate[1].path_step is not None and chosen[1].path_step is not None:
        return _comes_first(bar, candidate, chosen)
    result, standing = _result_alone(simulation, bar, candidate), _result_alone(simulation, bar, chosen)
    return result > standing if bar.intrabar == TARGET_FIRST else result < standing


def _comes_first(bar: PassBar, candidate: Candidate, chosen: Candidate) -> bool:
    """Return whether the path reaches the candidate first: on an earlier leg, or after less of the same leg."""
    step, standing = candidate[1].path_step, chosen[1].path_step
    assert step is not None and standing is not None
    if step != standing:
        return step < standing
    gone, length = _part_of_leg(bar, candidate, step)
    gone_of_chosen, length_of_chosen = _part_of_leg(bar, chosen, standing)
    return gone * length_of_chosen < gone_of_chosen * length


def _part_of_leg(bar: PassBar, candidate: Candidate, step: int) -> tuple[int, int]:
    """Return how far along a leg of its own side an entry lies, and the length of that leg, in points."""
    side = bar.order_side(candidate[0].direction)
    ends = passes.path_of(bar, side)
    assert ends is not None
    start = side.open if step == 1 else ends[step - 2]
    return abs(candidate[1].raw_price - start), abs(ends[step - 1] - start)


def _result_alone(simulation: Simulation, bar: PassBar, candidate: Candidate) -> int:
    """Return what an order would have earned by the end of the bar, without random costs."""
    order, entry = candidate
    direction = order.direction
    slipped = direction * sure_slip(simulation, direction, order.steps, bar.bar_idx)
    price = entry.raw_price + (slipped if entry.rule is Rule.FIL_3 else 0)
    stop = levels.price_of(order.stop, price, -direction)
    target = levels.price_of(order.target, price, direction)
    found = passes.find_exit(Bracket(direction, stop, target, simulation.plan.limit_through_points), bar, entry)
    commissions = simulation.exchange.commission()
    commission = charge(commissions, Charge(), price, order.steps, is_entry=True)
    if found is None:
        exit_price = bar.closing_side(direction).close
    else:
        exit_price = found.raw_price - (slipped if found.is_stop else 0)
        commission += charge(commissions, Charge(), exit_price, order.steps, is_entry=False)
    profit = direction * (exit_price - price) * order.steps
    return book(profit, rate_for(profit, simulation.exchange.worth().rates)) + commission
