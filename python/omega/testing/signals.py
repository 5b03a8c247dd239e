"""Rows of the signal table in codes, for tests to say only what matters."""

from __future__ import annotations

from typing import Any

from omega.schema import TABLES, Direction, OrderType, SignalKind, Tif

__all__ = ["signal_row"]

_PLAIN = {
    "kind": int(SignalKind.ORDER),
    "direction": int(Direction.LONG),
    "order_type": int(OrderType.MARKET),
    "symbol": 0,
    "tif": int(Tif.GTC),
    "fault": 0,
}
_NAMES = tuple(column.name for column in TABLES["signals"])


def signal_row(bar_idx: int, **cells: Any) -> tuple[Any, ...]:
    """Return one row of the `signals` table: a long market order by the run's sizing, unless `cells` say otherwise.

        >>> signal_row(7, kind=2, direction=0, target=3)[:7]
        (7, 2, 0, 1, 0, None, 3)

    Args:
        bar_idx: The completed bar the signal is decided on.
        cells: Columns by name, in codes.

    Raises:
        ValueError: for a name that is no column.
    """
    unknown = set(cells) - set(_NAMES)
    if unknown:
        raise ValueError(f"the signal table has no column {', '.join(sorted(unknown))}")
    return tuple((_PLAIN | cells | {"bar_idx": bar_idx}).get(name) for name in _NAMES)
