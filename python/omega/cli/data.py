"""`omega data`: what can be done with market data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["app", "sample"]

app = typer.Typer(help="Market data.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """Market data."""


@app.command()
def sample(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write it.")] = Path("omega_data"),
) -> None:
    """Write the bundled real data into a folder of your own."""
    from omega.data import write_sample

    for file in write_sample(folder):
        print(file)
