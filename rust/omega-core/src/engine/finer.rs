//! The finer bars inside a bar of the step timeframe, where the intrabar rule asks for them (FIL-7).

use std::ops::Range;

use crate::engine::orders;
use crate::engine::pass_bar::{PassBar, finer_bar};
use crate::engine::passes::{bracket_of, run_passes};
use crate::engine::simulation::Simulation;
use crate::error::Result;
use crate::execution::exits::{Bracket, exit_at_open, is_ambiguous, is_stop_at, is_target_at};
use crate::execution::fills::{Trigger, is_limit_met, is_stop_met, works_as_limit};
use crate::market::Ohlc;

/// Lets a bar, or a part of one, fill and close what its finer bars reach.
///
/// A bar that reaches no level stays whole. Finer data that miss a level which the bar reached are not
/// believed: the bar is decided by `stop_first` and counted.
///
/// # Errors
/// `engine.overflow` if money leaves its range.
pub fn run(simulation: &mut Simulation, bar: &PassBar, rows: Range<usize>) -> Result<()> {
    let levels = Levels::of(simulation);
    if !levels.reached(bar).contains(&true) {
        return run_passes(simulation, bar, bar);
    }
    for (position, bracket) in simulation.positions.iter_mut().zip(&levels.brackets) {
        let side = bar.closing_side(position.direction);
        if exit_at_open(bracket, side.open).is_none() {
            position.ambiguous |= is_ambiguous(bracket, side, None, bar.has_one_spread());
        }
    }
    let mut inside = bars_of(simulation, bar, rows);
    if let Some(first) = inside.first_mut().filter(|_| bar.is_later) {
        // A part opens with the first of its bars.
        first.is_inner = false;
    }
    if inside.is_empty() || levels.are_missed(bar, &inside) {
        simulation.finer_missing_count += 1;
        return run_passes(simulation, bar, bar);
    }
    inside.iter().try_for_each(|part| run_passes(simulation, part, bar))
}

/// Returns where the finer bars of a bar lie.
#[must_use]
pub fn rows_inside(simulation: &Simulation, bar: &PassBar) -> Range<usize> {
    let Some(idx) = simulation.market.finer else { return 0..0 };
    let times_us = &simulation.market.series[idx].time_us;
    let close_time_us = simulation.series().close_time_us[bar.bar_idx];
    let first = times_us.partition_point(|time_us| *time_us < bar.time_us);
    first..times_us.partition_point(|time_us| *time_us < close_time_us)
}

/// Returns finer bars of a bar.
#[must_use]
pub fn bars_of(simulation: &Simulation, bar: &PassBar, rows: Range<usize>) -> Vec<PassBar> {
    let Some(idx) = simulation.market.finer else { return Vec::new() };
    let series = &simulation.market.series[idx];
    rows.map(|idx| finer_bar(bar, series, idx)).collect()
}

/// Every level that stands for positions and working orders at a moment.
pub struct Levels {
    brackets: Vec<Bracket>,
    triggers: Vec<Trigger>,
}

impl Levels {
    /// Those of now.
    #[must_use]
    pub fn of(simulation: &Simulation) -> Self {
        let waiting = simulation.working.iter().filter(|order| !orders::is_at_market(order));
        Self {
            brackets: simulation.positions.iter().map(|position| bracket_of(simulation, position)).collect(),
            triggers: waiting.map(|order| orders::trigger_of(simulation, order)).collect(),
        }
    }

    /// Returns for each level whether a bar reaches it.
    #[must_use]
    pub fn reached(&self, bar: &PassBar) -> Vec<bool> {
        levels_reached(&self.brackets, &self.triggers, bar)
    }

    /// Whether the bar reaches a level that no finer bar reaches.
    #[must_use]
    pub fn are_missed(&self, bar: &PassBar, inside: &[PassBar]) -> bool {
        let found: Vec<Vec<bool>> = inside.iter().map(|finer| self.reached(finer)).collect();
        let mut coarse = self.reached(bar).into_iter().enumerate();
        coarse.any(|(idx, reached)| reached && !found.iter().any(|row| row[idx]))
    }
}

/// For every level of positions and orders, whether the bar reaches it.
fn levels_reached(brackets: &[Bracket], triggers: &[Trigger], bar: &PassBar) -> Vec<bool> {
    let mut reached = Vec::with_capacity(2 * brackets.len() + triggers.len());
    for bracket in brackets {
        let (adverse, favourable) = extremes(bar.closing_side(bracket.direction), bracket.direction);
        reached.extend([is_stop_at(bracket, adverse), is_target_at(bracket, favourable)]);
    }
    for trigger in triggers {
        let (cheap, dear) = extremes(bar.order_side(trigger.direction), trigger.direction);
        let waits = works_as_limit(trigger);
        reached.push(if waits { is_limit_met(trigger, cheap) } else { is_stop_met(trigger, dear) });
    }
    reached
}

/// The extreme against a direction and the one in it.
fn extremes(side: &Ohlc, direction: i64) -> (i64, i64) {
    if direction > 0 { (side.low, side.high) } else { (side.high, side.low) }
}
