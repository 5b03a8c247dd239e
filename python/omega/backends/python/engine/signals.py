"""Signals as the engine takes them in: one row of the signal table each.

Words were turned into codes above the seam; what is left to refuse here is numbers that cannot be.
Rules SIG-1 and SIZ in `docs/spec/engine.md`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from omega.backends.python import frame
from omega.backends.python.execution.sizing import steps_of_lots
from omega.backends.python.plan import SymbolPlan
from omega.error_catalogue import CATALOGUE
from omega.errors import error_for
from omega.schema import TABLES, Direction, OrderType, SignalKind

UNKNOWN_DIRECTION = CATALOGUE["signal.unknown_direction"].number
UNKNOWN_KIND = CATALOGUE["signal.unknown_kind"].number
UNKNOWN_SYMBOL = CATALOGUE["signal.unknown_symbol"].number
UNKNOWN_TYPE = CATALOGUE["signal.unknown_type"].number
BAD_LEVEL = CATALOGUE["signal.bad_level"].number
TWO_LEVELS = CATALOGUE["signal.two_levels"].number
NEGATIVE_SIZE = CATALOGUE["size.negative"].number
SIZE_OFF_GRID = CATALOGUE["size.off_grid"].number

COLUMNS = tuple(column.name for column in TABLES["signals"])
STOPS = ("sl", "sl_points", "sl_pips")
TARGETS = ("tp", "tp_points", "tp_pips")


@dataclass(frozen=True, slots=True)
class Signal:
    """One row of the signal table, field for field."""

    bar_idx: int
    kind: int
    direction: int
    order_type: int
    symbol: int
    magic: int | None
    target: int | None
    size: float | None
    sl: float | None
    tp: float | None
    sl_points: float | None
    tp_points: float | None
    sl_pips: float | None
    tp_pips: float | None
    fault: int


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a signal cannot be: error number, offending column and value."""

    number: int
    field: str
    value: float


@dataclass(frozen=True, slots=True)
class Request:
    """A numbered signal on its way to its step, with what is wrong with it, if anything.

    It works in step `bar_idx + 1`.
    """

    number: int
    signal: Signal
    bar_idx: int
    fault: Fault | None


def read_signals(table: Any, bar_count: int) -> list[Signal]:
    """Return the rows of a signal table; bar indices must exist and never descend.

    Raises:
        DataError: ``data.shape`` for another table than `signals`.
        SignalError: ``signal.bar_idx`` with the row.
    """
    columns = frame.read_table(table, "signals")
    signals = [Signal(*row) for row in zip(*(columns[name] for name in COLUMNS), strict=True)]
    previous = 0
    for row, signal in enumerate(signals):
        if not 0 <= signal.bar_idx < bar_count:
            raise error_for("signal.bar_idx", row=row, bar_idx=signal.bar_idx, reason="is not a bar of the data")
        if signal.bar_idx < previous:
            raise error_for("signal.bar_idx", row=row, bar_idx=signal.bar_idx, reason="is before the row above")
        previous = signal.bar_idx
    return signals


def find_fault(signal: Signal, symbols: tuple[SymbolPlan, ...]) -> Fault | None:
    """Return what is wrong with a signal whatever the prices are, or None (SIG-1)."""
    if signal.fault != 0:
        return Fault(signal.fault, "row", float(signal.fault))
    if not 0 <= signal.symbol < len(symbols):
        return Fault(UNKNOWN_SYMBOL, "symbol", float(signal.symbol))
    if signal.kind == SignalKind.CLOSE:
        known = signal.direction in (Direction.LONG, Direction.SHORT, Direction.NONE)
        return None if known else Fault(UNKNOWN_DIRECTION, "direction", float(signal.direction))
    if signal.kind != SignalKind.ORDER:
        return Fault(UNKNOWN_KIND, "kind", float(signal.kind))
    if signal.direction not in (Direction.LONG, Direction.SHORT):
        return Fault(UNKNOWN_DIRECTION, "direction", float(signal.direction))
    if signal.order_type != OrderType.MARKET:
        return Fault(UNKNOWN_TYPE, "order_type", float(signal.order_type))
    return _find_size_fault(signal, symbols[signal.symbol]) or _find_level_fault(signal)


def _find_size_fault(signal: Signal, symbol: SymbolPlan) -> Fault | None:
    if signal.size is None:
        return None
    if not (signal.size > 0.0 and math.isfinite(signal.size)):
        return Fault(NEGATIVE_SIZE, "size", signal.size)
    is_on_grid = steps_of_lots(signal.size, symbol.volume_step)[1]
    return None if is_on_grid else Fault(SIZE_OFF_GRID, "size", signal.size)


def _find_level_fault(signal: Signal) -> Fault | None:
    for names in (STOPS, TARGETS):
        given = [name for name in names if getattr(signal, name) is not None]
        for name in given:
            value = getattr(signal, name)
            if not (value > 0.0 and math.isfinite(value)):
                return Fault(BAD_LEVEL, name, value)
        if len(given) > 1:
            return Fault(TWO_LEVELS, given[1], getattr(signal, given[1]))
    return None
