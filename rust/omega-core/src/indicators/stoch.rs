//! Stochastic oscillator: where the close lies in the range of the last bars, smoothed twice.
//!
//! 100 * (close - lowest low) / (highest high - lowest low), 0 without a range. k is its simple moving
//! average, d that of k; both begin together. Rule IND-3.

use crate::indicators::extreme::Extreme;
use crate::indicators::sma::Sma;
use crate::numerics::is_rounding;

/// The state between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Stoch {
    highest: Extreme,
    lowest: Extreme,
    k: Sma,
    d: Sma,
}

impl Stoch {
    /// Starts without any bar. Periods are at least 1.
    pub(crate) fn new(fast_k: u32, slow_k: u32, slow_d: u32) -> Self {
        let (highest, lowest) = (Extreme::new(fast_k, 1.0), Extreme::new(fast_k, -1.0));
        Self { highest, lowest, k: Sma::new(slow_k), d: Sma::new(slow_d) }
    }

    /// Takes the next bar and returns k and d, NaN until both are there.
    #[inline]
    pub(crate) fn update(&mut self, high: f64, low: f64, close: f64) -> [f64; 2] {
        let highest = self.highest.update(high);
        let lowest = self.lowest.update(low);
        if highest.is_nan() {
            return [f64::NAN; 2];
        }
        let k = self.k.update(place(close, highest, lowest));
        if k.is_nan() {
            return [f64::NAN; 2];
        }
        let d = self.d.update(k);
        if d.is_nan() { [f64::NAN; 2] } else { [k, d] }
    }
}

/// Returns the place of a value in a range, 0 to 100; 0 without a range.
#[inline]
pub(crate) fn place(value: f64, highest: f64, lowest: f64) -> f64 {
    let extent = highest - lowest;
    if is_rounding(extent, highest.abs()) {
        return 0.0;
    }
    (value - lowest) / (extent / 100.0)
}
