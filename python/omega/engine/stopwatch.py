"""Wall time by step. Lives outside the run: nothing in it can change a result."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

__all__ = ["Stopwatch"]


class Stopwatch:
    """Seconds by step name; a step measured inside another counts for itself only."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._inner = [0.0]

    @contextlib.contextmanager
    def measure(self, step: str) -> Iterator[None]:
        """Add the time spent inside to `step`."""
        self._inner.append(0.0)
        begin = time.perf_counter()
        try:
            yield
        finally:
            elapsed = time.perf_counter() - begin
            own = elapsed - self._inner.pop()
            self._inner[-1] += elapsed
            self.seconds[step] = self.seconds.get(step, 0.0) + own
