//! Bars in which nothing happens, taken in one stride.
//!
//! twin: none — the same steps as `Simulation::step`, column by column instead of bar by bar. Between two
//! requests most bars reach no stop and no target: there only marks and extremes change, and 64-bit
//! arithmetic is enough for them. A bar that may close something is left to `step`.

use std::hint::select_unpredictable;
use std::ops::ControlFlow;

use crate::engine::account;
use crate::engine::clock_rules::{self, remember_seen};
use crate::engine::closing::closing_side;
use crate::engine::management;
use crate::engine::opening::takes_the_open_only;
use crate::engine::orders::{Order, is_at_market, trigger_of};
use crate::engine::simulation::Simulation;
use crate::engine::sweep::{extremes_of, sweep};
use crate::error::Result;
use crate::execution::fills::works_as_limit;
use crate::market::{Prices, Series};
use crate::numerics::half_even_narrow;
use crate::plan_money::MarginPlan;
use crate::portfolio::margin::is_at_level;
use crate::portfolio::money::Rate;
use crate::portfolio::position::{Position, open_profit, see_price};

/// Limit on Σ steps · numerator: with prices below 2^31 every sum of marks stays below 2^60.
const MAX_UNITS: i64 = 1 << 29;
/// Limit on the balance, so that balance plus marks stays in range.
const MAX_QUIET_BALANCE: i64 = 1 << 61;
/// Bars whose worst prices are looked at together, one after the other for as long as margin is safe.
const MARGIN_STRETCHES: [usize; 3] = [64, 4_096, usize::MAX];
/// Bars compared at once; a power of two that fits vector registers.
const LANES: usize = 16;

/// Runs the steps `from..to` for as long as no bar reaches a level; returns the first step not run.
///
/// No request of `from..to` is left to work through, and at least one position is open or one order works. A bar in which
/// only position rules do something is run here, too, unless a stop-out would have to be tested after it.
///
/// # Errors
/// `engine.overflow` if money leaves its range.
pub(crate) fn run(simulation: &mut Simulation, mut from: usize, to: usize) -> Result<usize> {
    let Some(rate) = simulation.exchange.fixed_worth().map(|worth| worth.rates.credit) else {
        return Ok(from);
    };
    let is_ruled = !simulation.plan.position_rules.is_empty() && simulation.plan.margin.is_none();
    while from < to && fits(simulation, rate) && !simulation.is_called && simulation.stop_outs.is_empty() {
        let end = stride(simulation, rate, from, to);
        if end == to || !is_ruled || is_more_than_ruled(simulation, end) {
            return Ok(end);
        }
        // Commission may have a route of its own, whose rate is that of this step.
        simulation.exchange.move_to(simulation.market.series[0].time_us[end]);
        management::manage(simulation, end)?;
        hold_bar(simulation, rate, end);
        from = end + 1;
    }
    Ok(from)
}

/// Runs the steps before the first of `from..to` in which something may happen, and returns that step.
fn stride(simulation: &mut Simulation, rate: Rate, from: usize, to: usize) -> usize {
    let needs_more = simulation.plan.margin.is_some()
        || !simulation.working.is_empty()
        || management::needs_atr(&simulation.plan.position_rules);
    let swept = match simulation.positions.len() {
        1 if !needs_more => sweep::<1>(simulation, rate, from, to),
        2 if !needs_more => sweep::<2>(simulation, rate, from, to),
        3 if !needs_more => sweep::<3>(simulation, rate, from, to),
        4 if !needs_more => sweep::<4>(simulation, rate, from, to),
        5 if !needs_more => sweep::<5>(simulation, rate, from, to),
        6 if !needs_more => sweep::<6>(simulation, rate, from, to),
        _ => ControlFlow::Continue(from),
    };
    let from = match swept {
        ControlFlow::Break(end) => return end,
        ControlFlow::Continue(first) => first,
    };
    let end = first_step(simulation, from, to, true);
    if end > from {
        hold(simulation, rate, from, end);
    }
    end
}

/// The first step of `from..to` in which a level is reached, something is due, or, if asked for, a rule wakes.
fn first_step(simulation: &Simulation, from: usize, to: usize, with_rules: bool) -> usize {
    let series = simulation.series();
    let mut end = clock_rules::next_due_step(simulation, from, to);
    for order in &simulation.working {
        end = first_step_of(simulation, order, from, end);
    }
    for position in &simulation.positions {
        let mut corridor = corridor_of_position(simulation, position);
        if with_rules {
            corridor = awake(simulation, position, corridor);
        }
        end = first_reached(corridor, closing_side(series, position), from, end);
        if with_rules && management::needs_atr(&simulation.plan.position_rules) {
            end = management::first_move_by_atr(simulation, position, from, end);
        }
    }
    if let Some(levels) = simulation.plan.margin {
        end = margin_end(simulation, levels, from, end);
    }
    end
}

