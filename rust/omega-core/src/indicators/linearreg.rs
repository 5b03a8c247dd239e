//! End of the least-squares line through the last `period` values: 3 * WMA - 2 * SMA.
//!
//! The identity saves the sums over the window: with weights 1 to n the line ends there. Rule IND-3.

use crate::indicators::sma::Sma;
use crate::indicators::window::append;
use crate::indicators::wma::Wma;

/// The state between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Linearreg {
    weighted: Wma,
    mean: Sma,
}

impl Linearreg {
    /// Starts without any value. `period` is at least 2.
    pub(crate) fn new(period: u32) -> Self {
        Self { weighted: Wma::new(period), mean: Sma::new(period) }
    }

    /// Takes the next value and returns the end of the line, NaN while there are fewer than `period`.
    #[inline]
    pub(crate) fn update(&mut self, value: f64) -> f64 {
        3.0 * self.weighted.update(value) - 2.0 * self.mean.update(value)
    }
}

/// Returns the column of values without NaN; the windows are the input itself. twin: none — the step says the same.
pub(crate) fn linearreg(values: &[f64], period: u32) -> Vec<f64> {
    let count = (period as usize).min(values.len());
    let mut step = Linearreg::new(period);
    let mut column = Vec::with_capacity(values.len());
    column.extend(values[..count].iter().map(|value| step.update(*value)));
    let (divisor, period) = (step.weighted.divisor, f64::from(period));
    // The sum of a full window is the same in both averages, to the bit: one is kept.
    let (mut weighted, mut total) = (step.weighted.weighted, step.weighted.total);
    append(&mut column, values[count..].iter().zip(values), move |(newest, oldest)| {
        weighted = weighted - total + newest * period;
        total = total - oldest + newest;
        3.0 * (weighted / divisor) - 2.0 * (total / period)
    });
    column
}
