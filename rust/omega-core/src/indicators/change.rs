//! Simple return of a value on the one before it. Shared by GARCH, volatility clusters and beta.

/// The state between two bars.
#[derive(Clone, Debug, Default)]
pub(crate) struct Change {
    previous: f64,
    has_previous: bool,
}

impl Change {
    /// Starts without any value.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Takes the next value and returns value / previous - 1, NaN for the first, 0 from zero.
    #[inline]
    pub(crate) fn update(&mut self, value: f64) -> f64 {
        let before = std::mem::replace(&mut self.previous, value);
        if !self.has_previous {
            self.has_previous = true;
            return f64::NAN;
        }
        if before == 0.0 { 0.0 } else { value / before - 1.0 }
    }
}
