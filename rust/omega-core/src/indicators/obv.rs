//! On-balance volume: volume added where price rose, subtracted where it fell. It begins with the first volume.
//!
//! Rule IND-3.

/// The state between two bars.
#[derive(Clone, Debug, Default)]
pub(crate) struct Obv {
    level: f64,
    previous: f64,
    has_previous: bool,
}

impl Obv {
    /// Starts without any bar.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Takes the next price and volume and returns the balance.
    #[inline]
    pub(crate) fn update(&mut self, value: f64, volume: f64) -> f64 {
        if !self.has_previous || value > self.previous {
            self.level += volume;
        } else if value < self.previous {
            self.level -= volume;
        }
        self.has_previous = true;
        self.previous = value;
        self.level
    }
}
