"""`omega explain`: one trade of a stored run in plain words."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from omega.cli.failures import DONE

__all__ = ["explain"]

Run = Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a stored run.", show_default=False)]
Trade = Annotated[int, typer.Argument(metavar="TRADE", help="Id of the trade.", show_default=False)]


def explain(run: Run, trade: Trade) -> int:
    """Say what happened to a trade: every deal, the rule that priced it, and what it cost. The folder is only read."""
    from omega.runner import explain_stored

    print(explain_stored(run, trade))
    return DONE
