//! Rolling correlation of two series: covariance / (deviation * deviation), -1 to 1; 0 where one is constant.
//!
//! K. Pearson. Rule IND-3.

use crate::indicators::covariance::{Covariance, covariances};

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
        let covariance = &self.covariance;
        ratio(covariance.products, [covariance.first.squares, covariance.second.squares])
    }
}

/// Returns products / root of (squares * squares), held within -1 and 1; 0 where one is constant.
#[inline]
fn ratio(products: f64, squares: [f64; 2]) -> f64 {
    let scale = (squares[0] * squares[1]).sqrt();
    let ratio = products / scale;
    let above = if ratio < -1.0 { -1.0 } else { ratio };
    let held = if above > 1.0 { 1.0 } else { above };
    if scale == 0.0 { 0.0 } else { held }
}

/// Returns the column of rows without NaN. twin: none — the step says the same.
pub(crate) fn correlation(columns: [&[f64]; 2], period: u32) -> Vec<f64> {
    covariances(columns, period, ratio)
}
