//! Standard deviation of the last `period` values, with n, times a factor. Rule IND-3.

use crate::indicators::deviation::{Deviation, moments_of};

/// The state between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Stddev {
    deviation: Deviation,
    deviations: f64,
}

impl Stddev {
    /// Starts without any value. `period` is at least 2.
    pub(crate) fn new(period: u32, deviations: f64) -> Self {
        Self { deviation: Deviation::new(period), deviations }
    }

    /// Takes the next value and returns the deviation, NaN while there are fewer than `period`.
    #[inline]
    pub(crate) fn update(&mut self, value: f64) -> f64 {
        self.deviation.update(value);
        self.deviation.population() * self.deviations
    }
}

/// Returns the column of values without NaN. twin: none — the step says the same.
#[inline(never)]
pub(crate) fn stddev(values: &[f64], period: u32, deviations: f64) -> Vec<f64> {
    let mut column = Vec::with_capacity(values.len());
    let inverse = 1.0 / f64::from(period);
    moments_of(values, period, |_, squares| {
        column.extend(squares.iter().map(|square| (square * inverse).sqrt() * deviations));
    });
    column
}
