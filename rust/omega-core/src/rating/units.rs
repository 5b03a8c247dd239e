//! What a resample draws as a whole: single trades, or all trades closed in one FX day or week (RAT-4).
//!
//! Trades that overlap share their luck; drawn one by one they would seem independent.

use crate::metrics::{DAY_US, Trades};
use crate::numerics::floor_quotient;
use crate::schema::ExitReason;

/// What is drawn as a whole, its trades in closing order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Unit {
    /// Sum of its trades.
    pub(super) net: i64,
    /// Highest running sum after one of its trades.
    pub(super) high: i64,
    /// Lowest running sum after one of its trades.
    pub(super) low: i64,
    /// Largest fall from one running sum to a later one, >= 0.
    pub(super) drawdown: i64,
    /// Sum of the R of its trades, those without one left out.
    pub(super) r_sum: f64,
}

/// Returns whether two trades were ever open together.
///
/// Entries of a step come before its level exits and after its requested closes (LOOP), so at equal
/// times a trade entered where another was closed by signal does not overlap it, and one that hit a level
/// does.
pub(super) fn positions_overlap(trades: &Trades) -> bool {
    let mut spans: Vec<(i64, i64)> = (0..trades.net.len())
        .map(|row| {
            let late = i64::from(trades.reason[row] != ExitReason::Signal.code());
            (2 * trades.entry_time[row], 2 * trades.exit_time[row] + late)
        })
        .collect();
    spans.sort_unstable();
    let mut open_until = None;
    for (entry, leave) in spans {
        if open_until.is_some_and(|until| entry < until) {
            return true;
        }
        if open_until.is_none_or(|until| leave > until) {
            open_until = Some(leave);
        }
    }
    false
}

/// Returns one unit per trade.
pub(super) fn single_units(trades: &Trades) -> Vec<Unit> {
    let single = |(net, r): (&i64, &Option<f64>)| Unit {
        net: *net,
        high: *net,
        low: *net,
        drawdown: 0,
        r_sum: r.unwrap_or(0.0),
    };
    trades.net.iter().zip(trades.r_multiple).map(single).collect()
}

/// Returns one unit per FX day, or week, in which trades closed; weekends with Monday (MET-1).
///
/// A fill at a boundary is the first of the next day; the end of the data closes the day that it ends.
pub(super) fn block_units(trades: &Trades, boundaries: &[i64], by_week: bool) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    let mut day = 0;
    let mut open_block = None;
    for ((time, reason), unit) in trades.exit_time.iter().zip(trades.reason).zip(single_units(trades)) {
        let inside = time - i64::from(*reason == ExitReason::EndOfData.code());
        while day < boundaries.len() && boundaries[day] <= inside {
            day += 1;
        }
        let end = boundaries.get(day).map_or(inside + 1, |end| *end);
        let block = if by_week { week_of(end) } else { day as i128 };
        let unit = match units.pop() {
            Some(earlier) if open_block == Some(block) => joined(earlier, unit),
            closed => {
                units.extend(closed);
                unit
            }
        };
        units.push(unit);
        open_block = Some(block);
    }
    units
}

/// Returns the number of the week, Monday to Sunday, of the day that ends at this moment.
fn week_of(end: i64) -> i128 {
    floor_quotient(floor_quotient(i128::from(end) - 1, DAY_US) + 3, 7)
}

/// Returns the unit with one more trade at its end.
fn joined(unit: Unit, trade: Unit) -> Unit {
    let running = unit.net + trade.net;
    Unit {
        net: running,
        high: unit.high.max(running),
        low: unit.low.min(running),
        drawdown: unit.drawdown.max(unit.high - running),
        r_sum: unit.r_sum + trade.r_sum,
    }
}

/// Returns the longest way, up or down, that one unit can move the balance.
pub(super) fn furthest(units: &[Unit]) -> i64 {
    units.iter().fold(0, |reach, unit| reach.max(unit.high).max(-unit.low).max(unit.drawdown))
}
