"""PRF-5: what a fed run costs, table conversion apart."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import cases
from omega.backends import get_backend
from omega.strategy.normalise_batch import table_of_rows
from omega.testing.runs import FLAT, market, plan, signal

COUNT = 1_000
BARS = 40


def fed_run(name: str, repeats: int) -> Iterator[cases.Figure]:
    """PRF-5: 1,000 market orders with stop and target filled in one batch, then bars that reach none of them."""
    backend = get_backend(name)
    tables = market(*[FLAT] * BARS)
    opened = backend.open_market(tables.header, tables.series, tables.visible, tables.calendar)
    rows = [signal(0, 1 if i % 2 else -1, size=0.1, sl_points=50.0, tp_points=60.0) for i in range(COUNT)]
    batch = exits = float("inf")
    for _ in range(repeats):
        simulator = backend.open_simulator(opened, json.dumps(plan(execution={"on_bad_signal": "reject"})))
        simulator.advance(1)
        signals = simulator.read(table_of_rows(rows))
        start = time.perf_counter()
        simulator.process(signals)
        batch = min(batch, time.perf_counter() - start)
        for _ in range(1, BARS):
            start = time.perf_counter()
            simulator.advance(1)
            exits = min(exits, time.perf_counter() - start)
        assert simulator.positions().num_rows == COUNT
    yield cases.Figure("PRF-5", "process_signals_batch", name, {"signals": COUNT}, batch * 1e3, "ms", 0.1)
    yield cases.Figure("PRF-5", "evaluate_exits", name, {"positions": COUNT}, exits * 1e3, "ms", 0.02)
