//! Average directional index: Wilder's mean of the directional movement index.
//!
//! It is seeded with the first `period` indices, one without movement counting 0; later ones without
//! movement leave it where it is. Rule IND-3.

use crate::indicators::directional::Directional;
use crate::indicators::dx::one_sidedness;
use crate::indicators::wilder::Wilder;

/// The state between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Adx {
    directional: Directional,
    mean: Wilder,
    level: f64,
}

impl Adx {
    /// Starts without any bar. `period` is at least 2.
    pub(crate) fn new(period: u32) -> Self {
        Self { directional: Directional::new(period), mean: Wilder::new(period), level: f64::NAN }
    }

    /// Takes the next bar and returns the mean, NaN for the first `2 * period - 1`.
    #[inline]
    pub(crate) fn update(&mut self, high: f64, low: f64, close: f64) -> f64 {
        let [plus, minus] = self.directional.update(high, low, close);
        if plus.is_nan() {
            return f64::NAN;
        }
        let is_seeding = self.level.is_nan();
        if let Some(index) = one_sidedness(plus, minus).or(is_seeding.then_some(0.0)) {
            self.level = self.mean.update(index);
        }
        self.level
    }
}
