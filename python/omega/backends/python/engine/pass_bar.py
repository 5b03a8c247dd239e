"""One bar as step 3 looks at it: a bar of the step timeframe, a finer one inside it, or a part (FIL-7, FIL-13)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from omega.backends.python.market import Ohlc, Series, ohlc_at


@dataclass(frozen=True, slots=True)
class PassBar:
    """Both sides of a bar. `bar_idx` and the times are those of the step, which name its fills.

    `is_finer` marks a finer bar; `is_later` what opens after the step does, so that its fills are inside the bar;
    `is_inner` a finer bar that opens after the bar, or part of one, that it is a piece of.
    """

    bar_idx: int
    time_us: int
    close_time_us: int
    bid: Ohlc
    ask: Ohlc
    intrabar: str
    is_finer: bool = False
    is_later: bool = False
    is_inner: bool = False

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


def finer_bar(whole: PassBar, series: Series, idx: int) -> PassBar:
    """Return a finer bar inside a bar of the step timeframe, after which its fills are named."""
    is_later = series.time_us[idx] > whole.time_us
    return PassBar(
        bar_idx=whole.bar_idx,
        time_us=whole.time_us,
        close_time_us=whole.close_time_us,
        bid=ohlc_at(series.bid, idx),
        ask=ohlc_at(series.ask, idx),
        intrabar=whole.intrabar,
        is_finer=True,
        is_later=is_later,
        is_inner=is_later,
    )


def part_of(bars: Sequence[PassBar]) -> PassBar:
    """Return finer bars that follow each other as one bar, which is none of the finer ones."""
    first = bars[0]
    bid, ask = _joined([bar.bid for bar in bars]), _joined([bar.ask for bar in bars])
    return replace(first, bid=bid, ask=ask, is_finer=False, is_inner=False)


def _joined(sides: Sequence[Ohlc]) -> Ohlc:
    return Ohlc(sides[0].open, max(side.high for side in sides), min(side.low for side in sides), sides[-1].close)
