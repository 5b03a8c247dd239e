//! Average true range: how far price moves per bar, gaps between bars included.
//!
//! The true range needs the close before it, so the first one belongs to bar 1; the average is Wilder's.
//! Rule IND-3.

use crate::indicators::number::Number;
use crate::indicators::stretches::Forgetful;
use crate::indicators::trange::{Trange, true_range};
use crate::indicators::wilder::Wilder;

/// The state of one average true range between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Atr {
    range: Trange,
    mean: Wilder,
}

impl Atr {
    /// Starts without any bar. `period` is at least 1.
    pub(crate) fn new(period: u32) -> Self {
        Self { range: Trange::new(), mean: Wilder::new(period) }
    }

    /// Takes the next bar and returns the average, NaN until `period` true ranges were seen.
    #[inline]
    pub(crate) fn update(&mut self, high: f64, low: f64, close: f64) -> f64 {
        let greatest = self.range.update(high, low, close);
        if greatest.is_nan() {
            return f64::NAN;
        }
        self.mean.update(greatest)
    }
}

/// Rows of high, low and the close before.
impl Forgetful<3, 1, 1> for Atr {
    fn step(&mut self, [high, low, before]: [f64; 3]) -> [f64; 1] {
        [self.mean.update(true_range(high, low, before))]
    }

    fn memory(&self) -> usize {
        self.mean.memory()
    }

    fn levels(&self) -> Option<[f64; 1]> {
        self.mean.level().map(|level| [level])
    }

    #[inline]
    fn next<N: Number>(&self, [level]: [N; 1], [high, low, before]: [N; 3]) -> ([N; 1], [N; 1]) {
        let level = self.mean.after(level, true_range(high, low, before));
        ([level], [level])
    }
}
