"""Where a run stands, on stderr: a line that moves in a terminal, silence in a pipe (API-7)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

__all__ = ["Progress", "progress"]


class Progress:
    """Receives what a run reports: the step it is in, and how many bars are done."""

    def __init__(self, display: Any = None) -> None:
        self._display = display
        self._task = None if display is None else display.add_task("", total=None)

    def on_step(self, name: str) -> None:
        """Show the step that begins."""
        if self._display is not None:
            self._display.reset(self._task, description=name, total=None)

    def on_progress(self, done: int, total: int) -> None:
        """Show how much of the step is done."""
        if self._display is not None:
            self._display.update(self._task, completed=done, total=total)


@contextmanager
def progress(stream: TextIO | None = None) -> Iterator[Progress]:
    """Give a `Progress` that draws on `stream` if that is a terminal; the drawing is wiped at the end."""
    stream = stream or sys.stderr
    if not stream.isatty():
        yield Progress()
        return
    from rich.console import Console
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Display

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Display(*columns, console=Console(file=stream), transient=True) as display:
        yield Progress(display)
