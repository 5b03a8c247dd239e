"""Bid and ask of one series brought together (RES-2), and quotes that cross (CHK-1b).

Rows are matched by time, inner. What one side lacks is dropped and counted, up to a limit; crossed
quotes are refused unless the caller says what to do with them. New arrays are made, none is changed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from omega.data.calendar import Int64s, iso_text
from omega.data.checks import Floats, Int32s, SideBars
from omega.data.reading import PRICES
from omega.errors import error_for

__all__ = ["BaseBars", "Note", "Prices", "Repairs", "pair"]

Prices = tuple[Int32s, Int32s, Int32s, Int32s]
_LISTED = 20


@dataclass(frozen=True, slots=True)
class Repairs:
    """What the caller allows to be mended, all off by default.

    Attributes:
        crossed: What to do with bid above ask: refuse, drop the bar, or widen (raise the ask to the bid).
        duplicates: What to do with a time that appears twice.
        max_unpaired: Largest tolerated share of bars with one side only, 0 to 1.
        snap: Move prices to the grid of the symbol.
    """

    crossed: Literal["refuse", "drop", "widen"] = "refuse"
    duplicates: Literal["refuse", "keep_first", "keep_last"] = "refuse"
    max_unpaired: float = 0.001
    snap: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """Something that was tolerated or repaired on request.

    Attributes:
        code: Code of the error catalogue, class Note.
        count: How many rows, values or bars.
        detail: Where, in words.
    """

    code: str
    count: int
    detail: str


@dataclass(frozen=True, slots=True, eq=False)
class BaseBars:
    """The finest loaded bars of one symbol, both sides where the source has them.

    Attributes:
        time: Open times, UTC microseconds, ascending, shape (n,).
        bid: Open, high, low, close in points.
        ask: The same, or None for data with one side.
        spread: Stored spread in points, or None.
        volume: Volume of the bid side, NaN where the source has none.
    """

    time: Int64s
    bid: Prices
    ask: Prices | None
    spread: Int32s | None
    volume: Floats

    def rows(self, rows: slice | npt.NDArray[np.generic]) -> BaseBars:
        """Return the bars of a slice, an index array or a mask."""
        return BaseBars(
            self.time[rows],
            _taken(self.bid, rows),
            None if self.ask is None else _taken(self.ask, rows),
            None if self.spread is None else self.spread[rows],
            self.volume[rows],
        )


def pair(
    bid: SideBars, ask: SideBars | None, *, where: str, digits: int, repairs: Repairs
) -> tuple[BaseBars, list[Note]]:
    """Return both sides on common times and what had to be noted.

    Raises:
        DataError: ``data.unpaired``, ``data.crossed_quotes``.
    """
    bars = BaseBars(bid.time, bid.prices, None, bid.spread, bid.volume)
    if ask is None:
        return bars, []
    notes = []
    if np.array_equal(bid.time, ask.time):
        bars = replace(bars, ask=ask.prices)
    else:
        common, in_bid, in_ask = np.intersect1d(bid.time, ask.time, assume_unique=True, return_indices=True)
        notes.append(_note_unpaired(bid, ask, common, where=where, limit=repairs.max_unpaired))
        bars = replace(bars.rows(in_bid), ask=_taken(ask.prices, in_ask))
    assert bars.ask is not None
    crossings = [bid_side > ask_side for bid_side, ask_side in zip(bars.bid, bars.ask, strict=True)]
    if not any(mask.any() for mask in crossings):
        return bars, notes
    if repairs.crossed == "refuse":
        _refuse_crossed(bars, crossings, where=where, digits=digits)
    detail = f"{where}: " + ", ".join(f"{name} {int(mask.sum())}" for name, mask in zip(PRICES, crossings, strict=True))
    anywhere = np.logical_or.reduce(crossings)
    if repairs.crossed == "drop":
        notes.append(Note("data.crossed_dropped", int(anywhere.sum()), detail))
        return bars.rows(~anywhere), notes
    open_, high, low, close = (np.maximum(b, a) for b, a in zip(bars.bid, bars.ask, strict=True))
    notes.append(Note("data.crossed_widened", int(anywhere.sum()), detail))
    return replace(bars, ask=(open_, high, low, close)), notes


def _note_unpaired(bid: SideBars, ask: SideBars, common: Int64s, *, where: str, limit: float) -> Note:
    unpaired = np.setxor1d(bid.time, ask.time, assume_unique=True)
    total = len(common) + len(unpaired)
    first = int(unpaired[0])
    side, times = ("bid", bid.time) if first in bid.time else ("ask", ask.time)
    if len(unpaired) > limit * total:
        raise error_for(
            "data.unpaired",
            where=where,
            row=int(np.searchsorted(times, first)),
            time_us=first,
            side=side,
            count=len(unpaired),
            total=total,
            limit=limit,
        )
    listed = ", ".join(iso_text(int(moment)) for moment in unpaired[:_LISTED])
    more = f" and {len(unpaired) - _LISTED} more" if len(unpaired) > _LISTED else ""
    return Note("data.unpaired_dropped", len(unpaired), f"{where}: {listed}{more}")


def _refuse_crossed(bars: BaseBars, crossings: list[npt.NDArray[np.bool_]], *, where: str, digits: int) -> None:
    assert bars.ask is not None
    anywhere = np.logical_or.reduce(crossings)
    row = int(np.argmax(anywhere))
    side = next(idx for idx, mask in enumerate(crossings) if mask[row])
    count, total = int(anywhere.sum()), len(bars.time)
    mend = "Bid and ask look swapped." if 2 * count > total else 'Load with crossed="drop" or crossed="widen".'
    raise error_for(
        "data.crossed_quotes",
        where=where,
        row=row,
        time_us=int(bars.time[row]),
        column=PRICES[side],
        value=f"{bars.bid[side][row] / 10**digits:.{digits}f}",
        other=f"{bars.ask[side][row] / 10**digits:.{digits}f}",
        count=count,
        total=total,
        mend=mend,
    )


def _taken(prices: Prices, rows: slice | npt.NDArray[np.generic]) -> Prices:
    open_, high, low, close = prices
    return open_[rows], high[rows], low[rows], close[rows]
