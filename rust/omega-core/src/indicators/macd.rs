//! Moving average convergence/divergence: fast EMA - slow EMA, its EMA, and the difference of both.
//!
//! Both averages are seeded to give their first value at the same bar: the fast one leaves out what comes
//! before. All three outputs begin with the signal. Rule IND-3.

use crate::indicators::ema::Ema;
use crate::indicators::number::Number;
use crate::indicators::stretches::Forgetful;

/// The state between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Macd {
    left_out_count: u32,
    fast: Ema,
    slow: Ema,
    signal: Ema,
}

impl Macd {
    /// Starts without any value. Periods are at least 1; they are swapped where fast > slow.
    pub(crate) fn new(fast: u32, slow: u32, signal: u32) -> Self {
        let (shorter, longer) = if fast > slow { (slow, fast) } else { (fast, slow) };
        let left_out_count = longer - shorter;
        Self { left_out_count, fast: Ema::new(shorter), slow: Ema::new(longer), signal: Ema::new(signal) }
    }

    /// Takes the next value and returns macd, signal and histogram, NaN until the signal is seeded.
    #[inline]
    pub(crate) fn update(&mut self, value: f64) -> [f64; 3] {
        let slow = self.slow.update(value);
        if self.left_out_count > 0 {
            self.left_out_count -= 1;
            return [f64::NAN; 3];
        }
        let macd = self.fast.update(value) - slow;
        if macd.is_nan() {
            return [f64::NAN; 3];
        }
        let signal = self.signal.update(macd);
        if signal.is_nan() {
            return [f64::NAN; 3];
        }
        [macd, signal, macd - signal]
    }
}

impl Forgetful<1, 3, 3> for Macd {
    fn step(&mut self, [value]: [f64; 1]) -> [f64; 3] {
        self.update(value)
    }

    fn memory(&self) -> usize {
        self.slow.memory() + self.signal.memory()
    }

    fn levels(&self) -> Option<[f64; 3]> {
        Some([self.fast.level()?, self.slow.level()?, self.signal.level()?])
    }

    #[inline]
    fn next<N: Number>(&self, [fast, slow, signal]: [N; 3], [value]: [N; 1]) -> ([N; 3], [N; 3]) {
        let fast = self.fast.after(fast, value);
        let slow = self.slow.after(slow, value);
        let macd = fast - slow;
        let signal = self.signal.after(signal, macd);
        ([fast, slow, signal], [macd, signal, macd - signal])
    }
}
