//! Simple moving average: the mean of the last `period` values.
//!
//! A running sum, as in TA-Lib: add the newest, divide, subtract the oldest. Rule IND-3.

/// The state of one simple moving average between two bars.
#[derive(Clone, Debug)]
pub struct Sma {
    period: f64,
    window: Vec<f64>,
    next_idx: usize,
    seen_count: usize,
    total: f64,
}

impl Sma {
    /// Starts without any value. `period` is at least 1.
    #[must_use]
    pub fn new(period: u32) -> Self {
        let window = vec![0.0; period as usize];
        Self { period: f64::from(period), window, next_idx: 0, seen_count: 0, total: 0.0 }
    }

    /// Takes the next value and returns the mean of the last `period`, NaN while there are fewer.
    pub fn update(&mut self, value: f64) -> f64 {
        self.window[self.next_idx] = value;
        self.next_idx += 1;
        if self.next_idx == self.window.len() {
            self.next_idx = 0;
        }
        if self.seen_count < self.window.len() - 1 {
            self.seen_count += 1;
            self.total += value;
            return f64::NAN;
        }
        let (mean, total) = slide(self.total, value, self.window[self.next_idx], self.period);
        self.total = total;
        mean
    }
}

/// Returns the mean of a full window and the sum that stays once `oldest` has left it.
#[inline]
fn slide(total: f64, newest: f64, oldest: f64, period: f64) -> (f64, f64) {
    let full = total + newest;
    (full / period, full - oldest)
}

/// Returns the simple moving average, as long as `values`, NaN for the first `period - 1`.
///
/// The window is the input itself; the sums are those of `Sma::update`.
#[must_use]
pub fn sma(values: &[f64], period: u32) -> Vec<f64> {
    let warm_up_count = values.len().min(period as usize - 1);
    let (warm_up, newest) = values.split_at(warm_up_count);
    let mut total = 0.0;
    for value in warm_up {
        total += value;
    }
    let mut out = Vec::with_capacity(values.len());
    out.resize(warm_up_count, f64::NAN);
    out.extend(newest.iter().zip(values).map(|(&newest, &oldest)| {
        let (mean, rest) = slide(total, newest, oldest, f64::from(period));
        total = rest;
        mean
    }));
    out
}
