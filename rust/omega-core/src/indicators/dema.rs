//! Double exponential moving average: 2 * e1 - e2, e2 being the EMA of e1. Rule IND-3.

use crate::indicators::ema::Ema;
use crate::indicators::number::Number;
use crate::indicators::stretches::Forgetful;

/// The state of one double exponential moving average between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Dema {
    first: Ema,
    second: Ema,
}

impl Dema {
    /// Starts without any value. `period` is at least 1.
    pub(crate) fn new(period: u32) -> Self {
        Self { first: Ema::new(period), second: Ema::new(period) }
    }

    /// Takes the next value and returns the average, NaN until both are seeded.
    #[inline]
    pub(crate) fn update(&mut self, value: f64) -> f64 {
        let first = self.first.update(value);
        if first.is_nan() {
            return f64::NAN;
        }
        2.0 * first - self.second.update(first)
    }
}

impl Forgetful<1, 2, 1> for Dema {
    fn step(&mut self, [value]: [f64; 1]) -> [f64; 1] {
        [self.update(value)]
    }

    fn memory(&self) -> usize {
        2 * self.first.memory()
    }

    fn levels(&self) -> Option<[f64; 2]> {
        Some([self.first.level()?, self.second.level()?])
    }

    #[inline]
    fn next<N: Number>(&self, [first, second]: [N; 2], [value]: [N; 1]) -> ([N; 2], [N; 1]) {
        let first = self.first.after(first, value);
        let second = self.second.after(second, first);
        ([first, second], [N::from(2.0) * first - second])
    }
}
