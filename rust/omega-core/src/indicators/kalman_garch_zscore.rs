//! Kalman-GARCH Z-score: the relative distance from the Kalman mean, in GARCH volatilities.
//!
//! Own definition, rule IND-3.

use crate::indicators::garch::Garch;
use crate::indicators::kalman::Kalman;
use crate::indicators::zscore::score;

/// The state between two bars.
#[derive(Clone, Debug)]
pub(crate) struct KalmanGarchZscore {
    mean: Kalman,
    volatility: Garch,
}

impl KalmanGarchZscore {
    /// Starts without any value. Bounds as those of its two parts.
    pub(crate) fn new(period: u32, process: f64, measurement: f64, alpha: f64, beta: f64) -> Self {
        Self { mean: Kalman::new(process, measurement), volatility: Garch::new(period, alpha, beta) }
    }

    /// Takes the next value and returns its score, NaN for the first `period`, 0 without volatility.
    #[inline]
    pub(crate) fn update(&mut self, value: f64) -> f64 {
        let mean = self.mean.update(value);
        score(if mean == 0.0 { 0.0 } else { value / mean - 1.0 }, self.volatility.update(value))
    }
}
