//! Classic pivot points of the FX day before: the pivot, three resistances and three supports.
//!
//! Days without a bar are left out. There is none before the second day; where the data begin inside a day,
//! the first one is made of what there is of it. Rule IND-3.

/// The state between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Pivot {
    day: f64,
    high: f64,
    low: f64,
    close: f64,
    levels: [f64; 7],
}

impl Pivot {
    /// Starts without any bar.
    pub(crate) fn new() -> Self {
        Self { day: -1.0, high: 0.0, low: 0.0, close: 0.0, levels: [f64::NAN; 7] }
    }

    /// Takes the next bar and the index of its FX day and returns p, r1, s1, r2, s2, r3, s3.
    #[inline]
    #[expect(clippy::float_cmp, reason = "indices are whole")]
    pub(crate) fn update(&mut self, high: f64, low: f64, close: f64, day: f64) -> [f64; 7] {
        if day != self.day {
            if self.day >= 0.0 {
                self.levels = levels(self.high, self.low, self.close);
            }
            (self.day, self.high, self.low) = (day, high, low);
        }
        if high > self.high {
            self.high = high;
        }
        if low < self.low {
            self.low = low;
        }
        self.close = close;
        self.levels
    }
}

/// Returns the seven levels of one day.
fn levels(high: f64, low: f64, close: f64) -> [f64; 7] {
    let pivot = (high + low + close) / 3.0;
    let extent = high - low;
    [
        pivot,
        2.0 * pivot - low,
        2.0 * pivot - high,
        pivot + extent,
        pivot - extent,
        high + 2.0 * (pivot - low),
        low - 2.0 * (high - pivot),
    ]
}
