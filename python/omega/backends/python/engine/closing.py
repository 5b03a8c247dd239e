"""Everything that closes a position, whole or in part: levels, requests and the end of the data.

Rules FIL-5 to FIL-9, POS-1, LOOP step 3 and LOOP-3 in `docs/spec/engine.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from omega.backends.python.engine import orders
from omega.backends.python.engine.fill_bar import FillBar
from omega.backends.python.engine.filters import Happened
from omega.backends.python.engine.pass_bar import PassBar
from omega.backends.python.engine.signals import Request, Signal
from omega.backends.python.engine.slipping import slip_of
from omega.backends.python.execution.commission import Charge, charge
from omega.backends.python.execution.exits import Exit
from omega.backends.python.execution.sizing import whole_steps
from omega.backends.python.execution.slippage import NO_SLIP, Slip
from omega.backends.python.numerics import quotient
from omega.backends.python.portfolio.currency import rate_shown
from omega.backends.python.portfolio.position import (
    DealPrices,
    Position,
    close_part,
    excursions,
    see_price,
    settle_swap,
)
from omega.error_catalogue import CATALOGUE
from omega.schema import ExitReason, LedgerKind, Moment, Rule, Side

if TYPE_CHECKING:
    from omega.backends.python.engine.simulation import Simulation

POSITION_NOT_FOUND = CATALOGUE["position.not_found"].number


@dataclass(frozen=True, slots=True)
class Deal:
    """A closing deal before slippage: where, at which raw price, why."""

    bar_idx: int
    time_us: int
    raw_price: int
    level: int | None
    spread_points: int
    rule: Rule
    moment: Moment
    path_step: int | None
    reason: ExitReason
    leg: int


@dataclass(frozen=True, slots=True)
class Paid:
    """What became of a deal: its volume, and what it cost beside the price."""

    slipped: Slip
    steps: int
    commission: int
    conversion_rate: float


def close_at_level(simulation: Simulation, position: Position, bar: PassBar, found: Exit, saw_open: bool) -> None:
    """Close at a level that was reached; of the bar only the open was seen, if it was open then (MGT-2)."""
    if saw_open:
        see_price(position, bar.closing_side(position.direction).open)
    deal = Deal(
        bar_idx=bar.bar_idx,
        time_us=bar.time_us,
        raw_price=found.raw_price,
        level=position.sl if found.is_stop else position.tp,
        spread_points=0 if position.direction > 0 else bar.opening_spread,
        rule=Rule.FIL_5 if found.is_stop else Rule.FIL_6,
        moment=Moment.INSIDE if bar.is_later else found.moment,
        path_step=found.path_step,
        reason=position.stop_reason if found.is_stop else ExitReason.TAKE_PROFIT,
        leg=1,
    )
    close(simulation, position, deal, position.steps)


def close_on_request(simulation: Simulation, fill_bar: FillBar, request: Request) -> None:
    """Close the position a signal names, or every one its filters match, in order of id (POS-1).

    A named position that never was an order is counted and dropped; a request that finds nothing open is
    `position.not_found`.
    """
    signal = request.signal
    if signal.target is not None and signal.target not in simulation.accepted:
        simulation.target_never_opened_count += 1
        return
    matching = [position for position in simulation.positions if _matches(position, signal)]
    if not matching:
        simulation.reject(fill_bar, POSITION_NOT_FOUND, request.number)
    for position in matching:
        steps = part_of(simulation, position, signal.share)
        close_at_market(simulation, fill_bar, position, steps, Rule.CLOSE, ExitReason.SIGNAL)


def close_at_market(
    simulation: Simulation, fill_bar: FillBar, position: Position, steps: int, rule: Rule, reason: ExitReason
) -> None:
    """Close `steps` of a position at the price of the moment: the j-th requested close has leg 2+j."""
    is_long = position.direction > 0
    deal = Deal(
        bar_idx=fill_bar.bar_idx,
        time_us=fill_bar.time_us,
        raw_price=fill_bar.bid if is_long else fill_bar.ask,
        level=None,
        spread_points=0 if is_long else fill_bar.spread_points,
        rule=rule,
        moment=fill_bar.moment,
        path_step=None,
        reason=reason,
        leg=2 + position.requested_closes,
    )
    position.requested_closes += 1
    see_price(position, deal.raw_price)
    close(simulation, position, deal, steps)


def close_at_end(simulation: Simulation) -> None:
    """Close what is still open at the last closing-side close, in order of id (LOOP-3)."""
    last = simulation.bar_count - 1
    series = simulation.series
    for position in list(simulation.positions):
        is_long = position.direction > 0
        deal = Deal(
            bar_idx=last,
            time_us=series.close_time_us[last],
            raw_price=series.bid.close[last] if is_long else series.ask.close[last],
            level=None,
            spread_points=0 if is_long else series.ask.open[last] - series.bid.open[last],
            rule=Rule.END_OF_DATA,
            moment=Moment.CLOSE,
            path_step=None,
            reason=ExitReason.END_OF_DATA,
            leg=1,
        )
        close(simulation, position, deal, position.steps)


def part_of(simulation: Simulation, position: Position, share: float | None) -> int:
    """Return the steps a share of the first volume closes; a part or a rest below volume_min closes all (POS-1)."""
    if share is None:
        return position.steps
    steps = whole_steps(share * float(position.entered.steps))
    minimum = simulation.symbol.volume_min_steps
    if steps < minimum or position.steps - steps < minimum:
        return position.steps
    return steps


def price_of_sum(digits: int, points_steps: int, steps: int) -> float:
    """Return a steps-weighted mean of points as a price: one correctly rounded quotient."""
    return quotient(points_steps, steps * 10**digits)


def close(simulation: Simulation, position: Position, deal: Deal, steps: int) -> None:
    """Book one close: fill, profit, commission, swap, and the trade once the position is flat."""
    slipped = NO_SLIP
    if deal.rule is not Rule.FIL_6:
        slipped = slip_of(simulation, position.direction, (position.id, deal.leg, 0), steps, deal.bar_idx)
    price = deal.raw_price - position.direction * slipped.points
    see_price(position, price)
    worth = simulation.exchange.worth()
    commission = charge(simulation.exchange.commission(), Charge(), price, steps, is_entry=False)
    swap = settle_swap(position, steps, position.steps)
    prices = DealPrices(price, deal.raw_price, deal.spread_points)
    gross = close_part(position, steps, prices, worth.rates)
    factor = worth.factors.credit if gross.booked >= 0 else worth.factors.debit
    position.commission += commission
    simulation.liquidity.see_exit(deal.bar_idx, steps)
    _write_fill(simulation, position, deal, Paid(slipped, steps, commission, rate_shown(factor)))
    simulation.books.write(LedgerKind.PROFIT, gross.booked, deal.time_us, position.symbol, position.id)
    simulation.books.write(LedgerKind.COMMISSION, commission, deal.time_us, position.symbol, position.id)
    simulation.books.write(LedgerKind.SWAP, swap, deal.time_us, position.symbol, position.id)
    if position.steps == 0:
        _write_trade(simulation, position, deal)
        simulation.positions.remove(position)
        simulation.last_exit = Happened(deal.bar_idx, deal.time_us)
        orders.cancel_rest(simulation, position.id, deal.bar_idx, deal.time_us)


def _matches(position: Position, signal: Signal) -> bool:
    return (
        (signal.target is None or signal.target == position.id)
        and signal.symbol == position.symbol
        and (signal.magic is None or signal.magic == position.magic)
        and (signal.direction == 0 or signal.direction == position.direction)
    )


def _write_trade(simulation: Simulation, position: Position, deal: Deal) -> None:
    entered, settled = position.entered, position.settled
    net = settled.gross + position.commission + settled.swap
    mae, mfe = excursions(position)
    simulation.records.write(
        "trades",
        position.id,
        position.symbol,
        position.direction,
        int(position.order_type),
        position.magic,
        position.entry_bar_idx,
        position.entry_time_us,
        price_of_sum(simulation.symbol.digits, entered.points, entered.steps),
        deal.bar_idx,
        deal.time_us,
        price_of_sum(simulation.symbol.digits, settled.points, settled.steps),
        entered.steps,
        entered.margin,
        settled.cost_free,
        settled.slippage,
        settled.spread,
        settled.gross,
        position.commission,
        settled.swap,
        net,
        position.risk,
        None if not position.risk else quotient(net, position.risk),
        mae,
        mfe,
        deal.bar_idx - position.entry_bar_idx,
        int(deal.reason),
        settled.closes,
        position.ambiguous,
    )


def _write_fill(simulation: Simulation, position: Position, deal: Deal, paid: Paid) -> None:
    is_long = position.direction > 0
    simulation.records.write(
        "fills",
        position.id,
        deal.leg,
        0,
        deal.bar_idx,
        deal.time_us,
        position.symbol,
        -position.direction,
        int(Side.BID if is_long else Side.ASK),
        int(deal.rule),
        int(deal.reason),
        int(deal.moment),
        deal.path_step,
        deal.level,
        deal.raw_price,
        deal.raw_price - position.direction * paid.slipped.points,
        paid.steps,
        paid.slipped.points,
        paid.slipped.random_points,
        paid.slipped.impact_points,
        paid.slipped.volatility_points,
        deal.spread_points,
        paid.commission,
        paid.conversion_rate,
    )
