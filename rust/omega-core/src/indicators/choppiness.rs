//! Choppiness index: the way that price went against the range it covered, 0 to 100 on a log scale.
//!
//! 100 * ln(sum of true ranges / (highest high - lowest low)) / ln(period); 100 without a range.
//! E. W. Dreiss. Rule IND-3.

use crate::indicators::extreme::Extreme;
use crate::indicators::trange::Trange;
use crate::indicators::window::Window;
use crate::numerics::{ln, sum_left};

/// The state between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Choppiness {
    range: Trange,
    ranges: Window,
    highest: Extreme,
    lowest: Extreme,
    scale: f64,
}

impl Choppiness {
    /// Starts without any bar. `period` is at least 2.
    pub(crate) fn new(period: u32) -> Self {
        Self {
            range: Trange::new(),
            ranges: Window::new(period),
            highest: Extreme::new(period, 1.0),
            lowest: Extreme::new(period, -1.0),
            scale: ln(f64::from(period)),
        }
    }

    /// Takes the next bar and returns the index, NaN for the first `period`.
    #[inline]
    pub(crate) fn update(&mut self, high: f64, low: f64, close: f64) -> f64 {
        let extent = self.highest.update(high) - self.lowest.update(low);
        let greatest = self.range.update(high, low, close);
        if greatest.is_nan() {
            return f64::NAN;
        }
        self.ranges.push(greatest);
        if !self.ranges.is_full() {
            return f64::NAN;
        }
        if extent == 0.0 {
            return 100.0;
        }
        100.0 * (ln(sum_left(&self.ranges.values) / extent) / self.scale)
    }
}
