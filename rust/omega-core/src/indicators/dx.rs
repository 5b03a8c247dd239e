//! Directional movement index: how one-sided the movement was, 0 to 100.
//!
//! Where neither side moved there is no index, and the one before stays (0 before any). Rule IND-3.

use crate::indicators::directional::Directional;

/// The state between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Dx {
    directional: Directional,
    level: f64,
}

impl Dx {
    /// Starts without any bar. `period` is at least 2.
    pub(crate) fn new(period: u32) -> Self {
        Self { directional: Directional::new(period), level: 0.0 }
    }

    /// Takes the next bar and returns the index, NaN for the first `period`.
    #[inline]
    pub(crate) fn update(&mut self, high: f64, low: f64, close: f64) -> f64 {
        let [plus, minus] = self.directional.update(high, low, close);
        if let Some(index) = one_sidedness(plus, minus) {
            self.level = index;
        }
        if plus.is_nan() { f64::NAN } else { self.level }
    }
}

/// Returns 100 * |plus - minus| / (plus + minus), `None` where there is neither.
#[inline]
pub(crate) fn one_sidedness(plus: f64, minus: f64) -> Option<f64> {
    let total = plus + minus;
    if total.is_nan() || total == 0.0 {
        return None;
    }
    Some(100.0 * ((minus - plus).abs() / total))
}
