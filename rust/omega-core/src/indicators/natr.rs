//! Normalised average true range: the average true range in percent of the close. Rule IND-3.

use crate::indicators::atr::Atr;
use crate::indicators::number::Number;
use crate::indicators::stretches::Forgetful;

/// The state between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Natr {
    range: Atr,
}

impl Natr {
    /// Starts without any bar. `period` is at least 1.
    pub(crate) fn new(period: u32) -> Self {
        Self { range: Atr::new(period) }
    }

    /// Takes the next bar and returns the average in percent, NaN until `period` true ranges were seen.
    #[inline]
    pub(crate) fn update(&mut self, high: f64, low: f64, close: f64) -> f64 {
        self.range.update(high, low, close) / close * 100.0
    }
}

/// Rows of high, low, the close before and the close.
impl Forgetful<4, 1, 1> for Natr {
    fn step(&mut self, [high, low, before, close]: [f64; 4]) -> [f64; 1] {
        [self.range.step([high, low, before])[0] / close * 100.0]
    }

    fn memory(&self) -> usize {
        self.range.memory()
    }

    fn levels(&self) -> Option<[f64; 1]> {
        self.range.levels()
    }

    #[inline]
    fn next<N: Number>(&self, levels: [N; 1], [high, low, before, close]: [N; 4]) -> ([N; 1], [N; 1]) {
        let (levels, [level]) = self.range.next(levels, [high, low, before]);
        (levels, [level / close * N::from(100.0)])
    }
}
