//! Z-score: the distance from the mean of the window, in deviations with n; 0 in a constant window.
//!
//! Own definition, rule IND-3.

use crate::indicators::deviation::Deviation;

/// The state between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Zscore {
    deviation: Deviation,
}

impl Zscore {
    /// Starts without any value. `period` is at least 2.
    pub(crate) fn new(period: u32) -> Self {
        Self { deviation: Deviation::new(period) }
    }

    /// Takes the next value and returns its score, NaN while there are fewer than `period`.
    #[inline]
    pub(crate) fn update(&mut self, value: f64) -> f64 {
        self.deviation.update(value);
        score(value - self.deviation.mean(), self.deviation.population())
    }
}

/// Returns distance / deviation, 0 where nothing deviates.
#[inline]
pub(crate) fn score(distance: f64, deviation: f64) -> f64 {
    if deviation == 0.0 {
        return 0.0;
    }
    distance / deviation
}
