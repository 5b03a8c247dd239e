"""Modifications of open positions and working orders (LOOP step 2).

New levels are tested once, against the last known closing-side price; what they are tested against for a
working order is the order's business (`orders.modify`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from omega.backends.python.engine import orders
from omega.backends.python.engine.fill_bar import FillBar, known_at
from omega.backends.python.engine.signals import Request
from omega.backends.python.execution import levels
from omega.backends.python.portfolio.position import Position
from omega.error_catalogue import CATALOGUE
from omega.schema import ExitReason

if TYPE_CHECKING:
    from omega.backends.python.engine.simulation import Simulation

INVALID_STOPS = CATALOGUE["order.invalid_stops"].number
NO_ATR = CATALOGUE["cost.no_atr"].number
POSITION_NOT_FOUND = CATALOGUE["position.not_found"].number


def modify(simulation: Simulation, fill_bar: FillBar, request: Request) -> None:
    """Change the levels of the position a signal names, and what is left of its order.

    A target that never was an order is counted and dropped; one that is over is `position.not_found`.
    """
    target = request.signal.target
    if target not in simulation.accepted:
        simulation.target_never_opened_count += 1
        return
    position = simulation.find_position(target)
    working = [order for order in simulation.working if order.number == target]
    if position is not None:
        modify_position(simulation, fill_bar, request, position)
    for order in working:
        orders.modify(simulation, fill_bar, request, order)
    if position is None and not working:
        simulation.reject(fill_bar, POSITION_NOT_FOUND, request.number)


def modify_position(simulation: Simulation, fill_bar: FillBar, request: Request, position: Position) -> None:
    """Give a position new levels; distances count from its first fill. A refusal changes nothing."""
    signal, symbol, direction = request.signal, simulation.symbol, position.direction
    atr = orders.atr_of(simulation, signal, direction, fill_bar.step)
    if atr != atr:
        simulation.reject(fill_bar, NO_ATR, request.number)
        return
    stop, target = levels.stop_level(signal, symbol, atr), levels.target_level(signal, symbol)
    known = known_at(simulation, fill_bar)
    closing = known.bid if direction > 0 else known.ask
    sl = levels.price_of(stop, position.entry_points, -direction)
    tp = levels.price_of(target, position.entry_points, direction)
    if not (levels.is_valid_distance(stop) and levels.is_valid_distance(target)):
        simulation.reject(fill_bar, INVALID_STOPS, request.number)
        return
    is_sl_beyond = sl is None or signal.sl == 0.0 or direction * (closing - sl) > 0
    is_tp_beyond = tp is None or signal.tp == 0.0 or direction * (tp - closing) > 0
    if not (is_sl_beyond and is_tp_beyond):
        simulation.reject(fill_bar, INVALID_STOPS, request.number)
        return
    if stop is not None:
        position.sl = None if signal.sl == 0.0 else sl
        position.stop_reason = ExitReason.STOP_LOSS
    if target is not None:
        position.tp = None if signal.tp == 0.0 else tp
