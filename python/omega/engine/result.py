"""`BacktestResult`: what would have happened, as tables and figures."""

from __future__ import annotations

import dataclasses
import functools
import importlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from omega.backends.protocol import Backend, Tables
from omega.engine.bounds import Bounds, find_bounds
from omega.engine.explanation import Wording, explain_trade
from omega.engine.fingerprint import Fingerprint
from omega.engine.metrics import Metrics
from omega.engine.summary import summary
from omega.engine.tables import Table, Units, present_equity, present_table, with_texts
from omega.error_catalogue import CATALOGUE
from omega.strategy.normalise import Texts

__all__ = ["BacktestResult", "Stats", "StrategyFacts"]


@dataclasses.dataclass(frozen=True, slots=True)
class Stats:
    """What the engine did (API-6)."""

    bars_processed: int
    signals_generated: int
    orders: int
    fills: int
    exits_triggered: int
    total_time_ms: float
    backend: str


@dataclasses.dataclass(frozen=True, slots=True)
class StrategyFacts:
    """Which strategy ran.

    Attributes:
        name: Name of the class, or of the native strategy.
        style: ``"on_bar"``, ``"on_batch"`` or ``"native"``.
        parameters: Its parameters.
        source_hash: SHA-256 of source text and parameters, None without source text.
        path_dependent: Whether it read its own positions or account (RAT-1).
    """

    name: str
    style: str
    parameters: Mapping[str, Any]
    source_hash: str | None
    path_dependent: bool


@dataclasses.dataclass(frozen=True)
class Conditions:
    """Under what conditions a result came about.

    Attributes:
        tables: The run's `MarketTables`.
        resolved: Its `ResolvedConfig`.
        plan: The plan, canonical JSON.
        backend: The backend of engine, execution and portfolio.
        rating_backend: The backend of metrics and rating.
        strategy: Which strategy ran.
        fingerprint: What the numbers depend on.
        instance: The strategy that ran, None for a native one.
    """

    tables: Any
    resolved: Any
    plan: str
    backend: Backend
    rating_backend: Backend
    strategy: StrategyFacts
    fingerprint: Fingerprint
    instance: Any = None


