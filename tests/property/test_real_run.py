"""The main example on six years of real bid and ask: one engine, equal bits, sound books, no look-ahead."""

from __future__ import annotations

import hashlib
import os
import pathlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa
import pytest

import omega
from omega.data import MarketData
from omega.engine import BacktestResult
from omega.engine.comparison import find_difference
from omega.schema import Rule
from omega.testing.books import find_faults

ROOT = pathlib.Path(__file__).resolve().parents[2]
BACKENDS = ["python"] if os.environ.get("OMEGA_BUILD") == "pure" else ["python", "rust"]
CUTS = 50
PARAMETERS = {"fast": 20, "slow": 50, "stop_pips": 40.0, "target_pips": 80.0}
RUN = {
    "costs": ROOT / "examples/execution_costs.yaml",
    "account": {"currency": "USD", "balance": 100_000},
    "sizing": {"risk_amount": 100},
    "execution": {"spread": {"source": "data"}},
}


class PerBar(omega.Strategy):
    """The rules of ema_cross, asked at every bar."""

    def prepare(self, data: Any) -> None:
        self.fast, self.slow = data.indicators.ema(20), data.indicators.ema(50)

    def on_bar(self, bar: Any) -> Any:
        if self.fast.crossed_above(self.slow):
            return self.buy(sl_pips=40, tp_pips=80)
        if self.fast.crossed_below(self.slow):
            return self.sell(sl_pips=40, tp_pips=80)
        return None


class AllAtOnce(omega.Strategy):
    """The same rules on whole arrays."""

    def on_batch(self, batch: Any) -> Any:
        fast, slow = batch.indicators.ema(20).values, batch.indicators.ema(50).values
        above = (fast[:-1] <= slow[:-1]) & (fast[1:] > slow[1:])
        below = (fast[:-1] >= slow[:-1]) & (fast[1:] < slow[1:])
        rows = [(int(idx) + 1, "long") for idx in above.nonzero()[0]]
        rows = sorted(rows + [(int(idx) + 1, "short") for idx in below.nonzero()[0]])
        count = len(rows)
        return {
            "bar_idx": [row[0] for row in rows],
            "direction": [row[1] for row in rows],
            "sl_pips": [40.0] * count,
            "tp_pips": [80.0] * count,
        }


@pytest.fixture(scope="module")
def data() -> MarketData:
    """EURUSD H1, bid and ask, 2010 to 2015."""
    return omega.load(ROOT / "data/oanda_h1", symbols="EURUSD", timeframe="H1", start="2010-03-01", warmup_bars=500)


def run(data: MarketData, strategy: Any, backend: str) -> BacktestResult:
    parameters = PARAMETERS if strategy == "ema_cross" else None
    return omega.backtest(data, strategy, backend=backend, parameters=parameters, **RUN)


@pytest.mark.parametrize("backend", BACKENDS)
def test_three_styles_of_one_strategy_trade_alike(data: MarketData, backend: str) -> None:
    """API-1: on_bar, on_batch and native give the same trades, fills and books."""
    native, per_bar, batch = (run(data, style, backend).raw for style in ("ema_cross", PerBar, AllAtOnce))

    assert native["trades"].num_rows > 600
    for name in ("trades", "fills", "ledger", "equity", "orders"):
        assert find_difference({name: native[name]}, {name: per_bar[name]}) is None
        assert find_difference({name: native[name]}, {name: batch[name]}) is None


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_books_of_the_real_run_add_up(data: MarketData, backend: str) -> None:
    """LED-4, exact; no fill outside its bar before slippage."""
    result = run(data, "ema_cross", backend)

    assert find_faults(result.raw, data.resolve(None).series[0]) == []


@pytest.mark.parametrize("style", ["ema_cross", PerBar])
def test_results_before_fifty_cuts_do_not_depend_on_what_follows(data: MarketData, style: Any) -> None:
    """Prefix property on real data: bars after the cut are taken away, everything before stays."""
    backend = BACKENDS[-1]
    whole = run(data, style, backend).raw
    times = data.resolve(None).series[0]["time"]
    step = (len(times) - 700) // CUTS
    for cut in range(700, 700 + CUTS * step, step):
        part_data = omega.load(
            ROOT / "data/oanda_h1",
            symbols="EURUSD",
            timeframe="H1",
            start="2010-03-01",
            end=times[cut].as_py(),
            warmup_bars=500,
        )
        part = run(part_data, style, backend).raw
        assert before(part["fills"], cut - 1) == before(whole["fills"], cut - 1)
        assert signals_before(part, cut - 1) == signals_before(whole, cut - 1)


def before(fills: pa.Table, bar_idx: int) -> list[dict[str, Any]]:
    return [row for row in fills.to_pylist() if row["bar_idx"] < bar_idx and row["rule"] != Rule.END_OF_DATA]


def signals_before(tables: Any, bar_idx: int) -> list[dict[str, Any]]:
    return [row for row in tables["recorded_signals"].to_pylist() if row["bar_idx"] < bar_idx]


RUN_ONCE = """
import sys
from omega.cli import main
words = ["run", "examples/eurusd_ema_cross.json", "--set", "rating.samples=200", "--run-id", "run"]
sys.exit(main([*words, "--out", sys.argv[1]]))
"""


def test_twenty_fresh_processes_write_the_same_bytes(tmp_path: pathlib.Path) -> None:
    """DET: another process, another hash seed, the same files."""

    def run_in_process(number: int) -> dict[str, str]:
        folder = tmp_path / str(number)
        environment = dict(os.environ, PYTHONHASHSEED=str(number + 1))
        subprocess.run(
            [sys.executable, "-c", RUN_ONCE, str(folder)], check=True, cwd=ROOT, env=environment, capture_output=True
        )
        files = (file for file in sorted((folder / "run").iterdir()) if file.name != "manifest.json")
        return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(run_in_process, range(20)))

    assert {"trades.csv", "fills.parquet", "ledger.parquet", "equity.parquet", "metrics.json"} <= set(outcomes[0])
    assert all(outcome == outcomes[0] for outcome in outcomes)
