//! Hurst exponent of the last `period` log returns, by their rescaled range.
//!
//! ln(R / S) / ln(period): R is the extent of the cumulated distances from the mean, S the deviation with n.
//! About 0.5 for a random walk, more where moves persist; 0.5 where all returns are equal or a value is not
//! positive. H. E. Hurst, 1951; B. Mandelbrot and J. Wallis, 1969. Rule IND-3.

use crate::indicators::window::Window;
use crate::numerics::{is_rounding, ln};

const UNKNOWN: f64 = 0.5;

/// The state between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Hurst {
    period: f64,
    scale: f64,
    window: Window,
    previous: f64,
    has_previous: bool,
}

impl Hurst {
    /// Starts without any value. `period` is at least 2.
    pub(crate) fn new(period: u32) -> Self {
        let count = f64::from(period);
        Self {
            period: count,
            scale: ln(count),
            window: Window::new(period),
            previous: 0.0,
            has_previous: false,
        }
    }

    /// Takes the next value and returns the exponent, NaN for the first `period`.
    #[inline]
    pub(crate) fn update(&mut self, value: f64) -> f64 {
        let logarithm = if value > 0.0 { ln(value) } else { 0.0 };
        let change = logarithm - self.previous;
        self.previous = logarithm;
        if !self.has_previous {
            self.has_previous = true;
            return f64::NAN;
        }
        self.window.push(change);
        if !self.window.is_full() {
            return f64::NAN;
        }
        let (newer, older) = self.window.values.split_at(self.window.next_idx);
        let ratio = rescaled_range(older, newer, self.period);
        if ratio > 0.0 { ln(ratio) / self.scale } else { UNKNOWN }
    }
}

/// Returns R / S, 0 where nothing deviates; `older` changes come before the `newer` ones.
fn rescaled_range(older: &[f64], newer: &[f64], count: f64) -> f64 {
    let mut total = 0.0;
    for change in older.iter().chain(newer) {
        total += change;
    }
    let mean = total / count;
    let (mut level, mut squares) = (0.0, 0.0);
    let (mut highest, mut lowest) = (f64::NEG_INFINITY, f64::INFINITY);
    for change in older.iter().chain(newer) {
        let offset = change - mean;
        level += offset;
        squares += offset * offset;
        if level > highest {
            highest = level;
        }
        if level < lowest {
            lowest = level;
        }
    }
    let deviation = (squares / count).sqrt();
    if is_rounding(deviation, 1.0) {
        return 0.0;
    }
    (highest - lowest) / deviation
}