/// Whether 64 bits hold every mark of the open positions.
fn fits(simulation: &Simulation, rate: Rate) -> bool {
    let (mut units, mut money) = (0_i64, simulation.books.balance.saturating_abs());
    for position in &simulation.positions {
        units = units.saturating_add(position.steps.saturating_mul(rate.numerator));
        money = money.saturating_add(position.accrued_swap.saturating_abs());
    }
    units <= MAX_UNITS && rate.denominator <= MAX_UNITS && money < MAX_QUIET_BALANCE
}

/// The end of the longest stretch from `from` on in which equity stays above both margin levels, as far as it was
/// looked for; `from` if its first bars may not.
///
/// The worst that a stretch can bring is every position at its worst price of it, all at once. A position with a
/// stop comes no further than that, and no price has to be looked at.
fn margin_end(simulation: &Simulation, levels: MarginPlan, from: usize, to: usize) -> usize {
    if simulation.positions.is_empty() || is_above(simulation, levels, |position| position.sl) {
        return to;
    }
    let series = simulation.series();
    let mut end = from;
    for stretch in MARGIN_STRETCHES {
        let until = to.min(from.saturating_add(stretch));
        let worst = |position: &Position| {
            let side = closing_side(series, position);
            if position.direction > 0 {
                side.low[from..until].iter().min().map(|low| i64::from(*low))
            } else {
                side.high[from..until].iter().max().map(|high| i64::from(*high))
            }
        };
        if until == end || !is_above(simulation, levels, worst) {
            break;
        }
        end = until;
    }
    end
}

/// Whether equity is above both margin levels with every position at a price; `None` is no such price.
fn is_above(simulation: &Simulation, levels: MarginPlan, worst: impl Fn(&Position) -> Option<i64>) -> bool {
    let Some(worth) = simulation.exchange.fixed_worth() else { return false };
    let mut equity = i128::from(simulation.books.balance);
    for position in &simulation.positions {
        let Some(price) = worst(position) else { return false };
        let Ok(profit) = open_profit(position, price, worth.rates) else { return false };
        equity += i128::from(profit) + i128::from(position.accrued_swap);
    }
    let Ok(margin) = account::margin_held(simulation) else { return false };
    !is_at_level(equity, margin, levels.stop_out_level)
        && !is_at_level(equity, margin, levels.margin_call_level)
}

/// Prices between which a bar reaches no level: one at or below the first or at or above the second does.
pub(super) type Corridor = (i32, i32);

pub(super) fn corridor_of_position(simulation: &Simulation, position: &Position) -> Corridor {
    let through = position.direction * simulation.plan.limit_through_points;
    let (sl, tp) = (position.sl, position.tp.map(|tp| tp + through));
    let is_long = position.direction > 0;
    let floor = select_unpredictable(is_long, floor_of(sl), floor_of(tp));
    (floor, select_unpredictable(is_long, ceiling_of(tp), ceiling_of(sl)))
}

/// A corridor narrowed to what no position rule does anything about.
pub(super) fn awake(simulation: &Simulation, position: &Position, (floor, ceiling): Corridor) -> Corridor {
    let rules = &simulation.plan.position_rules;
    let Some(wake) = management::find_wake(rules, position, simulation.symbol().tick_points) else {
        return (floor, ceiling);
    };
    let is_long = position.direction > 0;
    let (wake_floor, wake_ceiling) = (floor.max(clamped(-wake)), ceiling.min(clamped(wake)));
    (select_unpredictable(is_long, floor, wake_floor), select_unpredictable(is_long, wake_ceiling, ceiling))
}

/// Where a working order is triggered or filled, on its own side.
fn corridor_of_order(simulation: &Simulation, order: &Order) -> Corridor {
    let trigger = trigger_of(simulation, order);
    let is_below = (trigger.direction > 0) == works_as_limit(&trigger);
    let level = if works_as_limit(&trigger) {
        trigger.limit.unwrap_or(trigger.price) - trigger.direction * trigger.through
    } else {
        trigger.price
    };
    if is_below { (clamped(level), i32::MAX) } else { (i32::MIN, clamped(level)) }
}

fn floor_of(level: Option<i64>) -> i32 {
    level.map_or(i32::MIN, clamped)
}

fn ceiling_of(level: Option<i64>) -> i32 {
    level.map_or(i32::MAX, clamped)
}

fn order_side(series: &Series, direction: i64) -> &Prices {
    if direction > 0 { &series.ask } else { &series.bid }
}

/// The first step of `from..to` in which something happens to a working order, or `to`.
fn first_step_of(simulation: &Simulation, order: &Order, from: usize, to: usize) -> usize {
    if is_at_market(order) || takes_the_open_only(order) {
        return from;
    }
    let series = simulation.series();
    let mut end = to;
    if let Some(last) = order.last_bar_idx {
        end = end.min(usize::try_from(last.saturating_add(1)).unwrap_or(usize::MAX).max(from));
    }
    if let Some(expiry_us) = order.expiry_us {
        end = from + series.time_us[from..end].partition_point(|time_us| *time_us < expiry_us);
    }
    first_reached(corridor_of_order(simulation, order), order_side(series, order.direction), from, end)
}

