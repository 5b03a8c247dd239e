"""`backtest`: market data and a strategy in, a result out."""

from __future__ import annotations

import hashlib
import json
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omega.backends import get_backend
from omega.backends.protocol import Backend, Tables
from omega.config import ResolvedConfig, RunConfig, load_specs, resolve
from omega.config.models import ExecutionConfig
from omega.config.specs import spec_of
from omega.data import MarketData, MarketTables
from omega.data.alignment import Alignment
from omega.data.conversion import with_conversion
from omega.data.spreads import spread_model
from omega.engine.fingerprint import Fingerprint
from omega.engine.moments import run_moments
from omega.engine.result import BacktestResult, Conditions, StrategyFacts
from omega.engine.stopwatch import Stopwatch
from omega.errors import OmegaError, SignalError, error_for
from omega.indicators import IndicatorCache
from omega.strategy import Strategy
from omega.strategy.batch import Batch
from omega.strategy.decider import StepDecider, decision_time_us, strategy_data
from omega.strategy.normalise import Normaliser, Texts
from omega.strategy.normalise_batch import BatchNormaliser
from omega.strategy.prepare import batch_indicators
from omega.strategy.source import strategy_hash

__all__ = ["backtest", "market_tables", "run_plan"]

Progress = Callable[[int, int], None]


def backtest(  # noqa: PLR0913 - the public call; everything after `strategy` is named
    data: MarketData,
    strategy: Strategy | type[Strategy] | str,
    *,
    costs: Any,
    account: Mapping[str, Any],
    sizing: Mapping[str, Any],
    execution: Mapping[str, Any] | None = None,
    position_rules: Mapping[str, Any] | None = None,
    filters: Mapping[str, Any] | None = None,
    rating: Mapping[str, Any] | None = None,
    parameters: Mapping[str, Any] | None = None,
    specs: str | Path | None = None,
    conversion: Sequence[MarketData] = (),
    backend: str | None = None,
    on_progress: Progress | None = None,
    name: str | None = None,
) -> BacktestResult:
    """Run a strategy on market data.

    Args:
        data: What `omega.load` returned.
        strategy: A strategy, its class, or the name of a native one. The run builds its own instance.
        costs: Cost file, table, or ``"none"``; never left out (CST-4).
        account: Table ``account`` of a config, such as ``{"currency": "USD", "balance": 100_000}``.
        sizing: Table ``sizing``, such as ``{"risk_amount": 100}`` or ``{"fixed_lots": 0.1}``.
        execution: Table ``execution``: fill, intrabar, seed, spread and so on.
        position_rules: Table ``position_rules``, such as ``{"trailing": {"distance_points": 200}}``.
        filters: Table ``filters``, such as ``{"max_positions": {"symbol": 1}}``.
        rating: Table ``rating``.
        parameters: Parameters, where `strategy` is a class or a name.
        specs: Symbol spec file; the bundled one when left out.
        conversion: Loaded quotes of other symbols that convert profits into the account currency (CUR); they
            are what `execution.rates` names with source series, where that is left out.
        backend: ``"rust"``, ``"python"`` or None for the active one.
        on_progress: Called with (current, total) bars while an `on_bar` strategy runs.
        name: Name of the run.

    Raises:
        ConfigError, DataError, SignalError, StrategyError, EngineError, BackendError: before or during the
            run; an exception of the strategy itself comes back as it was, with a note naming bar and time.
    """
    if not isinstance(data, MarketData):
        raise _invalid("data", "what omega.load returned", data)
    execution = _with_series(execution, conversion)
    native = {"native": strategy, "parameters": dict(parameters or {})} if isinstance(strategy, str) else None
    config = RunConfig.from_arguments(
        account=account,
        sizing=sizing,
        costs=costs,
        execution=execution,
        position_rules=position_rules,
        filters=filters,
        rating=rating,
        strategy=native,
        name=name,
    )
    known = load_specs(specs)
    spec = spec_of(data.symbol, known, file=str(specs or "symbol_specs.yaml"))
    resolved = resolve(config, spec=spec, specs=known)
    instance = None if isinstance(strategy, str) else _fresh(strategy, parameters)
    tables = market_tables(data, resolved, conversion)
    return run_plan(tables, resolved, instance, backend=backend, on_progress=on_progress)


