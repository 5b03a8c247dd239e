//! Wilder's smoothing: a mean in which the newest value counts 1 / period.
//!
//! Seeded with the mean of the first `period` values, then `level = level * kept + value * inverse` with
//! `kept = (period - 1) / period` and `inverse = 1 / period`. Rule IND-3.

use crate::indicators::number::Number;

/// The state of one smoothed value between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Wilder {
    period: u32,
    kept: f64,
    inverse: f64,
    seen_count: u32,
    level: f64,
}

impl Wilder {
    /// Starts without any value. `period` is at least 1.
    pub(crate) fn new(period: u32) -> Self {
        let count = f64::from(period);
        Self { period, kept: (count - 1.0) / count, inverse: 1.0 / count, seen_count: 0, level: 0.0 }
    }

    /// Takes the next value and returns the new level, NaN until `period` values were seen.
    #[inline]
    pub(crate) fn update(&mut self, value: f64) -> f64 {
        if self.seen_count == self.period {
            self.level = self.after(self.level, value);
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

    /// The level, once seeded. twin: none — for `Forgetful`.
    pub(crate) fn level(&self) -> Option<f64> {
        (self.seen_count == self.period).then_some(self.level)
    }

    /// The level after a value. twin: none — part of `update`.
    #[inline]
    pub(crate) fn after<N: Number>(&self, level: N, value: N) -> N {
        level * N::from(self.kept) + value * N::from(self.inverse)
    }

    /// Values after which less than half a rounding is left of a level. twin: none — for `Forgetful`.
    pub(crate) fn memory(&self) -> usize {
        44 * self.period as usize
    }
}
