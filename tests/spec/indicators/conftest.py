"""A market from a few prices: the step timeframe M15, and higher ones with what is visible of them."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from omega.backends.protocol import Backend, Market
from omega.data.calendar import fx_calendar
from omega.indicators import CATALOGUE

HOUR_US = 3_600_000_000
MONDAY_US = 1_704_067_200_000_000  # 2024-01-01T00:00Z
FIELDS = ("open", "high", "low", "close")

Bars = Mapping[str, Sequence[Any]]
"""Points of the bid by open, high, low, close; the ask lies `ASK_POINTS` above. Time and volume may be given."""

ASK_POINTS = 7
DATA = pathlib.Path(__file__).parents[3] / "data"


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


def times_of(bars: Bars) -> npt.NDArray[np.int64]:
    """Return the open times in microseconds: those given, or hours from a Monday on."""
    if "time" in bars:
        return np.asarray(bars["time"], dtype=np.int64)
    return MONDAY_US + np.arange(len(bars["close"]), dtype=np.int64) * HOUR_US


def bars_table(bars: Bars) -> pa.Table:
    times = times_of(bars)
    columns: dict[str, Any] = {
        "time": pa.array(times, pa.timestamp("us", "UTC")),
        "close_time": pa.array(times + HOUR_US, pa.timestamp("us", "UTC")),
    }
    for side, shift in (("bid", 0), ("ask", ASK_POINTS)):
        for name in FIELDS:
            columns[f"{side}_{name}"] = pa.array(np.asarray(bars[name], dtype=np.int32) + np.int32(shift))
    volume = bars.get("volume")
    columns["volume"] = pa.nulls(len(times), pa.float64()) if volume is None else pa.array(volume, pa.float64())
    return pa.table(columns)


def calendar_table(bars: Bars) -> pa.Table:
    first, last = (int(time) for time in times_of(bars)[[0, -1]])
    return fx_calendar(first, last).table(first, last)


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
        calendar=calendar_table(step),
    )


def open_tables(backend: Backend, tables: Tables) -> Market:
    return backend.open_market(tables.header, tables.series, tables.visible, tables.calendar)


def real_bars(file: str, digits: int, count: int) -> dict[str, Any]:
    """Return the first bars of a bundled file, with their times, and made-up volumes where it has none."""
    table = pq.read_table(DATA / file)
    assert table.num_rows >= count
    bars = {name: np.rint(table[name].to_numpy()[:count] * 10**digits).astype(int).tolist() for name in FIELDS}
    time = table["time"].cast(pa.timestamp("us", "UTC")).cast(pa.int64()).to_numpy()[:count]
    volume = table["volume"].to_numpy()[:count].astype(float)
    return {**bars, "time": time, "volume": np.where(np.isnan(volume), 1 + np.arange(count) % 97, volume)}


def random_bars(seed: int, count: int, step: int) -> dict[str, Any]:
    """Return bars of a walk: flat stretches and gaps where steps are small or large; volumes with zeros."""
    random = np.random.default_rng(seed)
    close = 500_000 + np.cumsum(random.integers(-step, step + 1, count))
    open_ = close + random.integers(-step, step + 1, count)
    high = np.maximum(open_, close) + random.integers(0, step + 1, count)
    low = np.minimum(open_, close) - random.integers(0, step + 1, count)
    prices = {"open": open_.tolist(), "high": high.tolist(), "low": low.tolist(), "close": close.tolist()}
    return {**prices, "volume": random.integers(0, 50, count).astype(float)}


def spec_of(name: str, parameters: Mapping[str, float] | None = None, **other: Any) -> list[dict[str, Any]]:
    """Return one spec per output; parameters left out take their defaults."""
    entry = CATALOGUE[name]
    resolved = {one.name: one.default for one in entry.parameters} | dict(parameters or {})
    spec = {"name": name, "series": 0, "side": "bid", "source": "close", "parameters": resolved}
    second = {"other": "open"} if "other" in entry.reads else {}
    return [{**spec, **second, "output": output, **other} for output in entry.outputs or (None,)]


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


@pytest.fixture
def real() -> Callable[[str, int, int], dict[str, Any]]:
    return real_bars


@pytest.fixture
def walk() -> Callable[[int, int, int], dict[str, Any]]:
    return random_bars


@pytest.fixture
def specs_of() -> Callable[..., list[dict[str, Any]]]:
    return spec_of
