//! Kaufman's adaptive moving average: fast where price moves straight, slow where it goes to and fro.
//!
//! The first level is the value before the first output. Where the sum of changes is zero, or not above the
//! signed change, the efficiency is 1, as in TA-Lib. Rule IND-3.

use crate::indicators::window::Window;
use crate::numerics::is_rounding;

const FASTEST: f64 = 2.0 / 3.0;
const SLOWEST: f64 = 2.0 / 31.0;

/// The state of one adaptive moving average between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Kama {
    values: Window,
    changes: Window,
    has_previous: bool,
    total: f64,
    previous: f64,
    level: f64,
}

impl Kama {
    /// Starts without any value. `period` is at least 2.
    pub(crate) fn new(period: u32) -> Self {
        let (values, changes) = (Window::new(period), Window::new(period));
        Self { values, changes, has_previous: false, total: 0.0, previous: 0.0, level: 0.0 }
    }

    /// Takes the next value and returns the level, NaN until `period` changes were seen.
    #[inline]
    pub(crate) fn update(&mut self, value: f64) -> f64 {
        let is_full = self.values.is_full();
        let oldest = self.values.push(value);
        if self.has_previous {
            let change = (value - self.previous).abs();
            self.total = self.total - self.changes.push(change) + change;
        }
        self.has_previous = true;
        self.previous = value;
        if !is_full {
            self.level = value;
            return f64::NAN;
        }
        let constant = efficiency(value - oldest, self.total, value.abs()) * (FASTEST - SLOWEST) + SLOWEST;
        self.level = (value - self.level) * (constant * constant) + self.level;
        self.level
    }
}

/// Returns the share of the change in the sum of all changes.
#[inline]
fn efficiency(change: f64, total: f64, scale: f64) -> f64 {
    if total <= change || is_rounding(total, scale) {
        return 1.0;
    }
    (change / total).abs()
}
