"""Stored series turned into coarser ones, written as a store (RES-1)."""

from __future__ import annotations

import contextlib
import pathlib
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from omega.data.calendar import fx_calendar
from omega.data.catalogue import StoredSeries, read_stored, stored_series
from omega.data.pairing import BaseBars, Prices
from omega.data.reading import PRICES
from omega.data.resampling import resample
from omega.data.sessions import session_of
from omega.data.store import SeriesFile, SeriesWriter, column_of, file_hash
from omega.data.ticks import bars_of_ticks, read_ticks
from omega.data.timeframes import divides, timeframe_named
from omega.errors import error_for

__all__ = ["resample_files"]


def resample_files(
    path: pathlib.Path, *, timeframes: Sequence[str], out: pathlib.Path, digits: int | None = None, force: bool = False
) -> list[pathlib.Path]:
    """Make bars of coarser timeframes from one stored series, ticks or bars, and write all its sides.

    Volume is the sum of its bars. A stored spread column is the minimum of its bar, and so is the coarser one.

    Args:
        path: File of the series; its other side is taken from beside it.
        timeframes: What to make.
        out: Folder of the store.
        digits: Decimals, if neither file nor symbol spec tells.
        force: Replace files that exist.

    Raises:
        DataError: ``data.exists``, and what reading raises.
        ConfigError: ``config.invalid``: the series does not divide a timeframe.
    """
    series = stored_series(path)[0]
    bars, known, _ = read_stored(series, digits)
    base = "M1" if series.timeframe == "ticks" else series.timeframe
    for timeframe in timeframes:
        if not divides(base, timeframe_named(timeframe, "--timeframe")):
            expected = f"timeframes made of whole bars of {base}"
            raise error_for(
                "config.invalid",
                **{"file": "omega data resample", "line": "", "key": "timeframe", "expected": expected},
                **{"value": repr(timeframe), "hint": ""},
            )
    if series.timeframe == "ticks":
        first = next(iter(series.files.values()))
        ticks = read_ticks(first, series.symbol, known)
        made = {name: bars_of_ticks(ticks, name, series.symbol) for name in timeframes}
    else:
        calendar = fx_calendar(int(bars.time[0]), int(bars.time[-1]), session_of(series.symbol))
        made = {name: _coarser(bars, base, name, calendar) for name in timeframes}
    out.mkdir(parents=True, exist_ok=True)
    return [file for name, coarse in made.items() for file in _write(series, coarse, name, known, out=out, force=force)]


def _coarser(bars: BaseBars, base: str, timeframe: str, calendar: object) -> BaseBars:
    from omega.data.calendar import FxCalendar

    assert isinstance(calendar, FxCalendar)
    coarse, _ = resample(bars, base, timeframe, calendar)
    if bars.spread is None or base == timeframe:
        return coarse
    start, _ = calendar.intervals(bars.time, timeframe)
    first = np.flatnonzero(np.concatenate([[True], start[1:] != start[:-1]]))
    spread = np.minimum.reduceat(bars.spread, first)
    return BaseBars(coarse.time, coarse.bid, coarse.ask, spread, coarse.volume)


def _write(
    series: StoredSeries, bars: BaseBars, timeframe: str, digits: int, *, out: pathlib.Path, force: bool
) -> list[pathlib.Path]:
    lone = "ask" if "ask" in series.files and "bid" not in series.files else "bid"
    sides = {lone: bars.bid} | ({} if bars.ask is None else {"ask": bars.ask})
    extra: tuple[pa.Field, ...] = (pa.field("volume", pa.float64()),)
    if bars.spread is not None:
        extra += (pa.field("spread", pa.int32(), nullable=False),)
    provenance = {
        "format": f"resampled from {series.timeframe}",
        "sources": [{"name": file.name, "sha256": file_hash(file)} for file in series.files.values()],
    }
    with contextlib.ExitStack() as stack:
        writers = []
        for side, prices in sides.items():
            file = SeriesFile(series.symbol, timeframe, side, digits)
            if (out / file.file_name).exists() and not force:
                raise error_for("data.exists", where=str(out / file.file_name))
            writer = stack.enter_context(SeriesWriter(out, file, extra))
            writer.write(_columns(bars, prices))
            writers.append(writer)
        return [writer.finish(provenance) for writer in writers]


def _columns(bars: BaseBars, prices: Prices) -> dict[str, pa.Array]:
    spread = {} if bars.spread is None else {"spread": pa.array(bars.spread)}
    columns = {name: pa.array(points) for name, points in zip(PRICES, prices, strict=True)}
    return {"time": pa.array(bars.time), **columns, "volume": column_of(bars.volume), **spread}
