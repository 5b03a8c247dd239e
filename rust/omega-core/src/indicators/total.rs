//! Sum of the last `period` values, none of them negative.
//!
//! A running sum, made anew whenever the ring has turned once, so that no error grows; where all values are
//! 0 it is exactly 0.

use crate::indicators::window::Window;

/// The state of one window.
#[derive(Clone, Debug)]
pub(crate) struct Total {
    window: Window,
    fresh: f64,
    level: f64,
    zero_count: usize,
}

impl Total {
    /// Starts without any value. `period` is at least 1.
    pub(crate) fn new(period: u32) -> Self {
        Self { window: Window::new(period), fresh: 0.0, level: 0.0, zero_count: 0 }
    }

    /// Takes the next value and returns the sum of the last `period`, or of all while there are fewer.
    #[inline]
    pub(crate) fn push(&mut self, value: f64) -> f64 {
        self.zero_count = if value == 0.0 { self.zero_count + 1 } else { 0 };
        self.level = self.level - self.window.push(value) + value;
        self.fresh += value;
        if self.window.next_idx == 0 {
            (self.level, self.fresh) = (self.fresh, 0.0);
        }
        if self.zero_count >= self.window.values.len() {
            self.level = 0.0;
        }
        self.level
    }

    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.window.is_full()
    }
}
