//! Rate of change over `period` bars, in percent. Rule IND-3.

use crate::indicators::window::Window;

/// The state between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Roc {
    window: Window,
}

impl Roc {
    /// Starts without any value. `period` is at least 1.
    pub(crate) fn new(period: u32) -> Self {
        Self { window: Window::new(period) }
    }

    /// Takes the next value and returns its change in percent, 0 from zero; NaN for the first `period`.
    #[inline]
    pub(crate) fn update(&mut self, value: f64) -> f64 {
        percent(value, self.window.lag(value))
    }
}

/// Returns the change from the value before in percent, 0 from zero.
#[inline]
pub(crate) fn percent(value: f64, before: f64) -> f64 {
    if before == 0.0 { 0.0 } else { (value / before - 1.0) * 100.0 }
}
