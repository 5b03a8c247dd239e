//! Keltner channel: the exponential average of the close, and a number of average true ranges around it.
//!
//! All three begin together. C. Keltner, as modified by L. Raschke. Rule IND-3.

use crate::indicators::atr::Atr;
use crate::indicators::ema::Ema;

/// The state between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Keltner {
    mean: Ema,
    range: Atr,
    multiplier: f64,
}

impl Keltner {
    /// Starts without any bar. Periods are at least 1.
    pub(crate) fn new(period: u32, atr_period: u32, multiplier: f64) -> Self {
        Self { mean: Ema::new(period), range: Atr::new(atr_period), multiplier }
    }

    /// Takes the next bar and returns upper, middle and lower, NaN until both averages are there.
    #[inline]
    pub(crate) fn update(&mut self, high: f64, low: f64, close: f64) -> [f64; 3] {
        let middle = self.mean.update(close);
        let distance = self.range.update(high, low, close) * self.multiplier;
        if middle.is_nan() || distance.is_nan() {
            return [f64::NAN; 3];
        }
        [middle + distance, middle, middle - distance]
    }
}
