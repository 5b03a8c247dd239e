//! Exponential moving average, seeded with the mean of the first `period` values.
//!
//! `level = (value - level) * alpha + level` with `alpha = 2 / (period + 1)`, in this order of
//! operations, as in TA-Lib. Rule IND-3.

use crate::indicators::number::Number;
use crate::indicators::prices::source_column;
use crate::indicators::spec::Price;
use crate::indicators::stretches::{Forgetful, forgetful_with};
use crate::market::Series;
use crate::schema::Side;

/// The state of one exponential moving average between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Ema {
    period: u32,
    alpha: f64,
    seen_count: u32,
    level: f64,
}

impl Ema {
    /// Starts without any value. `period` is at least 1.
    pub(crate) fn new(period: u32) -> Self {
        Self { period, alpha: 2.0 / (f64::from(period) + 1.0), seen_count: 0, level: 0.0 }
    }

    /// Takes the next value and returns the new level, NaN until `period` values were seen.
    #[inline]
    pub(crate) fn update(&mut self, value: f64) -> f64 {
        if self.seen_count == self.period {
            self.level = self.after(self.level, value);
            return self.level;
        }
        self.seen_count += 1;
        self.level += value;
        if self.seen_count < self.period {
            return f64::NAN;
        }
        self.level /= f64::from(self.period);
        self.level
    }

    /// The level, once seeded. twin: none — for `Forgetful`.
    pub(crate) fn level(&self) -> Option<f64> {
        (self.seen_count == self.period).then_some(self.level)
    }

    /// The level after a value. twin: none — part of `update`.
    #[inline]
    pub(crate) fn after<N: Number>(&self, level: N, value: N) -> N {
        (value - level) * N::from(self.alpha) + level
    }

    /// Values after which less than half a rounding is left of a level. twin: none — for `Forgetful`.
    pub(crate) fn memory(&self) -> usize {
        22 * (self.period as usize + 1)
    }
}

/// Shows two averages of the bid closes of a series, some bars at a time, from the first bar to the last.
///
/// twin: none — value by value there.
pub(crate) fn two_emas_of_closes(series: &Series, periods: [u32; 2], mut show: impl FnMut(&[f64], &[f64])) {
    let closes = source_column(Price::Close, series, Side::Bid);
    forgetful_with([&closes], Two(periods.map(Ema::new)), 0, |[first, second]| {
        show(first, second);
        first.clear();
        second.clear();
    });
}

/// Two averages of the same values. twin: none — see above.
struct Two([Ema; 2]);

impl Forgetful<1, 2, 2> for Two {
    fn step(&mut self, [value]: [f64; 1]) -> [f64; 2] {
        self.0.each_mut().map(|ema| ema.update(value))
    }

    fn memory(&self) -> usize {
        self.0[0].memory().max(self.0[1].memory())
    }

    fn levels(&self) -> Option<[f64; 2]> {
        Some([self.0[0].level()?, self.0[1].level()?])
    }

    #[inline]
    fn next<N: Number>(&self, [first, second]: [N; 2], [value]: [N; 1]) -> ([N; 2], [N; 2]) {
        let levels = [self.0[0].after(first, value), self.0[1].after(second, value)];
        (levels, levels)
    }
}

impl Forgetful<1, 1, 1> for Ema {
    fn step(&mut self, [value]: [f64; 1]) -> [f64; 1] {
        [self.update(value)]
    }

    fn memory(&self) -> usize {
        self.memory()
    }

    fn levels(&self) -> Option<[f64; 1]> {
        self.level().map(|level| [level])
    }

    #[inline]
    fn next<N: Number>(&self, [level]: [N; 1], [value]: [N; 1]) -> ([N; 1], [N; 1]) {
        let level = self.after(level, value);
        ([level], [level])
    }
}
