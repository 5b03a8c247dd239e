//! Standard deviation of the last `period` values, with n, times a factor. Rule IND-3.

use crate::indicators::deviation::Deviation;

/// The state between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Stddev {
    deviation: Deviation,
    deviations: f64,
}

impl Stddev {
    /// Starts without any value. `period` is at least 2.
    pub(crate) fn new(period: u32, deviations: f64) -> Self {
        Self { deviation: Deviation::new(period), deviations }
    }

    /// Takes the next value and returns the deviation, NaN while there are fewer than `period`.
    #[inline]
    pub(crate) fn update(&mut self, value: f64) -> f64 {
        self.deviation.update(value);
        self.deviation.population() * self.deviations
    }
}
