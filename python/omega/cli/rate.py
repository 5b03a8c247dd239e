"""`omega rate`: a stored run rated again, with other weights or more resamples."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from omega.cli.config import AsJson
from omega.cli.failures import DONE
from omega.cli.output import print_json
from omega.cli.progress import progress

__all__ = ["rate"]

Run = Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a stored run.", show_default=False)]
Weights = Annotated[
    Path | None,
    typer.Option("--weights", metavar="FILE", help="Table of weights (JSON, TOML or YAML); others keep their default."),
]
Samples = Annotated[int | None, typer.Option("--samples", metavar="N", min=1, max=10**7, help="Monte Carlo resamples.")]


def rate(run: Run, *, weights: Weights = None, samples: Samples = None, as_json: AsJson = False) -> int:
    """Rate a stored run again, and say in plain words how far it may be trusted. The folder is only read."""
    from omega.runner import rate_stored

    with progress() as report:
        rating = rate_stored(
            run, weights=weights, samples=samples, on_step=report.on_step, on_progress=report.on_progress
        )
    if as_json:
        print_json(rating.to_dict())
    else:
        print(f"{rating}\n\n{rating.explain()}")
    return DONE
