"""MetaTrader 4 history files (.hst): a header of 148 bytes, then bars of 44 (version 400) or 60 bytes (401).

Little-endian. The header names symbol, minutes and digits; times are seconds on the server's clock. Version
400 stores open, low, high, close; version 401 open, high, low, close, and a spread that is often zero.
"""

from __future__ import annotations

import pathlib
import struct
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from omega.data.importing.sources import BATCH_BYTES, Batch, Source
from omega.errors import error_for

__all__ = ["hst_source"]

_HEADER = struct.Struct("<i64s12sii60x")
_OLD = np.dtype([("time", "<i4"), *((name, "<f8") for name in ("open", "low", "high", "close", "volume"))])
_NEW = np.dtype(
    [
        ("time", "<i8"),
        *((name, "<f8") for name in ("open", "high", "low", "close")),
        *(("volume", "<i8"), ("spread", "<i4"), ("real_volume", "<i8")),
    ]
)
_RECORDS = {400: _OLD, 401: _NEW}
_TIMEFRAMES = {1: "M1", 5: "M5", 15: "M15", 30: "M30", 60: "H1", 240: "H4", 1_440: "D1", 10_080: "W1", 43_200: "MN1"}


def hst_source(path: pathlib.Path) -> Source:
    """Return the source of a history file.

    Raises:
        DataError: ``data.unknown_format``, ``data.unreadable``, ``data.empty``.
    """
    with path.open("rb") as file:
        head = file.read(_HEADER.size)
    version, period = 0, 0
    if len(head) == _HEADER.size:
        version, _, symbol, period, digits = _HEADER.unpack(head)
    if version not in _RECORDS or period not in _TIMEFRAMES:
        saw = "no MetaTrader 4 history of version 400 or 401 with a standard timeframe"
        raise error_for("data.unknown_format", where=str(path), saw=saw, hint="")
    record = _RECORDS[version]
    body = path.stat().st_size - _HEADER.size
    if body == 0:
        raise error_for("data.empty", where=str(path))
    if body % record.itemsize:
        raise error_for("data.unreadable", where=str(path), format="MetaTrader 4 history", reason=_cut(body, record))
    name = symbol.split(b"\0")[0].decode("latin-1")
    names = ("time", "open", "high", "low", "close", "volume", *(("spread",) if version == 401 else ()))
    said = [f"{path.name}: MetaTrader 4 history {version}, {name} {_TIMEFRAMES[period]}, {digits} digits."]
    if version == 401:
        said.append("The spread column is the minimum of each bar: bid + spread understates the ask.")
    return Source(
        path=path,
        format="MetaTrader 4 history",
        kind="bars",
        names={column: column for column in names},
        zone=None,
        side="bid",
        timeframe=_TIMEFRAMES[period],
        said=tuple(said),
        read=lambda: _read(path, record, names),
    )


def _cut(body: int, record: np.dtype[np.void]) -> str:
    return f"{body} bytes after the header are no whole number of {record.itemsize}-byte bars"


def _read(path: pathlib.Path, record: np.dtype[np.void], names: tuple[str, ...]) -> Iterator[Batch]:
    row, count = 0, BATCH_BYTES // record.itemsize
    with path.open("rb") as file:
        file.seek(_HEADER.size)
        while len(packed := file.read(count * record.itemsize)):
            rows = np.frombuffer(packed, record)
            columns = {name: pa.array(rows[name].astype(np.float64)) for name in names if name != "time"}
            yield Batch(row, rows["time"].astype(np.int64) * 1_000_000, columns, file.tell())
            row += len(rows)
