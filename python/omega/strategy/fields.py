"""Which words a signal may hold, their codes at the seam, and which fields belong to which kind of signal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from omega.schema import TABLES, Direction, OrderType, SignalKind, Tif

__all__ = ["DEFAULTS", "DIRECTIONS", "FLOATS", "INTEGERS", "KINDS", "PLACES", "TEXTS", "TIFS", "TYPES", "is_default"]

KINDS = {kind.name.lower(): int(kind) for kind in SignalKind if kind != SignalKind.BAD}
DIRECTIONS = {
    "long": int(Direction.LONG),
    "buy": int(Direction.LONG),
    "short": int(Direction.SHORT),
    "sell": int(Direction.SHORT),
    1: int(Direction.LONG),
    -1: int(Direction.SHORT),
}
TYPES = {kind.name.lower(): int(kind) for kind in OrderType}
TIFS = {tif.name.lower(): int(tif) for tif in Tif}

LEVELS = ("sl", "tp", "sl_points", "tp_points", "sl_pips", "tp_pips", "sl_atr")
PRICES = ("entry", "limit")
FLOATS = ("size", *LEVELS, *PRICES, "share")
INTEGERS = ("magic", "target", "expiry_bars")
TEXTS = ("reason", "tags", "scenario", "meta")

DEFAULTS = {"type": "market", "tif": "gtc"}
"""Words that say nothing: a field that does not belong to a kind may hold them."""

PLACES = {
    {"order_type": "type"}.get(column.name, column.name): place
    for place, column in enumerate(TABLES["signals"])
    if column.name not in ("bar_idx", "kind", "fault")
}
"""Where a field stands in a row of the `signals` table."""

_OF_ORDERS = frozenset({"type", "size", *LEVELS, *PRICES, "expiry", "expiry_bars", "tif", "oco"})
_MISPLACED: Mapping[int, frozenset[str]] = {
    SignalKind.CLOSE: _OF_ORDERS,
    SignalKind.CANCEL: _OF_ORDERS | {"share"},
    SignalKind.MODIFY: frozenset({"direction", "magic", "type", "size", "tif", "oco", "share"}),
}
_NOT_OF_ORDERS = frozenset({"target", "share"})
_NOT_OF_ONE_PRICE = _NOT_OF_ORDERS | {"limit"}
_HINTS = {
    "target": " It opens a position of its own.",
    "share": " Only closes take a part; orders have a size in lots.",
    "limit": " It is the second price of a stop_limit order; the price of the others is entry.",
    "close": " It takes all of a position, or a share of it; to change levels use modify.",
    "cancel": " It names orders by target, direction, magic and symbol.",
    "modify": " It changes levels, prices and expiry of the one position or order that target names.",
}


def misplaced_fields(kind: int, order_type: Any) -> frozenset[str]:
    """Return the fields that do not belong to a kind of signal."""
    if kind != SignalKind.ORDER:
        return _MISPLACED[kind]
    return _NOT_OF_ORDERS if order_type == "stop_limit" else _NOT_OF_ONE_PRICE


def misplacement(kind: int, order_type: Any, field: str) -> dict[str, str]:
    """Return the facts about a field that does not belong to its kind of signal."""
    if kind != SignalKind.ORDER:
        name = SignalKind(kind).name.lower()
        return {"field": field, "kind": f"a {name}", "hint": _HINTS[name]}
    whose = f"a {order_type} order" if field == "limit" else "an order"
    return {"field": field, "kind": whose, "hint": _HINTS[field]}


def is_default(name: str, value: Any) -> bool:
    """Return whether a value is the default of its field, which says nothing."""
    return isinstance(value, str) and DEFAULTS.get(name) == value
