"""Margin at the end of a bar: the call, and the stop-out that closes positions (MRG).

A bar hides how low equity was inside it. The test at every position's adverse extreme shows what it may have
been; the close shows what it was. What fails at the close is closed at the next open, where a trader
would be closed too; what fails inside only is closed there and then, unless `target_first` runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from omega.backends.python.engine import account, closing, orders
from omega.backends.python.engine.fill_bar import FillBar
from omega.backends.python.execution.path import TARGET_FIRST
from omega.backends.python.plan_fields import Fraction
from omega.backends.python.portfolio.margin import is_at_level
from omega.backends.python.portfolio.position import Position, open_profit, see_price
from omega.error_catalogue import CATALOGUE
from omega.schema import ExitReason, Moment, Rule

if TYPE_CHECKING:
    from omega.backends.python.engine.simulation import Simulation

MARGIN_CALL = CATALOGUE["margin.call"].number
NEGATIVE_BALANCE = CATALOGUE["margin.negative_balance"].number


def test(simulation: Simulation, bar_idx: int) -> None:
    """Test equity of a step against the levels of its margin (LOOP step 5); without positions there is none."""
    assert simulation.plan.margin is not None
    level = simulation.plan.margin.stop_out_level
    if simulation.positions:
        series = simulation.series
        simulation.exchange.move_to(series.close_time_us[bar_idx])
        if not _is_at(simulation, level, bar_idx):
            marks = [_adverse_mark(simulation, position, bar_idx) for position in simulation.positions]
            _close_inside(simulation, _chosen(simulation, marks, bar_idx), bar_idx)
        if _is_at(simulation, level, bar_idx):
            orders.cancel_all(simulation, bar_idx, series.close_time_us[bar_idx])
            marks = [_closing_mark(simulation, position, bar_idx) for position in simulation.positions]
            simulation.stop_outs = [position.id for position, _ in _chosen(simulation, marks, None)]
    _note_call(simulation, bar_idx)
    note_negative_balance(simulation, bar_idx)


def close_due(simulation: Simulation, fill_bar: FillBar) -> None:
    """Close the positions that a stop-out of the last step left due (LOOP step 2)."""
    due, simulation.stop_outs = simulation.stop_outs, []
    for number in due:
        position = simulation.find_position(number)
        if position is None:
            continue
        is_long = position.direction > 0
        deal = closing.Deal(
            bar_idx=fill_bar.bar_idx,
            time_us=fill_bar.time_us,
            raw_price=fill_bar.bid if is_long else fill_bar.ask,
            level=None,
            spread_points=0 if is_long else fill_bar.spread_points,
            rule=Rule.MRG,
            moment=fill_bar.moment,
            path_step=None,
            reason=ExitReason.STOP_OUT,
            leg=1,
        )
        _close(simulation, position, deal)


def note_negative_balance(simulation: Simulation, bar_idx: int) -> None:
    """Write down the bar in which the balance falls below zero; a gap can take more than there was."""
    is_negative = simulation.books.balance < 0
    if is_negative and not simulation.is_negative:
        simulation.records.write("diagnostics", NEGATIVE_BALANCE, bar_idx, None, 1)
    simulation.is_negative = is_negative


def _is_at(simulation: Simulation, level: Fraction, bar_idx: int) -> bool:
    """Return whether equity at the close of a bar has fallen to a level."""
    series = simulation.series
    equity = account.equity_at(simulation, series.bid.close[bar_idx], series.ask.close[bar_idx])
    return is_at_level(equity, account.margin_held(simulation), level)


def _is_held_since_open(position: Position, bar_idx: int) -> bool:
    return not (position.is_inside and position.entry_bar_idx == bar_idx)


def _closing_mark(simulation: Simulation, position: Position, bar_idx: int) -> int:
    side = simulation.series.bid if position.direction > 0 else simulation.series.ask
    return side.close[bar_idx]


def _adverse_mark(simulation: Simulation, position: Position, bar_idx: int) -> int:
    """Return the worst price of the bar for a position; the close for one that opened inside it."""
    if not _is_held_since_open(position, bar_idx):
        return _closing_mark(simulation, position, bar_idx)
    series = simulation.series
    return series.bid.low[bar_idx] if position.direction > 0 else series.ask.high[bar_idx]


def _chosen(simulation: Simulation, marks: list[int], inside: int | None) -> list[tuple[Position, int]]:
    """Return the positions, with their marks, that have to go until the level holds: largest loss first, then by id.

    A position that goes at its mark leaves equity as it is and sets its margin free. What opened inside the bar
    `inside` stays.
    """
    assert simulation.plan.margin is not None
    level = simulation.plan.margin.stop_out_level
    rates = simulation.exchange.worth().rates
    equity = simulation.books.balance
    candidates = []
    for position, mark in zip(simulation.positions, marks, strict=True):
        profit = open_profit(position, mark, rates)
        equity += profit + position.accrued_swap
        if inside is None or _is_held_since_open(position, inside):
            candidates.append((profit, position.id, position, mark))
    candidates.sort(key=lambda candidate: candidate[:2])
    kept: list[Position] = list(simulation.positions)
    chosen: list[tuple[Position, int]] = []
    for _, _, position, mark in candidates:
        if not is_at_level(equity, account.margin_of(simulation, kept), level):
            break
        kept.remove(position)
        chosen.append((position, mark))
    return chosen


def _close_inside(simulation: Simulation, chosen: list[tuple[Position, int]], bar_idx: int) -> None:
    """Close positions at their adverse extremes; `target_first` leaves them, as ambiguous as they are (FIL-9)."""
    for position, _ in chosen:
        position.ambiguous = True
    if not chosen or simulation.plan.intrabar == TARGET_FIRST:
        return
    series = simulation.series
    simulation.exchange.move_to(series.time_us[bar_idx])
    for position, mark in chosen:
        is_long = position.direction > 0
        deal = closing.Deal(
            bar_idx=bar_idx,
            time_us=series.time_us[bar_idx],
            raw_price=mark,
            level=None,
            spread_points=0 if is_long else series.ask.open[bar_idx] - series.bid.open[bar_idx],
            rule=Rule.MRG,
            moment=Moment.INSIDE,
            path_step=None,
            reason=ExitReason.STOP_OUT,
            leg=1,
        )
        _close(simulation, position, deal)
    simulation.exchange.move_to(series.close_time_us[bar_idx])


def _close(simulation: Simulation, position: Position, deal: closing.Deal) -> None:
    see_price(position, deal.raw_price)
    closing.close(simulation, position, deal, position.steps)


def _note_call(simulation: Simulation, bar_idx: int) -> None:
    """Write down the bar in which equity falls to the call level, once until it rises above it."""
    assert simulation.plan.margin is not None
    is_called = _is_at(simulation, simulation.plan.margin.margin_call_level, bar_idx)
    if is_called and not simulation.is_called:
        simulation.records.write("diagnostics", MARGIN_CALL, bar_idx, None, 1)
    simulation.is_called = is_called
