"""A market from a few prices: the step timeframe M15, and higher ones with what is visible of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from omega.backends.protocol import Backend, Market

HOUR_US = 3_600_000_000
FIELDS = ("open", "high", "low", "close")

Bars = Mapping[str, Sequence[int]]
"""Points of the bid by open, high, low, close; the ask lies `ASK_POINTS` above."""

ASK_POINTS = 7


@dataclass(frozen=True)
class Tables:
    """What `IndicatorCache` needs of `omega.data.MarketTables`."""

    header: str
    series: tuple[pa.Table, ...]
    timeframes: tuple[str, ...]
    visible: tuple[pa.Array | None, ...]
    calendar: pa.Table


OpenTables = Callable[..., Tables]


def flat(points: Sequence[int]) -> dict[str, list[int]]:
    """Return bars that do not move inside."""
    return {name: list(points) for name in FIELDS}


def bars_table(bars: Bars) -> pa.Table:
    times = np.arange(len(bars["close"]), dtype=np.int64) * HOUR_US
    columns: dict[str, Any] = {
        "time": pa.array(times, pa.timestamp("us", "UTC")),
        "close_time": pa.array(times + HOUR_US, pa.timestamp("us", "UTC")),
    }
    for side, shift in (("bid", 0), ("ask", ASK_POINTS)):
        for name in FIELDS:
            columns[f"{side}_{name}"] = pa.array(np.asarray(bars[name], dtype=np.int32) + np.int32(shift))
    columns["volume"] = pa.nulls(len(times), pa.float64())
    return pa.table(columns)


def calendar_table() -> pa.Table:
    return pa.table(
        {
            "rollover_time": pa.array([22 * HOUR_US], pa.timestamp("us", "UTC")),
            "fx_day": pa.array([0], pa.int32()),
            "weekday": pa.array([3], pa.int8()),
            "utc_offset_minutes": pa.array([-300], pa.int16()),
        }
    )


def make_tables(
    step: Bars, *, digits: int = 2, higher: Mapping[str, tuple[Bars, Sequence[int]]] | None = None
) -> Tables:
    """Return the tables of one symbol; `higher` gives bars and visible indices by timeframe."""
    higher = higher or {}
    timeframes = ("M15", *higher)
    header = {
        "symbols": [{"name": "EURUSD", "digits": digits}],
        "series": [{"symbol": 0, "timeframe": timeframe} for timeframe in timeframes],
    }
    return Tables(
        header=json.dumps(header),
        series=(bars_table(step), *(bars_table(bars) for bars, _ in higher.values())),
        timeframes=timeframes,
        visible=(None, *(pa.array(rows, pa.int32()) for _, rows in higher.values())),
        calendar=calendar_table(),
    )


def open_tables(backend: Backend, tables: Tables) -> Market:
    return backend.open_market(tables.header, tables.series, tables.visible, tables.calendar)


@dataclass(frozen=True)
class Bench:
    """One backend and what the tests of this folder ask of it."""

    backend: Backend

    def open(self, tables: Tables) -> Market:
        return open_tables(self.backend, tables)

    def columns(self, tables: Tables, specs: Sequence[Mapping[str, object]]) -> list[np.ndarray]:
        """Return one float64 array per spec."""
        found = self.backend.compute_indicators(self.open(tables), json.dumps(specs))
        return [np.asarray(column, dtype=np.float64) for column in found]


@pytest.fixture
def bench(backend: Backend) -> Bench:
    return Bench(backend)


@pytest.fixture
def tables_of() -> OpenTables:
    return make_tables


@pytest.fixture
def flat_bars() -> Callable[[Sequence[int]], dict[str, list[int]]]:
    return flat
