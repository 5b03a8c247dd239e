//! Relative strength index: the share of gains in all movement, 0 to 100.
//!
//! Gains and losses are smoothed by Wilder's rule; `100 * (gain / (gain + loss))`. Without any movement
//! the ratio has no value and 0 is returned, as TA-Lib does. Rule IND-3.

use crate::indicators::wilder::Wilder;

/// The state of one relative strength index between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Rsi {
    gain: Wilder,
    loss: Wilder,
    previous: f64,
    has_previous: bool,
}

impl Rsi {
    /// Starts without any value. `period` is at least 1.
    pub(crate) fn new(period: u32) -> Self {
        Self { gain: Wilder::new(period), loss: Wilder::new(period), previous: 0.0, has_previous: false }
    }

    /// Takes the next value and returns the index, NaN until `period` changes were seen.
    #[inline]
    pub(crate) fn update(&mut self, value: f64) -> f64 {
        if !self.has_previous {
            self.has_previous = true;
            self.previous = value;
            return f64::NAN;
        }
        let change = value - self.previous;
        self.previous = value;
        let fall = -change;
        let gain = self.gain.update(if change > 0.0 { change } else { 0.0 });
        let loss = self.loss.update(if fall > 0.0 { fall } else { 0.0 });
        strength(gain, loss)
    }
}

/// Returns the index of two smoothed averages, both NaN during warm-up.
#[inline]
fn strength(gain: f64, loss: f64) -> f64 {
    let movement = gain + loss;
    if movement == 0.0 {
        return 0.0;
    }
    100.0 * (gain / movement)
}
