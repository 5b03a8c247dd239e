//! The finer bars inside a bar of the step timeframe, where the intrabar rule asks for them (FIL-7).

use crate::engine::orders;
use crate::engine::pass_bar::{PassBar, finer_bar};
use crate::engine::passes::bracket_of;
use crate::engine::simulation::Simulation;
use crate::execution::exits::{Bracket, is_ambiguous, is_stop_at, is_target_at};
use crate::execution::fills::{Trigger, is_limit_met, is_stop_met, works_as_limit};
use crate::market::Ohlc;
use crate::plan::Intrabar;

/// Returns the finer bars that replace a bar in step 3, or the bar itself.
///
/// A bar that reaches no level stays whole. Finer data that miss a level which the bar reached are not
/// believed: the bar is decided by `stop_first` and counted.
pub fn bars_inside(simulation: &mut Simulation, bar: PassBar) -> Vec<PassBar> {
    let brackets: Vec<Bracket> =
        simulation.positions.iter().map(|position| bracket_of(simulation, position)).collect();
    let triggers: Vec<Trigger> = simulation
        .working
        .iter()
        .filter(|order| !orders::is_at_market(order))
        .map(|order| orders::trigger_of(simulation, order))
        .collect();
    let coarse = levels_reached(&brackets, &triggers, &bar);
    if !coarse.contains(&true) {
        return vec![bar];
    }
    for (position, bracket) in simulation.positions.iter_mut().zip(&brackets) {
        let side = bar.closing_side(position.direction);
        position.ambiguous |= is_ambiguous(bracket, side, None, bar.has_one_spread());
    }
    let inside = finer_bars(simulation, &bar);
    if inside.is_empty() || misses_any(&brackets, &triggers, &coarse, &inside) {
        simulation.finer_missing_count += 1;
        return vec![bar];
    }
    inside
}

fn finer_bars(simulation: &Simulation, bar: &PassBar) -> Vec<PassBar> {
    let Some(idx) = simulation.market.finer else { return Vec::new() };
    let series = &simulation.market.series[idx];
    let first = series.time_us.partition_point(|time_us| *time_us < bar.time_us);
    let close_time_us = simulation.series().close_time_us[bar.bar_idx];
    let end = series.time_us.partition_point(|time_us| *time_us < close_time_us);
    (first..end).map(|idx| finer_bar(bar, series, idx, Intrabar::StopFirst)).collect()
}

/// Whether the bar reaches a level that no finer bar reaches.
fn misses_any(brackets: &[Bracket], triggers: &[Trigger], coarse: &[bool], inside: &[PassBar]) -> bool {
    let found: Vec<Vec<bool>> =
        inside.iter().map(|finer| levels_reached(brackets, triggers, finer)).collect();
    coarse.iter().enumerate().any(|(idx, reached)| *reached && !found.iter().any(|row| row[idx]))
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
