//! Wilder's smoothing, shared by RSI and ATR.
//!
//! Seeded with the mean of the first `period` values, then
//! `level = (level * (period - 1) + value) * (1 / period)`, in this order of operations, as TA-Lib's
//! RSI does since 0.8. Rule IND-3.

/// The state of one smoothed value between two bars.
#[derive(Clone, Debug)]
pub struct Wilder {
    period: u32,
    kept: f64,
    inverse: f64,
    seen_count: u32,
    level: f64,
}

impl Wilder {
    /// Starts without any value. `period` is at least 1.
    #[must_use]
    pub fn new(period: u32) -> Self {
        let kept = f64::from(period) - 1.0;
        Self { period, kept, inverse: 1.0 / f64::from(period), seen_count: 0, level: 0.0 }
    }

    /// Takes the next value and returns the new level, NaN until `period` values were seen.
    #[inline]
    pub fn update(&mut self, value: f64) -> f64 {
        if self.seen_count == self.period {
            self.level = (self.level * self.kept + value) * self.inverse;
            return self.level;
        }
        self.seen_count += 1;
        self.level += value;
        if self.seen_count < self.period {
            return f64::NAN;
        }
        self.level *= self.inverse;
        self.level
    }
}