def market_tables(data: MarketData, resolved: ResolvedConfig, conversion: Sequence[MarketData] = ()) -> MarketTables:
    """Return the tables of a run: ask side and alignment as the config says, and the quotes its money takes.

    Raises:
        ConfigError: ``config.invalid`` where `conversion` lacks a symbol that `execution.rates` names.
    """
    spread = spread_model(resolved.spread, resolved.spec, resolved.base_dir)
    inside = looks_inside(data, resolved.config.execution)
    tables = data.resolve(spread, alignment=_alignment(resolved), looks_inside=inside)
    given = {pair.symbol: pair for pair in conversion}
    wanted = [name for name in resolved.rates.loaded if name != data.symbol]
    missing = [name for name in wanted if name not in given]
    if missing:
        raise _invalid("conversion", f"the loaded quotes of {', '.join(missing)}", sorted(given))
    rates = resolved.config.execution.rates
    limit = None if rates is None else rates.stale_limit_bars
    return with_conversion(tables, [given[name] for name in wanted], limit)


def looks_inside(data: MarketData, execution: ExecutionConfig) -> bool:
    """Return whether a run takes the loaded bars along, which are finer than its steps.

    `finer` needs them and is refused without; latency leads to the first price after it where they are there.
    """
    is_late = execution.latency_ms > 0 and execution.fill == "next_open"
    return execution.intrabar == "finer" or (is_late and data.base_timeframe != data.timeframe)


def run_plan(
    tables: MarketTables,
    resolved: ResolvedConfig,
    strategy: Strategy | None,
    *,
    backend: str | None = None,
    on_progress: Progress | None = None,
    watch: Stopwatch | None = None,
) -> BacktestResult:
    """Run what was resolved: a fresh strategy, or the plan's native one where `strategy` is None.

    Errors as `backtest`.
    """
    watch = watch or Stopwatch()
    plan = resolved.plan_json(tables.first_step, run_moments(tables, resolved), tables.conversion)
    engine = get_backend(backend)
    run = _Run(tables, resolved, plan, engine, get_backend(backend, component="indicators"), watch)
    with watch.measure("event loop"):
        raw, texts, path_dependent = run.simulate(strategy, on_progress)
    with watch.measure("collect"):
        facts = _strategy_facts(strategy, resolved, path_dependent)
        conditions = Conditions(
            tables=tables,
            resolved=resolved,
            plan=plan,
            backend=engine,
            rating_backend=get_backend(backend, component="rating"),
            strategy=facts,
            fingerprint=_fingerprint(tables, resolved, plan, facts),
            instance=strategy,
        )
        return BacktestResult(raw, texts, conditions, watch.seconds)


class _Run:
    """One way into the engine per style; the tables that come out are the same."""

    def __init__(
        self,
        tables: MarketTables,
        resolved: ResolvedConfig,
        plan: str,
        engine: Backend,
        indicators: Backend,
        watch: Stopwatch,
    ) -> None:
        self._tables = tables
        self._resolved = resolved
        self._plan = plan
        self._engine = engine
        self._indicators = indicators
        self._watch = watch

    def simulate(
        self, strategy: Strategy | None, on_progress: Progress | None
    ) -> tuple[Tables, Mapping[int, Texts], bool]:
        """Return the result tables, the texts of the signals, and whether the strategy read its books."""
        market = self._open(self._engine)
        if strategy is None:
            return self._engine.simulate(market, None, self._plan), {}, False
        own = self._indicators is self._engine
        indicator_market = market if own else self._open(self._indicators)
        cache = _TimedCache(IndicatorCache(self._tables, self._indicators, indicator_market), self._watch)
        if strategy._style() == "on_batch":
            normaliser = self._ask_batch(strategy, cache)
            return self._engine.simulate(market, normaliser.signals, self._plan), normaliser.texts, False
        return self._step(strategy, cache, market, on_progress)

    def _open(self, backend: Backend) -> Any:
        tables = self._tables
        return backend.open_market(tables.header, tables.series, tables.visible, tables.calendar)

    def _ask_batch(self, strategy: Strategy, cache: Any) -> _Asked:
        indicators = batch_indicators(cache, self._tables)
        strategy.prepare(strategy_data(self._tables, cache, indicators))
        normaliser = BatchNormaliser(
            (self._tables.symbol,),
            strategy=type(strategy).__name__,
            now_of=lambda bar_idx: decision_time_us(self._tables, bar_idx),
            reject=self._rejects,
        )
        answer = strategy.on_batch(Batch(self._tables, indicators))  # type: ignore[attr-defined]
        return _Asked(normaliser.table(answer), normaliser.texts)

    def _step(
        self, strategy: Strategy, cache: Any, market: Any, on_progress: Progress | None
    ) -> tuple[Tables, Mapping[int, Texts], bool]:
        normaliser = Normaliser((self._tables.symbol,), reject=self._rejects)
        plan = json.loads(self._plan)
        decider = StepDecider(strategy, self._tables, cache, plan=plan, normaliser=normaliser)
        decider.progress = on_progress
        decider.progress_every = self._resolved.config.execution.progress_every
        try:
            raw = self._engine.simulate_stepwise(market, decider, self._plan)
        except SignalError:
            raise
        except Exception as error:
            if not _is_of_engine(error):
                decider.annotate(error)
            raise
        finally:
            strategy._books = None
        return raw, normaliser.texts, decider.path_dependent

    @property
    def _rejects(self) -> bool:
        return self._resolved.config.execution.on_bad_signal == "reject"


