"""A progress bar on stderr: in a terminal, for what takes longer than a second; silent otherwise (API-7)."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

__all__ = ["progress_bar"]

QUIET_SECONDS = 1.0


@contextmanager
def progress_bar(
    label: str, *, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic
) -> Iterator[Callable[[int, int], None] | None]:
    """Yield a callback (done, total) that draws a bar, or None where nobody looks.

    The bar appears after `QUIET_SECONDS` and is wiped at the end, also when the work fails.
    """
    stream = stream or sys.stderr
    if not stream.isatty():
        yield None
        return
    bar = _Bar(label, stream, clock)
    try:
        yield bar.update
    finally:
        bar.stop()


class _Bar:
    def __init__(self, label: str, stream: TextIO, clock: Callable[[], float]) -> None:
        self._label = label
        self._stream = stream
        self._clock = clock
        self._begin = clock()
        self._rich: Any = None
        self._task: Any = None

    def update(self, done: int, total: int) -> None:
        if self._rich is None:
            if self._clock() - self._begin < QUIET_SECONDS:
                return
            from rich.console import Console
            from rich.progress import Progress

            self._rich = Progress(console=Console(file=self._stream), transient=True)
            self._rich.start()
            self._task = self._rich.add_task(self._label, total=total)
        self._rich.update(self._task, completed=done, total=total)

    def stop(self) -> None:
        if self._rich is not None:
            self._rich.stop()
