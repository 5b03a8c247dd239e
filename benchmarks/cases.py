"""The measured work of PRF-1 to PRF-4, PRF-9 and PRF-10 (docs/spec/backends.md).

Every figure carries the rows it was measured on and produced. A time is the least of several repeats:
what else the machine did can only add. The twin runs the same cases on fewer bars; rates are compared.
"""

from __future__ import annotations

import gc
import json
import os
import pathlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

import data_cases
import omega
import synthetic
from omega.backends import get_backend
from omega.backends.protocol import Backend, Market
from omega.schema import ExitReason
from omega.testing import with_features_off

ROOT = pathlib.Path(__file__).resolve().parent.parent
CACHE = ROOT / ".bench"
WARMUP = 500


COSTS = {
    "defaults": {
        "slippage": {"fixed_pips": 0.25, "random_pips": 0.3},
        "commission": {"per_lot": 3.5, "currency": "USD"},
        "swap": {"unit": "points", "long": -9.89, "short": 5.1},
        "spread": {"source": "data"},
    }
}


class Figure(NamedTuple):
    """One measured figure: work, backend, what it was measured on, value, unit, budget."""

    id: str
    work: str
    backend: str
    rows: dict[str, int]
    value: float
    unit: str
    budget: float | None


class Size(NamedTuple):
    """How much a backend is given, and how often."""

    bars: int
    repeats: int


