//! Donchian channel: highest high, lowest low, and the mean of both.
//!
//! R. Donchian. Rule IND-3.

use crate::indicators::extreme::Extreme;

/// The state between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Donchian {
    highest: Extreme,
    lowest: Extreme,
}

impl Donchian {
    /// Starts without any bar. `period` is at least 1.
    pub(crate) fn new(period: u32) -> Self {
        Self { highest: Extreme::new(period, 1.0), lowest: Extreme::new(period, -1.0) }
    }

    /// Takes the next bar and returns upper, middle and lower, NaN while there are fewer than `period`.
    #[inline]
    pub(crate) fn update(&mut self, high: f64, low: f64) -> [f64; 3] {
        let upper = self.highest.update(high);
        let lower = self.lowest.update(low);
        [upper, (upper + lower) * 0.5, lower]
    }
}
