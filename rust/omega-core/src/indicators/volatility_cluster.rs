//! Volatility cluster: 0 quiet, 1 usual, 2 wild, by the rank of the deviation of returns among its last values.
//!
//! The share of the last `window` deviations that lie below the newest one: under a third, under two thirds,
//! or more. Own definition, rule IND-3.

use crate::indicators::change::Change;
use crate::indicators::deviation::Deviation;
use crate::indicators::window::Window;

/// The state between two bars.
#[derive(Clone, Debug)]
pub(crate) struct VolatilityCluster {
    change: Change,
    deviation: Deviation,
    ranked: Window,
}

impl VolatilityCluster {
    /// Starts without any value. `period` is at least 2, `window` at least 1.
    pub(crate) fn new(period: u32, window: u32) -> Self {
        Self { change: Change::new(), deviation: Deviation::new(period), ranked: Window::new(window) }
    }

    /// Takes the next value and returns its cluster, NaN for the first `period + window - 1`.
    #[inline]
    pub(crate) fn update(&mut self, value: f64) -> f64 {
        let change = self.change.update(value);
        if change.is_nan() {
            return f64::NAN;
        }
        self.deviation.update(change);
        let newest = self.deviation.population();
        if newest.is_nan() {
            return f64::NAN;
        }
        self.ranked.push(newest);
        if !self.ranked.is_full() {
            return f64::NAN;
        }
        third(count_below(&self.ranked.values, newest), self.ranked.values.len())
    }
}

/// Returns how many values lie below a level.
#[inline]
fn count_below(values: &[f64], level: f64) -> usize {
    values.iter().filter(|value| **value < level).count()
}

/// Returns in which third of `count` a rank lies: 0, 1 or 2.
fn third(rank: usize, count: usize) -> f64 {
    if 3 * rank < count {
        return 0.0;
    }
    if 3 * rank < 2 * count { 1.0 } else { 2.0 }
}
