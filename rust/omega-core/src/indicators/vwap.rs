//! Volume-weighted average price since the FX day began (17:00 New York).
//!
//! sum of tp * volume / sum of volume, tp = (high + low + close) / 3; tp itself where nothing was traded yet.
//! Own definition, rule IND-3.

/// The state between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Vwap {
    day: f64,
    turnover: f64,
    volume: f64,
}

impl Vwap {
    /// Starts without any bar.
    pub(crate) fn new() -> Self {
        Self { day: -1.0, turnover: 0.0, volume: 0.0 }
    }

    /// Takes the next bar and the index of its FX day and returns the average.
    #[inline]
    #[expect(clippy::float_cmp, reason = "indices are whole")]
    pub(crate) fn update(&mut self, [high, low, close, volume, day]: [f64; 5]) -> f64 {
        if day != self.day {
            (self.day, self.turnover, self.volume) = (day, 0.0, 0.0);
        }
        let price = (high + low + close) / 3.0;
        self.turnover += price * volume;
        self.volume += volume;
        if self.volume > 0.0 { self.turnover / self.volume } else { price }
    }
}
