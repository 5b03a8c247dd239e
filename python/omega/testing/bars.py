"""Bars from text: market tables small enough to work by hand."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pyarrow as pa

from omega.data import MarketTables
from omega.data.calendar import fx_calendar
from omega.data.timeframes import duration_us
from omega.schema import TABLES

__all__ = ["bars_of", "looking_inside", "market_of"]

SIDES = ("open", "high", "low", "close")
TYPES = {"timestamp": pa.timestamp("us", tz="UTC"), "int32": pa.int32(), "float64": pa.float64()}
SCHEMA = pa.schema([pa.field(c.name, TYPES[c.type], nullable=c.null) for c in TABLES["bars"]])
MONDAY = datetime.datetime(2024, 1, 8, tzinfo=datetime.UTC)


def bars_of(  # noqa: PLR0913 - for tests to say only what matters
    text: str,
    *,
    digits: int = 0,
    spread_points: int = 0,
    start: datetime.datetime = MONDAY,
    timeframe: str = "M1",
    first_step: int = 0,
    symbol: str = "EURUSD",
) -> MarketTables:
    """Return the market tables of bars written as text, one bar per line below a line of names.

        >>> bars_of('''
        ...     open high low close
        ...     100  101  99  100
        ...      90   92  89   91
        ... ''').series[0].num_rows
        2

    Args:
        text: Columns ``open high low close`` (the bid), and if wanted ``ask_open ask_high ask_low ask_close``,
            ``spread`` (points, added to all four prices of the line), ``volume`` (``-`` for none) and ``time``
            (``2024-01-08T00:00``, UTC). Prices are exact decimals.
        digits: Decimals of the prices.
        spread_points: Ask minus bid where the text gives neither ask nor spread.
        start: Open time of the first bar, unless the text has a column ``time``.
        timeframe: Below D1; a bar opens when the one before it closes.
        first_step: Index of the first bar that is a step.
        symbol: Name of the symbol.
    """
    names, *lines = [line.split() for line in text.strip().splitlines() if line.strip()]
    rows = [dict(zip(names, line, strict=True)) for line in lines]
    step_us = duration_us(timeframe)
    begin_us = int(start.timestamp()) * 1_000_000
    columns: dict[str, list[Any]] = {field.name: [] for field in SCHEMA}
    for index, row in enumerate(rows):
        time_us = _time_us(row["time"]) if "time" in row else begin_us + index * step_us
        columns["time"].append(time_us)
        columns["close_time"].append(time_us + step_us)
        for price in SIDES:
            bid = _points(row[price], digits)
            ask = row.get(f"ask_{price}")
            added = int(row.get("spread", spread_points))
            columns[f"bid_{price}"].append(bid)
            columns[f"ask_{price}"].append(bid + added if ask is None else _points(ask, digits))
        columns["volume"].append(None if row.get("volume", "-") == "-" else float(row["volume"]))
    return market_of([columns], digits=digits, timeframes=(timeframe,), first_step=first_step, symbol=symbol)


def market_of(
    series: Sequence[Mapping[str, Sequence[Any]]],
    *,
    digits: int,
    timeframes: Sequence[str],
    visible: Sequence[Any | None] = (None,),
    first_step: int = 0,
    symbol: str = "EURUSD",
) -> MarketTables:
    """Return market tables of `bars` columns (points, microseconds), one mapping per timeframe."""
    tables = tuple(
        pa.Table.from_arrays([pa.array(columns[f.name], type=f.type) for f in SCHEMA], schema=SCHEMA)
        for columns in series
    )
    header = {
        "symbols": [{"name": symbol, "digits": digits}],
        "series": [{"symbol": 0, "timeframe": timeframe} for timeframe in timeframes],
    }
    first_us, last_us = min(series[0]["time"]), max(series[0]["close_time"])
    return MarketTables(
        header=json.dumps(header),
        series=tables,
        timeframes=tuple(timeframes),
        visible=tuple(None if rows is None else pa.array(rows, type=pa.int32()) for rows in visible),
        calendar=fx_calendar(first_us, last_us).table(first_us, last_us),
        first_step=first_step,
        symbol=symbol,
        digits=digits,
        data_hash="bars from text",
        notes=(),
        spread_note=None,
    )


def looking_inside(tables: MarketTables) -> MarketTables:
    """Return market tables whose last series is the finer data of the first (FIL-7, FIL-13)."""
    header = json.loads(tables.header)
    header["series"][-1]["finer"] = True
    return replace(tables, header=json.dumps(header))


def _points(text: str, digits: int) -> int:
    points = Fraction(text) * 10**digits
    if points.denominator != 1:
        raise ValueError(f"{text} has more than {digits} decimals")
    return int(points)


def _time_us(text: str) -> int:
    return int(datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC).timestamp()) * 1_000_000
