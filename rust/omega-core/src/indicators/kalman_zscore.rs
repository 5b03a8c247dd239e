//! Kalman Z-score: the distance from the Kalman mean, in deviations of the last distances.
//!
//! Own definition, rule IND-3.

use crate::indicators::deviation::Deviation;
use crate::indicators::kalman::Kalman;
use crate::indicators::zscore::score;

/// The state between two bars.
#[derive(Clone, Debug)]
pub(crate) struct KalmanZscore {
    mean: Kalman,
    deviation: Deviation,
}

impl KalmanZscore {
    /// Starts without any value. `period` is at least 2, both variances are above 0.
    pub(crate) fn new(period: u32, process: f64, measurement: f64) -> Self {
        Self { mean: Kalman::new(process, measurement), deviation: Deviation::new(period) }
    }

    /// Takes the next value and returns its score, NaN while there are fewer than `period`, 0 without deviation.
    #[inline]
    pub(crate) fn update(&mut self, value: f64) -> f64 {
        let distance = value - self.mean.update(value);
        self.deviation.update(distance);
        score(distance, self.deviation.population())
    }
}
