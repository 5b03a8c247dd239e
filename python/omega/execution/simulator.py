"""`ExecutionSimulator`: the fills of a run on its own, signal by signal and bar by bar (API-5).

    simulator = ExecutionSimulator(omega.load("eurusd.parquet", symbols="EURUSD", timeframe="M15"), costs="none",
                                   account={"currency": "USD", "balance": 10_000})
    simulator.process_signal(Signal(direction="long", size=0.1, sl_pips=20))
    simulator.evaluate_exits()

A thin face over the engine's own `Simulation`: what it fills is what `omega.backtest` fills. The bars are given at the
start; the first has passed, and `evaluate_exits` lets the next ones pass.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from omega.backends import get_backend
from omega.config import RunConfig, load_specs, resolve
from omega.config.specs import SymbolSpec, spec_of
from omega.data import MarketData, MarketTables
from omega.engine.amounts import misfit
from omega.engine.moments import run_moments
from omega.engine.portfolio_values import PortfolioPosition
from omega.engine.run import market_tables
from omega.engine.tables import Table, Units, present_table
from omega.errors import error_for
from omega.execution.arrow import arrow_of, market_data, with_column
from omega.execution.outcomes import ExecutionResult, ExecutionStats, Exit, exits_table, result_of, stats_of
from omega.schema import SignalKind
from omega.strategy.decider import decision_time_us
from omega.strategy.normalise import Normaliser, each_signal
from omega.strategy.normalise_batch import BatchNormaliser, table_of_rows

__all__ = ["ExecutionSimulator"]

_REJECT = {"on_bad_signal": "reject"}


class ExecutionSimulator:
    """Orders, fills and exits of one symbol, on either backend.

    A signal is decided on the bar that passed last. With ``fill = "next_open"`` it fills at the open of the next bar,
    with ``"signal_close"`` at the close of that one, at once in both cases. Signals given one after the other work in
    that order, those of one batch in the order of LOOP step 2: cancels and modifications, closes, orders.
    """

    def __init__(  # noqa: PLR0913 - a simulator is opened once; everything after `bars` is named
        self,
        bars: Any,
        *,
        costs: Any,
        account: Mapping[str, Any],
        symbol: str | SymbolSpec | None = None,
        timeframe: str | None = None,
        sizing: Mapping[str, Any] | None = None,
        execution: Mapping[str, Any] | None = None,
        position_rules: Mapping[str, Any] | None = None,
        filters: Mapping[str, Any] | None = None,
        specs: str | Path | None = None,
        backend: str | None = None,
    ) -> None:
        """Stand behind the first bar.

        Args:
            bars: What `omega.load` returned; or a table with time, bid_open … bid_close, ask_open … ask_close (and
                volume), as anything that exports Arrow or as bytes of an Arrow IPC stream.
            costs: Cost file, table, or ``"none"``; never left out (CST-4).
            account: Table ``account`` of a config.
            symbol: Name or spec of the symbol; needed for a table, and for data only to give another spec.
            timeframe: Timeframe of the bars of a table.
            sizing: Table ``sizing`` for signals without a size; 1 lot when left out.
            execution: Table ``execution``. Bad signals are rejected unless it says ``on_bad_signal = "fail"``.
            position_rules: Table ``position_rules``, such as ``{"trailing": {"distance_points": 200}}``.
            filters: Table ``filters``.
            specs: Symbol spec file; the bundled one when left out.
            backend: ``"rust"``, ``"python"`` or None for the active one.

        Raises:
            ConfigError: for an unknown field or symbol, or a cost that is not given.
            DataError: for bars that cannot be read.
        """
        known = dict(load_specs(specs))
        name = symbol.name if isinstance(symbol, SymbolSpec) else symbol
        if not isinstance(bars, MarketData | MarketTables):
            bars = market_data(bars, name, timeframe)
        if isinstance(symbol, SymbolSpec):
            known[symbol.name] = symbol
        spec = spec_of(name or bars.symbol, known, file=str(specs or "symbol_specs.yaml"))
        config = RunConfig.from_arguments(
            account=account,
            sizing=sizing or {"fixed_lots": 1},
            costs=costs,
            execution={**_REJECT, **(execution or {})},
            position_rules=position_rules,
            filters=filters,
        )
        resolved = resolve(config, spec=spec, specs=known)
        tables = bars if isinstance(bars, MarketTables) else market_tables(bars, resolved)
        plan = resolved.plan_json(tables.first_step, run_moments(tables, resolved), tables.conversion)
        engine = get_backend(backend, component="execution")
        market = engine.open_market(tables.header, tables.series, tables.visible, tables.calendar)
        self._core = engine.open_simulator(market, plan)
        self._tables = tables
        self._rejects = resolved.config.execution.on_bad_signal == "reject"
        self._symbols = (tables.symbol,)
        self._normaliser = Normaliser(self._symbols, reject=self._rejects)
        self._units = Units.of_plan(json.loads(plan))
        self._symbol_plan = json.loads(plan)["symbols"][0]
        self._trailing = _trailing_distance(json.loads(plan))
        self._seen = 0
        self._read = 0
        self._core.advance(1)

    # ------------------------------------------------------------------ signals

    def process_signal(self, signal: Any) -> ExecutionResult:
        """Give one signal and return what became of it; a refusal is a result, too (`executed` False, `code`).

        Args:
            signal: An `omega.Signal`, or anything a strategy may return for one.

        Raises:
            SignalError: for a bad signal under ``on_bad_signal = "fail"``.
        """
        rows = self._normaliser.rows(signal, self._cursor, self._now_us(self._cursor))
        if len(rows) != 1:
            found = repr(signal)[:80]
            raise error_for("signal.wrong_type", **self._place, field="signal", value=found, expected="one signal")
        first = {name: self._count(name) for name in ("fills", "rejections")}
        number = self._core.process(self._core.read(table_of_rows(rows)))
        return self._result(number, rows[0], first)

    def process_signals(self, signals: Any) -> list[ExecutionResult]:
        """Give signals one after the other, in the order given; results as `process_signal`."""
        return [self.process_signal(signal) for signal in each_signal(signals)]

    def process_signals_batch(self, table: Any) -> Table:
        """Give a table of signals, all decided on the bar that passed last, and return the fills they led to.

        Args:
            table: Columns by the names of an `omega.Signal` or their aliases: anything that exports Arrow, pandas,
                a mapping of columns, or bytes of an Arrow IPC stream. A column ``bar_idx`` is not needed.

        Raises:
            SignalError: for a bad signal under ``on_bad_signal = "fail"``; then none of them is taken in.
            DataError: ``data.shape`` for bytes that are no Arrow stream.
        """
        first = self._count("fills")
        self._process_table(arrow_of(table, "signals"))
        return self._table("fills", first)

    def apply_updates(self, table: Any) -> Table:
        """Modify positions and orders, one row each, and return those that were refused: rows of `rejections`.

        Args:
            table: As for `process_signals_batch`: ``position_id`` (or ``target``), and the new ``stop_loss``,
                ``take_profit``, ``entry`` or ``expiry``; null leaves a level as it is, 0 removes it.
        """
        updates = arrow_of(table, "updates")
        first = self._count("rejections")
        self._process_table(with_column(updates, "kind", "modify"))
        return self._table("rejections", first)

    # ------------------------------------------------------------------ bars

    def evaluate_exits(self, bars: int = 1) -> Table:
        """Let the next bars pass, and return what closed since the last call and what is still open.

        Closed deals have the kind ``stop_loss``, ``take_profit``, ``trailing_stop``, ``signal`` and so on (LED-3), with
        price and profit of the deal. Positions that stay open have the kind ``no_exit``, marked at the last close.

        Args:
            bars: How many; fewer where the data end.
        """
        if isinstance(bars, bool) or not isinstance(bars, int) or bars < 0:
            raise misfit("bars", bars, "a number of bars, 0 or above")
        self._core.advance(bars)
        fills, ledger = self._core.rows("fills", self._seen), self._core.rows("ledger", self._read)
        self._seen += fills.num_rows
        self._read += ledger.num_rows
        marks = self._marks()
        return Table(exits_table(fills, ledger, self._core.positions(), self._units, marks))

    def evaluate_exit(self) -> list[Exit]:
        """Let the next bar pass; the rows of `evaluate_exits` as values."""
        return [Exit(**row) for row in self.evaluate_exits().to_arrow().to_pylist()]

    @property
    def bars_left(self) -> int:
        """Bars that have not passed yet."""
        return int(self._tables.series[0].num_rows) - 1 - self._cursor

    # ------------------------------------------------------------------ what there is

    @property
    def active_positions(self) -> tuple[PortfolioPosition, ...]:
        """The open positions in order of opening, marked at the last close."""
        rows = self.positions_arrow().to_arrow().to_pylist()
        return tuple(
            PortfolioPosition(
                id=row["id"],
                symbol=row["symbol"],
                direction=1 if row["direction"] == "long" else -1,
                magic_number=row["magic"],
                entry_price=row["entry_price"],
                entry_time=int(row["entry_time"].timestamp() * 1_000_000),
                size=row["size_lots"],
                take_profit=row["tp"],
                stop_loss=row["sl"],
                trailing_stop=self._trailing,
                accrued_swap=row["accrued_swap"],
                open_profit=row["open_profit"],
            )
            for row in rows
        )

    def positions_arrow(self) -> Table:
        """Return the open positions as a table (`positions` of a result)."""
        return Table(present_table(self._core.positions(), "positions", self._units))

    def table(self, name: str) -> Table:
        """Return what happened so far: `orders`, `fills`, `trades`, `swaps`, `rejections`, `ledger`, or the audit of
        all signals as they were numbered, `recorded_signals`.

        Raises:
            ConfigError: ``config.plan`` for another name.
        """
        return self._table(name, 0)

    def result(self, order_id: int) -> ExecutionResult:
        """Return what became of an order by now: a pending one may have been filled since."""
        row = (0, int(SignalKind.ORDER))
        return self._result(order_id, row, {"fills": 0, "rejections": 0})

    @property
    def stats(self) -> ExecutionStats:
        """Orders, fills, refusals, and the sums over all fills of what they cost."""
        tables = {name: self._core.rows(name, 0) for name in ("orders", "fills", "rejections", "swaps")}
        return stats_of(tables, self._symbol_plan, self._units)

    def finish(self) -> Mapping[str, Table]:
        """Return all tables of the run once the rest of the bars has passed; the simulator stays where it is."""
        return {name: Table(present_table(raw, name, self._units)) for name, raw in self._core.finish().items()}

    def __repr__(self) -> str:
        return f"ExecutionSimulator({self._tables.symbol}, bar {self._cursor}, {self._core.positions().num_rows} open)"

    # ------------------------------------------------------------------ inside

    @property
    def _cursor(self) -> int:
        return self._core.cursor

    @property
    def _place(self) -> dict[str, Any]:
        return {"bar_idx": self._cursor, "time_us": self._now_us(self._cursor)}

    def _now_us(self, bar_idx: int) -> int | None:
        return decision_time_us(self._tables, bar_idx)

    def _count(self, name: str) -> int:
        return int(self._core.rows(name, 0).num_rows)

    def _table(self, name: str, first: int) -> Table:
        return Table(present_table(self._core.rows(name, first), name, self._units))

    def _process_table(self, table: Any) -> None:
        normaliser = BatchNormaliser(
            self._symbols, strategy="ExecutionSimulator", now_of=self._now_us, reject=self._rejects
        )
        signals = normaliser.table(with_column(table, "bar_idx", self._cursor))
        self._core.process(self._core.read(signals))

    def _marks(self) -> tuple[int, int, int]:
        """Return time, bid and ask of the last close."""
        bars = self._tables.series[0]
        at = self._cursor
        return bars["close_time"][at].value, bars["bid_close"][at].as_py(), bars["ask_close"][at].as_py()

    def _result(self, number: int, row: tuple[Any, ...], first: Mapping[str, int]) -> ExecutionResult:
        raw = {name: self._core.rows(name, begin) for name, begin in first.items()}
        raw["orders"] = self._core.rows("orders", 0)
        return result_of(number, row, raw, self._symbol_plan, self._units, has_bars=self.bars_left > 0)


def _trailing_distance(plan: Mapping[str, Any]) -> float | None:
    """Return the distance of the trailing stop as a price, None without one or where it is measured otherwise."""
    for rule in plan["position_rules"]:
        distance = rule["distance"] if rule["kind"] == "trailing" else {}
        points = distance.get("points", distance.get("price"))
        if points is not None:
            return float(Fraction(points, 10 ** plan["symbols"][0]["digits"]))
    return None
