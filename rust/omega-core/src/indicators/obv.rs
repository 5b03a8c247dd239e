//! On-balance volume: volume added where price rose, subtracted where it fell. It begins with the first volume.
//!
//! Rule IND-3.

use crate::indicators::window::append;

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
        self.level += if self.has_previous { signed(volume, value, self.previous) } else { volume };
        self.has_previous = true;
        self.previous = value;
        self.level
    }
}

/// Returns the volume as it counts: added, subtracted or not at all.
#[inline]
fn signed(volume: f64, value: f64, previous: f64) -> f64 {
    // Two choices that do not wait for each other: a branch would be guessed wrong half of the time.
    let added = if value > previous { volume } else { 0.0 };
    if value < previous { -volume } else { added }
}

/// Returns the column of rows without NaN. twin: none — the step says the same.
pub(crate) fn obv([values, volumes]: [&[f64]; 2]) -> Vec<f64> {
    let mut column = Vec::with_capacity(values.len());
    column.extend(volumes.first());
    let mut level = volumes.first().copied().unwrap_or_default();
    append(&mut column, values.windows(2).zip(volumes.iter().skip(1)), move |(pair, volume)| {
        level += signed(*volume, pair[1], pair[0]);
        level
    });
    column
}