/// Sees a whole bar with every position if it reaches no level of any position or order; returns whether.
///
/// twin: none — the same as all passes finding nothing, at two comparisons a level.
pub(crate) fn see_bar(simulation: &mut Simulation, bar_idx: usize) -> bool {
    let series = &simulation.market.series[0];
    let wakes_order = |order: &Order| {
        let side = order_side(series, order.direction);
        takes_the_open_only(order)
            || (!is_at_market(order) && is_reached(corridor_of_order(simulation, order), side, bar_idx))
    };
    if simulation.working.iter().any(wakes_order) || closes_any(simulation, bar_idx) {
        return false;
    }
    for position in &mut simulation.positions {
        let side = closing_side(series, position);
        see_price(position, i64::from(side.low[bar_idx]));
        see_price(position, i64::from(side.high[bar_idx]));
    }
    simulation.pass_number += 1;
    true
}

/// Whether a bar leaves a corridor.
#[expect(clippy::needless_bitwise_bool, reason = "one branch, not two that cannot be foreseen")]
#[inline]
fn is_reached((floor, ceiling): Corridor, side: &Prices, bar_idx: usize) -> bool {
    (side.low[bar_idx] <= floor) | (side.high[bar_idx] >= ceiling)
}

/// Whether a bar reaches a level of a position.
fn closes_any(simulation: &Simulation, bar_idx: usize) -> bool {
    let closes = |position: &Position| {
        is_reached(
            corridor_of_position(simulation, position),
            closing_side(simulation.series(), position),
            bar_idx,
        )
    };
    simulation.positions.iter().any(closes)
}

/// Whether something beside position rules happens in a step; margin is not held.
fn is_more_than_ruled(simulation: &Simulation, bar_idx: usize) -> bool {
    if simulation.working.is_empty() {
        let is_due = clock_rules::next_due_step(simulation, bar_idx, bar_idx + 1) == bar_idx;
        return is_due || closes_any(simulation, bar_idx);
    }
    first_step(simulation, bar_idx, bar_idx + 1, false) == bar_idx
}

/// The first bar of `from..to` that leaves a corridor, or `to`.
#[expect(clippy::needless_bitwise_bool, reason = "no branch inside a vector of comparisons")]
fn first_reached((floor, ceiling): Corridor, side: &Prices, from: usize, to: usize) -> usize {
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
fn hold(simulation: &mut Simulation, rate: Rate, from: usize, to: usize) {
    simulation.pass_number += 1;
    let start = simulation.books.equity.len();
    let balance = simulation.books.balance;
    let accrued = simulation.positions.iter().fold(0, |accrued, position| accrued + position.accrued_swap);
    simulation.books.equity.resize(start + to - from, balance + accrued);
    let marks = &mut simulation.books.equity[start..];
    let series = &simulation.market.series[0];
    for position in &mut simulation.positions {
        let side = closing_side(series, position);
        add_marks(marks, position, &side.close[from..to], rate);
        let (lowest, highest) = extremes_of(side, from..to);
        see_price(position, i64::from(lowest));
        see_price(position, i64::from(highest));
        remember_seen(&simulation.plan.position_rules, position);
    }
}

/// The same for one bar.
fn hold_bar(simulation: &mut Simulation, Rate { numerator, denominator }: Rate, bar_idx: usize) {
    simulation.pass_number += 1;
    let mut equity = simulation.books.balance;
    let series = &simulation.market.series[0];
    for position in &mut simulation.positions {
        let side = closing_side(series, position);
        let points = i64::from(side.close[bar_idx]) * position.steps - position.k;
        let profit = position.direction * points * numerator;
        equity += half_even_narrow(profit, denominator) + position.accrued_swap;
        see_price(position, i64::from(side.low[bar_idx]));
        see_price(position, i64::from(side.high[bar_idx]));
        remember_seen(&simulation.plan.position_rules, position);
    }
    simulation.books.equity.push(equity);
}

/// Adds the open profit of one position to every mark.
fn add_marks(marks: &mut [i64], position: &Position, closes: &[i32], rate: Rate) {
    let Rate { numerator, denominator } = rate;
    let slope = position.direction * position.steps * numerator;
    let offset = position.direction * position.k * numerator;
    let bars = marks.iter_mut().zip(closes);
    if denominator == 1 {
        bars.for_each(|(mark, close)| *mark += slope * i64::from(*close) - offset);
    } else {
        bars.for_each(|(mark, close)| {
            *mark += half_even_narrow(slope * i64::from(*close) - offset, denominator);
        });
    }
}

/// A level as wide as a price; none lies beyond.
fn clamped(level: i64) -> i32 {
    i32::try_from(level).unwrap_or(if level > 0 { i32::MAX } else { i32::MIN })
}
