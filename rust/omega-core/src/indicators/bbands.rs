//! Bollinger bands: the simple moving average, and a number of deviations above and below it.
//!
//! The deviation is that of the population (n). Rule IND-3.

use crate::indicators::deviation::{Deviation, moments_of};

/// The state between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Bbands {
    deviation: Deviation,
    deviations: f64,
}

impl Bbands {
    /// Starts without any value. `period` is at least 2.
    pub(crate) fn new(period: u32, deviations: f64) -> Self {
        Self { deviation: Deviation::new(period), deviations }
    }

    /// Takes the next value and returns upper, middle and lower band, NaN while there are fewer than `period`.
    #[inline]
    pub(crate) fn update(&mut self, value: f64) -> [f64; 3] {
        self.deviation.update(value);
        let middle = self.deviation.mean();
        let distance = self.deviation.population() * self.deviations;
        [middle + distance, middle, middle - distance]
    }
}

/// Returns the columns of values without NaN. twin: none — the step says the same.
#[inline(never)]
pub(crate) fn bbands(values: &[f64], period: u32, deviations: f64) -> Vec<Vec<f64>> {
    let [mut upper, mut middle, mut lower] = [(); 3].map(|()| Vec::with_capacity(values.len()));
    let (count, inverse) = (f64::from(period), 1.0 / f64::from(period));
    moments_of(values, period, |totals, squares| {
        for square in squares.iter_mut() {
            *square = (*square * inverse).sqrt() * deviations;
        }
        let begin = middle.len();
        middle.extend(totals.iter().map(|total| total / count));
        let rows = || middle[begin..].iter().zip(squares.iter());
        upper.extend(rows().map(|(mean, distance)| mean + distance));
        lower.extend(rows().map(|(mean, distance)| mean - distance));
    });
    vec![upper, middle, lower]
}
