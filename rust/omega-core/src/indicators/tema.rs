//! Triple exponential moving average: 3 * e1 - 3 * e2 + e3, each the EMA of the one before. Rule IND-3.

use crate::indicators::ema::Ema;
use crate::indicators::number::Number;
use crate::indicators::stretches::Forgetful;

/// The state of one triple exponential moving average between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Tema {
    first: Ema,
    second: Ema,
    third: Ema,
}

impl Tema {
    /// Starts without any value. `period` is at least 1.
    pub(crate) fn new(period: u32) -> Self {
        Self { first: Ema::new(period), second: Ema::new(period), third: Ema::new(period) }
    }

    /// Takes the next value and returns the average, NaN until all three are seeded.
    #[inline]
    pub(crate) fn update(&mut self, value: f64) -> f64 {
        let first = self.first.update(value);
        if first.is_nan() {
            return f64::NAN;
        }
        let second = self.second.update(first);
        if second.is_nan() {
            return f64::NAN;
        }
        3.0 * first - 3.0 * second + self.third.update(second)
    }
}

impl Forgetful<1, 3, 1> for Tema {
    fn step(&mut self, [value]: [f64; 1]) -> [f64; 1] {
        [self.update(value)]
    }

    fn memory(&self) -> usize {
        2 * self.first.memory()
    }

    fn levels(&self) -> Option<[f64; 3]> {
        Some([self.first.level()?, self.second.level()?, self.third.level()?])
    }

    #[inline]
    fn next<N: Number>(&self, [first, second, third]: [N; 3], [value]: [N; 1]) -> ([N; 3], [N; 1]) {
        let first = self.first.after(first, value);
        let second = self.second.after(second, first);
        let third = self.third.after(third, second);
        ([first, second, third], [N::from(3.0) * first - N::from(3.0) * second + third])
    }
}
