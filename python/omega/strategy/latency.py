"""How long a close that was asked for is still on its way (FIL-13).

The engine knows it by its requests; a strategy is only shown positions, of which some are closing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Latency"]

Int64s = npt.NDArray[np.int64]


class Latency:
    """By how much the requests of a run are late: by whole bars, or to the first price after the latency."""

    def __init__(self, plan: Any, tables: Any) -> None:
        """Read the latency of a plan.

        Args:
            plan: The plan as a mapping: its `execution`.
            tables: The run's `MarketTables`.
        """
        execution = plan["execution"]
        bars = tables.series[0]
        self._delay_us = int(execution.get("latency_us", 0))
        self._bars = self._delay_us // int(_times(bars.slice(0, 1), "close_time")[0] - _times(bars.slice(0, 1))[0])
        self._prices_us: Int64s | None = None
        if self._delay_us and execution.get("fill") != "signal_close" and tables.finer is not None:
            self._opens_us = _times(bars)
            finer_us = _times(tables.finer)
            lies_in = np.searchsorted(self._opens_us, finer_us, side="right") - 1
            is_inside = (lies_in >= 0) & (finer_us < _times(bars, "close_time")[lies_in])
            self._prices_us = np.union1d(self._opens_us, finer_us[is_inside])
        self.is_late = self._bars > 0 or self._prices_us is not None

    def is_waiting(self, decided_on: int, cursor: int) -> bool:
        """Return whether what was decided on a bar has not worked when the strategy is asked about a later one."""
        if self._prices_us is None or decided_on + 1 >= len(self._opens_us):
            return decided_on >= cursor - self._bars
        if cursor + 1 >= len(self._opens_us):
            return False
        arrives_us = self._opens_us[decided_on + 1] + self._delay_us
        place = int(np.searchsorted(self._prices_us, arrives_us))
        return place == len(self._prices_us) or bool(self._prices_us[place] >= self._opens_us[cursor + 1])


def _times(bars: Any, name: str = "time") -> Int64s:
    return np.asarray(bars.column(name).combine_chunks().cast("int64"))
