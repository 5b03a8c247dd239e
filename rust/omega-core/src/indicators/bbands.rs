//! Bollinger bands: the simple moving average, and a number of deviations above and below it.
//!
//! The deviation is that of the population (n). Rule IND-3.

use crate::indicators::deviation::Deviation;

/// The state between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Bbands {
    deviation: Deviation,
    deviations: f64,
}

impl Bbands {
    /// Starts without any value. `period` is at least 2.
    pub(crate) fn new(period: u32, deviations: f64) -> Self {
        Self { deviation: Deviation::new(period), deviations }
    }

    /// Takes the next value and returns upper, middle and lower band, NaN while there are fewer than `period`.
    #[inline]
    pub(crate) fn update(&mut self, value: f64) -> [f64; 3] {
        self.deviation.update(value);
        let middle = self.deviation.mean;
        let distance = self.deviation.population() * self.deviations;
        [middle + distance, middle, middle - distance]
    }
}
