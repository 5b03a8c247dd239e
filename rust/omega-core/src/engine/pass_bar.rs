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
    pub is_finer: bool,
    /// Whether it opens after the step does, so that its fills are inside the bar.
    pub is_later: bool,
    /// Whether it is a finer bar that opens after the bar, or part of one, that it is a piece of.
    pub is_inner: bool,
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
        is_finer: false,
        is_later: false,
        is_inner: false,
    }
}

/// Returns a finer bar inside a bar of the step timeframe, after which its fills are named.
#[must_use]
pub fn finer_bar(whole: &PassBar, series: &Series, idx: usize) -> PassBar {
    let is_later = series.time_us[idx] > whole.time_us;
    PassBar {
        bid: ohlc_at(&series.bid, idx),
        ask: ohlc_at(&series.ask, idx),
        is_finer: true,
        is_later,
        is_inner: is_later,
        ..*whole
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
    (part.is_finer, part.is_inner) = (false, false);
    part
}

fn join(side: &mut Ohlc, next: &Ohlc) {
    (side.high, side.low, side.close) = (side.high.max(next.high), side.low.min(next.low), next.close);
}
