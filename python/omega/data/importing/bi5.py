"""Dukascopy .bi5 files: LZMA-packed records, big-endian; hour, day, month or year is told by the path.

Ticks have 20 bytes: ms in the hour, ask, bid (points), ask and bid volume (millions). Candles have 24:
seconds from the start of the day, month or year, open, close, low, high (points), volume. The month in
the path counts from 0.
"""

from __future__ import annotations

import datetime
import lzma
import pathlib
import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from omega.data.importing.sources import Batch, Source
from omega.errors import error_for

__all__ = ["bi5_source"]

_TICK = np.dtype([("ms", ">u4"), ("ask", ">u4"), ("bid", ">u4"), ("ask_volume", ">f4"), ("bid_volume", ">f4")])
_CANDLE = np.dtype(
    [("s", ">u4"), ("open", ">u4"), ("close", ">u4"), ("low", ">u4"), ("high", ">u4"), ("volume", ">f4")]
)
_NAME = re.compile(r"(?P<hour>\d\d)h_ticks|(?P<side>BID|ASK)_candles_(?P<period>min_1|hour_1|day_1)")
_PERIODS = {"min_1": ("M1", 3), "hour_1": ("H1", 2), "day_1": ("D1", 1)}
_THREE_DIGITS = ("JPY", "RUB", "XAU", "XAG")


def bi5_source(path: pathlib.Path) -> Source:
    """Return the source of a .bi5 file; its date comes from the folders it lies in.

    Raises:
        DataError: ``data.unknown_format`` if name or folders do not say when it is.
    """
    match = _NAME.fullmatch(path.stem)
    depth = 0 if match is None else 3 if match["hour"] else _PERIODS[match["period"]][1]
    folders = path.resolve().parts[-1 - depth : -1] if match else ()
    try:
        year, month, day = (int(part) for part in (*folders, *("0", "1")[depth - 1 :]))
        begin = datetime.datetime(year, month + 1, day, int((match and match["hour"]) or 0), tzinfo=datetime.UTC)
    except (ValueError, IndexError):
        saw = "a .bi5 file outside its folders"
        hint = " Keep it as SYMBOL/2019/01/04/00h_ticks.bi5 or SYMBOL/2019/01/04/BID_candles_min_1.bi5."
        raise error_for("data.unknown_format", where=str(path), saw=saw, hint=hint) from None
    assert match is not None
    symbol = path.resolve().parts[-2 - depth].upper()
    digits = 3 if any(code in symbol for code in _THREE_DIGITS) else 5
    begin_us = int(begin.timestamp()) * 1_000_000
    side = None if match["side"] is None else match["side"].lower()
    said = f"{path.name}: Dukascopy binary, {symbol}, from {begin:%Y-%m-%d %H:%M} UTC, prices in 10^-{digits}."
    return Source(
        path=path,
        format="Dukascopy .bi5",
        kind="ticks" if side is None else "bars",
        names={name: name for name in ("time", *((_TICK if side is None else _CANDLE).names or ()))},
        zone="UTC",
        side=side,
        timeframe=None if side is None else _PERIODS[match["period"]][0],
        said=(said,),
        read=lambda: _read(path, begin_us, _TICK if side is None else _CANDLE, digits),
    )


def _read(path: pathlib.Path, begin_us: int, record: np.dtype[np.void], digits: int) -> Iterator[Batch]:
    packed = path.read_bytes()
    if not packed:
        return  # an hour without a tick
    reader = lzma.LZMADecompressor()
    try:
        data = reader.decompress(packed)
    except lzma.LZMAError as reason:
        raise error_for("data.unreadable", where=str(path), format="Dukascopy .bi5", reason=str(reason)) from reason
    if not reader.eof or reader.unused_data or len(data) % record.itemsize:
        fault = f"{len(data)} bytes are no whole number of {record.itemsize}-byte records"
        if not reader.eof or reader.unused_data:
            fault = "the packed data end too early or go on too long"
        raise error_for("data.unreadable", where=str(path), format="Dukascopy .bi5", reason=fault)
    rows = np.frombuffer(data, record)
    unit_us = 1_000 if record is _TICK else 1_000_000
    counter = "ms" if record is _TICK else "s"
    time_us = rows[counter].astype(np.int64) * unit_us + begin_us
    columns = {}
    for name in record.names or ():
        if name != counter:
            scale = 1.0 if name.endswith("volume") else float(10**digits)
            # float32 volumes become the shortest decimals: 1.12, not 1.1200000047683716.
            values = rows[name].astype(np.float64) / scale
            columns[name] = pa.array(np.round(values, 6) if name.endswith("volume") else values)
    if len(rows):
        yield Batch(0, time_us, columns, len(packed))
