//! Z-score from the exponential moving average, in deviations of the last `period` values.
//!
//! Own definition, rule IND-3.

use crate::indicators::deviation::Deviation;
use crate::indicators::ema::Ema;
use crate::indicators::zscore::score;

/// The state between two bars.
#[derive(Clone, Debug)]
pub(crate) struct ZscoreEma {
    mean: Ema,
    deviation: Deviation,
}

impl ZscoreEma {
    /// Starts without any value. `period` is at least 2.
    pub(crate) fn new(period: u32) -> Self {
        Self { mean: Ema::new(period), deviation: Deviation::new(period) }
    }

    /// Takes the next value and returns its score, NaN while there are fewer than `period`.
    #[inline]
    pub(crate) fn update(&mut self, value: f64) -> f64 {
        self.deviation.update(value);
        score(value - self.mean.update(value), self.deviation.population())
    }
}
