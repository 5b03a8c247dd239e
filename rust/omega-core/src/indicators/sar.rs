//! Parabolic stop and reverse: a stop that follows price faster the longer the move lasts.
//!
//! The first move is upwards unless the second bar's low fell by more than its high rose. A stop never lies
//! inside the last two bars. Rule IND-3.

/// The state between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Sar {
    acceleration: f64,
    maximum: f64,
    factor: f64,
    seen_count: u32,
    is_long: bool,
    high: f64,
    low: f64,
    extreme: f64,
    stop: f64,
}

impl Sar {
    /// Starts without any bar. Both are at least 0; `maximum` bounds `acceleration` too.
    pub(crate) fn new(acceleration: f64, maximum: f64) -> Self {
        let acceleration = if acceleration > maximum { maximum } else { acceleration };
        Self {
            acceleration,
            maximum,
            factor: acceleration,
            seen_count: 0,
            is_long: true,
            high: 0.0,
            low: 0.0,
            extreme: 0.0,
            stop: 0.0,
        }
    }

    /// Takes the next bar and returns the stop that was valid in it, NaN for the first.
    #[inline]
    pub(crate) fn update(&mut self, high: f64, low: f64) -> f64 {
        if self.seen_count == 0 {
            self.seen_count = 1;
            (self.high, self.low) = (high, low);
            return f64::NAN;
        }
        if self.seen_count == 1 {
            self.seen_count = 2;
            self.begin(high, low);
        }
        let (before_high, before_low) = (self.high, self.low);
        (self.high, self.low) = (high, low);
        // A short move is a long one with the sign of prices turned.
        if self.is_long {
            return self.follow(high, low, before_high, before_low);
        }
        -self.follow(-low, -high, -before_low, -before_high)
    }

    fn begin(&mut self, high: f64, low: f64) {
        let down = self.low - low;
        self.is_long = !(down > 0.0 && down > high - self.high);
        self.stop = if self.is_long { self.low } else { -self.high };
        self.extreme = if self.is_long { high } else { -low };
        // The first bar is left behind: stops are bounded by the second one.
        (self.high, self.low) = (high, low);
    }

    /// Returns the stop of a long move and moves it on, or turns.
    #[inline]
    fn follow(&mut self, high: f64, low: f64, before_high: f64, before_low: f64) -> f64 {
        if low <= self.stop {
            let stop = greatest(self.extreme, before_high, high);
            self.is_long = !self.is_long;
            self.factor = self.acceleration;
            self.extreme = -low;
            self.stop = -greatest(stop + self.factor * (low - stop), before_high, high);
            return stop;
        }
        let stop = self.stop;
        let raised = self.factor + self.acceleration;
        let bounded = if raised > self.maximum { self.maximum } else { raised };
        // Choices, not a branch: whether a bar goes further is anyone's guess.
        self.factor = if high > self.extreme { bounded } else { self.factor };
        self.extreme = if high > self.extreme { high } else { self.extreme };
        self.stop = -greatest(-before_low, -low, -(stop + self.factor * (self.extreme - stop)));
        stop
    }
}

/// Returns the greatest of three values.
#[inline]
fn greatest(first: f64, second: f64, third: f64) -> f64 {
    let best = if second > first { second } else { first };
    if third > best { third } else { best }
}
