"""Market orders: acceptance, size, fill, and the position they open.

A market order fills at the open of the bar after its decision (`next_open`), or at the close of the
bar it was decided on (`signal_close`). Rules FIL-1, SIG-2, SIZ, API-8 and LOOP-2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from omega.backends.python.engine.signals import Signal
from omega.backends.python.execution import levels
from omega.backends.python.execution.commission import charge
from omega.backends.python.execution.sizing import size_order, steps_of_lots
from omega.backends.python.execution.slippage import slip
from omega.backends.python.portfolio.position import Position, booked_risk, see_price
from omega.error_catalogue import CATALOGUE
from omega.schema import LedgerKind, Moment, OrderStatus, OrderType, Rule, Side

if TYPE_CHECKING:
    from omega.backends.python.engine.simulation import Simulation

INVALID_STOPS = CATALOGUE["order.invalid_stops"].number
STOP_TOO_CLOSE = CATALOGUE["order.stop_too_close"].number
SIZE_CAPPED = CATALOGUE["size.capped"].number
SIZE_OFF_GRID = CATALOGUE["size.off_grid"].number


@dataclass(frozen=True, slots=True)
class FillBar:
    """Where requests of a step fill: the bar the fill is named after, its time and both quotes."""

    bar_idx: int
    time_us: int
    bid: int
    ask: int
    spread_points: int
    moment: Moment


@dataclass(frozen=True, slots=True)
class Order:
    """An accepted market order: it has passed every check and has a size."""

    number: int
    direction: int
    symbol: int
    magic: int
    steps: int
    stop: levels.Level | None
    target: levels.Level | None


def fill_bar(simulation: Simulation, bar_idx: int) -> FillBar:
    """Return where requests working in step `bar_idx` fill (LOOP-2)."""
    series = simulation.series
    if simulation.plan.signal_close:
        before = bar_idx - 1
        return FillBar(
            bar_idx=before,
            time_us=series.close_time_us[before],
            bid=series.bid.close[before],
            ask=series.ask.close[before],
            spread_points=series.ask.open[before] - series.bid.open[before],
            moment=Moment.CLOSE,
        )
    return FillBar(
        bar_idx=bar_idx,
        time_us=series.time_us[bar_idx],
        bid=series.bid.open[bar_idx],
        ask=series.ask.open[bar_idx],
        spread_points=series.ask.open[bar_idx] - series.bid.open[bar_idx],
        moment=Moment.OPEN,
    )


def open_market_order(simulation: Simulation, fill_bar: FillBar, number: int, signal: Signal) -> None:
    """Accept or reject a market order; an accepted one fills at once (FIL-1)."""
    order = _accept(simulation, fill_bar, number, signal)
    if order is not None:
        _fill(simulation, fill_bar, order)


def _accept(simulation: Simulation, fill_bar: FillBar, number: int, signal: Signal) -> Order | None:
    """Return the order, or None after writing down why it was refused."""
    symbol = simulation.symbol
    is_long = signal.direction > 0
    entry = fill_bar.ask if is_long else fill_bar.bid
    closing_price = fill_bar.bid if is_long else fill_bar.ask
    stop = levels.stop_level(signal, symbol)
    target = levels.target_level(signal, symbol)
    if not levels.is_valid(stop, target, signal.direction, closing_price):
        simulation.reject(fill_bar, INVALID_STOPS, number)
        return None
    stop_distance = None if stop is None else levels.distance_from(stop, entry)
    if stop_distance is not None and stop_distance < symbol.min_stop_points:
        simulation.reject(fill_bar, STOP_TOO_CLOSE, number)
        return None
    wanted = None if signal.size is None else steps_of_lots(signal.size, symbol.volume_step)[0]
    size = size_order(simulation.plan.sizing, symbol, wanted, stop_distance)
    if size.refusal:
        simulation.reject(fill_bar, size.refusal, number)
        return None
    if size.capped:
        simulation.records.write("diagnostics", SIZE_CAPPED, fill_bar.bar_idx, number, 1)
    magic = 0 if signal.magic is None else signal.magic
    return Order(number, signal.direction, signal.symbol, magic, size.steps, stop, target)


def _fill(simulation: Simulation, fill_bar: FillBar, order: Order) -> None:
    """Fill an accepted order and open its position."""
    is_long = order.direction > 0
    raw_price = fill_bar.ask if is_long else fill_bar.bid
    spread_points = fill_bar.spread_points if is_long else 0
    slipped = slip(simulation.symbol.slippage, simulation.plan.seed, order.number, 0, 0)
    price = raw_price + order.direction * slipped.points
    commission = charge(simulation.commissions, price, order.steps, is_entry=True)
    position = Position(
        id=order.number,
        symbol=order.symbol,
        direction=order.direction,
        magic=order.magic,
        entry_bar_idx=fill_bar.bar_idx,
        entry_time_us=fill_bar.time_us,
        steps=order.steps,
        k=price * order.steps,
        k_raw=raw_price * order.steps,
        k_cost_free=(raw_price - spread_points) * order.steps,
        sl=levels.price_of(order.stop, price, -order.direction),
        tp=levels.price_of(order.target, price, order.direction),
        risk=None,
        commission=commission,
    )
    position.risk = booked_risk(position, simulation.rate)
    see_price(position, fill_bar.bid if is_long else fill_bar.ask)
    simulation.positions.append(position)
    simulation.opened.add(order.number)
    simulation.records.write(
        "orders",
        order.number,
        fill_bar.bar_idx,
        fill_bar.time_us,
        order.symbol,
        order.direction,
        int(OrderType.MARKET),
        order.magic,
        order.steps,
        position.sl,
        position.tp,
        int(OrderStatus.FILLED),
    )
    simulation.records.write(
        "fills",
        order.number,
        0,
        0,
        fill_bar.bar_idx,
        fill_bar.time_us,
        order.symbol,
        order.direction,
        int(Side.ASK if is_long else Side.BID),
        int(Rule.FIL_1),
        int(fill_bar.moment),
        None,
        raw_price,
        price,
        order.steps,
        slipped.points,
        slipped.random_points,
        spread_points,
        commission,
    )
    simulation.books.write(LedgerKind.COMMISSION, commission, fill_bar.time_us, order.symbol, order.number)
