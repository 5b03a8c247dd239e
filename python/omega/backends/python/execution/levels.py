"""Levels of a signal as points: conversion, snapping to the tick, and the one check they get.

A level is checked once, on acceptance; never again at the fill. Rules NUM-2, SIG-2 and API-8 in
`docs/spec/`.
"""

from __future__ import annotations

from dataclasses import dataclass

from omega.backends.python.engine.signals import Signal
from omega.backends.python.numerics import half_even_quotient, round_half_even
from omega.backends.python.plan import SymbolPlan

MAX_LEVEL = 10**12
"""Levels beyond this are held here: no price ever reaches them, and products stay in range."""


@dataclass(frozen=True, slots=True)
class Level:
    """A stop or target: an absolute price in points, or a distance from the fill."""

    points: int
    is_distance: bool


def to_points(value: float, factor: float, tick_points: int) -> int:
    """Return one IEEE product, rounded half to even, snapped to the nearest tick multiple (NUM-2).

    Example: 1.10003 with factor 100,000 and tick 1 gives 110003; with tick 25 it gives 110000.
    """
    product = value * float(factor)
    points = MAX_LEVEL if product >= float(MAX_LEVEL) else int(round_half_even(product))
    return half_even_quotient(points, tick_points) * tick_points


def stop_level(signal: Signal, symbol: SymbolPlan, atr: float) -> Level | None:
    """Return the stop loss of a signal, whichever way it was given; `atr` in points is asked for only if it is."""
    if signal.sl_atr is not None:
        return Level(to_points(signal.sl_atr, atr, symbol.tick_points), is_distance=True)
    return _level(signal.sl, signal.sl_points, signal.sl_pips, symbol)


def target_level(signal: Signal, symbol: SymbolPlan) -> Level | None:
    """Return the take profit of a signal, whichever way it was given."""
    return _level(signal.tp, signal.tp_points, signal.tp_pips, symbol)


def is_valid(
    stop: Level | None, target: Level | None, direction: int, stop_reference: int, target_reference: int
) -> bool:
    """Return whether absolute levels lie on their side of the closing price and distances are above 0 (SIG-2).

    Args:
        stop: Stop loss, if any.
        target: Take profit, if any.
        direction: +1 for long, -1 for short.
        stop_reference: Closing-side price the stop must be behind, in points.
        target_reference: Price the target must be beyond.
    """
    return _is_beyond(stop, -direction, stop_reference) and _is_beyond(target, direction, target_reference)


def distance_from(level: Level, entry: int) -> int:
    """Return how far a level lies from the raw entry price, in points."""
    return level.points if level.is_distance else abs(entry - level.points)


def price_of(level: Level | None, fill_price: int, direction: int) -> int | None:
    """Return the price of a level once the fill is known; `direction` points from the fill to the level."""
    if level is None:
        return None
    return fill_price + direction * level.points if level.is_distance else level.points


def absolute(level: Level | None) -> int | None:
    """Return the price of a level that does not depend on the fill, else None."""
    return None if level is None or level.is_distance else level.points


def is_valid_distance(level: Level | None) -> bool:
    """Return whether a level, if it is a distance, is above 0 after rounding (SIG-2)."""
    return level is None or not level.is_distance or level.points > 0


def price_points(price: float, symbol: SymbolPlan) -> int:
    """Return a price of a strategy in points (NUM-2)."""
    return to_points(price, 10**symbol.digits, symbol.tick_points)


def _level(price: float | None, points: float | None, pips: float | None, symbol: SymbolPlan) -> Level | None:
    if price is not None:
        return Level(price_points(price, symbol), is_distance=False)
    if points is not None:
        return Level(to_points(points, 1, symbol.tick_points), is_distance=True)
    if pips is not None:
        return Level(to_points(pips, symbol.pip_points, symbol.tick_points), is_distance=True)
    return None


def _is_beyond(level: Level | None, direction: int, reference: int) -> bool:
    if level is None or level.is_distance:
        return is_valid_distance(level)
    return direction * (level.points - reference) > 0
