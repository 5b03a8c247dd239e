"""The JSON documents of a run: metrics, diagnostics, manifest."""

from __future__ import annotations

import dataclasses
import datetime
import importlib.metadata
import platform
from collections.abc import Mapping
from typing import Any

from omega.backends.protocol import Backend
from omega.engine import BacktestResult
from omega.error_catalogue import CATALOGUE
from omega.rating.definitions import METRICS, REASONS

__all__ = ["diagnostics_document", "manifest_document", "metrics_document"]

PACKAGES = ("numpy", "pyarrow", "pydantic", "tzdata")


def metrics_document(result: BacktestResult) -> dict[str, Any]:
    """Return metrics.json: value, unit and definition by name; a null has a reason. Money is in account currency."""
    metrics, currency = result.metrics, result.plan["account"]["currency"]
    document: dict[str, Any] = {}
    for name, value in metrics.items():
        definition = METRICS[name]
        unit = currency if definition.unit == "minor" else definition.unit
        document[name] = {"value": _plain(value), "unit": unit, "definition": definition.text}
        reason = metrics.reason(name)
        if reason is not None:
            document[name]["reason"] = REASONS[reason]
    return document


def diagnostics_document(result: BacktestResult) -> dict[str, Any]:
    """Return diagnostics.json: what was tolerated, what was refused how often, and the notes of the summary."""
    rejected: dict[str, int] = {}
    for code in result.rejections["code"]:
        rejected[code] = rejected.get(code, 0) + 1
    rows = result.diagnostics.to_arrow().to_pylist()
    return {
        "diagnostics": [row | {"message": CATALOGUE[row["code"]].message} for row in rows],
        "rejections": {code: {"count": n, "message": CATALOGUE[code].message} for code, n in rejected.items()},
        "data": [dataclasses.asdict(note) for note in result.conditions.tables.notes],
        "notes": list(result.notes),
    }


def manifest_document(
    result: BacktestResult,
    *,
    started: datetime.datetime,
    seconds: Mapping[str, float],
    source: str,
    backends: Mapping[str, Any],
) -> dict[str, Any]:
    """Return manifest.json: what ran, on what, how long, and what came out. Differs from run to run."""
    conditions, fingerprint = result.conditions, result.fingerprint
    strategy = conditions.strategy
    return {
        "name": conditions.resolved.config.name,
        "base_dir": str(conditions.resolved.base_dir.absolute()),
        "started": _plain(started),
        "fingerprint": {"digest": fingerprint.digest, **dataclasses.asdict(fingerprint)},
        "versions": _versions(conditions.tables.calendar_version),
        "ran": {
            "engine": _described(conditions.backend),
            "rating": _described(conditions.rating_backend),
        },
        "backends": dict(backends),
        "strategy": {
            "name": strategy.name,
            "style": strategy.style,
            "parameters": dict(strategy.parameters),
            "path_dependent": strategy.path_dependent,
            "reproducible": fingerprint.is_reproducible,
        },
        "data": {
            "symbol": conditions.tables.symbol,
            "timeframes": list(conditions.tables.timeframes),
            "source": source,
            "hash": conditions.tables.data_hash,
            "bars": {
                timeframe: len(series)
                for timeframe, series in zip(conditions.tables.timeframes, conditions.tables.series, strict=True)
            },
            "first_step": conditions.tables.first_step,
        },
        "rows": {name: table.num_rows for name, table in result.raw.items()},
        "seconds": dict(seconds),
    }


def _described(backend: Backend) -> dict[str, str]:
    """Return what the backend that ran says of itself (BKD-5)."""
    return dict(backend.describe())


def _versions(calendar: str) -> dict[str, str]:
    import omega

    packages = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {
        "omega": omega.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "calendar": calendar,
        **packages,
    }


def _plain(value: Any) -> Any:
    """Return a value that JSON knows; times as ISO 8601 UTC (OUT-4)."""
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value
