"""`omega run`: the whole flow of one config: load, check, run, rate, export."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from omega.cli.config import AsJson, ConfigFile, Overrides
from omega.cli.failures import DONE, FAILED, is_misnamed_strategy
from omega.cli.output import print_json
from omega.cli.progress import progress
from omega.errors import StrategyError

if TYPE_CHECKING:
    from omega.config import RunConfig
    from omega.runner import FinishedRun

__all__ = ["BackendChoice", "run"]


class BackendChoice(StrEnum):
    """Values of --backend."""

    AUTO = "auto"
    RUST = "rust"
    PYTHON = "python"
    COMPARE = "compare"


Backend = Annotated[
    BackendChoice,
    typer.Option("--backend", help="Which half runs; compare runs both and reports the first difference."),
]
Out = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Folder of the runs; default: output.dir.")]
RunId = Annotated[str | None, typer.Option("--run-id", metavar="ID", help="Name of the run's own folder.")]
Force = Annotated[bool, typer.Option("--force", help="Replace the run that --run-id names.")]


def run(  # noqa: PLR0913 - one parameter per option
    config: ConfigFile,
    *,
    overrides: Overrides = None,
    backend: Backend = BackendChoice.AUTO,
    out: Out = None,
    run_id: RunId = None,
    force: Force = False,
    as_json: AsJson = False,
) -> int:
    """Run a backtest, rate it and store its results."""
    from omega.config import load_config

    compares = backend is BackendChoice.COMPARE
    if compares and (out is not None or run_id is not None or force):
        raise typer.BadParameter("compare writes nothing: leave out --out, --run-id and --force")
    checked = load_config(config, overrides or [])  # refused before anything heavy is imported
    if compares:
        with _place_of(config):
            return _compare(checked, config.parent, as_json=as_json)

    from omega.runner import run_config

    with _place_of(config), progress() as report:
        finished = run_config(
            checked,
            base_dir=config.parent,
            backend=backend.value,
            out=out,
            run_id=run_id,
            force=force,
            on_step=report.on_step,
            on_progress=report.on_progress,
        )
    if as_json:
        print_json(_document(finished))
    else:
        timings = ", ".join(f"{step} {seconds:.2f} s" for step, seconds in finished.seconds.items())
        print(f"{finished.result}\n\n{finished.rating}\n\ntimings: {timings}\nresults: {finished.folder}")
    return DONE


@contextmanager
def _place_of(config: Path) -> Iterator[None]:
    """Say which key of which file names a strategy, or a parameter, that does not exist."""
    try:
        yield
    except StrategyError as error:
        if is_misnamed_strategy(error):
            key = "strategy.class" if error.code == "strategy.not_found" else "strategy.parameters"
            error.add_note(f"in {config}: {key}")
        raise


def _compare(config: RunConfig, base_dir: Path, *, as_json: bool) -> int:
    from omega.runner import compare_backends

    with progress() as report:
        comparison = compare_backends(config, base_dir=base_dir, on_step=report.on_step)
    identical = comparison.difference is None
    if as_json:
        print_json({"identical": identical, "message": str(comparison)})
    else:
        print(comparison)
    return DONE if identical else FAILED


def _document(finished: FinishedRun) -> dict[str, Any]:
    """Return the stored documents of a run in one."""
    names = ("metrics", "rating", "diagnostics", "manifest")
    documents = {name: json.loads((finished.folder / f"{name}.json").read_text("utf-8")) for name in names}
    return {"run_id": finished.run_id, "folder": str(finished.folder), **documents}
