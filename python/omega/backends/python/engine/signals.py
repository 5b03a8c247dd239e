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
from omega.schema import TABLES, Direction, OrderType, SignalKind, Tif

UNKNOWN_DIRECTION = CATALOGUE["signal.unknown_direction"].number
UNKNOWN_KIND = CATALOGUE["signal.unknown_kind"].number
UNKNOWN_SYMBOL = CATALOGUE["signal.unknown_symbol"].number
UNKNOWN_TYPE = CATALOGUE["signal.unknown_type"].number
BAD_LEVEL = CATALOGUE["signal.bad_level"].number
TWO_LEVELS = CATALOGUE["signal.two_levels"].number
MISSING_LEVEL = CATALOGUE["signal.missing_level"].number
UNKNOWN_TIF = CATALOGUE["signal.unknown_tif"].number
BAD_EXPIRY = CATALOGUE["signal.bad_expiry"].number
BAD_SHARE = CATALOGUE["signal.bad_share"].number
NO_TARGET = CATALOGUE["signal.no_target"].number
NEGATIVE_SIZE = CATALOGUE["size.negative"].number
SIZE_OFF_GRID = CATALOGUE["size.off_grid"].number

ORDER_TYPES = frozenset(int(code) for code in OrderType)
TIFS = frozenset(int(code) for code in Tif)
COLUMNS = tuple(column.name for column in TABLES["signals"])
STOPS = ("sl", "sl_points", "sl_pips", "sl_atr")
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
    entry: float | None
    limit: float | None
    expiry: int | None
    expiry_bars: int | None
    tif: int
    oco: int | None
    share: float | None
    sl_atr: float | None
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

    It works in step `bar_idx + 1`: that of its signal, later by the latency; inside its bar if it meets a finer bar
    there (FIL-13).
    """

    number: int
    signal: Signal
    bar_idx: int
    finer_idx: int | None
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
    if signal.kind == SignalKind.ORDER:
        return _find_order_fault(signal, symbols[signal.symbol])
    if signal.kind not in (SignalKind.CLOSE, SignalKind.CANCEL, SignalKind.MODIFY):
        return Fault(UNKNOWN_KIND, "kind", float(signal.kind))
    if signal.direction not in (Direction.LONG, Direction.SHORT, Direction.NONE):
        return Fault(UNKNOWN_DIRECTION, "direction", float(signal.direction))
    if signal.kind == SignalKind.CLOSE:
        return _find_share_fault(signal)
    return _find_modification_fault(signal) if signal.kind == SignalKind.MODIFY else None


def _find_order_fault(signal: Signal, symbol: SymbolPlan) -> Fault | None:
    if signal.direction not in (Direction.LONG, Direction.SHORT):
        return Fault(UNKNOWN_DIRECTION, "direction", float(signal.direction))
    if signal.order_type not in ORDER_TYPES:
        return Fault(UNKNOWN_TYPE, "order_type", float(signal.order_type))
    if signal.tif not in TIFS:
        return Fault(UNKNOWN_TIF, "tif", float(signal.tif))
    return (
        _find_entry_fault(signal)
        or _find_expiry_fault(signal, needed=signal.tif == Tif.GTD)
        or _find_size_fault(signal, symbol)
        or _find_level_fault(signal, may_be_zero=False)
    )


def _find_entry_fault(signal: Signal) -> Fault | None:
    """Return what is wrong with the prices a pending order waits for; market orders have none (S37)."""
    if signal.order_type == OrderType.MARKET:
        return None
    names = ("entry", "limit") if signal.order_type == OrderType.STOP_LIMIT else ("entry",)
    for name in names:
        value = getattr(signal, name)
        if value is None:
            return Fault(MISSING_LEVEL, name, 0.0)
        if not (value > 0.0 and math.isfinite(value)):
            return Fault(BAD_LEVEL, name, value)
    return None


def _find_expiry_fault(signal: Signal, needed: bool) -> Fault | None:
    count = signal.expiry_bars
    if count is not None and (count < 1 or signal.expiry is not None):
        return Fault(BAD_EXPIRY, "expiry_bars", float(count))
    if needed and count is None and signal.expiry is None:
        return Fault(BAD_EXPIRY, "expiry", 0.0)
    return None


def _find_share_fault(signal: Signal) -> Fault | None:
    share = signal.share
    if share is None or (share > 0.0 and share <= 1.0):
        return None
    return Fault(BAD_SHARE, "share", share)


def _find_modification_fault(signal: Signal) -> Fault | None:
    if signal.target is None:
        return Fault(NO_TARGET, "target", 0.0)
    for name in ("entry", "limit"):
        value = getattr(signal, name)
        if value is not None and not (value > 0.0 and math.isfinite(value)):
            return Fault(BAD_LEVEL, name, value)
    return _find_expiry_fault(signal, needed=False) or _find_level_fault(signal, may_be_zero=True)


def _find_size_fault(signal: Signal, symbol: SymbolPlan) -> Fault | None:
    if signal.size is None:
        return None
    if not (signal.size > 0.0 and math.isfinite(signal.size)):
        return Fault(NEGATIVE_SIZE, "size", signal.size)
    is_on_grid = steps_of_lots(signal.size, symbol.volume_step)[1]
    return None if is_on_grid else Fault(SIZE_OFF_GRID, "size", signal.size)


def _find_level_fault(signal: Signal, may_be_zero: bool) -> Fault | None:
    """Return the first level that cannot be; in a modification a price of 0 removes the level."""
    for names in (STOPS, TARGETS):
        given = [name for name in names if getattr(signal, name) is not None]
        for name in given:
            value = getattr(signal, name)
            is_removal = may_be_zero and name == names[0] and value == 0.0
            if not is_removal and not (value > 0.0 and math.isfinite(value)):
                return Fault(BAD_LEVEL, name, value)
        if len(given) > 1:
            return Fault(TWO_LEVELS, given[1], getattr(signal, given[1]))
    return None
