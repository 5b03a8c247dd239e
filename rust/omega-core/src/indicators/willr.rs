//! Williams' %R: how far the close lies below the highest high of the range, -100 to 0. Rule IND-3.

use std::ops::Range;

use crate::indicators::extreme::{Extreme, greater, sliding};

/// The state between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Willr {
    highest: Extreme,
    lowest: Extreme,
}

impl Willr {
    /// Starts without any bar. `period` is at least 1.
    pub(crate) fn new(period: u32) -> Self {
        Self { highest: Extreme::new(period, 1.0), lowest: Extreme::new(period, -1.0) }
    }

    /// Takes the next bar and returns %R, NaN while there are fewer than `period`, 0 without a range.
    #[inline]
    pub(crate) fn update(&mut self, high: f64, low: f64, close: f64) -> f64 {
        let highest = self.highest.update(high);
        below(highest, self.lowest.update(low), close)
    }
}

/// Returns the place of a close below the highest, 0 to -100; 0 without a range.
#[inline]
fn below(highest: f64, lowest: f64, close: f64) -> f64 {
    let percent = (highest - lowest) / -100.0;
    if percent == 0.0 { 0.0 } else { (highest - close) / percent }
}

/// Returns the column of bars without NaN. twin: none — the step says the same.
#[inline(never)]
pub(crate) fn willr([high, low, close]: [&[f64]; 3], period: u32) -> Vec<f64> {
    let mut column = Vec::with_capacity(close.len());
    column.resize(close.len().min(period as usize - 1), f64::NAN);
    // Lows with their sign turned, so that both are the greatest.
    let pairs =
        |rows: Range<usize>| high[rows.clone()].iter().zip(&low[rows]).map(|(high, low)| [*high, -low]);
    let best = |newer: [f64; 2], older: [f64; 2]| [greater(newer[0], older[0]), greater(newer[1], older[1])];
    let mut ranges = Vec::new();
    sliding((close.len(), period as usize), pairs, best, |rows, older, newer| {
        ranges.clear();
        ranges.extend(older.iter().zip(newer).map(|(older, newer)| best(*newer, *older)));
        column
            .extend(ranges.iter().zip(&close[rows]).map(|(range, close)| below(range[0], -range[1], *close)));
    });
    column
}
