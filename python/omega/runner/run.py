"""A run from a config: load, indicators, event loop, collect, rate, export; each step timed.

`run_config` writes the results folder, `compare_backends` runs both halves and writes nothing.
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from omega.backends import describe_backends
from omega.config import ResolvedConfig, RunConfig, load_config, load_specs, resolve
from omega.data import MarketData, load
from omega.engine import BacktestResult
from omega.engine.comparison import Difference, find_difference, same_bits
from omega.engine.run import Progress, market_tables, run_plan
from omega.engine.stopwatch import Stopwatch
from omega.rating import RatingResult
from omega.reporting import json_text, write_tables
from omega.runner.documents import diagnostics_document, manifest_document, metrics_document
from omega.runner.folder import check_run_id, check_target, new_run_id, run_folder
from omega.runner.rating import rate, raw_rating
from omega.strategy import Strategy
from omega.strategy.source import find_strategy

__all__ = ["STEPS", "Comparison", "FinishedRun", "compare_backends", "run_config"]

STEPS = ("load", "indicators", "event loop", "collect", "rate", "export")
"""The timed steps of a run. A native strategy computes its indicators inside the event loop."""

OnStep = Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class FinishedRun:
    """A run whose results are on disk.

    Attributes:
        run_id: Name of the folder.
        folder: Where the results are.
        result: The result.
        rating: Its rating.
        seconds: Wall time by step.
    """

    run_id: str
    folder: Path
    result: BacktestResult
    rating: RatingResult
    seconds: dict[str, float]


@dataclasses.dataclass(frozen=True)
class Comparison:
    """What both backends made of one run.

    Attributes:
        rust: Result of the Rust core.
        python: Result of the twin.
        difference: The first difference (left is Rust), None if every bit is equal.
    """

    rust: BacktestResult
    python: BacktestResult
    difference: Difference | None

    def __str__(self) -> str:
        if self.difference is not None:
            return f"rust and python differ first in {self.difference}"
        rows = ", ".join(f"{table.num_rows:,} {name}" for name, table in self.rust.raw.items())
        return f"rust and python are identical, bit for bit: {rows}, metrics and rating"


def run_config(  # noqa: PLR0913 - the public call; everything after `config` is named
    config: str | Path | RunConfig,
    *,
    overrides: Sequence[str] = (),
    base_dir: str | Path | None = None,
    backend: str | None = None,
    out: str | Path | None = None,
    run_id: str | None = None,
    force: bool = False,
    on_step: OnStep | None = None,
    on_progress: Progress | None = None,
) -> FinishedRun:
    """Run a config and write its results folder.

    Args:
        config: Config file, or a checked config.
        overrides: Texts like ``"account.balance=50000"``, for a file.
        base_dir: Folder that names in the config start from; the file's own when left out.
        backend: ``"rust"``, ``"python"`` or None for the active one.
        out: Folder of all runs; ``output.dir`` of the config when left out.
        run_id: Name of the results folder; made of name, start and fingerprint when left out (OUT-2).
        force: Overwrite the run that `run_id` names.
        on_step: Called with the name of each step as it begins.
        on_progress: Called with (current, total) bars while an `on_bar` strategy runs, then stressed runs.

    Raises:
        ConfigError, DataError, SignalError, StrategyError, EngineError, BackendError: nothing is left behind.
    """
    started = datetime.datetime.now(datetime.UTC)
    check_run_id(run_id, force=force)
    watch = Stopwatch()
    say = on_step or (lambda step: None)
    resolved = _resolve(config, overrides, base_dir)
    written = resolved.config
    target = Path(out if out is not None else written.output.dir)
    check_target(target, run_id, force=force)
    say("load")
    with watch.measure("load"):
        strategy = strategy_of(resolved)
        data = load_data(resolved)
        tables = market_tables(data, resolved, load_conversion(resolved))
    say("event loop")
    result = run_plan(tables, resolved, strategy, backend=backend, on_progress=on_progress, watch=watch)
    say("rate")
    with watch.measure("rate"):
        rating = rate(result, on_progress=on_progress)
    say("export")
    name = run_id or new_run_id(written.name, started, str(result.fingerprint))
    with run_folder(target, name, explicit=run_id is not None, force=force) as folder:
        with watch.measure("export"):
            _write(folder.path, result, rating)
        seconds = {step: watch.seconds.get(step, 0.0) for step in STEPS}
        manifest = manifest_document(
            result, started=started, seconds=seconds, source=data.source, backends=describe_backends(backend)
        )
        _write_text(folder.path / "manifest.json", json_text(manifest | {"files": _hashes(folder.path)}))
    return FinishedRun(folder.final.name, folder.final, result, rating, seconds)


def compare_backends(
    config: str | Path | RunConfig,
    *,
    overrides: Sequence[str] = (),
    base_dir: str | Path | None = None,
    on_step: OnStep | None = None,
) -> Comparison:
    """Run a config on both backends and compare every table, metric and rating value (BKD-5b).

    Errors as `run_config`; the Rust extension must be there.
    """
    say = on_step or (lambda step: None)
    resolved = _resolve(config, overrides, base_dir)
    say("load")
    tables = market_tables(load_data(resolved), resolved, load_conversion(resolved))
    results = []
    for name in ("rust", "python"):
        say(name)
        results.append(run_plan(tables, resolved, strategy_of(resolved), backend=name))
    say("compare")
    rust, python = results
    difference = find_difference(rust.raw, python.raw)
    for table, left, right in (
        ("metrics", rust.metrics.rows, python.metrics.rows),
        ("rating", raw_rating(rust), raw_rating(python)),
    ):
        difference = difference or _row_difference(table, left, right)
    return Comparison(rust, python, difference)


def _resolve(config: str | Path | RunConfig, overrides: Sequence[str], base_dir: str | Path | None) -> ResolvedConfig:
    if isinstance(config, RunConfig):
        return resolve(config, base_dir=base_dir or ".")
    return resolve(load_config(config, overrides), base_dir=base_dir or Path(config).parent)


def load_data(resolved: ResolvedConfig) -> MarketData:
    data = resolved.config.data
    assert data is not None  # `resolve` asks for it
    specs = load_specs(None if data.specs is None else resolved.base_dir / data.specs)
    return load(
        resolved.base_dir / data.path,
        symbols=data.symbols,
        timeframe=data.timeframe,
        higher_timeframes=data.higher_timeframes,
        start=data.start,
        end=data.end,
        warmup_bars=data.warmup_bars,
        source=data.source,
        specs=specs,
        crossed=data.crossed,
    )


def load_conversion(resolved: ResolvedConfig) -> list[MarketData]:
    """Return the quotes of the symbols that convert, as far as the data go."""
    data, rates = resolved.config.data, resolved.config.execution.rates
    assert data is not None
    wanted = [name for name in resolved.rates.loaded if name != resolved.spec.name]
    return [
        load(
            resolved.base_dir / data.path,
            symbols=name,
            timeframe=(None if rates is None else rates.timeframe) or data.timeframe,
            end=data.end,
            source=data.source,
            specs=load_specs(None if data.specs is None else resolved.base_dir / data.specs),
            crossed=data.crossed,
        )
        for name in wanted
    ]


def strategy_of(resolved: ResolvedConfig) -> Strategy | None:
    """Return a fresh strategy, None where a native one runs."""
    written = resolved.config.strategy
    if written is None or written.class_ is None:
        return None
    return find_strategy(written.class_, base_dir=resolved.base_dir)(**written.parameters)


def _write(folder: Path, result: BacktestResult, rating: RatingResult) -> None:
    write_tables(result, folder)
    _write_text(folder / "config.json", result.conditions.resolved.to_json())
    _write_text(folder / "metrics.json", json_text(metrics_document(result)))
    _write_text(folder / "rating.json", rating.to_json())
    _write_text(folder / "diagnostics.json", json_text(diagnostics_document(result)))


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="")


def _hashes(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def _row_difference(table: str, left: Sequence[Any], right: Sequence[Any]) -> Difference | None:
    """Return the first difference of two lists of (name, value, …)."""
    for row, (ours, theirs) in enumerate(zip(left, right, strict=False)):
        equal = len(ours) == len(theirs) and all(same_bits(a, b) for a, b in zip(ours, theirs, strict=True))
        if not equal:
            return Difference(table, ours[0], row, tuple(ours), tuple(theirs))
    return None if len(left) == len(right) else Difference(table, None, None, len(left), len(right))
