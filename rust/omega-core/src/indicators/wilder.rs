//! Wilder's smoothing: a mean in which the newest value counts 1 / period.
//!
//! Seeded with the mean of the first `period` values, then `level = level * kept + value * inverse` with
//! `kept = (period - 1) / period` and `inverse = 1 / period`. It is carried out in blocks of four values:
//! `base * kept^j + partial`, so that four values do not wait for each other. Rule IND-3.

const BLOCK: u32 = 4;

/// The state of one smoothed value between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Wilder {
    period: u32,
    kept: f64,
    inverse: f64,
    seen_count: u32,
    base: f64,
    partial: f64,
    power: f64,
    step: u32,
}

impl Wilder {
    /// Starts without any value. `period` is at least 1.
    pub(crate) fn new(period: u32) -> Self {
        let count = f64::from(period);
        let (kept, inverse) = ((count - 1.0) / count, 1.0 / count);
        Self { period, kept, inverse, seen_count: 0, base: 0.0, partial: 0.0, power: 1.0, step: 0 }
    }

    /// Takes the next value and returns the new level, NaN until `period` values were seen.
    #[inline]
    pub(crate) fn update(&mut self, value: f64) -> f64 {
        if self.seen_count < self.period {
            self.seen_count += 1;
            self.base += value;
            if self.seen_count < self.period {
                return f64::NAN;
            }
            self.base *= self.inverse;
            return self.base;
        }
        self.partial = self.partial * self.kept + value * self.inverse;
        self.power *= self.kept;
        let level = self.base * self.power + self.partial;
        self.step += 1;
        if self.step == BLOCK {
            (self.base, self.partial, self.power, self.step) = (level, 0.0, 1.0, 0);
        }
        level
    }
}
