//! Position rules after the exits of a bar: break-even, trailing stops, partial closes (LOOP step 4).
//!
//! A bar's stop test used the stop that stood at its open; only then do the rules see the bar's extreme. A stop
//! that moved so far that the bar's close is at or beyond it closes in this bar (MGT-1). On the bar of an inside
//! fill only prices that surely came after it count (MGT-2). A partial close is due at the next open.
//!
//! Prices here are *signed points*, `direction · price`: for either direction a position gains where they rise,
//! and its stop lies below.
//!
//! Not here: rules of the clock, and the closing of what is due (`clock_rules`).

use std::hint::select_unpredictable;

use crate::engine::closing;
use crate::engine::simulation::Simulation;
use crate::error::Result;
use crate::execution::levels::to_points;
use crate::numerics::{half_even_quotient, quotient};
use crate::plan::Fraction;
use crate::plan_rules::{Measure, PositionRule};
use crate::portfolio::position::{Position, see_price};
use crate::schema::{ExitReason, Moment, Rule};

/// A signed price that every bar reaches.
const ALWAYS: i64 = -1_000_000_000_000;

/// What the rules see of a bar, in signed points.
#[derive(Clone, Copy, Debug)]
struct Seen {
    best: i64,
    worst: i64,
    last: i64,
}

/// What rules in points and ATR are measured by in one bar.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    /// ATR(14) in points, NaN before it is there; a trailing stop by ATR then waits.
    pub atr: f64,
    /// Grid of the distances.
    pub tick_points: i64,
}

/// Lets every rule see the bar with every open position, in order of id (MGT-1, MGT-2).
///
/// # Errors
/// `engine.overflow` if money leaves its range.
pub fn manage(simulation: &mut Simulation, bar_idx: usize) -> Result<()> {
    let mut idx = 0;
    while idx < simulation.positions.len() {
        let seen = see_bar(simulation, idx, bar_idx);
        let direction = simulation.positions[idx].direction;
        let is_asked_for = needs_atr(&simulation.plan.position_rules);
        let atr = if is_asked_for {
            simulation.volatility.atr(simulation.series(), direction, bar_idx)
        } else {
            f64::NAN
        };
        let scale = Scale { atr, tick_points: simulation.symbol().tick_points };
        let has_moved =
            apply_rules(&simulation.plan.position_rules, &mut simulation.positions[idx], seen.best, scale);
        if has_moved && test_moved_stop(simulation, idx, bar_idx, seen)? {
            continue;
        }
        let position = &mut simulation.positions[idx];
        position.rules.seen_before = (position.lowest, position.highest);
        idx += 1;
    }
    Ok(())
}

/// What the rules see of a bar: its closing side, or in the bar of the entry what MAE and MFE saw (MGT-2).
fn see_bar(simulation: &Simulation, idx: usize, bar_idx: usize) -> Seen {
    let position = &simulation.positions[idx];
    let side = closing::closing_side(simulation.series(), position);
    let (mut low, mut high) = (i64::from(side.low[bar_idx]), i64::from(side.high[bar_idx]));
    if position.entry_bar_idx == bar_idx {
        (low, high) = (position.lowest, position.highest);
    }
    let is_long = position.direction > 0;
    Seen {
        best: position.direction * select_unpredictable(is_long, high, low),
        worst: position.direction * select_unpredictable(is_long, low, high),
        last: position.direction * i64::from(side.close[bar_idx]),
    }
}

/// Lets every rule see the best price of a bar that counts; returns whether the stop moved.
///
/// The rules stand in the order of the plan; each sees what the ones before it did.
pub(crate) fn apply_rules(rules: &[PositionRule], position: &mut Position, best: i64, scale: Scale) -> bool {
    let mut has_moved = false;
    for (idx, rule) in rules.iter().enumerate() {
        let bit = 1_u32 << idx;
        if position.rules.done & bit == 0 {
            if reach_of(rule, position).is_none_or(|reach| best < reach) {
                continue;
            }
            position.rules.done |= bit;
            match rule {
                PositionRule::BreakEven { offset_points, .. } => {
                    let stop = break_even_stop(*offset_points, position);
                    has_moved |= move_stop(position, stop, 1, ExitReason::BreakEven);
                }
                PositionRule::PartialClose { .. } => position.rules.due_parts |= bit,
                _ => {}
            }
        }
        if let PositionRule::Trailing { distance, step_points, .. } = rule
            && let Some(distance) = trail_distance(*distance, position, scale)
        {
            let step = (*step_points).max(1);
            has_moved |= move_stop(position, best - distance, step, ExitReason::TrailingStop);
        }
    }
    has_moved
}

