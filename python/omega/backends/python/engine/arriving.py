"""Requests that arrive inside a bar, and the parts into which they cut it (FIL-13)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omega.backends.python.engine import finer, passes
from omega.backends.python.engine.fill_bar import FillBar, Known, known_before
from omega.backends.python.engine.pass_bar import PassBar, part_of
from omega.backends.python.engine.signals import Request
from omega.backends.python.execution.path import FINER
from omega.backends.python.market import Series
from omega.schema import Moment

if TYPE_CHECKING:
    from omega.backends.python.engine.simulation import Simulation


def run(simulation: Simulation, whole: PassBar) -> None:
    """Let a bar in which requests arrive fill and close what it reaches, part by part.

    Finer data that miss a level which the bar reached are not believed: the bar is decided whole and counted, and
    what arrives in it works at its close.
    """
    requests, simulation.arriving = simulation.arriving, []
    series = simulation.market.finer
    assert series is not None
    rows = finer.rows_inside(simulation, whole)
    bars = finer.bars_of(simulation, whole, rows)
    if finer.Levels(simulation).are_missed(whole, bars):
        simulation.finer_missing_count += 1
        passes.run_passes(simulation, whole, whole)
        _work(simulation, requests, _at_close(whole))
        # What arrived was there before the next bar opens.
        simulation.pass_number += 1
        return
    for part in _cut(rows, requests):
        bar = part_of(bars[part.start - rows.start : part.stop - rows.start])
        arrived = [request for request in requests if request.finer_idx == part.start]
        if arrived:
            _work(simulation, arrived, _at_open(bar, series, part.start, is_first=part.start == rows.start))
        if simulation.plan.intrabar == FINER:
            finer.run(simulation, bar, part)
        else:
            passes.run_passes(simulation, bar, bar)


def _cut(rows: range, requests: list[Request]) -> list[range]:
    """Return the parts of a bar, as rows of its finer bars: each but the first begins where something arrives."""
    arrivals = [request.finer_idx for request in requests if request.finer_idx is not None]
    starts = list(dict.fromkeys([rows.start, *arrivals]))
    return [range(start, end) for start, end in zip(starts, [*starts[1:], rows.stop], strict=True)]


def _work(simulation: Simulation, requests: list[Request], moment: FillBar) -> None:
    """Work through what arrives at a moment: as LOOP step 2 does with requests."""
    simulation.apply_changes(moment, requests)
    simulation.close_requested(moment, requests)
    simulation.open_requested(moment, requests)


def _at_open(bar: PassBar, series: Series, row: int, *, is_first: bool) -> FillBar:
    """Return the open of a part, whose first finer bar is `row`; before the first of all the bar before is known."""
    known = None if is_first else known_before(series, row)
    return _inside(bar, Known(bar.bid.open, bar.ask.open), series.time_us[row], known)


def _at_close(bar: PassBar) -> FillBar:
    """Return the close of a bar, the only price after an arrival that is certain; its memo is the bar's (CST-5)."""
    last = Known(bar.bid.close, bar.ask.close)
    return _inside(bar, last, bar.close_time_us, last)


def _inside(bar: PassBar, quotes: Known, quoted_us: int, known: Known | None) -> FillBar:
    return FillBar(
        step=bar.bar_idx,
        bar_idx=bar.bar_idx,
        time_us=bar.time_us,
        quoted_us=quoted_us,
        bid=quotes.bid,
        ask=quotes.ask,
        spread_points=bar.opening_spread,
        moment=Moment.INSIDE,
        known=known,
    )
