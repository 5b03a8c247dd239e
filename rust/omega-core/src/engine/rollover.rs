//! Rollovers: swap accrues on every position that is open at 17:00 New York (LOOP step 1, SWP-1).
//!
//! The calendar says when that was; a gap may hold several rollovers.

use std::sync::Arc;

use crate::engine::closing::closing_side;
use crate::engine::records::SwapRow;
use crate::engine::simulation::Simulation;
use crate::error::Result;
use crate::execution::swap::{Night, nightly_amount};
use crate::market::{Calendar, as_i64};

/// Accrues every rollover after the open of bar `mark_bar_idx` and not after `until_us`.
///
/// Positions are those open now; their mark is the closing-side close of that bar. Nothing accrues before
/// the first bar, which is `None`.
///
/// # Errors
/// `engine.overflow` if an amount does not fit a booking.
pub fn accrue(simulation: &mut Simulation, until_us: i64, mark_bar_idx: Option<usize>) -> Result<()> {
    let (Some(table), Some(mark_bar_idx)) = (&simulation.swaps, mark_bar_idx) else { return Ok(()) };
    let due_us = simulation.market.calendar.rollover_time_us.get(simulation.rollover_row);
    if due_us.is_none_or(|due_us| *due_us > until_us) {
        return Ok(());
    }
    let market = Arc::clone(&simulation.market);
    let (calendar, series) = (&market.calendar, &market.series[0]);
    let mut row = first_after(calendar, simulation.rollover_row, series.time_us[mark_bar_idx]);
    while row < calendar.rollover_time_us.len() && calendar.rollover_time_us[row] <= until_us {
        let fx_day = calendar.fx_day[row];
        let multiplier = table.multipliers[usize::from(calendar.weekday[row].unsigned_abs()) % 7];
        let night = Night { fx_day, multiplier };
        let factors = simulation.exchange.worth()?.factors;
        for position in &mut simulation.positions {
            let mark = i64::from(closing_side(series, position).close[mark_bar_idx]);
            let amount = nightly_amount(table, position, mark, night, factors)?;
            if amount == 0 {
                continue;
            }
            position.accrued_swap += amount;
            simulation.records.swaps.push(SwapRow {
                time_us: calendar.rollover_time_us[row],
                fx_day,
                position_id: position.id,
                symbol: position.symbol,
                multiplier,
                amount,
                equity_row: as_i64(simulation.books.equity.len()),
            });
        }
        row += 1;
    }
    simulation.rollover_row = row;
    Ok(())
}

/// Row of the first rollover after a time, from a row that is not behind it. twin: none — the twin bisects.
fn first_after(calendar: &Calendar, from: usize, time_us: i64) -> usize {
    let is_passed = |rollover_us: &&i64| **rollover_us <= time_us;
    from + calendar.rollover_time_us[from..].iter().take_while(is_passed).count()
}

/// The first step of `from..to` at which a rollover may accrue, or `to`. twin: none — part of the strides.
pub(crate) fn next_rollover_step(simulation: &mut Simulation, from: usize, to: usize) -> usize {
    if simulation.swaps.is_none() || from >= to {
        return to;
    }
    let later = simulation.market.rollover_steps.get(simulation.rollover_row..).unwrap_or_default();
    let passed = later.iter().take_while(|step| **step < from).count();
    simulation.rollover_row += passed;
    later.get(passed).map_or(to, |step| (*step).min(to))
}
