//! Rolling beta: how much a series moves for one move of the other, by simple returns; 0 where that is constant.
//!
//! Covariance of the returns / variance of the other's. W. F. Sharpe, 1964. Rule IND-3.

use crate::indicators::change::Change;
use crate::indicators::covariance::Covariance;

/// The state between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Beta {
    change: Change,
    other_change: Change,
    covariance: Covariance,
}

impl Beta {
    /// Starts without any pair. `period` is at least 2.
    pub(crate) fn new(period: u32) -> Self {
        Self { change: Change::new(), other_change: Change::new(), covariance: Covariance::new(period) }
    }

    /// Takes the next pair and returns beta, NaN for the first `period`.
    #[inline]
    pub(crate) fn update(&mut self, value: f64, other: f64) -> f64 {
        let change = self.change.update(value);
        let other_change = self.other_change.update(other);
        if change.is_nan() {
            return f64::NAN;
        }
        self.covariance.update(change, other_change);
        let squares = self.covariance.second.squares;
        if squares == 0.0 { 0.0 } else { self.covariance.products / squares }
    }
}
