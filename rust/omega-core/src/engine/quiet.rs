//! Bars in which nothing happens, taken in one stride.
//!
//! twin: none — the same steps as `Simulation::step`, column by column instead of bar by bar. Between two
//! requests most bars reach no stop and no target: there only marks and extremes change, and 64-bit
//! arithmetic is enough for them. A bar that may close something is left to `step`.

use crate::engine::closing::closing_side;
use crate::engine::simulation::Simulation;
use crate::market::Prices;
use crate::portfolio::money::Rate;
use crate::portfolio::position::{Position, see_price};

/// Limit on Σ steps · numerator: with prices below 2^31 every sum of marks stays below 2^60.
const MAX_UNITS: i128 = 1 << 29;
/// Limit on the balance, so that balance plus marks stays in range.
const MAX_QUIET_BALANCE: i128 = 1 << 61;
/// Bars compared at once; a power of two that fits vector registers.
const LANES: usize = 16;

/// Runs the steps `from..to` for as long as no bar reaches a level; returns the first step not run.
///
/// There are no requests in `from..to`, and at least one position is open.
pub(crate) fn run(simulation: &mut Simulation, from: usize, to: usize) -> usize {
    if !fits(simulation) {
        return from;
    }
    let mut end = to;
    for position in &simulation.positions {
        end = first_reached(position, closing_side(simulation.series(), position), from, end);
    }
    if end > from {
        hold(simulation, from, end);
    }
    end
}

/// Whether 64 bits hold every mark of the open positions.
fn fits(simulation: &Simulation) -> bool {
    let units = simulation
        .positions
        .iter()
        .fold(0, |units, position| units + i128::from(position.steps) * simulation.rate.numerator);
    let accrued = simulation
        .positions
        .iter()
        .fold(0, |accrued, position| accrued + i128::from(position.accrued_swap).abs());
    units <= MAX_UNITS
        && simulation.rate.denominator <= MAX_UNITS
        && i128::from(simulation.books.balance).abs() + accrued < MAX_QUIET_BALANCE
}

/// The first bar of `from..to` that reaches a level of the position, or `to`.
#[expect(clippy::needless_bitwise_bool, reason = "no branch inside a vector of comparisons")]
fn first_reached(position: &Position, side: &Prices, from: usize, to: usize) -> usize {
    let (lower, upper) =
        if position.direction > 0 { (position.sl, position.tp) } else { (position.tp, position.sl) };
    let floor = lower.map_or(i32::MIN, clamped);
    let ceiling = upper.map_or(i32::MAX, clamped);
    let (lows, highs) = (&side.low[from..to], &side.high[from..to]);
    let is_reached = |(low, high): (&i32, &i32)| (*low <= floor) | (*high >= ceiling);
    let chunks = lows.chunks(LANES).zip(highs.chunks(LANES));
    for (chunk_idx, (lows, highs)) in chunks.enumerate() {
        let any = lows.iter().zip(highs).fold(false, |any, bar| any | is_reached(bar));
        if any {
            let inside = lows.iter().zip(highs).position(is_reached).unwrap_or(0);
            return from + chunk_idx * LANES + inside;
        }
    }
    to
}

/// Marks `from..to` with every position held throughout.
fn hold(simulation: &mut Simulation, from: usize, to: usize) {
    let start = simulation.books.equity.len();
    let balance = simulation.books.balance;
    let accrued = simulation.positions.iter().fold(0, |accrued, position| accrued + position.accrued_swap);
    simulation.books.equity.resize(start + to - from, balance + accrued);
    let marks = &mut simulation.books.equity[start..];
    let series = &simulation.market.series[0];
    for position in &mut simulation.positions {
        let side = closing_side(series, position);
        add_marks(marks, position, &side.close[from..to], simulation.rate);
        let lowest = side.low[from..to].iter().fold(i32::MAX, |lowest, low| lowest.min(*low));
        let highest = side.high[from..to].iter().fold(i32::MIN, |highest, high| highest.max(*high));
        see_price(position, i64::from(lowest));
        see_price(position, i64::from(highest));
    }
}

/// Adds the open profit of one position to every mark.
#[expect(clippy::cast_possible_truncation, reason = "`fits` has bounded both terms")]
fn add_marks(marks: &mut [i64], position: &Position, closes: &[i32], rate: Rate) {
    let (numerator, denominator) = (rate.numerator as i64, rate.denominator as i64);
    let slope = position.direction * position.steps * numerator;
    let offset = position.direction * position.k * numerator;
    let bars = marks.iter_mut().zip(closes);
    if denominator == 1 {
        bars.for_each(|(mark, close)| *mark += slope * i64::from(*close) - offset);
    } else {
        bars.for_each(|(mark, close)| *mark += half_even(slope * i64::from(*close) - offset, denominator));
    }
}

/// `numerics::half_even_quotient` in 64 bits.
fn half_even(num: i64, den: i64) -> i64 {
    let whole = num.div_euclid(den);
    let rest = num.rem_euclid(den);
    let above = den - rest;
    if rest > above || (rest == above && whole & 1 == 1) { whole + 1 } else { whole }
}

/// A level as wide as a price; none lies beyond.
fn clamped(level: i64) -> i32 {
    i32::try_from(level).unwrap_or(if level > 0 { i32::MAX } else { i32::MIN })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numerics::half_even_quotient;

    #[test]
    fn sixty_four_bits_round_like_the_booking() {
        for num in -40..=40_i64 {
            for den in [2, 3, 4, 10] {
                assert_eq!(i128::from(half_even(num, den)), half_even_quotient(num.into(), den.into()));
            }
        }
        assert_eq!((half_even(5, 2), half_even(7, 2), half_even(-5, 2)), (2, 4, -2));
    }
}
