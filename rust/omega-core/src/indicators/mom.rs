//! Momentum: the change over `period` bars. Rule IND-3.

use crate::indicators::window::Window;

/// The state between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Mom {
    window: Window,
}

impl Mom {
    /// Starts without any value. `period` is at least 1.
    pub(crate) fn new(period: u32) -> Self {
        Self { window: Window::new(period) }
    }

    /// Takes the next value and returns its change; NaN for the first `period`.
    #[inline]
    pub(crate) fn update(&mut self, value: f64) -> f64 {
        value - self.window.lag(value)
    }
}
