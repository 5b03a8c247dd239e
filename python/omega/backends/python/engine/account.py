"""The account at a moment: equity, margin held, and what a new order may be (MRG, SIZ).

Marks and conversion rates are those of the moment asked about; nothing here changes the run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from omega.backends.python.execution.sizing import Stake
from omega.backends.python.portfolio.margin import Held, entry_margin, symbol_margin
from omega.backends.python.portfolio.position import Position, open_profit
from omega.schema import Moment

if TYPE_CHECKING:
    from omega.backends.python.engine.simulation import Simulation

NOTHING = Held()


def equity_at(simulation: Simulation, bid: int, ask: int) -> int:
    """Return balance, accrued swap and open profit at these marks, at the rates of now (LED-2)."""
    equity = simulation.books.balance
    if not simulation.positions:
        return equity
    rates = simulation.exchange.worth().rates
    for position in simulation.positions:
        mark = bid if position.direction > 0 else ask
        equity += open_profit(position, mark, rates) + position.accrued_swap
    return equity


def margin_held(simulation: Simulation) -> int:
    """Return the margin of all open positions."""
    return margin_of(simulation, simulation.positions)


def margin_of(simulation: Simulation, positions: list[Position], direction: int = 0, added: Held = NOTHING) -> int:
    """Return the margin of positions, and of a fill of a direction that is added to them."""
    terms = simulation.symbol.margin
    if terms is None:
        return 0
    long, short = Held(), Held()
    for position in positions:
        held = long if position.direction > 0 else short
        held.steps += position.steps
        held.margin += position.margin
    held = long if direction > 0 else short
    held.steps += added.steps
    held.margin += added.margin
    return symbol_margin(long, short, terms.hedged)


def has_free_margin(
    simulation: Simulation, bar_idx: int, moment: Moment, direction: int, price: int, steps: int
) -> bool:
    """Return whether equity covers the margin of the book and of a fill at a raw price.

    Marks are the opens of the bar; its closes where the fill is at the close (LOOP-2).
    """
    rate = simulation.exchange.worth().margin
    if rate is None:
        return True
    bid, ask = simulation.series.bid, simulation.series.ask
    if moment is Moment.CLOSE:
        equity = equity_at(simulation, bid.close[bar_idx], ask.close[bar_idx])
    else:
        equity = equity_at(simulation, bid.open[bar_idx], ask.open[bar_idx])
    added = Held(steps, entry_margin(price, steps, rate))
    return margin_of(simulation, simulation.positions, direction, added) <= equity


def stake_of(simulation: Simulation, entry: int, stop_distance: int | None, bar_idx: int) -> Stake:
    """Return what the size of an order accepted in step `bar_idx` follows from."""
    plan = simulation.plan
    equity = equity_for_sizing(simulation, bar_idx) if plan.sizing.mode == "risk_percent" else 0
    return Stake(entry, stop_distance, simulation.exchange.worth().rates.debit, plan.account_digits, equity)


def equity_for_sizing(simulation: Simulation, bar_idx: int) -> int:
    """Return equity as the last step left it, with what was booked since (SIZ).

    What is still open counts at its last mark; what was opened since has none, only its costs were booked.
    """
    equity = simulation.books.balance
    for position in simulation.positions:
        equity += position.accrued_swap
        if position.entry_row < simulation.books.equity_row:
            side = simulation.series.bid if position.direction > 0 else simulation.series.ask
            equity += open_profit(position, side.close[bar_idx - 1], simulation.marked.rates)
    return equity
