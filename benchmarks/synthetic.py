"""Made-up EURUSD M1 bars and the signals of an EMA cross on them; the same for one seed on every machine."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from omega.schema import Direction, OrderType, SignalKind, Tif
from omega.strategy.normalise_batch import SIGNALS

SEED = 20_250_101
MINUTE_US = 60_000_000
FIRST_MONDAY_US = 1_420_416_000_000_000  # 2015-01-05T00:00Z
BARS_PER_WEEK = 4 * 1440 + 20 * 60  # Monday 00:00 to Friday 20:00, inside the session in summer and winter
DIGITS = 5
STOP_PIPS, TARGET_PIPS = 5.0, 10.0

Floats = npt.NDArray[np.float64]


def quotes(count: int) -> dict[str, pa.Table]:
    """Return bid and ask bars as a data vendor would hand them over (prices as floats)."""
    random = np.random.Generator(np.random.PCG64(SEED))
    steps = random.integers(-6, 7, size=(count, 8)).astype(np.int64)
    closes = 112_000 + _pulled_back(steps.sum(axis=1))
    opens = np.concatenate([closes[:1], closes[:-1]])
    path = opens[:, None] + np.cumsum(steps, axis=1)
    bid = {
        "open": opens,
        "high": np.maximum(path.max(axis=1), np.maximum(opens, closes)),
        "low": np.minimum(path.min(axis=1), np.minimum(opens, closes)),
        "close": closes,
    }
    spread = random.integers(2, 15, size=count)
    volume = pa.array(random.integers(1, 500, size=count).astype(np.float64))
    week, minute = np.divmod(np.arange(count, dtype=np.int64), BARS_PER_WEEK)
    time = pa.array(FIRST_MONDAY_US + (week * 7 * 1440 + minute) * MINUTE_US, type=pa.timestamp("us", tz="UTC"))
    sides = {"bid": bid, "ask": {name: points + spread for name, points in bid.items()}}
    return {
        side: pa.table(
            {"time": time, **{name: points / 10**DIGITS for name, points in prices.items()}, "volume": volume}
        )
        for side, prices in sides.items()
    }


def _pulled_back(moves: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return a walk that stays within a band: reflected at its edges, so that no price is ever far away."""
    band = 8_000
    walk = np.mod(np.cumsum(moves) + band, 4 * band)
    return np.where(walk < 2 * band, walk - band, 3 * band - walk)


def cross_signals(fast: Floats, slow: Floats, first_step: int) -> pa.Table:
    """Return one market order per crossing of two indicator columns, with stop and target."""
    above, below = fast > slow, fast < slow
    crossed = np.zeros(len(fast), dtype=np.int8)
    crossed[1:][above[1:] & ~above[:-1]] = Direction.LONG
    crossed[1:][below[1:] & ~below[:-1]] = Direction.SHORT
    crossed[: max(first_step - 1, 0)] = 0
    crossed[-1] = 0
    rows = np.flatnonzero(crossed)
    given = {
        "bar_idx": pa.array(rows, type=pa.int64()),
        "kind": _same(SignalKind.ORDER, len(rows), pa.int8()),
        "direction": pa.array(crossed[rows], type=pa.int8()),
        "order_type": _same(OrderType.MARKET, len(rows), pa.int8()),
        "symbol": _same(0, len(rows), pa.int16()),
        "sl_pips": _same(STOP_PIPS, len(rows), pa.float64()),
        "tp_pips": _same(TARGET_PIPS, len(rows), pa.float64()),
        "tif": _same(Tif.GTC, len(rows), pa.int8()),
        "fault": _same(0, len(rows), pa.int16()),
    }
    arrays = [given.get(field.name, pa.nulls(len(rows), field.type)) for field in SIGNALS]
    return pa.Table.from_arrays(arrays, schema=SIGNALS)


def _same(value: float, count: int, kind: pa.DataType) -> pa.Array:
    return pa.repeat(pa.scalar(value, type=kind), count)
