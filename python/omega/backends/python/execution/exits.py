"""Prices at which stops and targets close a position inside one bar.

The counterpart of `fills`: the worst price that the path still allows, never one outside the bar. Prices are
points of the closing side (bid for longs, ask for shorts).

Rules FIL-5 to FIL-9 in `docs/spec/engine.md`.
"""

from __future__ import annotations

from dataclasses import dataclass

from omega.backends.python.execution.fills import Entry
from omega.backends.python.execution.path import Legs
from omega.backends.python.market import Ohlc
from omega.schema import Moment


@dataclass(frozen=True, slots=True)
class Bracket:
    """Stop and target of a position, in points; `through` as for limits of orders."""

    direction: int
    sl: int | None
    tp: int | None
    through: int


@dataclass(frozen=True, slots=True)
class Exit:
    """How a bar closes a position: which level, at which raw price, where in the bar."""

    is_stop: bool
    raw_price: int
    moment: Moment
    path_step: int | None = None


def is_stop_at(bracket: Bracket, price: int) -> bool:
    """Return whether `price` is at or beyond the stop."""
    return bracket.sl is not None and bracket.direction * (price - bracket.sl) <= 0


def is_target_at(bracket: Bracket, price: int) -> bool:
    """Return whether `price` is at the target or far enough beyond it."""
    return bracket.tp is not None and bracket.direction * (price - bracket.tp) >= bracket.through


def exit_at_open(bracket: Bracket, open_: int) -> Exit | None:
    """Return the exit that the open alone decides, or None (FIL-5, FIL-6: "O if O is beyond").

    Example: a long with its stop at 95 on a bar that opens at 90 leaves at 90, not at 95.
    """
    if is_stop_at(bracket, open_):
        return Exit(is_stop=True, raw_price=open_, moment=Moment.OPEN)
    if is_target_at(bracket, open_):
        return Exit(is_stop=False, raw_price=open_, moment=Moment.OPEN)
    return None


def exit_inside(
    bracket: Bracket, bar: Ohlc, entry: Entry | None, has_one_spread: bool, target_first: bool
) -> Exit | None:
    """Return the exit between open and close under `stop_first` or `target_first`, or None.

    Args:
        bracket: Stop and target.
        bar: Prices of the closing side; its open decided nothing.
        entry: The fill that opened the position inside this bar, or None if it was open at its O (FIL-8).
        has_one_spread: Whether the bar's four spreads are equal, so that both sides move as one.
        target_first: Whether the target wins where the bar leaves the order open.
    """
    adverse, favourable = _extremes(bracket, bar)
    stop_hit, target_hit = is_stop_at(bracket, adverse), is_target_at(bracket, favourable)
    if entry is not None and entry.is_stop:
        came_back = not is_stop_at(bracket, bar.open) and not target_first
        stop_hit = stop_hit and (is_stop_at(bracket, bar.close) or came_back)
    elif entry is not None:
        is_proven = is_stop_at(bracket, bar.close) or (has_one_spread and not entry.is_pullback)
        stop_hit = stop_hit and (is_proven or not target_first)
        went_there = target_first and not is_target_at(bracket, bar.open)
        target_hit = target_hit and (is_target_at(bracket, bar.close) or went_there)
    if stop_hit and not (target_hit and target_first):
        return _at_stop(bracket, bar, None)
    return _at_target(bracket, bar, None) if target_hit else None


def is_ambiguous(bracket: Bracket, bar: Ohlc, entry: Entry | None, has_one_spread: bool) -> bool:
    """Return whether the bar leaves open what happened: `stop_first` and `target_first` differ (FIL-9).

    A stop that the open was beyond before a stop order filled is never known to have come again (FIL-8).
    """
    adverse, favourable = _extremes(bracket, bar)
    if entry is None:
        return is_stop_at(bracket, adverse) and is_target_at(bracket, favourable)
    if entry.is_stop and is_stop_at(bracket, bar.open) and not is_stop_at(bracket, bar.close):
        return True
    pessimistic = exit_inside(bracket, bar, entry, has_one_spread, target_first=False)
    return pessimistic != exit_inside(bracket, bar, entry, has_one_spread, target_first=True)


def exit_on_path(bracket: Bracket, bar: Ohlc, ends: Legs, entry: Entry | None) -> Exit | None:
    """Return the exit on the first leg that reaches a level after the entry, or None (FIL-7).

    On the leg of the entry only what follows counts: its end, in the direction in which the leg moves.
    """
    first = 1 if entry is None or entry.path_step is None else entry.path_step
    start = bar.open if first == 1 else ends[first - 2]
    for step in range(first, 4):
        end = ends[step - 1]
        is_entry_leg = entry is not None and step == first
        moves = bracket.direction * (end - start)
        if is_stop_at(bracket, end) and not (is_entry_leg and moves >= 0):
            return _at_stop(bracket, bar, step)
        if is_target_at(bracket, end) and not (is_entry_leg and moves <= 0):
            return _at_target(bracket, bar, step)
        start = end
    return None


def _extremes(bracket: Bracket, bar: Ohlc) -> tuple[int, int]:
    """Return the prices of a bar furthest against a position and furthest for it."""
    return (bar.low, bar.high) if bracket.direction > 0 else (bar.high, bar.low)


def _at_stop(bracket: Bracket, bar: Ohlc, step: int | None) -> Exit:
    """Return the exit at the stop, or at the nearest price on offer if the bar never was on its good side."""
    assert bracket.sl is not None
    price = min(bracket.sl, bar.high) if bracket.direction > 0 else max(bracket.sl, bar.low)
    return Exit(is_stop=True, raw_price=price, moment=Moment.INSIDE, path_step=step)


def _at_target(bracket: Bracket, bar: Ohlc, step: int | None) -> Exit:
    """Return the exit at the target, or at the nearest price on offer where a bar passes it without touching it."""
    assert bracket.tp is not None
    price = max(bracket.tp, bar.low) if bracket.direction > 0 else min(bracket.tp, bar.high)
    return Exit(is_stop=False, raw_price=price, moment=Moment.INSIDE, path_step=step)
