//! Plus directional indicator: 100 * (+DM) / TR, both Wilder's sums. Rule IND-3.

use crate::indicators::directional::Directional;

/// The state between two bars.
#[derive(Clone, Debug)]
pub(crate) struct PlusDi {
    directional: Directional,
}

impl PlusDi {
    /// Starts without any bar. `period` is at least 1.
    pub(crate) fn new(period: u32) -> Self {
        Self { directional: Directional::new(period) }
    }

    /// Takes the next bar and returns the indicator, NaN for the first `period`.
    #[inline]
    pub(crate) fn update(&mut self, high: f64, low: f64, close: f64) -> f64 {
        self.directional.update(high, low, close)[0]
    }
}
