//! True range: how far price moved in a bar, the gap to the close before included. Rule IND-3.

use crate::indicators::number::Number;

/// The state of one true range between two bars.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trange {
    previous_close: f64,
    has_previous: bool,
}

impl Trange {
    /// Starts without any bar.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Takes the next bar and returns its true range, NaN for the first.
    #[inline]
    pub(crate) fn update(&mut self, high: f64, low: f64, close: f64) -> f64 {
        let greatest = if self.has_previous { true_range(high, low, self.previous_close) } else { f64::NAN };
        self.has_previous = true;
        self.previous_close = close;
        greatest
    }
}

/// Returns the greatest of high - low and the distances of both from the close before.
///
/// One difference: the farther of high and low from a close outside of them is what rounds to the greatest.
#[inline]
pub(crate) fn true_range<N: Number>(high: N, low: N, previous_close: N) -> N {
    previous_close.or_greater(high) - previous_close.or_less(low)
}

/// Returns the column of bars without NaN. twin: none — the step says the same.
#[inline(never)]
pub(crate) fn trange(highs: &[f64], lows: &[f64], closes_before: &[f64]) -> Vec<f64> {
    let bars = highs.iter().zip(lows).zip(closes_before);
    let mut column = Vec::with_capacity(highs.len() + 1);
    column.push(f64::NAN);
    column.extend(bars.map(|((high, low), before)| true_range(*high, *low, *before)));
    column
}
