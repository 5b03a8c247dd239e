"""A stored run, rated again: made once more from its own config, which its fingerprint must confirm."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from omega.config import RunConfig, resolve
from omega.config.documents import leaf_keys, read_document
from omega.config.models import Weights
from omega.config.validation import validate
from omega.engine import BacktestResult
from omega.engine.explanation import Wording, explain_trade
from omega.engine.run import market_tables, run_plan
from omega.errors import error_for
from omega.rating import RatingPipeline, RatingResult
from omega.runner.run import load_conversion, load_data, strategy_of

__all__ = ["explain_stored", "rate_stored", "read_weights", "rebuild"]

Step = Callable[[str], None]
Progress = Callable[[int, int], None]


def rate_stored(
    folder: str | Path,
    *,
    weights: str | Path | None = None,
    samples: int | None = None,
    on_step: Step | None = None,
    on_progress: Progress | None = None,
) -> RatingResult:
    """Rate a stored run with other weights or more resamples. The folder is only read.

    Args:
        folder: Folder of the run.
        weights: File with a table of weights; components it leaves out keep their default.
        samples: Monte Carlo resamples.
        on_step: Called with the name of each step as it begins.
        on_progress: Called with (current, total) stressed runs.

    Raises:
        ConfigError: ``rating.no_run``, or what is wrong with the weights.
        DataError: ``rating.changed``.
    """
    chosen = None if weights is None else read_weights(weights)
    result = rebuild(folder, on_step=on_step)
    if on_step is not None:
        on_step("rate")
    return RatingPipeline(weights=chosen, samples=samples).rate(result, on_progress=on_progress)


def explain_stored(folder: str | Path, trade_id: int) -> str:
    """Return what happened to a trade of a stored run, from its files alone (FIL-10).

    Raises:
        ConfigError: ``rating.no_run``, ``run.no_trade``.
    """
    place = Path(folder)
    _manifest(place)
    document = json.loads((place / "config.json").read_text("utf-8"))
    account = document["config"]["account"]
    wording = Wording(account["currency"], account["digits"], document["spec"]["digits"])
    names = ("trades", "orders", "fills", "swaps")
    tables = {name: pq.read_table(place / f"{name}.parquet").to_pylist() for name in names}
    return explain_trade(tables, trade_id, wording)


def read_weights(path: str | Path) -> Mapping[str, float]:
    """Return the weights of a JSON, TOML or YAML file.

    Raises:
        ConfigError: ``config.*``.
    """
    return validate(Weights, read_document(Path(path))).model_dump()


def rebuild(folder: str | Path, *, on_step: Step | None = None) -> BacktestResult:
    """Return the result of a stored run, made again on the backend that made it.

    Raises:
        ConfigError: ``rating.no_run``.
        DataError: ``rating.changed`` where data, strategy or version are not those of the run.
    """
    say = on_step or (lambda step: None)
    place = Path(folder)
    manifest = _manifest(place)
    document = read_document(place / "config.json")
    document = replace(document, tree=document.tree["config"])
    origins = dict.fromkeys(leaf_keys(document.tree), "stored run")
    resolved = resolve(RunConfig.checked(document, origins, required={}), base_dir=Path(manifest["base_dir"]))
    say("load")
    tables = market_tables(load_data(resolved), resolved, load_conversion(resolved))
    say("event loop")
    result = run_plan(tables, resolved, strategy_of(resolved), backend=manifest["ran"]["engine"]["name"])
    stored, now = manifest["fingerprint"]["digest"], result.fingerprint.digest
    if stored != now:
        raise error_for("rating.changed", folder=str(folder), stored=stored[:16], now=now[:16])
    return result


def _manifest(place: Path) -> dict[str, Any]:
    for name in ("manifest.json", "config.json"):
        if not (place / name).is_file():
            raise error_for("rating.no_run", folder=str(place), reason=f"it has no {name}")
    try:
        manifest: dict[str, Any] = json.loads((place / "manifest.json").read_text("utf-8"))
        manifest["base_dir"], manifest["ran"]["engine"]["name"], manifest["fingerprint"]["digest"]
    except (ValueError, KeyError, TypeError) as error:
        raise error_for("rating.no_run", folder=str(place), reason=f"manifest.json is damaged ({error})") from error
    return manifest
