//! Margin at the end of a bar: the call, and the stop-out that closes positions (MRG).
//!
//! A bar hides how low equity was inside it. The test at every position's adverse extreme shows what it may have
//! been; the close shows what it was. What fails at the close is closed at the next open, where a trader would
//! be closed too; what fails inside only is closed there and then, unless `target_first` runs.

use crate::engine::closing::{self, Deal, closing_side};
use crate::engine::fill_bar::FillBar;
use crate::engine::records::DiagnosticRow;
use crate::engine::simulation::Simulation;
use crate::engine::{account, orders};
use crate::error::Result;
use crate::market::{Series, as_i64};
use crate::plan::{Fraction, Intrabar};
use crate::plan_money::MarginPlan;
use crate::portfolio::margin::{Held, is_at_level};
use crate::portfolio::position::{Position, open_profit, see_price};
use crate::schema::number::{MARGIN_CALL, MARGIN_NEGATIVE_BALANCE};
use crate::schema::{ExitReason, Moment, Rule};

/// A position by its id, and the price it goes at.
type Leaving = (i64, i64);

/// Tests equity of a step against the levels of its margin (LOOP step 5); without positions there is none.
///
/// # Errors
/// `engine.overflow` if money leaves its range; those of the exchange.
pub fn test(simulation: &mut Simulation, levels: MarginPlan, bar_idx: usize) -> Result<()> {
    let level = levels.stop_out_level;
    if simulation.positions.is_empty() {
        simulation.is_called = false;
    } else {
        let time_us = simulation.series().close_time_us[bar_idx];
        simulation.exchange.move_to(time_us);
        if is_far_from(simulation, levels, bar_idx)? {
            simulation.is_called = false;
        } else {
            if !is_at(simulation, level, bar_idx)? {
                let inside = chosen(simulation, level, adverse_mark, Some(bar_idx), bar_idx)?;
                close_inside(simulation, &inside, bar_idx)?;
            }
            if is_at(simulation, level, bar_idx)? {
                orders::cancel_all(simulation, bar_idx, time_us);
                let due = chosen(simulation, level, closing_mark, None, bar_idx)?;
                simulation.stop_outs = due.iter().map(|leaving| leaving.0).collect();
            }
            note_call(simulation, levels.margin_call_level, bar_idx)?;
        }
    }
    note_negative_balance(simulation, bar_idx);
    Ok(())
}

/// Closes the positions that a stop-out of the last step left due (LOOP step 2).
///
/// # Errors
/// `engine.overflow` if money leaves its range.
pub fn close_due(simulation: &mut Simulation, fill_bar: &FillBar) -> Result<()> {
    for number in std::mem::take(&mut simulation.stop_outs) {
        let Some(idx) = simulation.find_position(number) else { continue };
        let is_long = simulation.positions[idx].direction > 0;
        let deal = Deal {
            bar_idx: fill_bar.bar_idx,
            time_us: fill_bar.time_us,
            raw_price: if is_long { fill_bar.bid } else { fill_bar.ask },
            level: None,
            spread_points: if is_long { 0 } else { fill_bar.spread_points },
            rule: Rule::Mrg,
            moment: fill_bar.moment,
            path_step: None,
            reason: ExitReason::StopOut,
            leg: 1,
        };
        close(simulation, idx, &deal)?;
    }
    Ok(())
}

/// Writes down the bar in which the balance falls below zero; a gap can take more than there was.
pub fn note_negative_balance(simulation: &mut Simulation, bar_idx: usize) {
    let is_negative = simulation.books.balance < 0;
    if is_negative && !simulation.is_negative {
        note(simulation, MARGIN_NEGATIVE_BALANCE, bar_idx);
    }
    simulation.is_negative = is_negative;
}

/// Whether equity is above both levels even at the adverse extremes. twin: none — then no test of it fails.
fn is_far_from(simulation: &mut Simulation, levels: MarginPlan, bar_idx: usize) -> Result<bool> {
    let rates = simulation.exchange.worth()?.rates;
    let mut equity = i128::from(simulation.books.balance);
    for position in &simulation.positions {
        let mark = adverse_mark(simulation.series(), position, bar_idx);
        equity += i128::from(open_profit(position, mark, rates)?) + i128::from(position.accrued_swap);
    }
    let margin = account::margin_held(simulation)?;
    Ok(!is_at_level(equity, margin, levels.stop_out_level)
        && !is_at_level(equity, margin, levels.margin_call_level))
}

/// Whether equity at the close of a bar has fallen to a level.
fn is_at(simulation: &mut Simulation, level: Fraction, bar_idx: usize) -> Result<bool> {
    let series = simulation.series();
    let (bid, ask) = (i64::from(series.bid.close[bar_idx]), i64::from(series.ask.close[bar_idx]));
    let equity = account::equity_at(simulation, bid, ask)?;
    Ok(is_at_level(equity, account::margin_held(simulation)?, level))
}

