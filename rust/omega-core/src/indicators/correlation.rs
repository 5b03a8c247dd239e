//! Rolling correlation of two series: covariance / (deviation * deviation), -1 to 1; 0 where one is constant.
//!
//! K. Pearson. Rule IND-3.

use crate::indicators::covariance::Covariance;

/// The state between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Correlation {
    covariance: Covariance,
}

impl Correlation {
    /// Starts without any pair. `period` is at least 2.
    pub(crate) fn new(period: u32) -> Self {
        Self { covariance: Covariance::new(period) }
    }

    /// Takes the next pair and returns the correlation, NaN while there are fewer than `period`.
    #[inline]
    pub(crate) fn update(&mut self, value: f64, other: f64) -> f64 {
        self.covariance.update(value, other);
        let scale = self.covariance.first.squares.sqrt() * self.covariance.second.squares.sqrt();
        if scale == 0.0 {
            return 0.0;
        }
        let ratio = self.covariance.products / scale;
        if ratio > 1.0 {
            return 1.0;
        }
        if ratio < -1.0 { -1.0 } else { ratio }
    }
}