/// The least signed price at which a rule does anything, or `None` if none ever will; trailing by ATR left out.
///
/// A trailing stop without a standing one moves on any bar: `ALWAYS` then. twin: none — part of the strides.
pub(crate) fn find_wake(rules: &[PositionRule], position: &Position, tick_points: i64) -> Option<i64> {
    let mut wake: Option<i64> = None;
    for (idx, rule) in rules.iter().enumerate() {
        let found = if position.rules.done & (1_u32 << idx) == 0 {
            reach_of(rule, position)
        } else {
            next_trail(rule, position, tick_points)
        };
        wake = match (wake, found) {
            (Some(wake), Some(found)) => Some(wake.min(found)),
            (wake, found) => wake.or(found),
        };
    }
    wake
}

/// The first bar of `from..to` in which a trailing stop by ATR moves, or `to`. twin: none — part of the strides.
pub(crate) fn first_move_by_atr(
    simulation: &Simulation,
    position: &Position,
    from: usize,
    to: usize,
) -> usize {
    let mut end = to;
    let tick = simulation.symbol().tick_points;
    let direction = position.direction;
    let side = closing::closing_side(simulation.series(), position);
    let extremes = if direction > 0 { &side.high } else { &side.low };
    for (idx, rule) in simulation.plan.position_rules.iter().enumerate() {
        let PositionRule::Trailing { distance: Measure::Atr(multiple), step_points, .. } = rule else {
            continue;
        };
        if position.rules.done & (1_u32 << idx) == 0 {
            continue;
        }
        let (num, den) = wide(*multiple);
        let multiple = quotient(num, den);
        let moves = |bar_idx: &usize| {
            let atr = simulation.volatility.atr(simulation.series(), direction, *bar_idx);
            let stop = || {
                let distance = to_points(multiple, atr, tick).max(tick);
                direction * i64::from(extremes[*bar_idx]) - distance
            };
            !atr.is_nan() && position.sl.is_none_or(|sl| stop() - direction * sl >= (*step_points).max(1))
        };
        end = (from..end).find(moves).unwrap_or(end);
    }
    end
}

/// Whether a rule is measured in ATR.
#[must_use]
pub fn needs_atr(rules: &[PositionRule]) -> bool {
    rules.iter().any(|rule| matches!(rule, PositionRule::Trailing { distance: Measure::Atr(_), .. }))
}

/// The least signed price with so much profit over K/n of the entry, rounded up to a point.
///
/// `None` where there never is one: R without a first stop on the loss side (POS-2), or a price that is no profit.
fn reach_of_measure(measure: Measure, position: &Position) -> Option<i64> {
    let (start, steps) = signed_entry(position);
    match measure {
        Measure::Price(points) => {
            let price = position.direction * points;
            (i128::from(price) * steps > start).then_some(price)
        }
        Measure::Points(points) => Some(ceil_quotient(start + i128::from(points) * steps, steps)),
        Measure::R(multiple) | Measure::Atr(multiple) => {
            let (num, den) = wide(multiple);
            let risk = first_risk(position)?;
            Some(ceil_quotient(start * den + num * risk, steps * den))
        }
    }
}

/// The distance of K/n from the first stop, times the entry's steps, or `None` if it is not above 0 (POS-2).
fn first_risk(position: &Position) -> Option<i128> {
    let (start, steps) = signed_entry(position);
    let risk = start - steps * i128::from(position.direction * position.first_sl?);
    (risk > 0).then_some(risk)
}

/// The stop at the entry, rounded to the side of profit, plus the offset; in signed points.
fn break_even_stop(offset_points: i64, position: &Position) -> i64 {
    let (start, steps) = signed_entry(position);
    ceil_quotient(start, steps) + offset_points
}

