//! Commodity channel index: the typical price against its mean, in mean absolute distances.
//!
//! Mean and distances are summed over the ring of the last `period` typical prices, in the order in which
//! they lie there. 0 where the price is the mean or nothing deviates, roundings left aside. Rule IND-3.

use crate::indicators::window::Window;
use crate::numerics::{is_rounding, sum_left};

/// The state between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Cci {
    period: f64,
    window: Window,
}

impl Cci {
    /// Starts without any bar. `period` is at least 2.
    pub(crate) fn new(period: u32) -> Self {
        Self { period: f64::from(period), window: Window::new(period) }
    }

    /// Takes the next bar and returns the index, NaN while there are fewer than `period`.
    #[inline]
    pub(crate) fn update(&mut self, high: f64, low: f64, close: f64) -> f64 {
        let price = (high + low + close) / 3.0;
        self.window.push(price);
        if !self.window.is_full() {
            return f64::NAN;
        }
        let mean = sum_left(&self.window.values) / self.period;
        let distance = distances_from(&self.window.values, mean) / self.period;
        let offset = price - mean;
        if is_rounding(offset, mean) || is_rounding(distance, mean) {
            return 0.0;
        }
        offset / (0.015 * distance)
    }
}

/// Returns the sum of the absolute distances, from left to right.
#[inline]
fn distances_from(values: &[f64], center: f64) -> f64 {
    let mut total = 0.0;
    for value in values {
        total += (value - center).abs();
    }
    total
}
