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
        let is_full = self.window.is_full();
        let oldest = self.window.push(value);
        if !is_full {
            return f64::NAN;
        }
        if oldest == 0.0 { 0.0 } else { (value / oldest - 1.0) * 100.0 }
    }
}
