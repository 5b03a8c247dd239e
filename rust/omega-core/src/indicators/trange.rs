//! True range: how far price moved in a bar, the gap to the close before included. Rule IND-3.

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
#[inline]
fn true_range(high: f64, low: f64, previous_close: f64) -> f64 {
    let mut greatest = high - low;
    let to_high = (previous_close - high).abs();
    if to_high > greatest {
        greatest = to_high;
    }
    let to_low = (previous_close - low).abs();
    if to_low > greatest {
        greatest = to_low;
    }
    greatest
}
