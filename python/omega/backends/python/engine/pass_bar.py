"""One bar as step 3 looks at it: a bar of the step timeframe, a finer one inside it, or a part (FIL-7, FIL-13)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from omega.backends.python.market import Ohlc, Series, ohlc_at


@dataclass(frozen=True, slots=True)
class PassBar:
    """Both sides of a bar. `bar_idx` and the times are those of the step, which name its fills.

    `is_part` marks a finer bar, `is_later` one that opens after the step does: its open lies inside the bar.
    """

    bar_idx: int
    time_us: int
    close_time_us: int
    bid: Ohlc
    ask: Ohlc
    intrabar: str
    is_part: bool = False
    is_later: bool = False

    def closing_side(self, direction: int) -> Ohlc:
        """Return the side on which positions of a direction close."""
        return self.bid if direction > 0 else self.ask

    def order_side(self, direction: int) -> Ohlc:
        """Return the side on which orders of a direction fill."""
        return self.ask if direction > 0 else self.bid

    @property
    def opening_spread(self) -> int:
        """Ask minus bid at the open (CST-5)."""
        return self.ask.open - self.bid.open

    @property
    def has_one_spread(self) -> bool:
        """Whether the spread is the same for all four prices, so that both sides move as one (FIL-8)."""
        spread = self.opening_spread
        return (
            self.ask.high - self.bid.high == spread
            and self.ask.low - self.bid.low == spread
            and self.ask.close - self.bid.close == spread
        )


def pass_bar(series: Series, bar_idx: int, intrabar: str) -> PassBar:
    """Return a bar of the step timeframe."""
    return PassBar(
        bar_idx=bar_idx,
        time_us=series.time_us[bar_idx],
        close_time_us=series.close_time_us[bar_idx],
        bid=ohlc_at(series.bid, bar_idx),
        ask=ohlc_at(series.ask, bar_idx),
        intrabar=intrabar,
    )


def finer_bar(step: PassBar, series: Series, idx: int) -> PassBar:
    """Return a finer bar inside `step`; its fills are named after the step's bar."""
    return PassBar(
        bar_idx=step.bar_idx,
        time_us=step.time_us,
        close_time_us=step.close_time_us,
        bid=ohlc_at(series.bid, idx),
        ask=ohlc_at(series.ask, idx),
        intrabar=step.intrabar,
        is_part=True,
        is_later=series.time_us[idx] > step.time_us,
    )


def part_of(bars: Sequence[PassBar]) -> PassBar:
    """Return finer bars that follow each other as one bar, which is none of the finer ones."""
    first = bars[0]
    bid, ask = _joined([bar.bid for bar in bars]), _joined([bar.ask for bar in bars])
    return replace(first, bid=bid, ask=ask, is_part=False)


def close_of(bar: PassBar) -> PassBar:
    """Return what is left of a bar when it closes: its last price."""
    bid, ask = (Ohlc(side.close, side.close, side.close, side.close) for side in (bar.bid, bar.ask))
    return replace(bar, bid=bid, ask=ask, is_later=True)


def _joined(sides: Sequence[Ohlc]) -> Ohlc:
    return Ohlc(sides[0].open, max(side.high for side in sides), min(side.low for side in sides), sides[-1].close)
