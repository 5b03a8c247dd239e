"""Ticks, read and turned into bars of both sides (RES-1)."""

from __future__ import annotations

import pathlib
from dataclasses import dataclass

import numpy as np

from omega.data import checks
from omega.data.calendar import Int64s, fx_calendar
from omega.data.checks import Floats, Int32s
from omega.data.pairing import BaseBars
from omega.data.reading import RawBars, read_table
from omega.data.sessions import session_of
from omega.data.store import SeriesFile, facts_of
from omega.data.time_checks import check_tick_time
from omega.errors import error_for

__all__ = ["Ticks", "bars_of_ticks", "read_ticks"]


@dataclass(frozen=True, slots=True, eq=False)
class Ticks:
    """Quotes in the order in which they came; several may have one time.

    Attributes:
        time: UTC microseconds, ascending, shape (n,).
        bid: Points.
        ask: Points.
        volume: What each tick adds to the volume of its bar: its bid volume; 1 or 0 for MetaTrader's flag
            "bid changed"; else 1.
    """

    time: Int64s
    bid: Int32s
    ask: Int32s
    volume: Floats


def read_ticks(path: pathlib.Path, symbol: str, digits: int) -> Ticks:
    """Read and check a tick file: of the store, or any Parquet, Arrow IPC or CSV with time, bid and ask in UTC.

    Raises:
        DataError: ``data.unreadable``, ``data.damaged``, ``data.missing_column``, ``data.time_not_increasing``,
            ``data.crossed_ticks``, and what is refused in prices.
    """
    where = str(path)
    table = read_table(path, where)
    for name in ("time", "bid", "ask"):
        if name not in table.column_names:
            listed = ", ".join(map(repr, table.column_names))
            raise error_for("data.missing_column", where=where, column=name, found=listed)
    if table.num_rows == 0:
        raise error_for("data.empty", where=where)
    names = {name: name for name in table.column_names}
    series: SeriesFile | None = facts_of(table.schema)
    raw = RawBars(where, {name: table.column(name) for name in names}, names, series)
    checks.check_symbol(raw, symbol)
    time_us = check_tick_time(raw)
    (bid, ask), _, _ = checks.convert_prices(raw, ("bid", "ask"), digits=digits, snap=False)
    crossed = bid > ask
    if crossed.any():
        row = int(np.argmax(crossed))
        shown = {"value": f"{bid[row] / 10**digits:.{digits}f}", "other": f"{ask[row] / 10**digits:.{digits}f}"}
        raise error_for("data.crossed_ticks", where=where, row=row, time_us=int(time_us[row]), **shown)
    return Ticks(time_us, bid, ask, _volume(raw))


def bars_of_ticks(ticks: Ticks, timeframe: str, symbol: str) -> BaseBars:
    """Return bars of both sides: first, highest, lowest and last quote of each interval that has one."""
    calendar = fx_calendar(int(ticks.time[0]), int(ticks.time[-1]), session_of(symbol))
    start, _ = calendar.intervals(ticks.time, timeframe)
    first = np.flatnonzero(np.concatenate([[True], start[1:] != start[:-1]]))
    last = np.concatenate([first[1:], [len(start)]]) - 1
    sides = [
        (quotes[first], np.maximum.reduceat(quotes, first), np.minimum.reduceat(quotes, first), quotes[last])
        for quotes in (ticks.bid, ticks.ask)
    ]
    # Sums of decimals like 1.12 are rounded to the precision of their source.
    volume = np.asarray(np.round(np.add.reduceat(ticks.volume, first), 6), np.float64)
    return BaseBars(start[first], sides[0], sides[1], None, volume)


def _volume(raw: RawBars) -> Floats:
    if "bid_volume" in raw.columns:
        return np.asarray(checks.numbers_of(raw, "bid_volume").fill_null(0).to_numpy(), np.float64)
    if "flags" in raw.columns:
        flags = checks.numbers_of(raw, "flags").fill_null(0).to_numpy().astype(np.int64)
        return np.asarray((flags & 2) != 0, np.float64)
    return np.ones(len(raw.columns["time"]))
