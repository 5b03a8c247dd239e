//! One bar as step 3 looks at it: a bar of the step timeframe, a finer one inside it, or a part (FIL-7, FIL-13).

use std::hint::select_unpredictable;

use crate::market::{Ohlc, Series, ohlc_at};
use crate::plan::Intrabar;

/// Both sides of a bar. `bar_idx` and the time are those of the step, which name its fills.
#[derive(Clone, Copy, Debug)]
pub struct PassBar {
    /// Bar of the step.
    pub bar_idx: usize,
    /// Its open time.
    pub time_us: i64,
    /// Bid side.
    pub bid: Ohlc,
    /// Ask side.
    pub ask: Ohlc,
    /// What happens inside it.
    pub intrabar: Intrabar,
    /// Whether it is a finer bar.
    pub is_part: bool,
    /// Whether it opens after the step does: its open lies inside the bar.
    pub is_later: bool,
}

impl PassBar {
    /// The side on which positions of a direction close.
    #[must_use]
    pub fn closing_side(&self, direction: i64) -> &Ohlc {
        select_unpredictable(direction > 0, &self.bid, &self.ask)
    }

    /// The side on which orders of a direction fill.
    #[must_use]
    pub fn order_side(&self, direction: i64) -> &Ohlc {
        select_unpredictable(direction > 0, &self.ask, &self.bid)
    }

    /// Ask minus bid at the open (CST-5).
    #[must_use]
    pub fn opening_spread(&self) -> i64 {
        self.ask.open - self.bid.open
    }

    /// Whether the spread is the same for all four prices, so that both sides move as one (FIL-8).
    #[must_use]
    pub fn has_one_spread(&self) -> bool {
        let spread = self.opening_spread();
        self.ask.high - self.bid.high == spread
            && self.ask.low - self.bid.low == spread
            && self.ask.close - self.bid.close == spread
    }
}

/// Returns a bar of the step timeframe.
#[must_use]
pub fn pass_bar(series: &Series, bar_idx: usize, intrabar: Intrabar) -> PassBar {
    PassBar {
        bar_idx,
        time_us: series.time_us[bar_idx],
        bid: ohlc_at(&series.bid, bar_idx),
        ask: ohlc_at(&series.ask, bar_idx),
        intrabar,
        is_part: false,
        is_later: false,
    }
}

/// Returns a finer bar inside `step`; its fills are named after the step's bar.
#[must_use]
pub fn finer_bar(step: &PassBar, series: &Series, idx: usize) -> PassBar {
    PassBar {
        bid: ohlc_at(&series.bid, idx),
        ask: ohlc_at(&series.ask, idx),
        is_part: true,
        is_later: series.time_us[idx] > step.time_us,
        ..*step
    }
}

/// Returns finer bars that follow each other as one bar, which is none of the finer ones.
#[must_use]
pub fn part_of(bars: &[PassBar]) -> PassBar {
    let mut part = bars[0];
    for bar in &bars[1..] {
        join(&mut part.bid, &bar.bid);
        join(&mut part.ask, &bar.ask);
    }
    part.is_part = false;
    part
}

/// Returns what is left of a bar when it closes: its last price.
#[must_use]
pub fn close_of(bar: &PassBar) -> PassBar {
    let last = |side: &Ohlc| Ohlc { open: side.close, high: side.close, low: side.close, close: side.close };
    PassBar { bid: last(&bar.bid), ask: last(&bar.ask), is_later: true, ..*bar }
}

fn join(side: &mut Ohlc, next: &Ohlc) {
    (side.high, side.low, side.close) = (side.high.max(next.high), side.low.min(next.low), next.close);
}
