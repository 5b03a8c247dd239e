//! Weighted moving average: the newest value has weight `period`, the oldest 1.
//!
//! Two running sums, weighted and plain. Rule IND-3.

use crate::indicators::window::Window;

/// The state of one weighted moving average between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Wma {
    period: f64,
    divisor: f64,
    window: Window,
    seen_count: f64,
    total: f64,
    weighted: f64,
}

impl Wma {
    /// Starts without any value. `period` is at least 1.
    pub(crate) fn new(period: u32) -> Self {
        let count = f64::from(period);
        let divisor = count * (count + 1.0) / 2.0;
        Self {
            period: count,
            divisor,
            window: Window::new(period),
            seen_count: 0.0,
            total: 0.0,
            weighted: 0.0,
        }
    }

    /// Takes the next value and returns the weighted mean, NaN while there are fewer than `period`.
    #[inline]
    pub(crate) fn update(&mut self, value: f64) -> f64 {
        let oldest = self.window.push(value);
        if self.seen_count < self.period {
            self.seen_count += 1.0;
            self.total += value;
            self.weighted += value * self.seen_count;
        } else {
            self.weighted = self.weighted - self.total + value * self.period;
            self.total = self.total - oldest + value;
        }
        if self.seen_count < self.period {
            return f64::NAN;
        }
        self.weighted / self.divisor
    }
}
