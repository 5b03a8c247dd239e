"""`omega run`: the whole flow of one config: load, check, run, rate, export."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from omega.cli.config import ConfigFile, Overrides
from omega.cli.output import print_json

__all__ = ["BackendChoice", "run"]

_QUIET_SECONDS = 1.0


class BackendChoice(str, Enum):
    """Values of --backend."""

    auto = "auto"
    rust = "rust"
    python = "python"
    compare = "compare"


def run(
    config: ConfigFile,
    *,
    overrides: Overrides = None,
    backend: Annotated[
        BackendChoice, typer.Option(help="Which half runs; compare runs both and reports the first difference.")
    ] = BackendChoice.auto,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the runs; output.dir if not given.")
    ] = None,
    run_id: Annotated[str | None, typer.Option(metavar="ID", help="Name of the run's folder.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the run of that --run-id.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> int:
    """Run a backtest and store its results."""
    from omega.config import load_config, resolve

    if force and run_id is None:
        raise typer.BadParameter("--force replaces a run that --run-id names; give both")
    resolved = resolve(load_config(config, overrides or ()), base_dir=config.parent)
    if backend is BackendChoice.compare:
        return _compare(resolved, as_json=as_json)
    return 0
