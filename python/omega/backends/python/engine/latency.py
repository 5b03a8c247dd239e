"""How late requests are: whole bars, or where there are finer bars the first price after the latency (FIL-13)."""

from __future__ import annotations

import bisect
from dataclasses import dataclass

from omega.backends.python.market import Market, Series
from omega.backends.python.plan import Plan


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where a request works: in step `bar_idx + 1`, at its open or at that of the finer bar `finer_idx`."""

    bar_idx: int
    finer_idx: int | None


class Latency:
    """The way of a request from its decision to the price it meets."""

    def __init__(self, market: Market, plan: Plan) -> None:
        series = market.series[0]
        looks_inside = plan.latency_us > 0 and not plan.signal_close
        self.delay_us = plan.latency_us
        self.bars = plan.latency_us // (series.close_time_us[0] - series.time_us[0])
        self.series = series
        self.finer: Series | None = market.finer if looks_inside else None

    def arrival(self, decided_on: int) -> Arrival:
        """Return where a request works that was decided on a bar; the bar may lie outside the data."""
        leaves = decided_on + 1
        if self.finer is None or not 0 <= leaves < len(self.series.time_us):
            return Arrival(decided_on + self.bars, None)
        arrives_us = self.series.time_us[leaves] + self.delay_us
        step = bisect.bisect_left(self.series.time_us, arrives_us)
        finer_idx = bisect.bisect_left(self.finer.time_us, arrives_us)
        if finer_idx < len(self.finer.time_us) and self.finer.time_us[finer_idx] < self.series.close_time_us[step - 1]:
            return Arrival(step - 2, finer_idx)
        return Arrival(step - 1, None)