def seconds(work: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Return the least time of several repeats, and what the last one returned."""
    best, result = float("inf"), None
    for _ in range(repeats):
        result = None
        gc.collect()
        start = time.perf_counter()
        result = work()
        best = min(best, time.perf_counter() - start)
    return best, result


class Case:
    """Synthetic bars opened in one backend: points are resident before anything is timed."""

    def __init__(self, name: str, size: Size) -> None:
        self.name, self.size = name, size
        self.backend: Backend = get_backend(name)
        sides = {side: table.slice(0, size.bars) for side, table in synthetic.quotes(size.bars).items()}
        self.data = omega.load(sides, symbols="EURUSD", timeframe="M1", warmup_bars=WARMUP)
        tables = self.data.resolve()
        self.first_step = tables.first_step
        self.open = lambda: self.backend.open_market(tables.header, tables.series, tables.visible, tables.calendar)
        self.market: Market = self.open()

    def emas(self) -> list[Any]:
        spec = {"name": "ema", "series": 0, "side": "bid", "source": "close"}
        specs = [{**spec, "parameters": {"period": period}} for period in (20, 50)]
        return self.backend.compute_indicators(self.market, json.dumps(specs))

    def signals(self) -> pa.Table:
        fast, slow = (pa.array(column).to_numpy(zero_copy_only=False) for column in self.emas())
        return synthetic.cross_signals(fast, slow, self.first_step)

    def plan(self, *, native: bool) -> str:
        parameters = {
            "fast": 20,
            "slow": 50,
            "stop_pips": synthetic.STOP_PIPS,
            "target_pips": synthetic.TARGET_PIPS,
        }
        return plan(self.first_step, {"native": "ema_cross", "parameters": parameters} if native else None)


def plan(first_step: int, strategy: dict[str, Any] | None) -> str:
    """Return a plan with every cost this version knows."""
    symbol = {
        **{"name": "EURUSD", "digits": 5, "pip_points": 10, "tick_points": 1, "value": [1, 100]},
        **{"volume_step": [1, 100], "volume_min_steps": 1, "volume_max_steps": 10_000, "min_stop_points": 0},
        "slippage": {"fixed_points": [5, 2], "random_points": 3},
        "commission": {"scheme": "per_lot", "rate": [7, 2], "minimum": [0, 1], "on_entry": True, "on_exit": True},
        "swap": {
            **{"unit": "points", "long": [-989, 100], "short": [51, 10]},
            **{"multipliers": [1, 1, 3, 1, 1, 0, 0], "dated": []},
        },
    }
    return json.dumps(
        with_features_off(
            {
                "version": 1,
                "account": {"currency": "USD", "digits": 2, "balance": 10_000_000_00},
                "symbols": [symbol],
                "execution": {
                    **{"fill": "next_open", "intrabar": "stop_first", "close_at_end": True},
                    **{"on_bad_signal": "fail", "seed": 0},
                },
                "sizing": {"mode": "fixed_lots", "steps": 10, "min_lot": "reject"},
                "first_step": first_step,
                "strategy": strategy,
                "metrics": {"risk_free": [0, 1], "days": 5},
                "rating": {"seed": 0, "bootstrap": "auto", "samples": 10_000, "dropout_samples": 1_000},
            }
        )
    )


class Split(NamedTuple):
    """A run of a signal table, its bars apart from its trades."""

    idle_ns: float
    held_ns: float
    trade_ns: float
    idle: dict[str, Any]
    held: dict[str, Any]
    full: dict[str, Any]
    open_share: float


def split(case: Case, text: str) -> Split:
    """Measure bars apart from trades.

    A bar costs more while a position is marked on it: one run holds a single position throughout. The trades of
    the full run are what is left when its bars, at its own average of open positions, are taken away.
    """
    bars, signals = case.market.bar_count, case.signals()

    def run(table: pa.Table) -> tuple[float, dict[str, Any]]:
        spent, result = seconds(lambda: case.backend.simulate(case.market, table, text), case.size.repeats)
        return spent * 1e9, result

    idle_ns, idle = run(signals.slice(0, 0))
    held_ns, held = run(held_throughout(signals, case.first_step))
    full_ns, full = run(signals)
    open_share = round(sum(full["trades"]["bars_held"].to_pylist()) / bars, 2)
    trades_ns = full_ns - idle_ns - open_share * (held_ns - idle_ns)
    trade_ns = trades_ns / full["trades"].num_rows
    return Split(idle_ns / bars, held_ns / bars, trade_ns, idle, held, full, open_share)


def signal_table(case: Case) -> Iterator[Figure]:
    """PRF-1: bars apart from trades, with spread, slippage, commission and swap; trades with the spread alone, too."""
    bars, text = case.market.bar_count, case.plan(native=False)
    on, off = split(case, text), split(case, without_costs(text))
    emas, _ = seconds(case.emas, case.size.repeats)

    def rows_of(result: dict[str, Any], *names: str) -> dict[str, Any]:
        return {"bars": bars, **{name: result[name].num_rows for name in names}}

    few, many = ("trades", "equity"), ("trades", "fills", "ledger", "equity")
    work = "signal table, bars without a position"
    yield Figure("PRF-1", work, case.name, rows_of(on.idle, *few), on.idle_ns, "ns/bar", 6)
    work = "signal table, bars with one position"
    yield Figure("PRF-1", work, case.name, rows_of(on.held, *few), on.held_ns, "ns/bar", 6)
    for work, one in (("trades with all their rows", on), ("trades with all their rows, costs off", off)):
        rows = rows_of(one.full, *many) | {"positions open on average": one.open_share}
        yield Figure("PRF-1", f"signal table, {work}", case.name, rows, one.trade_ns, "ns/trade", 500)
    yield Figure("PRF-1", "two EMAs", case.name, {"bars": bars, "columns": 2}, emas / bars * 1e9, "ns/bar", 4)


def without_costs(text: str) -> str:
    """Return a plan without slippage, commission and swap; the spread is in the data."""
    plan = json.loads(text)
    symbol = plan["symbols"][0]
    symbol["slippage"] |= {"fixed_points": [0, 1], "random_points": 0}
    symbol["commission"] |= {"on_entry": False, "on_exit": False}
    symbol["swap"] = None
    return json.dumps(plan)


def trailing(case: Case) -> Iterator[Figure]:
    """PRF-1 with commission, slippage, swap and a trailing stop on: bars and trades together."""
    bars = case.market.bar_count
    rule = {"kind": "trailing", "distance": {"points": 50}, "start": None, "step_points": 0}
    signals, text = case.signals(), json.dumps(json.loads(case.plan(native=False)) | {"position_rules": [rule]})
    spent, result = seconds(lambda: case.backend.simulate(case.market, signals, text), case.size.repeats)
    trades = result["trades"].num_rows
    trailed = result["trades"]["reason"].to_pylist().count(int(ExitReason.TRAILING_STOP))
    rows = {"bars": bars, "trades": trades, "by the trailing stop": trailed}
    budget = (10 * bars + 700 * trades) / bars
    yield Figure("PRF-1", "signal table, costs and trailing on", case.name, rows, spent / bars * 1e9, "ns/bar", budget)


def held_throughout(signals: pa.Table, first_step: int) -> pa.Table:
    """Return one long order on the first bar, without levels: open until the data end."""
    levels = dict.fromkeys(("sl", "tp", "sl_points", "tp_points", "sl_pips", "tp_pips"))
    row = signals.slice(0, 1).to_pylist()[0] | {"bar_idx": first_step, "direction": 1} | levels
    return pa.Table.from_pylist([row], schema=signals.schema)


def native_strategy(case: Case) -> Iterator[Figure]:
    """PRF-2: the same, made by the strategy in the core. Trades are taken at their budget of PRF-1."""
    bars, text = case.market.bar_count, case.plan(native=True)
    spent, result = seconds(lambda: case.backend.simulate(case.market, None, text), case.size.repeats)
    trades = result["trades"].num_rows
    rows = {"bars": bars, "trades": trades, "fills": result["fills"].num_rows}
    budget = (10 * bars + 500 * trades) / bars
    yield Figure("PRF-2", "native ema_cross, all in all", case.name, rows, spent / bars * 1e9, "ns/bar", budget)


class Silent(omega.Strategy):
    """Looks at nothing and does nothing: what remains is the engine's share."""

    def prepare(self, data: Any) -> None:
        pass

    def on_bar(self, bar: Any) -> None:
        return None


class TwoReads(omega.Strategy):
    """The EMA cross as two plain reads per bar."""

    def prepare(self, data: Any) -> None:
        self.fast = data.indicators.ema(20)
        self.slow = data.indicators.ema(50)
        self.was_above: bool | None = None

    def on_bar(self, bar: Any) -> Any:
        is_above = self.fast[-1] > self.slow[-1]
        if is_above == self.was_above:
            return None
        first, self.was_above = self.was_above is None, is_above
        if first:
            return None
        act = self.buy if is_above else self.sell
        return act(sl_pips=synthetic.STOP_PIPS, tp_pips=synthetic.TARGET_PIPS)


def backtest(case: Case, strategy: omega.Strategy) -> Any:
    """Run the public call, with every cost this version knows."""
    return omega.backtest(
        case.data,
        strategy,
        account={"currency": "USD", "balance": 10_000_000},
        sizing={"fixed_lots": 0.1},
        costs=COSTS,
        backend=case.name,
    )


def on_bar(case: Case) -> Iterator[Figure]:
    """PRF-3: a Python strategy called at every bar, through the public call."""
    bars = case.market.bar_count
    for kind, budget in ((Silent, 80), (TwoReads, 200)):
        work = f"on_bar, {'empty' if kind is Silent else 'two indicator reads'}"
        spent, result = seconds(lambda kind=kind: backtest(case, kind()), case.size.repeats)
        rows = {"bars": bars, "calls": bars - case.first_step, "trades": result.trades.to_arrow().num_rows}
        yield Figure("PRF-3", work, case.name, rows, spent / bars * 1e9, "ns/bar", budget)


def short_run(case: Case) -> Iterator[Figure]:
    """PRF-4: 20 k bars with a Python callback, from checked data to the result."""
    spent, result = seconds(lambda: backtest(case, TwoReads()), case.size.repeats)
    rows = {"bars": case.market.bar_count, "trades": result.trades.to_arrow().num_rows}
    yield Figure("PRF-4", "20 k bars, on_bar, data to result", case.name, rows, spent * 1e3, "ms", 6)


def loading(bars: int, repeats: int) -> Iterator[Figure]:
    """PRF-9: two sides from files, all checks included; a cached store is loaded once before it is timed."""
    for suffix, budget in (("parquet", 0.15), ("csv", 0.5), ("cached IPC", 0.02)):
        folder = stored_quotes(bars, "parquet" if suffix == "cached IPC" else suffix)
        if suffix == "cached IPC":
            folder = data_cases.store_of(folder)
            omega.load(folder, symbols="EURUSD", timeframe="M1")
        spent, data = seconds(
            lambda folder=folder: omega.load(folder, symbols="EURUSD", timeframe="M1", warmup_bars=WARMUP), repeats
        )
        rows = {"bars": data.resolve().series[0].num_rows, "files": 2}
        yield Figure("PRF-9", f"load two sides, {suffix}", "", rows, spent, "s", budget)


def importing(bars: int, repeats: int) -> Iterator[Figure]:
    """IMP: foreign files to the normalised store; ticks in a fresh process, whose resident peak is measured."""
    for suffix, budget in (("csv", 1.0), ("parquet", 20.0)):
        file = stored_quotes(bars, suffix) / f"EURUSD_M1_bid.{suffix}"
        spent, _ = seconds(lambda file=file: data_cases.import_bars(file, CACHE / "imported"), repeats)
        yield Figure("IMP-1", f"import bars, {suffix}", "", {"bars": bars}, bars / spent / 1e6, "M rows/s", budget)
    ticks = 10 * bars
    spent, peak = data_cases.import_ticks(CACHE, ticks)
    yield Figure("IMP-2", "import ticks, csv", "", {"ticks": ticks}, ticks / spent / 1e6, "M rows/s", 1.0)
    yield Figure("IMP-2", "its peak memory", "", {"ticks": ticks}, peak, "MB", 500)


def stored_quotes(bars: int, suffix: str) -> pathlib.Path:
    """Write the synthetic bars once; return the folder."""
    folder = CACHE / f"{synthetic.SEED}-{bars}-{suffix}"
    if not folder.exists():
        folder.mkdir(parents=True)
        for side, table in synthetic.quotes(bars).items():
            if suffix == "parquet":
                pq.write_table(table, folder / f"EURUSD_M1_{side}.parquet", write_page_checksum=True)
            else:
                pyarrow.csv.write_csv(table, folder / f"EURUSD_M1_{side}.csv")
    return folder


def whole_run(backends: list[str], repeats: int) -> Iterator[Figure]:
    """PRF-10: `omega run` of the M15 example in a fresh process; memory is its resident peak.

    Bytecode is kept between the repeats, as an installed package keeps it: a source tree where Python may not
    write it would be compiled anew at every start, for a quarter of a second.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(CACHE / "bytecode")
    program = [str(pathlib.Path(sys.executable).with_name("omega")), "run", "examples/eurusd_m15_ema_cross.json"]
    for setting in ("samples=1", "dropout_samples=1", "data_samples=1", "parameter_samples=0"):
        program += ["--set", f"rating.{setting}"]
    for name in backends:
        out = CACHE / "runs"
        best, peak = float("inf"), 0
        for _ in range(repeats):
            start = time.perf_counter()
            process = subprocess.Popen(
                [*program, "--backend", name, "--out", str(out)],
                cwd=ROOT,
                env=environment,
                stdout=subprocess.DEVNULL,
            )
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                raise SystemExit(f"omega run --backend {name} ended with {process.returncode}")
            best, peak = min(best, time.perf_counter() - start), max(peak, usage.ru_maxrss)
        newest = max(out.iterdir(), key=lambda folder: folder.stat().st_mtime)
        trades = pq.read_metadata(newest / "trades.parquet").num_rows
        rows = {"bars": pq.read_metadata(newest / "equity.parquet").num_rows, "trades": trades}
        yield Figure("PRF-10", "omega run, M15 example, the least rating included", name, rows, best, "s", 1)
        yield Figure("PRF-10", "its peak memory", name, rows, peak / 1024, "MB", 250)