@dataclass(frozen=True, slots=True)
class _Asked:
    signals: Any
    texts: Mapping[int, Texts]


class _TimedCache:
    """An `IndicatorCache` whose work counts as the step "indicators"."""

    def __init__(self, cache: IndicatorCache, watch: Stopwatch) -> None:
        self._cache = cache
        self._watch = watch

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._cache, name)
        if not callable(found):
            return found

        def timed(*arguments: Any, **parameters: Any) -> Any:
            with self._watch.measure("indicators"):
                return found(*arguments, **parameters)

        return timed


def _with_series(execution: Mapping[str, Any] | None, conversion: Sequence[MarketData]) -> Mapping[str, Any] | None:
    """Return the table `execution` with rates of the given series, unless it has rates of its own."""
    if not conversion or (execution or {}).get("rates") is not None:
        return execution
    return {**(execution or {}), "rates": {"source": "series", "symbols": [pair.symbol for pair in conversion]}}


def _fresh(strategy: Strategy | type[Strategy], parameters: Mapping[str, Any] | None) -> Strategy:
    if isinstance(strategy, type) and issubclass(strategy, Strategy):
        return strategy(**(parameters or {}))
    if not isinstance(strategy, Strategy):
        raise _invalid("strategy", "an omega.Strategy, a class of one, or the name of a native one", strategy)
    return strategy._fresh() if not parameters else type(strategy)(**{**strategy.parameters, **parameters})


def _is_of_engine(error: Exception) -> bool:
    """Return whether the engine itself ended the run: neither a strategy nor a callback was being asked."""
    passed = (frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_tb(error.__traceback__))
    return all(name in {__name__, "contextlib"} or name.startswith("omega.backends") for name in passed)


def _invalid(key: str, expected: str, value: object) -> OmegaError:
    found = f"{value!r:.80} ({type(value).__name__})"
    return error_for(
        "config.invalid", file="omega.backtest", line="", key=key, expected=f"expected {expected}", value=found, hint=""
    )


def _alignment(resolved: ResolvedConfig) -> Alignment:
    at_close = resolved.config.execution.fill == "signal_close"
    data = resolved.config.data
    if data is None:
        return Alignment(at_close=at_close)
    return Alignment(data.alignment, data.stale_limit_bars, at_close)


def _strategy_facts(strategy: Strategy | None, resolved: ResolvedConfig, path_dependent: bool) -> StrategyFacts:
    if strategy is not None:
        style = "on_batch" if strategy._style() == "on_batch" else "on_bar"
        facts = dict(strategy.parameters)
        return StrategyFacts(type(strategy).__name__, style, facts, strategy_hash(strategy), path_dependent)
    assert resolved.native is not None and resolved.config.strategy is not None
    parameters = resolved.native.model_dump(mode="json")
    name = str(resolved.config.strategy.native)
    text = json.dumps([name, parameters], sort_keys=True)
    return StrategyFacts(name, "native", parameters, hashlib.sha256(text.encode()).hexdigest(), False)


def _fingerprint(tables: MarketTables, resolved: ResolvedConfig, plan: str, strategy: StrategyFacts) -> Fingerprint:
    alignment = _alignment(resolved)
    market = [tables.spread_facts, alignment.mode, alignment.stale_limit_bars, tables.calendar_version]
    return Fingerprint(
        data=tables.data_hash,
        market=hashlib.sha256(json.dumps(market).encode()).hexdigest(),
        plan=hashlib.sha256(plan.encode()).hexdigest(),
        strategy=strategy.source_hash or "none",
    )
