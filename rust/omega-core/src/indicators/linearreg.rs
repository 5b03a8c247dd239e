//! End of the least-squares line through the last `period` values: 3 * WMA - 2 * SMA.
//!
//! The identity saves the sums over the window: with weights 1 to n the line ends there. Rule IND-3.

use crate::indicators::sma::Sma;
use crate::indicators::wma::Wma;

/// The state between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Linearreg {
    weighted: Wma,
    mean: Sma,
}

impl Linearreg {
    /// Starts without any value. `period` is at least 2.
    pub(crate) fn new(period: u32) -> Self {
        Self { weighted: Wma::new(period), mean: Sma::new(period) }
    }

    /// Takes the next value and returns the end of the line, NaN while there are fewer than `period`.
    #[inline]
    pub(crate) fn update(&mut self, value: f64) -> f64 {
        3.0 * self.weighted.update(value) - 2.0 * self.mean.update(value)
    }
}
