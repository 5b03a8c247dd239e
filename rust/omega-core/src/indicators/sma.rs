//! Simple moving average: the mean of the last `period` values.
//!
//! A running sum, as in TA-Lib: add the newest, divide, subtract the oldest. Rule IND-3.

use crate::indicators::sliding::{append_means, slide};
use crate::indicators::window::Window;

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
    let mut column = Vec::with_capacity(values.len());
    column.resize(warm_up_count, f64::NAN);
    append_means(&mut column, newest, &values[..newest.len()], total, f64::from(period));
    column
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_as_stepped(values: &[f64], period: u32) {
        let mut step = Sma::new(period);
        let stepped: Vec<u64> = values.iter().map(|&value| step.update(value).to_bits()).collect();
        let column: Vec<u64> = sma(values, period).iter().map(|mean| mean.to_bits()).collect();
        assert!(stepped == column, "period {period}");
    }

    #[test]
    fn the_column_without_a_ring_equals_the_loop_over_the_step() {
        let values: Vec<f64> = (0..500).map(|i| 1.1 + f64::from(i * i % 97) / 1e5).collect();
        for period in [1, 2, 3, 14, 200, 499, 500, 501] {
            assert_as_stepped(&values, period);
        }
    }

    #[test]
    fn so_does_a_column_of_many_stretches_wherever_its_sums_lie() {
        // Walks through powers of two, on all sides of zero, and with a price that is gone at once.
        for (level, step) in
            [(1.1, 1e-5), (16.0 / 14.0, 1e-5), (2337.0, 0.25), (0.0, 1e-3), (-1.0, 1e-4), (1e-300, 1e-303)]
        {
            let mut level: f64 = level;
            let mut values: Vec<f64> = (0..9_001_u64)
                .map(|i| {
                    let word = (i + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (i << 13);
                    level += if word >> 63 == 0 { step } else { -step };
                    level
                })
                .collect();
            values[5_000] *= 1e9;
            for period in [1, 2, 3, 14, 20, 200, 8_999] {
                assert_as_stepped(&values, period);
            }
        }
    }
}
