//! Least of the last `period` values. Rule IND-3.

use crate::indicators::extreme::Extreme;

/// The state between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Lowest {
    extreme: Extreme,
}

impl Lowest {
    /// Starts without any value. `period` is at least 1.
    pub(crate) fn new(period: u32) -> Self {
        Self { extreme: Extreme::new(period, -1.0) }
    }

    /// Takes the next value and returns the least of the last `period`, NaN while there are fewer.
    #[inline]
    pub(crate) fn update(&mut self, value: f64) -> f64 {
        self.extreme.update(value)
    }
}
