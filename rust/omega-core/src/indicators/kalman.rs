//! Kalman mean: a level that wanders, seen through noise (local level model).
//!
//! `p = p + q; k = p / (p + r); m = m + k * (x - m); p = (1 - k) * p`, begun with m = x and p = r. Only the
//! ratio of the variances q and r matters. Rule IND-3.

/// The state between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Kalman {
    process: f64,
    measurement: f64,
    variance: f64,
    level: f64,
    has_level: bool,
}

impl Kalman {
    /// Starts without any value. Both variances are above 0.
    pub(crate) fn new(process: f64, measurement: f64) -> Self {
        Self { process, measurement, variance: measurement, level: 0.0, has_level: false }
    }

    /// Takes the next value and returns the level.
    #[inline]
    pub(crate) fn update(&mut self, value: f64) -> f64 {
        if !self.has_level {
            self.has_level = true;
            self.level = value;
            return value;
        }
        let prior = self.variance + self.process;
        let gain = prior / (prior + self.measurement);
        self.level = self.level + gain * (value - self.level);
        self.variance = (1.0 - gain) * prior;
        self.level
    }
}
