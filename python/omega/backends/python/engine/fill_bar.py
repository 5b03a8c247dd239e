"""The moment at which requests of a step fill, and the last prices known then (LOOP-2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from omega.schema import Moment

if TYPE_CHECKING:
    from omega.backends.python.engine.simulation import Simulation


@dataclass(frozen=True, slots=True)
class FillBar:
    """Where requests of a step fill: the bar the fill is named after, its time and both quotes."""

    bar_idx: int
    time_us: int
    bid: int
    ask: int
    spread_points: int
    moment: Moment


@dataclass(frozen=True, slots=True)
class Known:
    """The last prices known when a bar opens, in points."""

    bid: int
    ask: int

    @property
    def spread(self) -> int:
        """Ask minus bid."""
        return self.ask - self.bid


def fill_bar(simulation: Simulation, bar_idx: int) -> FillBar:
    """Return where requests working in step `bar_idx` fill (LOOP-2)."""
    series = simulation.series
    if simulation.plan.signal_close:
        before = bar_idx - 1
        return FillBar(
            bar_idx=before,
            time_us=series.close_time_us[before],
            bid=series.bid.close[before],
            ask=series.ask.close[before],
            spread_points=series.ask.open[before] - series.bid.open[before],
            moment=Moment.CLOSE,
        )
    return FillBar(
        bar_idx=bar_idx,
        time_us=series.time_us[bar_idx],
        bid=series.bid.open[bar_idx],
        ask=series.ask.open[bar_idx],
        spread_points=series.ask.open[bar_idx] - series.bid.open[bar_idx],
        moment=Moment.OPEN,
    )


def known_bar(simulation: Simulation, bar_idx: int) -> Known:
    """Return the close of the bar before; the open of the first bar (LOOP step 2, "last known")."""
    series = simulation.series
    if bar_idx == 0:
        return Known(series.bid.open[0], series.ask.open[0])
    return Known(series.bid.close[bar_idx - 1], series.ask.close[bar_idx - 1])
