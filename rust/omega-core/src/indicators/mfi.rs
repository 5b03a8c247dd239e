//! Money flow index: the share of turnover on which the typical price rose, 0 to 100.
//!
//! A change of no more than rounding is none; without any change the share is 0, as in TA-Lib. Rule IND-3.

use crate::indicators::total::Total;
use crate::numerics::is_rounding;

/// The state between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Mfi {
    ups: Total,
    downs: Total,
    previous: f64,
    has_previous: bool,
}

impl Mfi {
    /// Starts without any bar. `period` is at least 1.
    pub(crate) fn new(period: u32) -> Self {
        Self { ups: Total::new(period), downs: Total::new(period), previous: 0.0, has_previous: false }
    }

    /// Takes the next bar and returns the index, NaN for the first `period`.
    #[inline]
    pub(crate) fn update(&mut self, high: f64, low: f64, close: f64, volume: f64) -> f64 {
        let price = (high + low + close) / 3.0;
        let change = price - self.previous;
        self.previous = price;
        if !self.has_previous {
            self.has_previous = true;
            return f64::NAN;
        }
        let flow = if is_rounding(change, price) { 0.0 } else { price * volume };
        let up = self.ups.push(if change > 0.0 { flow } else { 0.0 });
        let down = self.downs.push(if change < 0.0 { flow } else { 0.0 });
        if !self.ups.is_full() {
            return f64::NAN;
        }
        share(up, down)
    }
}

/// Returns 100 * up / (up + down), 0 where there is neither.
#[inline]
fn share(up: f64, down: f64) -> f64 {
    let total = up + down;
    if total > 0.0 { 100.0 * (up / total) } else { 0.0 }
}
