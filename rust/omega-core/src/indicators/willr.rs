//! Williams' %R: how far the close lies below the highest high of the range, -100 to 0. Rule IND-3.

use crate::indicators::extreme::Extreme;

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
        let percent = (highest - self.lowest.update(low)) / -100.0;
        if percent == 0.0 {
            return 0.0;
        }
        (highest - close) / percent
    }
}
