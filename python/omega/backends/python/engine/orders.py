"""Opening orders from acceptance to their end: accepted once, worked bar by bar, modified, cancelled, expired.

An accepted order has passed every check and has a size. Market orders fill at once (`opening`); limit, stop
and stop-limit orders work until a pass over a bar fills them (`passes`). Every accepted order is one row of
`orders`. Rules SIG-2, SIZ, FIL-11 and FIL-15 in `docs/spec/engine.md`.
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from omega.backends.python.engine import account, filters
from omega.backends.python.engine.fill_bar import FillBar, known_at
from omega.backends.python.engine.filters import Happened
from omega.backends.python.engine.signals import Request, Signal
from omega.backends.python.engine.slipping import lacks_atr
from omega.backends.python.execution import levels
from omega.backends.python.execution.commission import Charge
from omega.backends.python.execution.fills import Trigger
from omega.backends.python.execution.sizing import size_order, steps_of_lots
from omega.error_catalogue import CATALOGUE
from omega.schema import OrderStatus, OrderType, Tif

if TYPE_CHECKING:
    from omega.backends.python.engine.simulation import Simulation

INVALID_STOPS = CATALOGUE["order.invalid_stops"].number
STOP_TOO_CLOSE = CATALOGUE["order.stop_too_close"].number
SIZE_CAPPED = CATALOGUE["size.capped"].number
ORDER_NOT_FOUND = CATALOGUE["order.not_found"].number
NOT_FILLED = CATALOGUE["order.not_filled"].number
POSITION_CLOSED = CATALOGUE["order.position_closed"].number
NO_MARGIN = CATALOGUE["order.no_margin"].number
STOP_OUT = CATALOGUE["margin.stop_out"].number
NO_ATR = CATALOGUE["cost.no_atr"].number
NO_MORE_BARS = CATALOGUE["order.no_more_bars"].number
NO_ATR = CATALOGUE["cost.no_atr"].number


@dataclass(slots=True)
class Order:
    """An accepted opening order. Prices are points; `steps` is what is left to fill.

    Attributes:
        price: P of a pending order. limit: L of a stop-limit.
        expiry_us: It works in bars that open before this. last_bar_idx: and up to this bar.
        is_triggered: Whether a stop or stop-limit has reached P; what is left of a stop is a market order.
        row: Its row in `orders`.
        fills: Fills so far. charged: Commission so far (CST-3).
    """

    number: int
    direction: int
    symbol: int
    magic: int
    order_type: OrderType
    price: int | None
    limit: int | None
    tif: int
    expiry_us: int | None
    last_bar_idx: int | None
    oco: int | None
    stop: levels.Level | None
    target: levels.Level | None
    steps: int
    row: int
    is_triggered: bool = False
    fills: int = 0
    charged: Charge = field(default_factory=Charge)


@dataclass(frozen=True, slots=True)
class Terms:
    """What levels are measured from: the entry price, and what stop and target must be beyond (SIG-2)."""

    entry: int
    stop_reference: int
    target_reference: int


def accept(simulation: Simulation, fill_bar: FillBar, request: Request) -> Order | None:
    """Return the order a signal asks for, or None after writing down why it was refused.

    Args:
        simulation: The run.
        fill_bar: Where market orders fill now; its step is the first in which the order works.
        request: The numbered signal.
    """
    signal, symbol = request.signal, simulation.symbol
    refusal = filters.find_refusal(simulation, Happened(fill_bar.bar_idx, fill_bar.time_us), signal.symbol)
    if refusal:
        simulation.reject(fill_bar, refusal, request.number)
        return None
    price = _points_of(simulation, signal.entry) if signal.order_type != OrderType.MARKET else None
    limit = _points_of(simulation, signal.limit) if signal.order_type == OrderType.STOP_LIMIT else None
    terms = _terms(simulation, fill_bar, signal.direction, price if limit is None else limit)
    atr = atr_of(simulation, signal, signal.direction, fill_bar.step)
    if atr != atr:
        simulation.reject(fill_bar, NO_ATR, request.number)
        return None
    stop, target = levels.stop_level(signal, symbol, atr), levels.target_level(signal, symbol)
    stop_distance = None if stop is None else levels.distance_from(stop, terms.entry)
    refusal = _find_refusal(simulation, signal.direction, terms, stop, target)
    if refusal:
        simulation.reject(fill_bar, refusal, request.number)
        return None
    if lacks_atr(simulation, signal.direction, fill_bar.bar_idx):
        simulation.reject(fill_bar, NO_ATR, request.number)
        return None
    wanted = None if signal.size is None else steps_of_lots(signal.size, symbol.volume_step)[0]
    stake = account.stake_of(simulation, terms.entry, stop_distance, fill_bar.step)
    size = size_order(simulation.plan.sizing, symbol, wanted, stake)
    refusal = size.refusal
    if not refusal and signal.order_type == OrderType.MARKET:
        entry = (fill_bar.bar_idx, fill_bar.moment, signal.direction, terms.entry)
        refusal = 0 if account.has_free_margin(simulation, *entry, size.steps) else NO_MARGIN
    if refusal:
        simulation.reject(fill_bar, refusal, request.number)
        return None
    if size.capped:
        simulation.records.write("diagnostics", SIZE_CAPPED, fill_bar.bar_idx, request.number, 1)
    expiry_us, last_bar_idx = _expiry_of(simulation, signal, fill_bar)
    order = Order(
        number=request.number,
        direction=signal.direction,
        symbol=signal.symbol,
        magic=0 if signal.magic is None else signal.magic,
        order_type=OrderType(signal.order_type),
        price=price,
        limit=limit,
        tif=signal.tif,
        expiry_us=expiry_us,
        last_bar_idx=last_bar_idx,
        oco=signal.oco,
        stop=stop,
        target=target,
        steps=size.steps,
        row=simulation.records.count("orders"),
    )
    _write(simulation, fill_bar, order)
    simulation.accepted.add(order.number)
    return order


def atr_of(simulation: Simulation, signal: Signal, direction: int, bar_idx: int) -> float:
    """Return the ATR a signal measures its stop by: 0 if it does not, NaN if it is not known yet."""
    if signal.sl_atr is None:
        return 0.0
    return simulation.volatility.atr_before(direction, bar_idx)


def is_at_market(order: Order) -> bool:
    """Return whether an order takes any price: a market order, or what is left of a stop that was triggered."""
    return order.order_type is OrderType.MARKET or (order.order_type is OrderType.STOP and order.is_triggered)


def trigger_of(simulation: Simulation, order: Order) -> Trigger:
    """Return what a working order waits for."""
    assert order.price is not None
    through = simulation.plan.limit_through_points
    return Trigger(order.order_type, order.direction, order.price, order.limit, order.is_triggered, through)


def is_expired(order: Order, time_us: int) -> bool:
    """Return whether an order does not work in a bar that opens at `time_us` (FIL-15)."""
    return order.expiry_us is not None and time_us >= order.expiry_us


def expire(simulation: Simulation, bar_idx: int) -> None:
    """End the orders that do not work in this bar any more (LOOP step 2, FIL-15)."""
    time_us = simulation.series.time_us[bar_idx]
    for order in list(simulation.working):
        is_over = order.last_bar_idx is not None and bar_idx > order.last_bar_idx
        if is_over or is_expired(order, time_us):
            end_order(simulation, order, OrderStatus.EXPIRED, time_us)


def cancel(simulation: Simulation, fill_bar: FillBar, request: Request) -> None:
    """Cancel the working order a signal names, or every one its filters match."""
    signal = request.signal
    if signal.target is not None and signal.target not in simulation.accepted:
        simulation.target_never_opened_count += 1
        return
    matching = [order for order in simulation.working if _matches(order, signal)]
    if not matching:
        simulation.reject(fill_bar, ORDER_NOT_FOUND, request.number)
    for order in matching:
        end_order(simulation, order, OrderStatus.CANCELLED, fill_bar.time_us)


def modify(simulation: Simulation, fill_bar: FillBar, request: Request, order: Order) -> None:
    """Change what a working order waits for; nothing changes where the new levels are refused (SIG-2)."""
    signal, symbol = request.signal, simulation.symbol
    price = order.price if signal.entry is None else _points_of(simulation, signal.entry)
    limit = order.limit if signal.limit is None or order.limit is None else _points_of(simulation, signal.limit)
    atr = atr_of(simulation, signal, order.direction, fill_bar.step)
    if atr != atr:
        simulation.reject(fill_bar, NO_ATR, request.number)
        return
    stop = changed_level(order.stop, signal.sl, levels.stop_level(signal, symbol, atr))
    target = changed_level(order.target, signal.tp, levels.target_level(signal, symbol))
    terms = _terms(simulation, fill_bar, order.direction, price if limit is None else limit)
    refusal = _find_refusal(simulation, order.direction, terms, stop, target)
    if refusal:
        simulation.reject(fill_bar, refusal, request.number)
        return
    order.price, order.limit, order.stop, order.target = price, limit, stop, target
    is_dated = signal.expiry is not None or signal.expiry_bars is not None
    if is_dated:
        order.expiry_us, order.last_bar_idx = _expiry_of(simulation, signal, fill_bar)
    values = {"entry": price, "limit": limit, "expiry": order.expiry_us}
    if order.fills == 0:
        values |= {"sl": levels.absolute(stop), "tp": levels.absolute(target)}
    simulation.records.update("orders", order.row, **values)
    if is_dated and is_expired(order, fill_bar.quoted_us):
        end_order(simulation, order, OrderStatus.EXPIRED, fill_bar.time_us)


def changed_level(
    standing: levels.Level | None, price: float | None, given: levels.Level | None
) -> levels.Level | None:
    """Return a level after a modification: a price of 0 removes it, no value leaves it."""
    if price == 0.0:
        return None
    return standing if given is None else given


def end_order(simulation: Simulation, order: Order, status: OrderStatus, time_us: int) -> None:
    """Write down how an order ended, and work it no longer."""
    simulation.records.update("orders", order.row, status=int(status), done_time=time_us)
    if order in simulation.working:
        simulation.working.remove(order)


def cancel_group(simulation: Simulation, filled: Order, time_us: int) -> None:
    """Cancel the working orders of the group of an order that was just filled (FIL-11)."""
    if filled.oco is None:
        return
    for order in list(simulation.working):
        if order.oco == filled.oco and order is not filled:
            end_order(simulation, order, OrderStatus.CANCELLED_BY_OCO, time_us)


def cancel_refused(simulation: Simulation, order: Order, now: Happened) -> bool:
    """Cancel an order whose first fill a filter refuses now; return whether it did (MGT-4)."""
    if order.fills > 0:
        return False
    refusal = filters.find_refusal(simulation, now, order.symbol)
    if refusal:
        simulation.records.write("rejections", now.time_us, now.bar_idx, refusal, order.number)
        end_order(simulation, order, OrderStatus.CANCELLED, now.time_us)
    return refusal != 0


def cancel_unfilled(simulation: Simulation, order: Order, bar_idx: int, time_us: int) -> None:
    """Cancel what the open did not fill of an ioc or fok order (FIL-12)."""
    simulation.records.write("rejections", time_us, bar_idx, NOT_FILLED, order.number)
    end_order(simulation, order, OrderStatus.CANCELLED, time_us)


def cancel_without_margin(simulation: Simulation, order: Order, bar_idx: int, time_us: int) -> None:
    """Cancel an order that free margin does not cover when it is about to fill (MRG)."""
    simulation.records.write("rejections", time_us, bar_idx, NO_MARGIN, order.number)
    order.steps = 0
    end_order(simulation, order, OrderStatus.CANCELLED, time_us)


def cancel_all(simulation: Simulation, bar_idx: int, time_us: int) -> None:
    """Cancel every working order because of a stop-out (MRG)."""
    for order in list(simulation.working):
        simulation.records.write("rejections", time_us, bar_idx, STOP_OUT, order.number)
        end_order(simulation, order, OrderStatus.CANCELLED, time_us)


def cancel_rest(simulation: Simulation, number: int, bar_idx: int, time_us: int) -> None:
    """Cancel what is left of the order whose position is flat (FIL-12)."""
    for order in list(simulation.working):
        if order.number == number:
            simulation.records.write("rejections", time_us, bar_idx, POSITION_CLOSED, number)
            end_order(simulation, order, OrderStatus.CANCELLED, time_us)


def end_all(simulation: Simulation, time_us: int) -> None:
    """End what still works after the last bar; market orders that wait for volume are refused (LOOP-3)."""
    for order in list(simulation.working):
        if order.order_type is OrderType.MARKET:
            simulation.records.write("rejections", time_us, simulation.bar_count - 1, NO_MORE_BARS, order.number)
            end_order(simulation, order, OrderStatus.CANCELLED, time_us)
        else:
            end_order(simulation, order, OrderStatus.EXPIRED_AT_END, time_us)


def _terms(simulation: Simulation, fill_bar: FillBar, direction: int, price: int | None) -> Terms:
    """Return what the levels of an order are measured from; `price` is None for market orders."""
    if price is None:
        entry, closing = (fill_bar.ask, fill_bar.bid) if direction > 0 else (fill_bar.bid, fill_bar.ask)
        return Terms(entry, closing, closing)
    spread = known_at(simulation, fill_bar).spread
    return Terms(price, price - direction * spread, price)


def _find_refusal(
    simulation: Simulation, direction: int, terms: Terms, stop: levels.Level | None, target: levels.Level | None
) -> int:
    """Return the error number of levels that cannot be, or 0."""
    if not levels.is_valid(stop, target, direction, terms.stop_reference, terms.target_reference):
        return INVALID_STOPS
    if stop is not None and levels.distance_from(stop, terms.entry) < simulation.symbol.min_stop_points:
        return STOP_TOO_CLOSE
    return 0


def _expiry_of(simulation: Simulation, signal: Signal, fill_bar: FillBar) -> tuple[int | None, int | None]:
    """Return the time and the last bar that end an order which works from a moment on (FIL-15)."""
    expiry_us = signal.expiry
    if signal.tif == Tif.DAY:
        rollovers = simulation.market.calendar["rollover_time"]
        row = bisect.bisect_right(rollovers, fill_bar.quoted_us)
        end_us = rollovers[row] if row < len(rollovers) else None
        if end_us is not None and (expiry_us is None or end_us < expiry_us):
            expiry_us = end_us
    last_bar_idx = None if signal.expiry_bars is None else fill_bar.step + signal.expiry_bars - 1
    return expiry_us, last_bar_idx


def _points_of(simulation: Simulation, price: float | None) -> int | None:
    return None if price is None else levels.price_points(price, simulation.symbol)


def _matches(order: Order, signal: Signal) -> bool:
    return (
        (signal.target is None or signal.target == order.number)
        and signal.symbol == order.symbol
        and (signal.magic is None or signal.magic == order.magic)
        and (signal.direction == 0 or signal.direction == order.direction)
    )


def _write(simulation: Simulation, fill_bar: FillBar, order: Order) -> None:
    simulation.records.write(
        "orders",
        order.number,
        fill_bar.bar_idx,
        fill_bar.time_us,
        order.symbol,
        order.direction,
        int(order.order_type),
        order.magic,
        order.price,
        order.limit,
        order.tif,
        order.expiry_us,
        order.oco,
        order.steps,
        0,
        levels.absolute(order.stop),
        levels.absolute(order.target),
        int(OrderStatus.FILLED),
        fill_bar.time_us,
    )
