//! Directional movement: how much of the true range was new ground, upwards and downwards.
//!
//! Wilder's sums: `period - 1` values are added up, from then on `total = total * kept + value` with
//! `kept = (period - 1) / period`. Shared by +DI, -DI, DX and ADX. Rule IND-3.

use crate::indicators::trange::Trange;

/// The state of the three sums between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Directional {
    kept: f64,
    warm_up_count: u32,
    seen_count: u32,
    range: Trange,
    high: f64,
    low: f64,
    plus: f64,
    minus: f64,
    total: f64,
}

impl Directional {
    /// Starts without any bar. `period` is at least 1.
    pub(crate) fn new(period: u32) -> Self {
        let count = f64::from(period);
        Self {
            kept: (count - 1.0) / count,
            warm_up_count: period,
            seen_count: 0,
            range: Trange::new(),
            high: 0.0,
            low: 0.0,
            plus: 0.0,
            minus: 0.0,
            total: 0.0,
        }
    }

    /// Takes the next bar and returns +DI and -DI, NaN for the first `period`, 0 where nothing moved.
    #[inline]
    pub(crate) fn update(&mut self, high: f64, low: f64, close: f64) -> [f64; 2] {
        let greatest = self.range.update(high, low, close);
        let (up, down) = (high - self.high, self.low - low);
        (self.high, self.low) = (high, low);
        if greatest.is_nan() {
            return [f64::NAN; 2];
        }
        self.seen_count += 1;
        let kept = if self.seen_count < self.warm_up_count { 1.0 } else { self.kept };
        self.plus = self.plus * kept + up * flag(up > 0.0 && up > down);
        self.minus = self.minus * kept + down * flag(down > 0.0 && down > up);
        self.total = self.total * kept + greatest;
        if self.seen_count < self.warm_up_count {
            return [f64::NAN; 2];
        }
        self.seen_count = self.warm_up_count;
        if self.total == 0.0 {
            return [0.0; 2];
        }
        [100.0 * (self.plus / self.total), 100.0 * (self.minus / self.total)]
    }
}

/// 1 or 0: a branch would be guessed wrong half of the time. twin: none — a condition.
#[inline]
fn flag(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}
