//! Kaufman's adaptive moving average: fast where price moves straight, slow where it goes to and fro.
//!
//! What is carried is the rest, the value minus the level: it rounds far below the level, and the next one waits
//! for two operations instead of three. It begins with 0 at the value before the first output. Where the sum of
//! changes is zero, or not above the signed change, the efficiency is 1, as in TA-Lib. Rule IND-3.

use wide::f64x2;

use crate::indicators::window::{Window, append_pairs};
use crate::numerics::{ROUNDING, is_rounding};

const FASTEST: f64 = 2.0 / 3.0;
const SLOWEST: f64 = 2.0 / 31.0;

/// The state of one adaptive moving average between two bars.
#[derive(Clone, Debug)]
pub(crate) struct Kama {
    values: Window,
    changes: Window,
    has_previous: bool,
    total: f64,
    previous: f64,
    rest: f64,
}

impl Kama {
    /// Starts without any value. `period` is at least 2.
    pub(crate) fn new(period: u32) -> Self {
        let (values, changes) = (Window::new(period), Window::new(period));
        Self { values, changes, has_previous: false, total: 0.0, previous: 0.0, rest: 0.0 }
    }

    /// Takes the next value and returns the level, NaN until `period` changes were seen.
    #[inline]
    pub(crate) fn update(&mut self, value: f64) -> f64 {
        let is_full = self.values.is_full();
        let oldest = self.values.push(value);
        let change = value - self.previous;
        if self.has_previous {
            self.total = self.total - self.changes.push(change.abs()) + change.abs();
        }
        self.has_previous = true;
        self.previous = value;
        if !is_full {
            return f64::NAN;
        }
        self.rest = (change + self.rest) * kept(efficiency(value - oldest, self.total, value.abs()));
        value - self.rest
    }
}

/// Returns the share of the distance to the level that is kept: the less the straighter the values moved.
#[inline]
fn kept(efficiency: f64) -> f64 {
    let constant = efficiency * (FASTEST - SLOWEST) + SLOWEST;
    1.0 - constant * constant
}

/// Returns the share of the change in the sum of all changes.
#[inline]
fn efficiency(change: f64, total: f64, scale: f64) -> f64 {
    // Seldom true, and one comparison instead of three where it is not.
    let bound = ROUNDING * scale;
    let is_small = total <= if change > bound { change } else { bound };
    if is_small && (total <= change || is_rounding(total, scale)) {
        return 1.0;
    }
    (change / total).abs()
}

/// Returns the shares that two rows keep, side by side unless one of them is that of an efficiency of 1.
#[inline]
fn kept_of_two(changes: f64x2, totals: f64x2, values: f64x2) -> [f64; 2] {
    let is_small = totals.simd_le(changes) | totals.simd_le(values.abs() * f64x2::splat(ROUNDING));
    if is_small.any() {
        let (changes, totals, values) = (changes.to_array(), totals.to_array(), values.to_array());
        return [0, 1].map(|row| kept(efficiency(changes[row], totals[row], values[row].abs())));
    }
    let constants = (changes / totals).abs() * f64x2::splat(FASTEST - SLOWEST) + f64x2::splat(SLOWEST);
    (f64x2::splat(1.0) - constants * constants).to_array()
}

/// Returns the column of values without NaN, two rows at a time; the windows are the input itself.
///
/// twin: none — the step says the same.
pub(crate) fn kama(values: &[f64], period: u32) -> Vec<f64> {
    let lag = period as usize;
    let pair_count = values.len().saturating_sub(lag + 1) / 2;
    let (singles, paired) = values.split_at(values.len() - 2 * pair_count);
    let mut step = Kama::new(period);
    let mut column = Vec::with_capacity(values.len());
    column.extend(singles.iter().map(|value| step.update(*value)));
    if pair_count == 0 {
        return column;
    }
    let pairs = |lag: usize| values[singles.len() - lag..][..paired.len()].as_chunks().0.iter();
    let rows = pairs(0).zip(pairs(1)).zip(pairs(lag).zip(pairs(lag + 1)));
    append_pairs(&mut column, rows, move |((value, previous), (oldest, older))| {
        let [value, previous, oldest, older] =
            [value, previous, oldest, older].map(|pair| f64x2::from(*pair));
        let change = value - previous;
        let [newest_move, oldest_move] = [change, oldest - older].map(|pair| pair.abs().to_array());
        let first = step.total - oldest_move[0] + newest_move[0];
        step.total = first - oldest_move[1] + newest_move[1];
        let share = kept_of_two(value - oldest, f64x2::from([first, step.total]), value);
        let change = change.to_array();
        let first = (change[0] + step.rest) * share[0];
        step.rest = (change[1] + first) * share[1];
        (value - f64x2::from([first, step.rest])).to_array()
    });
    column
}
