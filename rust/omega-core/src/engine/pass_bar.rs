//! One bar as step 3 looks at it: a bar of the step timeframe, or a finer one inside it (FIL-7).
//!
//! The twin's holds its eight prices. Here they stay in the market until one side of them is asked for: they lie in
//! eight columns, far apart in memory, and a bar that closes a position needs four of them.

use crate::market::{Market, Ohlc, Prices, Series, ohlc_at};
use crate::plan::Intrabar;

/// Both sides of a bar. `bar_idx` and the time are those of the step, which name its fills.
#[derive(Clone, Copy, Debug)]
pub struct PassBar {
    /// Bar of the step.
    pub bar_idx: usize,
    /// Its open time.
    pub time_us: i64,
    /// Series of its prices.
    pub series_idx: usize,
    /// Their row there.
    pub row: usize,
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
    pub fn closing_side(&self, market: &Market, direction: i64) -> Ohlc {
        let series = &market.series[self.series_idx];
        ohlc_at(if direction > 0 { &series.bid } else { &series.ask }, self.row)
    }

    /// The side on which orders of a direction fill.
    #[must_use]
    pub fn order_side(&self, market: &Market, direction: i64) -> Ohlc {
        self.closing_side(market, -direction)
    }

    /// Ask minus bid at the open (CST-5).
    #[must_use]
    pub fn opening_spread(&self, market: &Market) -> i64 {
        let Series { bid, ask, .. } = &market.series[self.series_idx];
        i64::from(ask.open[self.row]) - i64::from(bid.open[self.row])
    }

    /// Whether the spread is the same for all four prices, so that both sides move as one (FIL-8).
    #[must_use]
    pub fn has_one_spread(&self, market: &Market) -> bool {
        let Series { bid, ask, .. } = &market.series[self.series_idx];
        let spread_of = |ask: &[i32], bid: &[i32]| i64::from(ask[self.row]) - i64::from(bid[self.row]);
        let (bid, ask): (&Prices, &Prices) = (bid, ask);
        let spread = spread_of(&ask.open, &bid.open);
        spread_of(&ask.high, &bid.high) == spread
            && spread_of(&ask.low, &bid.low) == spread
            && spread_of(&ask.close, &bid.close) == spread
    }
}

/// Returns a bar of the step timeframe.
#[must_use]
pub fn pass_bar(series: &Series, bar_idx: usize, intrabar: Intrabar) -> PassBar {
    let (time_us, series_idx) = (series.time_us[bar_idx], 0);
    PassBar { bar_idx, time_us, series_idx, row: bar_idx, intrabar, is_part: false, is_later: false }
}

/// Returns bar `row` of a finer series inside `step`; its fills are named after the step's bar.
#[must_use]
pub fn finer_bar(
    step: &PassBar,
    series: &Series,
    (series_idx, row): (usize, usize),
    intrabar: Intrabar,
) -> PassBar {
    let is_later = series.time_us[row] > step.time_us;
    PassBar { series_idx, row, intrabar, is_part: true, is_later, ..*step }
}
