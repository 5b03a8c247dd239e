//! Aroon: how long ago the highest high and the lowest low of the last `period` + 1 bars were.
//!
//! 100 on the bar itself, 0 `period` bars ago; of equal ones the latest counts. Rule IND-3.

use std::ops::Range;

use crate::indicators::extreme::sliding;
use crate::indicators::window::Window;
use crate::numerics::count_float;

/// The state between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Aroon {
    period: usize,
    factor: f64,
    highs: Window,
    lows: Window,
    high_age: usize,
    low_age: usize,
}

impl Aroon {
    /// Starts without any bar. `period` is at least 1.
    pub(crate) fn new(period: u32) -> Self {
        let (highs, lows) = (Window::new(period + 1), Window::new(period + 1));
        let factor = 100.0 / f64::from(period);
        Self { period: period as usize, factor, highs, lows, high_age: 0, low_age: 0 }
    }

    /// Takes the next bar and returns down and up, NaN for the first `period`.
    #[inline]
    pub(crate) fn update(&mut self, high: f64, low: f64) -> [f64; 2] {
        self.high_age = age_of_best(&mut self.highs, self.high_age, high);
        self.low_age = age_of_best(&mut self.lows, self.low_age, -low);
        if !self.highs.is_full() {
            return [f64::NAN; 2];
        }
        let down = self.factor * count_float(self.period - self.low_age);
        [down, self.factor * count_float(self.period - self.high_age)]
    }
}

/// Takes the next value and returns how many values ago the greatest came, the latest of equal ones.
#[inline]
fn age_of_best(window: &mut Window, age: usize, value: f64) -> usize {
    let count = window.values.len();
    let back_of = |window: &Window, back: usize| {
        let idx = window.next_idx + count - 1 - back;
        window.values[if idx >= count { idx - count } else { idx }]
    };
    let best = back_of(window, age);
    let is_first = !window.is_full() && window.next_idx == 0;
    window.push(value);
    if is_first || value >= best {
        return 0;
    }
    if age + 1 < count {
        return age + 1;
    }
    let (mut found, mut best) = (0, value);
    for back in 1..count {
        let other = back_of(window, back);
        if other > best {
            (found, best) = (back, other);
        }
    }
    found
}

/// Returns the columns of bars without NaN. twin: none — the step says the same.
pub(crate) fn aroon([highs, lows]: [&[f64]; 2], period: u32) -> Vec<Vec<f64>> {
    vec![
        freshness(lows, period, |newer, older| older < newer),
        freshness(highs, period, |newer, older| older > newer),
    ]
}

/// Returns a column of how fresh the best is, 100 on the bar itself. twin: none — part of `aroon`.
#[inline(never)]
fn freshness(values: &[f64], period: u32, is_better: impl Fn(f64, f64) -> bool) -> Vec<f64> {
    let (factor, lag) = (100.0 / f64::from(period), period as usize);
    let mut column = Vec::with_capacity(values.len());
    column.resize(values.len().min(lag), f64::NAN);
    let placed = |rows: Range<usize>| values[rows.clone()].iter().copied().zip(rows.map(count_float));
    let best = |newer: (f64, f64), older: (f64, f64)| if is_better(newer.0, older.0) { older } else { newer };
    sliding((values.len(), lag + 1), placed, best, |rows, older, newer| {
        let windows = older.iter().zip(newer).zip((rows.start - lag..).map(count_float));
        column.extend(windows.map(|((older, newer), first)| factor * (best(*newer, *older).1 - first)));
    });
    column
}
