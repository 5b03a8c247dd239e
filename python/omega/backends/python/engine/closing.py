"""Everything that closes a position: levels, requests and the end of the data.

Rules FIL-5 to FIL-9, POS-1, LOOP step 3 and LOOP-3 in `docs/spec/engine.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from omega.backends.python.engine.opening import FillBar
from omega.backends.python.engine.signals import Signal
from omega.backends.python.execution.commission import charge
from omega.backends.python.execution.fills import Exit, exit_at_open, exit_inside
from omega.backends.python.execution.slippage import NO_SLIP, Slip, slip
from omega.backends.python.numerics import quotient
from omega.backends.python.portfolio.position import Position, close_gross, excursions, see_price
from omega.error_catalogue import CATALOGUE
from omega.schema import ExitReason, LedgerKind, Moment, OrderType, Rule, Side

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
    reason: ExitReason
    leg: int


def close_at_levels(simulation: Simulation, bar_idx: int) -> None:
    """Close every position whose stop or target this bar reaches (LOOP step 3).

    Pass (a) first: exits that the open decides, for positions that were open before the bar. Then
    pass (b): all other exits, positions opened at the open included. Both in order of id.
    """
    for position in list(simulation.positions):
        if position.entry_bar_idx < bar_idx:
            _close_if(simulation, position, bar_idx, _exit_at_open(simulation, position, bar_idx))
    for position in list(simulation.positions):
        found = _exit_at_open(simulation, position, bar_idx)
        if found is None:
            found = _exit_inside(simulation, position, bar_idx)
        if found is None:
            _see_whole_bar(simulation, position, bar_idx)
        _close_if(simulation, position, bar_idx, found)


def close_on_request(simulation: Simulation, fill_bar: FillBar, number: int, signal: Signal) -> None:
    """Close the position a signal names, or every one its filters match, in order of id (POS-1).

    A named position that never opened is counted and dropped; a request that finds nothing open is
    `position.not_found`.
    """
    if signal.target is not None and signal.target not in simulation.opened:
        simulation.target_never_opened_count += 1
        return
    matching = [position for position in simulation.positions if _matches(position, signal)]
    if not matching:
        simulation.reject(fill_bar, POSITION_NOT_FOUND, number)
    for position in matching:
        is_long = position.direction > 0
        deal = Deal(
            bar_idx=fill_bar.bar_idx,
            time_us=fill_bar.time_us,
            raw_price=fill_bar.bid if is_long else fill_bar.ask,
            level=None,
            spread_points=0 if is_long else fill_bar.spread_points,
            rule=Rule.CLOSE,
            moment=fill_bar.moment,
            reason=ExitReason.SIGNAL,
            leg=2 + position.requested_closes,
        )
        position.requested_closes += 1
        see_price(position, deal.raw_price)
        _close(simulation, position, deal)


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
            reason=ExitReason.END_OF_DATA,
            leg=1,
        )
        _close(simulation, position, deal)


def price_of_sum(simulation: Simulation, points_steps: int, steps: int) -> float:
    """Return a steps-weighted mean of points as a price: one correctly rounded quotient."""
    return quotient(points_steps, steps * 10**simulation.symbol.digits)


def _matches(position: Position, signal: Signal) -> bool:
    return (
        (signal.target is None or signal.target == position.id)
        and signal.symbol == position.symbol
        and (signal.magic is None or signal.magic == position.magic)
        and (signal.direction == 0 or signal.direction == position.direction)
    )


def _exit_at_open(simulation: Simulation, position: Position, bar_idx: int) -> Exit | None:
    side = simulation.series.bid if position.direction > 0 else simulation.series.ask
    return exit_at_open(position.direction, position.sl, position.tp, side.open[bar_idx])


def _exit_inside(simulation: Simulation, position: Position, bar_idx: int) -> Exit | None:
    side = simulation.series.bid if position.direction > 0 else simulation.series.ask
    found, ambiguous = exit_inside(
        position.direction,
        position.sl,
        position.tp,
        side.low[bar_idx],
        side.high[bar_idx],
        simulation.plan.target_first,
    )
    position.ambiguous = position.ambiguous or ambiguous
    return found


def _see_whole_bar(simulation: Simulation, position: Position, bar_idx: int) -> None:
    side = simulation.series.bid if position.direction > 0 else simulation.series.ask
    see_price(position, side.low[bar_idx])
    see_price(position, side.high[bar_idx])


def _close_if(simulation: Simulation, position: Position, bar_idx: int, found: Exit | None) -> None:
    """Close at a level that was reached; the open was seen, the rest of the bar was not (MGT-2)."""
    if found is None:
        return
    series = simulation.series
    is_long = position.direction > 0
    side = series.bid if is_long else series.ask
    see_price(position, side.open[bar_idx])
    deal = Deal(
        bar_idx=bar_idx,
        time_us=series.time_us[bar_idx],
        raw_price=found.raw_price,
        level=position.sl if found.is_stop else position.tp,
        spread_points=0 if is_long else series.ask.open[bar_idx] - series.bid.open[bar_idx],
        rule=Rule.FIL_5 if found.is_stop else Rule.FIL_6,
        moment=found.moment,
        reason=ExitReason.STOP_LOSS if found.is_stop else ExitReason.TAKE_PROFIT,
        leg=1,
    )
    _close(simulation, position, deal)


def _close(simulation: Simulation, position: Position, deal: Deal) -> None:
    """Book one whole close: fill, profit, commission, trade."""
    slipped = NO_SLIP
    if deal.rule is not Rule.FIL_6:
        slipped = slip(simulation.symbol.slippage, simulation.plan.seed, position.id, deal.leg, 0)
    price = deal.raw_price - position.direction * slipped.points
    see_price(position, price)
    commission = charge(simulation.commissions, price, position.steps, is_entry=False)
    gross = close_gross(position, price, deal.raw_price, deal.spread_points, simulation.rate)
    _write_fill(simulation, position, deal, price, slipped, commission)
    simulation.books.write(LedgerKind.PROFIT, gross.booked, deal.time_us, position.symbol, position.id)
    simulation.books.write(LedgerKind.COMMISSION, commission, deal.time_us, position.symbol, position.id)
    simulation.books.write(LedgerKind.SWAP, position.accrued_swap, deal.time_us, position.symbol, position.id)
    commission += position.commission
    net = gross.booked + commission + position.accrued_swap
    mae, mfe = excursions(position)
    simulation.records.write(
        "trades",
        position.id,
        position.symbol,
        position.direction,
        int(OrderType.MARKET),
        position.magic,
        position.entry_bar_idx,
        position.entry_time_us,
        price_of_sum(simulation, position.k, position.steps),
        deal.bar_idx,
        deal.time_us,
        price_of_sum(simulation, price * position.steps, position.steps),
        position.steps,
        gross.cost_free,
        gross.slippage,
        gross.spread,
        gross.booked,
        commission,
        position.accrued_swap,
        net,
        position.risk,
        None if not position.risk else quotient(net, position.risk),
        mae,
        mfe,
        deal.bar_idx - position.entry_bar_idx,
        int(deal.reason),
        1,
        position.ambiguous,
    )
    simulation.positions.remove(position)


def _write_fill(
    simulation: Simulation, position: Position, deal: Deal, price: int, slipped: Slip, commission: int
) -> None:
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
        int(deal.moment),
        deal.level,
        deal.raw_price,
        price,
        position.steps,
        slipped.points,
        slipped.random_points,
        deal.spread_points,
        commission,
    )
