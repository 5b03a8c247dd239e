//! Highest high and lowest low since the FX day began (17:00 New York). Own definition, rule IND-3.

/// The state between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    day: f64,
    high: f64,
    low: f64,
}

impl Session {
    /// Starts without any bar.
    pub(crate) fn new() -> Self {
        Self { day: -1.0, high: 0.0, low: 0.0 }
    }

    /// Takes the next bar and the index of its FX day and returns high and low so far.
    #[inline]
    #[expect(clippy::float_cmp, reason = "indices are whole")]
    pub(crate) fn update(&mut self, high: f64, low: f64, day: f64) -> [f64; 2] {
        if day != self.day {
            (self.day, self.high, self.low) = (day, high, low);
        }
        if high > self.high {
            self.high = high;
        }
        if low < self.low {
            self.low = low;
        }
        [self.high, self.low]
    }
}