/// A distance in points, half to even, on the grid of ticks and at least one; `None` if it is unknown.
#[expect(clippy::cast_possible_truncation, reason = "no distance is above 10^6 R of 10^12 points")]
fn trail_distance(measure: Measure, position: &Position, scale: Scale) -> Option<i64> {
    let tick = scale.tick_points;
    let points = match measure {
        Measure::Atr(_) if scale.atr.is_nan() => return None,
        Measure::Atr(multiple) => {
            let (num, den) = wide(multiple);
            return Some(to_points(quotient(num, den), scale.atr, tick).max(tick));
        }
        Measure::R(multiple) => {
            let (num, den) = wide(multiple);
            half_even_quotient(num * first_risk(position)?, den * i128::from(position.entered.steps))
        }
        Measure::Points(points) | Measure::Price(points) if tick == 1 => return Some(points.max(1)),
        Measure::Points(points) | Measure::Price(points) => i128::from(points),
    };
    Some((half_even_quotient(points, i128::from(tick)) as i64 * tick).max(tick))
}

/// The least signed price that sets a rule off, or `None` if none ever does.
fn reach_of(rule: &PositionRule, position: &Position) -> Option<i64> {
    match rule {
        PositionRule::BreakEven { trigger, offset_points } => {
            let reach = reach_of_measure(*trigger, position)?;
            // A stop at or beyond the best price was never on offer.
            Some(reach.max(break_even_stop(*offset_points, position) + 1))
        }
        PositionRule::PartialClose { at, .. } => reach_of_measure(*at, position),
        PositionRule::Trailing { start: None, .. } => Some(ALWAYS),
        PositionRule::Trailing { start: Some(start), .. } => reach_of_measure(*start, position),
        PositionRule::MaxHolding { .. } | PositionRule::SessionClose { .. } => None,
    }
}

/// The least signed price that moves a trailing stop in points or R which has begun.
/// twin: none — part of the strides.
fn next_trail(rule: &PositionRule, position: &Position, tick_points: i64) -> Option<i64> {
    let PositionRule::Trailing { distance, step_points, .. } = rule else { return None };
    let distance = trail_distance(*distance, position, Scale { atr: f64::NAN, tick_points })?;
    Some(position.sl.map_or(ALWAYS, |sl| position.direction * sl + distance + (*step_points).max(1)))
}

/// Moves the stop to `stop`, signed, if that is at least `step` points better; returns whether it moved.
fn move_stop(position: &mut Position, stop: i64, step: i64, reason: ExitReason) -> bool {
    if position.sl.is_some_and(|sl| stop - position.direction * sl < step) {
        return false;
    }
    position.sl = Some(position.direction * stop);
    position.stop_reason = reason;
    true
}

/// Closes at the moved stop if the close is at or beyond it; else notes whether the bar may have come back (MGT-1).
///
/// Returns whether it closed.
fn test_moved_stop(simulation: &mut Simulation, idx: usize, bar_idx: usize, seen: Seen) -> Result<bool> {
    let position = &mut simulation.positions[idx];
    let Some(sl) = position.sl else { return Ok(false) };
    let stop = position.direction * sl;
    if seen.last > stop {
        position.ambiguous |= seen.worst <= stop;
        return Ok(false);
    }
    let is_long = position.direction > 0;
    (position.lowest, position.highest) = position.rules.seen_before;
    let series = &simulation.market.series[0];
    let side = closing::closing_side(series, position);
    if position.entry_bar_idx < bar_idx {
        see_price(position, i64::from(side.open[bar_idx]));
    }
    let deal = closing::Deal {
        bar_idx,
        time_us: series.time_us[bar_idx],
        raw_price: sl,
        level: Some(sl),
        spread_points: if is_long { 0 } else { closing::opening_spread(series, bar_idx) },
        rule: Rule::Mgt1,
        moment: Moment::Inside,
        path_step: None,
        reason: position.stop_reason,
        leg: 1,
    };
    let steps = position.steps;
    closing::close(simulation, idx, &deal, steps)?;
    Ok(true)
}

/// Signed sum of the entry, points times steps, and its steps.
fn signed_entry(position: &Position) -> (i128, i128) {
    let entered = position.entered;
    (i128::from(position.direction * entered.points), i128::from(entered.steps))
}

fn wide(fraction: Fraction) -> (i128, i128) {
    (i128::from(fraction.0), i128::from(fraction.1))
}

#[expect(clippy::cast_possible_truncation, reason = "no price is above 10^6 R of 10^12 points")]
fn ceil_quotient(num: i128, den: i128) -> i64 {
    (-(-num).div_euclid(den)) as i64
}
