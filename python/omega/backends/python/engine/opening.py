"""Fills of opening orders, and the positions they open or enlarge.

A market order fills at the open of the bar after its decision (`next_open`), at the close of the bar it was
decided on (`signal_close`), or where it arrives inside a bar (`arriving`); pending orders fill where `passes` finds
them. What a bar's volume does not cover waits for the next bar. Rules FIL-1, FIL-12, CST-3 and API-8.
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass
from typing import TYPE_CHECKING

from omega.backends.python.engine import account, clock_rules, orders
from omega.backends.python.engine.fill_bar import FillBar
from omega.backends.python.engine.filters import Happened
from omega.backends.python.engine.orders import Order
from omega.backends.python.engine.signals import Request
from omega.backends.python.engine.slipping import slip_of
from omega.backends.python.execution import levels
from omega.backends.python.execution.commission import charge
from omega.backends.python.execution.slippage import NO_SLIP, Slip
from omega.backends.python.portfolio.currency import rate_shown
from omega.backends.python.portfolio.margin import entry_margin
from omega.backends.python.portfolio.position import (
    DealPrices,
    Position,
    add_fill,
    add_margin,
    booked_risk,
    see_price,
)
from omega.schema import LedgerKind, Moment, OrderStatus, OrderType, Rule, Side, Tif

if TYPE_CHECKING:
    from omega.backends.python.engine.simulation import Simulation


@dataclass(frozen=True, slots=True)
class Fill:
    """A fill of an opening order before slippage.

    Attributes:
        level: P or L of a pending order.
        closing_price: Closing-side price at that moment, None inside a bar, where nobody knows it.
        entry_pass: The pass in which a position it opens counts as new.
    """

    bar_idx: int
    time_us: int
    raw_price: int
    level: int | None
    spread_points: int
    rule: Rule
    moment: Moment
    path_step: int | None
    closing_price: int | None
    entry_pass: int


def open_order(simulation: Simulation, fill_bar: FillBar, request: Request) -> None:
    """Accept or refuse an order; a market order fills at once, others work from now on."""
    order = orders.accept(simulation, fill_bar, request)
    if order is None:
        return
    if orders.is_expired(order, fill_bar.quoted_us):
        orders.end_order(simulation, order, OrderStatus.EXPIRED, fill_bar.time_us)
    elif order.order_type is OrderType.MARKET:
        fill_at_market(simulation, fill_bar, order)
    else:
        simulation.working.append(order)


def fill_waiting(simulation: Simulation, fill_bar: FillBar) -> None:
    """Go on filling market orders, and triggered stops, that wait for volume (FIL-12)."""
    now = Happened(fill_bar.bar_idx, fill_bar.time_us)
    for order in list(simulation.working):
        # One that filled before it may have cancelled the others of its group.
        if order not in simulation.working or not orders.is_at_market(order):
            continue
        if not orders.cancel_refused(simulation, order, now):
            fill_at_market(simulation, fill_bar, order)


def fill_at_market(simulation: Simulation, fill_bar: FillBar, order: Order) -> None:
    """Fill an order at the price of the moment (FIL-1)."""
    is_long = order.direction > 0
    fill = Fill(
        bar_idx=fill_bar.bar_idx,
        time_us=fill_bar.time_us,
        raw_price=fill_bar.ask if is_long else fill_bar.bid,
        level=None,
        spread_points=fill_bar.spread_points if is_long else 0,
        rule=Rule.FIL_1,
        moment=fill_bar.moment,
        path_step=None,
        closing_price=fill_bar.bid if is_long else fill_bar.ask,
        entry_pass=simulation.pass_number + (0 if fill_bar.moment is Moment.CLOSE else 1),
    )
    fill_order(simulation, order, fill)
    if order.steps > 0 and order.tif in (Tif.IOC, Tif.FOK):
        orders.cancel_unfilled(simulation, order, fill.bar_idx, fill.time_us)
    elif order.steps > 0 and order not in simulation.working:
        simulation.working.append(order)


def fill_order(simulation: Simulation, order: Order, fill: Fill) -> Position | None:
    """Fill what the bar's volume covers of an order; return the position it opened, None if it opened none."""
    steps = simulation.liquidity.take(fill.bar_idx, order.steps, whole=order.tif == Tif.FOK)
    if steps == 0:
        return None
    worth = simulation.exchange.worth()
    if not account.has_free_margin(simulation, fill.bar_idx, fill.moment, order.direction, fill.raw_price, steps):
        orders.cancel_without_margin(simulation, order, fill.bar_idx, fill.time_us)
        return None
    slipped = NO_SLIP
    if fill.rule in (Rule.FIL_1, Rule.FIL_3):
        slipped = slip_of(simulation, order.direction, (order.number, 0, order.fills), steps, fill.bar_idx)
    price = fill.raw_price + order.direction * slipped.points
    position = simulation.find_position(order.number)
    opened = None
    if position is None:
        position = opened = _open_position(simulation, order, fill, price)
        bisect.insort(simulation.positions, position, key=lambda held: held.id)
    add_fill(position, DealPrices(price, fill.raw_price, fill.spread_points), steps)
    if worth.margin is not None:
        add_margin(position, entry_margin(price, steps, worth.margin))
    position.risk = booked_risk(position, worth.rates.debit)
    if fill.closing_price is not None:
        see_price(position, fill.closing_price)
    if opened is not None:
        clock_rules.begin(simulation, opened, fill.moment)
    _book(simulation, order, position, fill, slipped, steps)
    orders.cancel_group(simulation, order, fill.time_us)
    return opened


def _open_position(simulation: Simulation, order: Order, fill: Fill, price: int) -> Position:
    sl = levels.price_of(order.stop, price, -order.direction)
    return Position(
        id=order.number,
        symbol=order.symbol,
        direction=order.direction,
        order_type=order.order_type,
        magic=order.magic,
        entry_bar_idx=fill.bar_idx,
        entry_time_us=fill.time_us,
        entry_points=price,
        entry_pass=fill.entry_pass,
        entry_row=simulation.books.equity_row,
        is_inside=fill.moment is Moment.INSIDE,
        sl=sl,
        tp=levels.price_of(order.target, price, order.direction),
        first_sl=sl,
    )


def _book(simulation: Simulation, order: Order, position: Position, fill: Fill, slipped: Slip, steps: int) -> None:
    """Write the fill down, charge it, and end the order where nothing is left of it."""
    is_long = order.direction > 0
    price = fill.raw_price + order.direction * slipped.points
    commission = charge(simulation.exchange.commission(), order.charged, price, steps, is_entry=True)
    position.commission += commission
    simulation.records.write(
        "fills",
        order.number,
        0,
        order.fills,
        fill.bar_idx,
        fill.time_us,
        order.symbol,
        order.direction,
        int(Side.ASK if is_long else Side.BID),
        int(fill.rule),
        None,
        int(fill.moment),
        fill.path_step,
        fill.level,
        fill.raw_price,
        price,
        steps,
        slipped.points,
        slipped.random_points,
        slipped.impact_points,
        slipped.volatility_points,
        fill.spread_points,
        commission,
        rate_shown(simulation.exchange.worth().factors.debit),
    )
    simulation.books.write(LedgerKind.COMMISSION, commission, fill.time_us, order.symbol, order.number)
    order.steps -= steps
    order.fills += 1
    simulation.records.update("orders", order.row, filled_steps=position.entered.steps, sl=position.sl, tp=position.tp)
    if order.steps == 0:
        orders.end_order(simulation, order, OrderStatus.FILLED, fill.time_us)
