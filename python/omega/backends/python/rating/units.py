"""What a resample draws as a whole: single trades, or all trades closed in one FX day or week (RAT-4).

Trades that overlap share their luck; drawn one by one they would seem independent.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from omega.backends.python.metrics.columns import Trades
from omega.backends.python.metrics.totals import DAY_US
from omega.schema import ExitReason


class Unit(NamedTuple):
    """What is drawn as a whole, its trades in closing order.

    Attributes:
        net: Sum of its trades.
        high: Highest running sum after one of its trades.
        low: Lowest running sum after one of its trades.
        drawdown: Largest fall from one running sum to a later one, >= 0.
        r_sum: Sum of the R of its trades, those without one left out.
    """

    net: int
    high: int
    low: int
    drawdown: int
    r_sum: float


def positions_overlap(trades: Trades) -> bool:
    """Return whether two trades were ever open together.

    Entries of a step come before its level exits and after its requested closes (LOOP), so at equal times
    a trade entered where another was closed by signal does not overlap it, and one that hit a level does.
    """
    spans = sorted(
        (2 * entry, 2 * leave + (0 if reason == ExitReason.SIGNAL else 1))
        for entry, leave, reason in zip(trades.entry_time, trades.exit_time, trades.reason, strict=True)
    )
    open_until: int | None = None
    for entry, leave in spans:
        if open_until is not None and entry < open_until:
            return True
        if open_until is None or leave > open_until:
            open_until = leave
    return False


def single_units(trades: Trades) -> list[Unit]:
    """Return one unit per trade."""
    return [
        Unit(net, net, net, 0, 0.0 if r is None else r) for net, r in zip(trades.net, trades.r_multiple, strict=True)
    ]


def block_units(trades: Trades, boundaries: Sequence[int], *, by_week: bool) -> list[Unit]:
    """Return one unit per FX day, or week, in which trades closed; weekends with Monday (MET-1).

    A fill at a boundary is the first of the next day; the end of the data closes the day that it ends.
    """
    units: list[Unit] = []
    day = 0
    open_block = -1
    for time, reason, unit in zip(trades.exit_time, trades.reason, single_units(trades), strict=True):
        inside = time - 1 if reason == ExitReason.END_OF_DATA else time
        while day < len(boundaries) and boundaries[day] <= inside:
            day += 1
        end = boundaries[day] if day < len(boundaries) else inside + 1
        block = week_of(end) if by_week else day
        if block == open_block:
            units[len(units) - 1] = joined(units[len(units) - 1], unit)
        else:
            units.append(unit)
            open_block = block
    return units


def week_of(end: int) -> int:
    """Return the number of the week, Monday to Sunday, of the day that ends at this moment."""
    return ((end - 1) // DAY_US + 3) // 7


def joined(unit: Unit, trade: Unit) -> Unit:
    """Return the unit with one more trade at its end."""
    running = unit.net + trade.net
    fall = unit.high - running
    return Unit(
        running,
        running if running > unit.high else unit.high,
        running if running < unit.low else unit.low,
        fall if fall > unit.drawdown else unit.drawdown,
        unit.r_sum + trade.r_sum,
    )


def furthest(units: Sequence[Unit]) -> int:
    """Return the longest way, up or down, that one unit can move the balance."""
    reach = 0
    for unit in units:
        for value in (unit.high, -unit.low, unit.drawdown):
            if value > reach:
                reach = value
    return reach
