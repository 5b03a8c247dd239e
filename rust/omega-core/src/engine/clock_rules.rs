//! Position rules that close at the open of a step: by the clock, and the parts that became due (MGT-3).
//!
//! When a position has to go is known as soon as it opens: the first step whose fill comes `max_holding` after the
//! entry, or the step whose bar contains a moment of `session_close`, so that nothing is held beyond it.

use crate::engine::closing;
use crate::engine::fill_bar::FillBar;
use crate::engine::filters::Happened;
use crate::engine::simulation::Simulation;
use crate::error::Result;
use crate::market::Series;
use crate::numerics::quotient;
use crate::plan_rules::{Limit, PositionRule};
use crate::portfolio::position::Position;
use crate::schema::{ExitReason, Moment, Rule};

const MINUTE_US: i64 = 60_000_000;

/// Notes what rules and filters need of a position that has just opened; of the clock's rules the earliest wins.
pub fn begin(simulation: &mut Simulation, idx: usize, moment: Moment) {
    let position = &mut simulation.positions[idx];
    remember_seen(&simulation.plan.position_rules, position);
    simulation.last_entry =
        Some(Happened { bar_idx: position.entry_bar_idx, time_us: position.entry_time_us });
    let step_idx = position.entry_bar_idx + usize::from(moment == Moment::Close);
    let lag = usize::from(simulation.plan.signal_close);
    for rule in &simulation.plan.position_rules {
        let found = due_step(&simulation.market.series[0], lag, rule, position, step_idx);
        if let Some((due, reason)) = found
            && position.rules.due_step.is_none_or(|earlier| due < earlier)
        {
            (position.rules.due_step, position.rules.due_reason) = (Some(due), reason);
        }
    }
}

/// Notes what a position has seen so far for the rules, if there are any. twin: none — done without asking there.
///
/// Reading back what was only just written holds the processor up more than the question does.
#[inline]
pub(crate) fn remember_seen(rules: &[PositionRule], position: &mut Position) {
    if !rules.is_empty() {
        position.rules.seen_before = (position.lowest, position.highest);
    }
}

/// Whether a rule closes something in step `bar_idx`.
#[must_use]
pub fn are_due(simulation: &Simulation, bar_idx: usize) -> bool {
    simulation.positions.iter().any(|position| is_due(position, bar_idx))
}

/// Whether a rule closes the position, or a part of it, in step `bar_idx`.
#[must_use]
pub fn is_due(position: &Position, bar_idx: usize) -> bool {
    is_over(position, bar_idx) || position.rules.due_parts != 0
}

/// Closes what is due in step `bar_idx`, by position id: the whole by the clock, else parts in order of the rules.
///
/// # Errors
/// `engine.overflow` if money leaves its range.
pub fn close_due(simulation: &mut Simulation, fill_bar: &FillBar, bar_idx: usize) -> Result<()> {
    let mut idx = 0;
    while idx < simulation.positions.len() {
        let position = &simulation.positions[idx];
        let count = simulation.positions.len();
        if is_over(position, bar_idx) {
            let (steps, reason) = (position.steps, position.rules.due_reason);
            closing::close_at_market(simulation, fill_bar, idx, steps, (Rule::Mgt3, reason))?;
        } else if position.rules.due_parts != 0 {
            close_parts(simulation, fill_bar, idx)?;
        }
        if simulation.positions.len() == count {
            idx += 1;
        }
    }
    Ok(())
}

/// The first step of `from..to` in which a rule closes something, or `to`. twin: none — part of the strides.
pub(crate) fn next_due_step(simulation: &Simulation, from: usize, to: usize) -> usize {
    let mut end = to;
    for position in &simulation.positions {
        if position.rules.due_parts != 0 {
            return from;
        }
        if let Some(due) = position.rules.due_step {
            end = end.min(due.max(from));
        }
    }
    end
}

fn is_over(position: &Position, bar_idx: usize) -> bool {
    position.rules.due_step.is_some_and(|due| due <= bar_idx)
}

fn close_parts(simulation: &mut Simulation, fill_bar: &FillBar, idx: usize) -> Result<()> {
    let due = std::mem::take(&mut simulation.positions[idx].rules.due_parts);
    let count = simulation.positions.len();
    for rule_idx in 0..simulation.plan.position_rules.len() {
        let rule = &simulation.plan.position_rules[rule_idx];
        if let PositionRule::PartialClose { share: (num, den), .. } = rule
            && due & (1 << rule_idx) != 0
            && simulation.positions.len() == count
        {
            let share = quotient(i128::from(*num), i128::from(*den));
            let steps = closing::part_of(simulation, &simulation.positions[idx], Some(share));
            let why = (Rule::PartialClose, ExitReason::PartialClose);
            closing::close_at_market(simulation, fill_bar, idx, steps, why)?;
        }
    }
    Ok(())
}

/// The step in which a rule closes the position, and why; it may lie behind the last bar.
///
/// With `signal_close` step i fills at the close of bar i-1 (LOOP-2): `lag` is 1 then.
fn due_step(
    series: &Series,
    lag: usize,
    rule: &PositionRule,
    position: &Position,
    step_idx: usize,
) -> Option<(usize, ExitReason)> {
    match rule {
        PositionRule::MaxHolding { limit: Limit::Bars(count) } => {
            let count = usize::try_from(*count).unwrap_or(usize::MAX / 2);
            Some((position.entry_bar_idx + count + lag, ExitReason::Timeout))
        }
        PositionRule::MaxHolding { limit: Limit::Minutes(count) } => {
            let end_us = position.entry_time_us + count * MINUTE_US;
            let times = if lag == 1 { &series.close_time_us } else { &series.time_us };
            Some((times.partition_point(|time_us| *time_us < end_us) + lag, ExitReason::Timeout))
        }
        PositionRule::SessionClose { moments_us } => {
            let row = moments_us.partition_point(|moment_us| *moment_us <= position.entry_time_us);
            let moment_us = moments_us.get(row)?;
            let due = series.close_time_us.partition_point(|time_us| time_us <= moment_us);
            Some((due.max(step_idx + 1), ExitReason::SessionClose))
        }
        _ => None,
    }
}
