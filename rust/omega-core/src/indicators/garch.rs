//! GARCH(1,1) volatility of simple returns with given alpha and beta; nothing is fitted.
//!
//! `variance = omega + alpha * r_before^2 + beta * variance_before`. The first variance is the mean square of
//! the first `period` returns, and `omega = (1 - alpha - beta) * variance` (variance targeting on the warm-up
//! only). T. Bollerslev, J. of Econometrics 31, 1986. Rule IND-3.

use crate::indicators::change::Change;

/// The state between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Garch {
    period: u32,
    alpha: f64,
    beta: f64,
    change: Change,
    seen_count: u32,
    omega: f64,
    variance: f64,
    last_square: f64,
}

impl Garch {
    /// Starts without any value. `period` is at least 1; both weights are at least 0, their sum below 1.
    pub(crate) fn new(period: u32, alpha: f64, beta: f64) -> Self {
        let change = Change::new();
        Self { period, alpha, beta, change, seen_count: 0, omega: 0.0, variance: 0.0, last_square: 0.0 }
    }

    /// Takes the next value and returns the volatility as a fraction, NaN for the first `period`.
    #[inline]
    pub(crate) fn update(&mut self, value: f64) -> f64 {
        let change = self.change.update(value);
        if change.is_nan() {
            return f64::NAN;
        }
        let square = change * change;
        if self.seen_count < self.period {
            self.seen_count += 1;
            self.variance += square;
            if self.seen_count < self.period {
                return f64::NAN;
            }
            self.variance /= f64::from(self.period);
            self.omega = (1.0 - self.alpha - self.beta) * self.variance;
        } else {
            self.variance = self.omega + self.alpha * self.last_square + self.beta * self.variance;
        }
        self.last_square = square;
        self.variance.sqrt()
    }
}
