"""Rollovers: swap accrues on every position that is open at 17:00 New York (LOOP step 1, SWP-1).

The calendar says when that was; a gap may hold several rollovers.
"""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING

from omega.backends.python.execution.swap import Night, nightly_amount

if TYPE_CHECKING:
    from omega.backends.python.engine.simulation import Simulation


def accrue(simulation: Simulation, until_us: int, mark_bar_idx: int) -> None:
    """Accrue every rollover after the open of bar `mark_bar_idx` and not after `until_us`.

    Positions are those open now; their mark is the closing-side close of that bar. Nothing accrues before
    the first bar.
    """
    table = simulation.swaps
    if table is None or mark_bar_idx < 0:
        return
    calendar = simulation.market.calendar
    series = simulation.series
    row = bisect.bisect_right(calendar["rollover_time"], series.time_us[mark_bar_idx])
    while row < len(calendar["rollover_time"]) and calendar["rollover_time"][row] <= until_us:
        fx_day = calendar["fx_day"][row]
        night = Night(fx_day, table.multipliers[calendar["weekday"][row]])
        factors = simulation.exchange.worth().factors
        for position in simulation.positions:
            side = series.bid if position.direction > 0 else series.ask
            amount = nightly_amount(table, position, side.close[mark_bar_idx], night, factors)
            if amount == 0:
                continue
            position.accrued_swap += amount
            simulation.records.write(
                "swaps",
                calendar["rollover_time"][row],
                fx_day,
                position.id,
                position.symbol,
                night.multiplier,
                amount,
                simulation.books.equity_row,
            )
        row += 1
