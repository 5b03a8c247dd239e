"""Tables as they come to a simulator: through the Arrow interface, or as bytes of an Arrow IPC stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from omega.data import MarketData, load
from omega.errors import error_for

__all__ = ["arrow_of", "market_data", "with_column"]

_END = b"\xff\xff\xff\xff\0\0\0\0"
"""Ends a stream: without it one that was cut between two batches would pass for a shorter one."""
_PRICES = ("open", "high", "low", "close")


def arrow_of(value: Any, place: str) -> Any:
    """Return the table that bytes hold; anything else as it is.

    Raises:
        DataError: ``data.shape`` for bytes that are no whole Arrow IPC stream.
    """
    if not isinstance(value, bytes | bytearray | memoryview):
        return value
    if bytes(value[-8:]) != _END:
        raise error_for("data.shape", where=place, reason="the bytes are no whole Arrow IPC stream: no end mark")
    try:
        table = pa.ipc.open_stream(pa.py_buffer(value)).read_all()
        table.validate(full=True)
        str(table.schema)  # names that are no text
    except (pa.ArrowException, OSError, ValueError) as error:
        raise error_for("data.shape", where=place, reason=f"the bytes are no Arrow IPC stream: {error}") from error
    return table


def with_column(table: Any, name: str, value: Any) -> Any:
    """Return a table with one value in all rows of a column, in the place of what it said there."""
    if isinstance(table, Mapping):
        return {**table, name: value}
    if hasattr(table, "assign"):  # pandas writes missing numbers as NaN: leave it to those who know
        return table.assign(**{name: value})
    if not hasattr(table, "__arrow_c_stream__"):
        raise error_for("data.shape", where="signals", reason=f"{type(table).__name__} is no table")
    arrow = pa.table(table)
    kept = arrow.drop_columns([name]) if name in arrow.column_names else arrow
    return kept.append_column(name, pa.array([value] * arrow.num_rows))


def market_data(bars: Any, symbol: str | None, timeframe: str | None) -> MarketData:
    """Return the loaded bars of one table with both sides.

    Raises:
        DataError: ``data.shape`` for a table without one of the columns, or without symbol and timeframe.
    """
    table = pa.table(arrow_of(bars, "bars"))
    needed = ["time", *(f"{side}_{price}" for side in ("bid", "ask") for price in _PRICES)]
    missing = [name for name in needed if name not in table.column_names]
    if missing:
        raise error_for("data.shape", where="bars", reason=f"columns {', '.join(missing)} are missing")
    if symbol is None or timeframe is None:
        raise error_for("data.shape", where="bars", reason="a table needs symbol and timeframe by name")
    return load({side: _side(table, side) for side in ("bid", "ask")}, symbols=symbol, timeframe=timeframe)


def _side(table: Any, side: str) -> Any:
    columns = {"time": table["time"], **{price: table[f"{side}_{price}"] for price in _PRICES}}
    if "volume" in table.column_names:
        columns["volume"] = table["volume"]
    return pa.table(columns)
