//! Mean and sum of squared distances from it, over the last `period` values.
//!
//! Sum and squares are moved along with the window. They are made anew whenever the ring has turned once or
//! most of the squares have left it, so that no error grows; where all values are equal the squares are
//! exactly 0.

use crate::indicators::window::Window;

pub(crate) const MOST: f64 = 100.0;

/// The state of one window; mean and sum of squared distances are NaN while there are fewer values.
#[derive(Clone, Debug)]
pub(crate) struct Deviation {
    period: f64,
    window: Window,
    total: f64,
    fresh: f64,
    newest: f64,
    equal_count: usize,
    pub(crate) mean: f64,
    pub(crate) squares: f64,
}

impl Deviation {
    /// Starts without any value. `period` is at least 2.
    pub(crate) fn new(period: u32) -> Self {
        Self {
            period: f64::from(period),
            window: Window::new(period),
            total: 0.0,
            fresh: 0.0,
            newest: 0.0,
            equal_count: 0,
            mean: f64::NAN,
            squares: f64::NAN,
        }
    }

    /// Takes the next value.
    #[inline]
    #[expect(clippy::float_cmp, reason = "equal means the same value, not a near one")]
    pub(crate) fn update(&mut self, value: f64) {
        self.equal_count = if value == self.newest { self.equal_count + 1 } else { 1 };
        self.newest = value;
        let oldest = self.window.push(value);
        self.total = self.total - oldest + value;
        self.fresh += value;
        if self.window.next_idx == 0 {
            (self.total, self.fresh) = (self.fresh, 0.0);
            self.mean = self.total / self.period;
            self.squares = squares_about(&self.window.values, self.mean);
        } else if self.window.is_full() {
            let before = self.mean;
            self.mean = self.total / self.period;
            let moved = self.squares + (value - oldest) * ((value - self.mean) + (oldest - before));
            let is_lost = moved * MOST < self.squares;
            self.squares = if is_lost { squares_about(&self.window.values, self.mean) } else { moved };
        }
        if self.equal_count >= self.window.values.len() {
            self.squares = 0.0;
        }
    }

    /// Returns the deviation with n, NaN while there are fewer values.
    #[inline]
    pub(crate) fn population(&self) -> f64 {
        (self.squares / self.period).sqrt()
    }
}

/// Returns the sum of the squared distances, from left to right.
// Seldom called: without it the rest is small enough to be inlined.
#[inline(never)]
fn squares_about(values: &[f64], center: f64) -> f64 {
    let mut total = 0.0;
    for value in values {
        let offset = value - center;
        total += offset * offset;
    }
    total
}
