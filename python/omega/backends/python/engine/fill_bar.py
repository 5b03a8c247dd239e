"""The moment at which requests of a step fill, and the last prices known then (LOOP-2, FIL-13)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from omega.backends.python.market import Series
from omega.schema import Moment

if TYPE_CHECKING:
    from omega.backends.python.engine.simulation import Simulation


@dataclass(frozen=True, slots=True)
class Known:
    """The last prices known at a moment, in points."""

    bid: int
    ask: int

    @property
    def spread(self) -> int:
        """Ask minus bid."""
        return self.ask - self.bid


@dataclass(frozen=True, slots=True)
class FillBar:
    """Where requests of a step fill: the bar the fill is named after, its time and both quotes.

    Attributes:
        step: The step in which they fill, the first in which orders among them work.
        quoted_us: When the quotes were made; inside a bar that is later than its time.
        known: What was known before, where that is not what the bar before the step left.
    """

    step: int
    bar_idx: int
    time_us: int
    quoted_us: int
    bid: int
    ask: int
    spread_points: int
    moment: Moment
    known: Known | None = None


def fill_bar(simulation: Simulation, step: int) -> FillBar:
    """Return where requests working at the open of a step fill (LOOP-2)."""
    series, is_close = simulation.series, simulation.plan.signal_close
    named = step - 1 if is_close else step
    return FillBar(
        step=step,
        bar_idx=named,
        time_us=(series.close_time_us if is_close else series.time_us)[named],
        quoted_us=series.time_us[step],
        bid=(series.bid.close if is_close else series.bid.open)[named],
        ask=(series.ask.close if is_close else series.ask.open)[named],
        spread_points=series.ask.open[named] - series.bid.open[named],
        moment=Moment.CLOSE if is_close else Moment.OPEN,
    )


def known_at(simulation: Simulation, fill_bar: FillBar) -> Known:
    """Return the close of the bar before; the open of the first bar (LOOP step 2, "last known")."""
    if fill_bar.known is not None:
        return fill_bar.known
    return known_before(simulation.series, fill_bar.step)


def known_before(series: Series, idx: int) -> Known:
    """Return what the bar before one of a series left known."""
    if idx == 0:
        return Known(series.bid.open[0], series.ask.open[0])
    return Known(series.bid.close[idx - 1], series.ask.close[idx - 1])
