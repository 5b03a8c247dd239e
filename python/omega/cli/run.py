"""`omega run`: the whole flow of one config: load, check, run, rate, export."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from omega.cli.config import ConfigFile, Overrides
from omega.cli.failures import DONE, FAILED
from omega.cli.output import print_json
from omega.cli.progress import progress_bar

if TYPE_CHECKING:
    from omega.config import ResolvedConfig

__all__ = ["BackendChoice", "run"]
