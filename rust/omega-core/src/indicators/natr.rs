//! Normalised average true range: the average true range in percent of the close. Rule IND-3.

use crate::indicators::atr::Atr;

/// The state between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Natr {
    range: Atr,
}

impl Natr {
    /// Starts without any bar. `period` is at least 1.
    pub(crate) fn new(period: u32) -> Self {
        Self { range: Atr::new(period) }
    }

    /// Takes the next bar and returns the average in percent, NaN until `period` true ranges were seen.
    #[inline]
    pub(crate) fn update(&mut self, high: f64, low: f64, close: f64) -> f64 {
        self.range.update(high, low, close) / close * 100.0
    }
}
