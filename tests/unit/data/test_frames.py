"""Every kind of frame gives the same data, with one copy, and is left as it was (DAT-2, CHK-3)."""

from __future__ import annotations

import gc
import hashlib
import tracemalloc
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import duckdb
import numpy as np
import pandas
import polars
import pyarrow as pa
import pytest

import omega.data

SPECS = {"EURUSD": SimpleNamespace(digits=5)}
ROWS = 400_000
COLUMNS = ("open", "high", "low", "close")


def side(raised: int) -> pa.Table:
    steps = np.random.default_rng(3).integers(-9, 10, ROWS).cumsum() + 110_000 + raised
    times = pa.array(1_420_416_000_000_000 + 60_000_000 * np.arange(ROWS)).cast(pa.timestamp("us", "UTC"))
    prices = dict(zip(COLUMNS, (steps, steps + 5, steps - 5, steps + 1), strict=True))
    volume = np.random.default_rng(4).integers(1, 99, ROWS).astype(np.float64)
    return pa.table({"time": times, **{name: points / 100_000 for name, points in prices.items()}, "volume": volume})


def of_duckdb(table: pa.Table) -> Any:
    connection = duckdb.connect()
    connection.execute("SET TimeZone='UTC'")
    connection.register("bars", table)
    return connection.sql("SELECT * FROM bars").to_arrow_table()


def indexed(table: pa.Table) -> pandas.DataFrame:
    return table.to_pandas().set_index("time")


FRAMES: dict[str, Callable[[pa.Table], Any]] = {
    "pyarrow": lambda table: table,
    "pandas": lambda table: table.to_pandas(),
    "pandas with an index": indexed,
    "polars": lambda table: polars.DataFrame(table),
    "duckdb": of_duckdb,
}


def digest(frame: Any) -> str:
    """Return a hash of the values a caller sees in a frame."""
    if isinstance(frame, pandas.DataFrame):
        frame = frame.reset_index()
        arrays = [frame[name].astype("int64" if name == "time" else "float64").to_numpy() for name in frame.columns]
    else:
        table = frame if isinstance(frame, pa.Table) else frame.to_arrow()
        arrays = [column.to_numpy() for column in table.columns]
    return hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()


def load(frames: dict[str, Any]) -> omega.data.MarketData:
    return omega.data.load(frames, symbols="EURUSD", timeframe="M1", specs=SPECS)


@pytest.mark.parametrize("kind", FRAMES)
def test_every_kind_of_frame_gives_the_same_data_and_is_not_changed(kind):
    """DAT-2: equal hashes of the data; the caller's frames hash as before."""
    plain = {"bid": side(0), "ask": side(12)}
    given = {name: FRAMES[kind](table) for name, table in plain.items()}
    before = [digest(frame) for frame in given.values()]

    data = load(given)

    assert data.data_hash == load(plain).data_hash
    assert [digest(frame) for frame in given.values()] == before


@pytest.mark.parametrize("kind", FRAMES)
def test_loading_a_frame_takes_at_most_six_tenths_of_it_more(kind):
    """The one copy is the conversion to points: 8 bytes of time, price and volume become 4 of points."""
    given = {name: FRAMES[kind](side(raised)) for name, raised in (("bid", 0), ("ask", 12))}
    size = 2 * ROWS * 6 * 8
    load({name: FRAMES[kind](side(raised).slice(0, 100)) for name, raised in (("bid", 0), ("ask", 12))})
    gc.collect()
    pool = pa.default_memory_pool()
    pool.release_unused()
    resting = pool.bytes_allocated()
    tracemalloc.start()

    data = load(given)
    _, numpy_peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    arrow_now = pool.bytes_allocated() - resting

    assert len(data.base.time) == ROWS
    assert numpy_peak + max(arrow_now, 0) <= 0.6 * size, (kind, numpy_peak / size, arrow_now / size)
    held = {id(array.base if array.base is not None else array): array for array in _arrays(data)}
    assert sum(array.nbytes for array in held.values()) == ROWS * (2 * 4 * 4 + 8 + 8)


def _arrays(data: omega.data.MarketData) -> list[np.ndarray]:
    assert data.base.ask is not None
    return [data.base.time, *data.base.bid, *data.base.ask, data.base.volume]
