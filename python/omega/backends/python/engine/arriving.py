"""Requests that arrive inside a bar, and the parts into which they cut it (FIL-13)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omega.backends.python.engine import finer, passes
from omega.backends.python.engine.fill_bar import FillBar, Known, known_before
from omega.backends.python.engine.pass_bar import PassBar, close_of, part_of
from omega.backends.python.engine.signals import Request
from omega.backends.python.execution.path import FINER
from omega.schema import Moment

if TYPE_CHECKING:
    from omega.backends.python.engine.simulation import Simulation


def run(simulation: Simulation, whole: PassBar) -> None:
    """Let a bar in which requests arrive fill and close what it reaches, part by part.

    Finer data that miss a level which the bar reached are not believed: the bar is decided whole and counted, and
    what arrives in it works at its close.
    """
    requests, simulation.arriving = simulation.arriving, []
    rows = finer.rows_inside(simulation, whole)
    bars = finer.bars_of(simulation, whole, rows)
    if finer.Levels(simulation).are_missed(whole, bars):
        simulation.finer_missing_count += 1
        passes.run_passes(simulation, whole, whole)
        last = close_of(whole)
        _let_arrive(simulation, requests, last, whole.close_time_us, Known(whole.bid.close, whole.ask.close))
        passes.run_passes(simulation, last, last)
        return
    for part in _cut(rows, requests):
        bar = part_of(bars[part.start - rows.start : part.stop - rows.start])
        arrived = [request for request in requests if request.finer_idx == part.start]
        if arrived:
            series = simulation.market.finer
            assert series is not None
            _let_arrive(simulation, arrived, bar, series.time_us[part.start], known_before(series, part.start))
        if simulation.plan.intrabar == FINER:
            finer.run(simulation, bar, part)
        else:
            passes.run_passes(simulation, bar, bar)


def _cut(rows: range, requests: list[Request]) -> list[range]:
    """Return the parts of a bar, as rows of its finer bars: each but the first begins where something arrives."""
    arrivals = [request.finer_idx for request in requests if request.finer_idx is not None]
    starts = list(dict.fromkeys([rows.start, *arrivals]))
    return [range(start, end) for start, end in zip(starts, [*starts[1:], rows.stop], strict=True)]


def _let_arrive(simulation: Simulation, requests: list[Request], bar: PassBar, quoted_us: int, known: Known) -> None:
    """Work through what arrives at the open of a part: as LOOP step 2 does with requests."""
    moment = FillBar(
        step=bar.bar_idx,
        bar_idx=bar.bar_idx,
        time_us=bar.time_us,
        quoted_us=quoted_us,
        bid=bar.bid.open,
        ask=bar.ask.open,
        spread_points=bar.opening_spread,
        moment=Moment.INSIDE,
        known=known,
    )
    simulation.apply_changes(moment, requests)
    simulation.close_requested(moment, requests)
    simulation.open_requested(moment, requests)
