//! Average true range: how far price moves per bar, gaps between bars included.
//!
//! The true range needs the close before it, so the first one belongs to bar 1; the average is
//! Wilder's. Rule IND-3.

use crate::indicators::wilder::Wilder;

/// The state of one average true range between two bars.
#[derive(Clone, Debug)]
pub struct Atr {
    range: Wilder,
    previous_close: f64,
    has_previous: bool,
}

impl Atr {
    /// Starts without any bar. `period` is at least 1.
    #[must_use]
    pub fn new(period: u32) -> Self {
        Self { range: Wilder::new(period), previous_close: 0.0, has_previous: false }
    }

    /// Takes the next bar and returns the average, NaN until `period` true ranges were seen.
    #[inline]
    pub fn update(&mut self, high: f64, low: f64, close: f64) -> f64 {
        if !self.has_previous {
            self.has_previous = true;
            self.previous_close = close;
            return f64::NAN;
        }
        let greatest = true_range(high, low, self.previous_close);
        self.previous_close = close;
        self.range.update(greatest)
    }
}

/// Returns the greatest of high - low and the distances of both from the close before.
#[inline]
fn true_range(high: f64, low: f64, previous_close: f64) -> f64 {
    let mut greatest = high - low;
    let to_high = (previous_close - high).abs();
    if to_high > greatest {
        greatest = to_high;
    }
    let to_low = (previous_close - low).abs();
    if to_low > greatest {
        greatest = to_low;
    }
    greatest
}

/// Returns the average true range, as long as its inputs, NaN for the first `period`.
#[must_use]
pub fn atr(highs: &[f64], lows: &[f64], closes: &[f64], period: u32) -> Vec<f64> {
    let mut state = Atr::new(period);
    let bars = highs.iter().zip(lows).zip(closes);
    bars.map(|((&high, &low), &close)| state.update(high, low, close)).collect()
}
