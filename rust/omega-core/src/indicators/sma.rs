//! Simple moving average: the mean of the last `period` values.
//!
//! A running sum, as in TA-Lib: add the newest, divide, subtract the oldest. Rule IND-3.

use crate::indicators::window::{Window, append};

/// The state of one simple moving average between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Sma {
    period: u32,
    window: Window,
    seen_count: u32,
    total: f64,
}

impl Sma {
    /// Starts without any value. `period` is at least 1.
    pub(crate) fn new(period: u32) -> Self {
        Self { period, window: Window::new(period), seen_count: 0, total: 0.0 }
    }

    /// Takes the next value and returns the mean of the last `period`, NaN while there are fewer.
    #[inline]
    pub(crate) fn update(&mut self, value: f64) -> f64 {
        self.window.push(value);
        if self.seen_count < self.period - 1 {
            self.seen_count += 1;
            self.total += value;
            return f64::NAN;
        }
        let oldest = self.window.values[self.window.next_idx];
        let (mean, total) = slide(self.total, value, oldest, f64::from(self.period));
        self.total = total;
        mean
    }
}

/// Returns the mean of a full window and the sum that stays once `oldest` has left it.
#[inline]
pub(crate) fn slide(total: f64, newest: f64, oldest: f64, period: f64) -> (f64, f64) {
    let full = total + newest;
    (full / period, full - oldest)
}

/// Returns the column of values without NaN; the window is the input itself, the sums are those of the step.
///
/// twin: none — the step says the same, with a ring.
pub(crate) fn sma(values: &[f64], period: u32) -> Vec<f64> {
    let warm_up_count = values.len().min(period as usize - 1);
    let (warm_up, newest) = values.split_at(warm_up_count);
    let mut total = 0.0;
    for value in warm_up {
        total += value;
    }
    let mut out = Vec::with_capacity(values.len());
    out.resize(warm_up_count, f64::NAN);
    append(&mut out, newest.iter().zip(values), move |(&newest, &oldest)| {
        let (mean, rest) = slide(total, newest, oldest, f64::from(period));
        total = rest;
        mean
    });
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_column_without_a_ring_equals_the_loop_over_the_step() {
        let values: Vec<f64> = (0..500).map(|i| 1.1 + f64::from(i * i % 97) / 1e5).collect();
        for period in [1, 2, 3, 14, 200, 499, 500, 501] {
            let mut step = Sma::new(period);
            let stepped: Vec<u64> = values.iter().map(|&value| step.update(value).to_bits()).collect();
            assert_eq!(stepped, sma(&values, period).iter().map(|mean| mean.to_bits()).collect::<Vec<_>>());
        }
    }
}
