//! Kaufman's adaptive moving average: fast where price moves straight, slow where it goes to and fro.
//!
//! What is carried is the rest, the value minus the level: it rounds far below the level, and the next one waits
//! for two operations instead of three. It begins with 0 at the value before the first output. Where the sum of
//! changes is zero, or not above the signed change, the efficiency is 1, as in TA-Lib. Rule IND-3.

use crate::indicators::window::{Window, append};
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

/// Returns the column of values without NaN; the windows are the input itself. twin: none — the step says the same.
pub(crate) fn kama(values: &[f64], period: u32) -> Vec<f64> {
    let mut step = Kama::new(period);
    let (warm_up, newest) = values.split_at(values.len().min(period as usize + 1));
    let mut column = Vec::with_capacity(values.len());
    column.extend(warm_up.iter().map(|value| step.update(*value)));
    if newest.is_empty() {
        return column;
    }
    let (mut total, mut rest) = (step.total, step.rest);
    let moves = newest.iter().zip(&values[period as usize..]);
    append(
        &mut column,
        moves.zip(values[1..].iter().zip(values)),
        move |((value, previous), (oldest, older))| {
            let change = value - previous;
            total = total - (oldest - older).abs() + change.abs();
            rest = (change + rest) * kept(efficiency(value - oldest, total, value.abs()));
            value - rest
        },
    );
    column
}
