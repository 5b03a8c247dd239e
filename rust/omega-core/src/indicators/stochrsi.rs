//! Stochastic RSI: where the RSI lies in the range of its last values, and the mean of that. Rule IND-3.

use crate::indicators::extreme::Extreme;
use crate::indicators::rsi::Rsi;
use crate::indicators::sma::Sma;
use crate::indicators::stoch::place;

/// The state between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Stochrsi {
    strength: Rsi,
    highest: Extreme,
    lowest: Extreme,
    d: Sma,
}

impl Stochrsi {
    /// Starts without any value. Periods are at least 1.
    pub(crate) fn new(period: u32, fast_k: u32, fast_d: u32) -> Self {
        let (highest, lowest) = (Extreme::new(fast_k, 1.0), Extreme::new(fast_k, -1.0));
        Self { strength: Rsi::new(period), highest, lowest, d: Sma::new(fast_d) }
    }

    /// Takes the next value and returns k and d, NaN until both are there.
    #[inline]
    pub(crate) fn update(&mut self, value: f64) -> [f64; 2] {
        let strength = self.strength.update(value);
        if strength.is_nan() {
            return [f64::NAN; 2];
        }
        let highest = self.highest.update(strength);
        let lowest = self.lowest.update(strength);
        if highest.is_nan() {
            return [f64::NAN; 2];
        }
        let k = place(strength, highest, lowest);
        let d = self.d.update(k);
        if d.is_nan() { [f64::NAN; 2] } else { [k, d] }
    }
}