fn is_held_since_open(position: &Position, bar_idx: usize) -> bool {
    !(position.is_inside && position.entry_bar_idx == bar_idx)
}

fn closing_mark(series: &Series, position: &Position, bar_idx: usize) -> i64 {
    i64::from(closing_side(series, position).close[bar_idx])
}

/// The worst price of the bar for a position; the close for one that opened inside it.
fn adverse_mark(series: &Series, position: &Position, bar_idx: usize) -> i64 {
    if !is_held_since_open(position, bar_idx) {
        return closing_mark(series, position, bar_idx);
    }
    i64::from(if position.direction > 0 { series.bid.low[bar_idx] } else { series.ask.high[bar_idx] })
}

/// The positions, with their marks, that have to go until the level holds: largest loss first, then by id.
///
/// A position that goes at its mark leaves equity as it is and sets its margin free. What opened inside the bar
/// `inside` stays.
fn chosen(
    simulation: &mut Simulation,
    level: Fraction,
    mark_of: fn(&Series, &Position, usize) -> i64,
    inside: Option<usize>,
    bar_idx: usize,
) -> Result<Vec<Leaving>> {
    let rates = simulation.exchange.worth()?.rates;
    let mut equity = i128::from(simulation.books.balance);
    let mut candidates = Vec::new();
    for position in &simulation.positions {
        let mark = mark_of(simulation.series(), position, bar_idx);
        let profit = open_profit(position, mark, rates)?;
        equity += i128::from(profit) + i128::from(position.accrued_swap);
        if inside.is_none_or(|bar_idx| is_held_since_open(position, bar_idx)) {
            candidates.push((profit, position.id, mark));
        }
    }
    candidates.sort_unstable();
    let mut leaving: Vec<Leaving> = Vec::new();
    for (_, id, mark) in candidates {
        let is_kept = |position: &&Position| leaving.iter().all(|left| left.0 != position.id);
        let kept = simulation.positions.iter().filter(is_kept);
        let margin = account::margin_of(simulation.symbol().margin.as_ref(), kept, 0, Held::default())?;
        if !is_at_level(equity, margin, level) {
            break;
        }
        leaving.push((id, mark));
    }
    Ok(leaving)
}

/// Closes positions at their adverse extremes; `target_first` leaves them, as ambiguous as they are (FIL-9).
fn close_inside(simulation: &mut Simulation, leaving: &[Leaving], bar_idx: usize) -> Result<()> {
    for (id, _) in leaving {
        if let Some(idx) = simulation.find_position(*id) {
            simulation.positions[idx].ambiguous = true;
        }
    }
    if leaving.is_empty() || simulation.plan.intrabar == Intrabar::TargetFirst {
        return Ok(());
    }
    let series = simulation.series();
    let (time_us, close_time_us) = (series.time_us[bar_idx], series.close_time_us[bar_idx]);
    let spread = i64::from(series.ask.open[bar_idx]) - i64::from(series.bid.open[bar_idx]);
    simulation.exchange.move_to(time_us);
    for (id, mark) in leaving {
        let Some(idx) = simulation.find_position(*id) else { continue };
        let is_long = simulation.positions[idx].direction > 0;
        let deal = Deal {
            bar_idx,
            time_us,
            raw_price: *mark,
            level: None,
            spread_points: if is_long { 0 } else { spread },
            rule: Rule::Mrg,
            moment: Moment::Inside,
            path_step: None,
            reason: ExitReason::StopOut,
            leg: 1,
        };
        close(simulation, idx, &deal)?;
    }
    simulation.exchange.move_to(close_time_us);
    Ok(())
}

fn close(simulation: &mut Simulation, idx: usize, deal: &Deal) -> Result<()> {
    let position = &mut simulation.positions[idx];
    see_price(position, deal.raw_price);
    let steps = position.steps;
    closing::close(simulation, idx, deal, steps)
}

/// Writes down the bar in which equity falls to the call level, once until it rises above it.
fn note_call(simulation: &mut Simulation, level: Fraction, bar_idx: usize) -> Result<()> {
    let is_called = is_at(simulation, level, bar_idx)?;
    if is_called && !simulation.is_called {
        note(simulation, MARGIN_CALL, bar_idx);
    }
    simulation.is_called = is_called;
    Ok(())
}

/// twin: none — written out there.
fn note(simulation: &mut Simulation, code: i16, bar_idx: usize) {
    let row = DiagnosticRow { code, bar_idx: Some(as_i64(bar_idx)), signal: None, count: 1 };
    simulation.records.diagnostics.push(row);
}