class BacktestResult:
    """The result of one run.

    ``trades``, ``fills``, ``orders``, ``signals``, ``ledger``, ``equity``, ``swaps``, ``rejections``, ``diagnostics``
    and ``positions`` are `Table` objects in prices, lots and account currency; ``raw`` holds what crossed the
    seam: points, steps, minor units. ``print(result)`` shows a summary.

    Attributes:
        raw: Result tables by name, as `pyarrow.Table`.
        texts: Texts of the signals, by signal row.
        conditions: What was run, on what.
        seconds: Wall time by step.
    """

    def __init__(
        self, raw: Tables, texts: Mapping[int, Texts], conditions: Conditions, seconds: Mapping[str, float]
    ) -> None:
        self.raw = raw
        self.texts = texts
        self.conditions = conditions
        self.seconds = seconds
        self._plan: Mapping[str, Any] = json.loads(conditions.plan)
        self._units = Units.of_plan(self._plan)

    # ------------------------------------------------------------------ tables

    @functools.cached_property
    def trades(self) -> Table:
        """One row per closed position, with the texts of its signal."""
        rows = self._signal_rows(self.raw["trades"].column("id"))
        return Table(with_texts(self._present("trades"), rows, self.texts))

    @functools.cached_property
    def fills(self) -> Table:
        """Every fill, with what explains it."""
        return Table(self._present("fills"))

    @functools.cached_property
    def orders(self) -> Table:
        """Accepted opening orders."""
        return Table(self._present("orders"))

    @functools.cached_property
    def signals(self) -> Table:
        """What the strategy asked for, numbered, with texts."""
        rows = self.raw["recorded_signals"].column("row").to_pylist()
        return Table(with_texts(self._present("recorded_signals"), rows, self.texts))

    @functools.cached_property
    def ledger(self) -> Table:
        """Every change of the balance."""
        return Table(self._present("ledger"))

    @functools.cached_property
    def swaps(self) -> Table:
        """What every night accrued on every position (SWP-1)."""
        return Table(self._present("swaps"))

    @functools.cached_property
    def equity(self) -> Table:
        """Per bar: time, balance, equity, drawdown (money) and drawdown_frac; row 0 is the beginning."""
        return Table(present_equity(self.raw["equity"], self.raw["ledger"], self.equity_times, self._units))

    @functools.cached_property
    def rejections(self) -> Table:
        """Signals that were refused, with the code of the reason."""
        return Table(self._present("rejections"))

    @functools.cached_property
    def diagnostics(self) -> Table:
        """What was tolerated."""
        return Table(self._present("diagnostics"))

    @functools.cached_property
    def positions(self) -> Table:
        """Positions still open at the end."""
        return Table(self._present("positions"))

    # ------------------------------------------------------------------ figures

    @functools.cached_property
    def metrics(self) -> Metrics:
        """Metrics by name, money in account currency; None where undefined (MET-1 to MET-5)."""
        conditions = self.conditions
        rows = conditions.rating_backend.compute_metrics(
            self.raw["trades"], self.timed_equity, conditions.tables.calendar, conditions.plan
        )
        return Metrics(rows, self._units.money_scale)

    @functools.cached_property
    def rating(self) -> Any:
        """The `RatingResult` of this run, with the settings of its config; made when first asked for."""
        # Rating lies above the engine: it is looked up when asked for, not imported.
        return importlib.import_module("omega.runner").rate(self)

    def explain(self, trade_id: int) -> str:
        """Return what happened to a trade, deal by deal, in plain words (FIL-10).

        Raises:
            ConfigError: ``run.no_trade``.
        """
        names = ("trades", "orders", "fills", "swaps")
        tables = {name: getattr(self, name).to_arrow().to_pylist() for name in names}
        account = self._plan["account"]
        return explain_trade(tables, trade_id, Wording(account["currency"], account["digits"], self._units.digits[0]))

    def bounds(self) -> Bounds:
        """Return between what the net result lies, whatever happened inside ambiguous bars (FIL-9)."""
        return find_bounds(self)

    @property
    def stats(self) -> Stats:
        """What the engine did."""
        raw = self.raw
        steps = raw["equity"].num_rows - 2
        exits = int(np.count_nonzero(raw["fills"].column("leg").to_numpy()))
        return Stats(
            bars_processed=steps,
            signals_generated=raw["recorded_signals"].num_rows,
            orders=raw["orders"].num_rows,
            fills=raw["fills"].num_rows,
            exits_triggered=exits,
            total_time_ms=1000.0 * sum(self.seconds.values()),
            backend=self.conditions.backend.name,
        )

    @property
    def fingerprint(self) -> Fingerprint:
        """What the numbers depend on, as hashes."""
        return self.conditions.fingerprint

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know about these numbers."""
        notes = list(self.conditions.resolved.notes)  # names the lower bound of a stored spread, too
        repairs = [note for note in self.conditions.tables.notes if note.code != "data.spread_lower_bound"]
        notes += [f"data: {CATALOGUE[note.code].message} {note.detail} ({note.count})" for note in repairs]
        if not self.fingerprint.is_reproducible:
            notes.append("the strategy has no source text: this run is not reproducible from its fingerprint")
        return tuple(notes)

    @functools.cached_property
    def equity_times(self) -> Any:
        """Times of the equity rows: first step's open, close of every step, close of the last bar again (LED-5)."""
        bars = self.conditions.tables.series[0].slice(self._plan["first_step"])
        closes = bars.column("close_time").combine_chunks()
        closes = closes.chunk(0) if isinstance(closes, pa.ChunkedArray) else closes
        first = bars.column("time").slice(0, 1).combine_chunks()
        first = first.chunk(0) if isinstance(first, pa.ChunkedArray) else first
        return pa.concat_arrays([first, closes, closes.slice(len(closes) - 1)])

    @property
    def timed_equity(self) -> Any:
        """The seam's equity with its `time` column, as metrics and rating read it."""
        field = pa.field("time", self.equity_times.type, nullable=False)
        return self.raw["equity"].add_column(0, field, self.equity_times)

    @property
    def plan(self) -> Mapping[str, Any]:
        """The plan that ran."""
        return self._plan

    def __str__(self) -> str:
        return summary(self)

    def __repr__(self) -> str:
        name = self.conditions.strategy.name
        return f"BacktestResult({name}, {len(self.raw['trades'])} trades, fingerprint {self.fingerprint})"

    def _present(self, name: str) -> Any:
        return present_table(self.raw[name], name, self._units)

    def _signal_rows(self, numbers: Any) -> list[int | None]:
        """Return the signal row of each opening signal number."""
        recorded = self.raw["recorded_signals"]
        row_of = dict(zip(recorded.column("number").to_pylist(), recorded.column("row").to_pylist(), strict=True))
        return [row_of.get(number) for number in numbers.to_pylist()]
