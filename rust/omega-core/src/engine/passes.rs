//! Step 3 of the loop: what one bar does to positions and working orders.
//!
//! Three passes over the bar. (a) what its open decides: exits, then orders; (b) the other exits; (c) the
//! other orders, each followed by its exits in the same bar. Within a pass by id. Under `finer` the passes
//! run on the finer bars inside the bar instead, and on its parts where something arrives inside it.
//!
//! Rules LOOP step 3, FIL-2 to FIL-9, FIL-11 and MGT-2 in `docs/spec/engine.md`. Prices are found in
//! `execution::fills` and `execution::exits`.

use crate::engine::filters::Happened;
use crate::engine::opening::{self, Fill, takes_the_open_only};
use crate::engine::orders::{self, Order};
use crate::engine::pass_bar::{PassBar, pass_bar};
use crate::engine::simulation::Simulation;
use crate::engine::{arriving, closing, finer, oco};
use crate::error::Result;
use crate::execution::exits::{Bracket, Exit, exit_at_open, exit_inside, exit_on_path, is_ambiguous};
use crate::execution::fills::{Entry, Trigger, entry_at_open, entry_inside, entry_on_path, is_stop_met};
use crate::execution::path::{Legs, goes_up_first, legs_of};
use crate::market::Ohlc;
use crate::plan::Intrabar;
use crate::portfolio::position::{Position, see_price};
use crate::schema::{Moment, OrderType};

/// Lets the bar at `bar_idx` fill and close what it reaches.
///
/// # Errors
/// `engine.overflow` if money leaves its range.
pub fn run(simulation: &mut Simulation, bar_idx: usize) -> Result<()> {
    let intrabar = simulation.plan.intrabar;
    let is_finer = intrabar == Intrabar::Finer;
    let rule = if is_finer { Intrabar::StopFirst } else { intrabar };
    let whole = pass_bar(simulation.series(), bar_idx, rule);
    if !simulation.arriving.is_empty() {
        arriving::run(simulation, &whole)
    } else if is_finer {
        let rows = finer::rows_inside(simulation, &whole);
        finer::run(simulation, &whole, rows)
    } else {
        run_passes(simulation, &whole, &whole)
    }
}

/// Runs the three passes over one bar; `whole` is the bar of the step, by which ambiguity is told (FIL-9).
///
/// # Errors
/// `engine.overflow` if money leaves its range.
pub fn run_passes(simulation: &mut Simulation, bar: &PassBar, whole: &PassBar) -> Result<()> {
    simulation.pass_number += 1;
    exit_positions_at_open(simulation, bar)?;
    if !simulation.working.is_empty() {
        enter_at_open(simulation, bar, whole)?;
    }
    exit_positions_inside(simulation, bar)?;
    if !simulation.working.is_empty() {
        enter_inside(simulation, bar, whole)?;
    }
    Ok(())
}

/// Returns the levels that stand for a position.
#[must_use]
pub fn bracket_of(simulation: &Simulation, position: &Position) -> Bracket {
    let through = simulation.plan.limit_through_points;
    Bracket { direction: position.direction, sl: position.sl, tp: position.tp, through }
}

/// Returns the legs of one side on the bar's path, or `None` under a rule without a path.
#[must_use]
pub fn path_of(bar: &PassBar, side: &Ohlc) -> Option<Legs> {
    match bar.intrabar {
        Intrabar::StopFirst | Intrabar::TargetFirst | Intrabar::Finer => None,
        Intrabar::NearestExtreme | Intrabar::BarColor => {
            Some(legs_of(side, goes_up_first(bar.intrabar, &bar.bid)))
        }
    }
}

/// Returns how the bar fills a working order between its open and its close, or `None`.
#[must_use]
pub fn find_entry(trigger: &Trigger, bar: &PassBar) -> Option<Entry> {
    let side = bar.order_side(trigger.direction);
    match path_of(bar, side) {
        None => entry_inside(trigger, side),
        Some(ends) => entry_on_path(trigger, side, ends),
    }
}

/// Returns how the bar closes a position between its open, or its entry, and the close, or `None`.
#[must_use]
pub fn find_exit(bracket: &Bracket, bar: &PassBar, entry: Option<&Entry>) -> Option<Exit> {
    let side = bar.closing_side(bracket.direction);
    match path_of(bar, side) {
        Some(ends) => exit_on_path(bracket, side, ends, entry),
        None => {
            exit_inside(bracket, side, entry, bar.has_one_spread(), bar.intrabar == Intrabar::TargetFirst)
        }
    }
}

/// Pass (a), exits: positions that were open before the bar.
fn exit_positions_at_open(simulation: &mut Simulation, bar: &PassBar) -> Result<()> {
    let mut idx = 0;
    while idx < simulation.positions.len() {
        let position = &simulation.positions[idx];
        let open = bar.closing_side(position.direction).open;
        match exit_at_open(&bracket_of(simulation, position), open) {
            Some(found) if position.entry_pass < simulation.pass_number => {
                closing::close_at_level(simulation, idx, bar, found, true)?;
            }
            _ => idx += 1,
        }
    }
    Ok(())
}

/// Pass (a), orders: those whose level the open is at or beyond; ioc and fok get no other chance.
fn enter_at_open(simulation: &mut Simulation, bar: &PassBar, whole: &PassBar) -> Result<()> {
    let now = Happened { bar_idx: bar.bar_idx, time_us: bar.time_us };
    let mut after = 0;
    while let Some(mut order) = orders::next_working(simulation, after) {
        after = order.number;
        if orders::is_at_market(&order) {
            continue;
        }
        let trigger = orders::trigger_of(simulation, &order);
        let open = bar.order_side(order.direction).open;
        if let Some(entry) = entry_at_open(&trigger, open) {
            if orders::cancel_refused(simulation, &order, now) {
                continue;
            }
            let is_contested = bar.is_inner && oco::has_rival(simulation, &order, whole);
            let has_opened = fill(simulation, &mut order, bar, &entry)?;
            if has_opened && bar.is_finer {
                let entry = bar.is_inner.then_some(&entry);
                mark_ambiguity(simulation, &order, whole, entry, is_contested);
            }
            if has_opened && bar.is_later {
                mark_straddle(simulation, &order, whole);
            }
        } else if order.order_type == OrderType::StopLimit && is_stop_met(&trigger, open) {
            order.is_triggered = true;
            orders::store(simulation, &order);
        }
        if takes_the_open_only(&order) && order.steps > 0 {
            orders::cancel_unfilled(simulation, &order, bar.bar_idx, bar.time_us);
        }
    }
    Ok(())
}

/// Pass (b): all other exits; for positions opened at the open it decides too.
fn exit_positions_inside(simulation: &mut Simulation, bar: &PassBar) -> Result<()> {
    let mut idx = 0;
    while idx < simulation.positions.len() {
        let bracket = bracket_of(simulation, &simulation.positions[idx]);
        let side = bar.closing_side(bracket.direction);
        let mut found = exit_at_open(&bracket, side.open);
        if found.is_none() {
            if !bar.is_finer {
                let is_ambiguous = is_ambiguous(&bracket, side, None, bar.has_one_spread());
                simulation.positions[idx].ambiguous |= is_ambiguous;
            }
            found = find_exit(&bracket, bar, None);
        }
        if let Some(found) = found {
            closing::close_at_level(simulation, idx, bar, found, true)?;
        } else {
            let position = &mut simulation.positions[idx];
            see_price(position, side.low);
            see_price(position, side.high);
            idx += 1;
        }
    }
    Ok(())
}

/// Pass (c): orders that the bar reaches after its open, each followed by its exits.
fn enter_inside(simulation: &mut Simulation, bar: &PassBar, whole: &PassBar) -> Result<()> {
    let now = Happened { bar_idx: bar.bar_idx, time_us: bar.time_us };
    let mut after = 0;
    while let Some(mut order) = orders::next_working(simulation, after) {
        after = order.number;
        if orders::is_at_market(&order) {
            continue;
        }
        let trigger = orders::trigger_of(simulation, &order);
        let Some(entry) = find_entry(&trigger, bar) else {
            if is_triggered_inside(&order, &trigger, bar) {
                order.is_triggered = true;
                orders::store(simulation, &order);
            }
            continue;
        };
        if orders::cancel_refused(simulation, &order, now) {
            continue;
        }
        let (mut chosen, entry) = oco::choose(simulation, &order, bar, entry)?;
        let is_contested = oco::has_rival(simulation, &chosen, whole);
        if fill(simulation, &mut chosen, bar, &entry)? {
            mark_ambiguity(simulation, &chosen, whole, Some(&entry), is_contested);
            exit_after_entry(simulation, &chosen, bar, &entry)?;
        }
    }
    Ok(())
}

/// Marks a position that another reading of the bar it opened in would change (FIL-9); `entry` is `None` at its O.
fn mark_ambiguity(
    simulation: &mut Simulation,
    order: &Order,
    whole: &PassBar,
    entry: Option<&Entry>,
    is_contested: bool,
) {
    let Some(idx) = simulation.find_position(order.number) else { return };
    let bracket = bracket_of(simulation, &simulation.positions[idx]);
    let side = whole.closing_side(order.direction);
    let is_late = entry.is_some() && straddles(simulation, order, whole);
    let position = &mut simulation.positions[idx];
    position.ambiguous |= is_contested || is_late;
    position.ambiguous |= is_ambiguous(&bracket, side, entry, whole.has_one_spread());
}

/// Marks a position whose order may have come too late in a bar that was cut (FIL-15). twin: none — one line there.
fn mark_straddle(simulation: &mut Simulation, order: &Order, whole: &PassBar) {
    let is_late = straddles(simulation, order, whole);
    if let Some(idx) = simulation.find_position(order.number) {
        simulation.positions[idx].ambiguous |= is_late;
    }
}

/// Whether a stop-limit that the bar reached and did not fill works as a limit from the next bar on (FIL-4).
fn is_triggered_inside(order: &Order, trigger: &Trigger, bar: &PassBar) -> bool {
    let side = bar.order_side(order.direction);
    let extreme = if order.direction > 0 { side.high } else { side.low };
    order.order_type == OrderType::StopLimit && is_stop_met(trigger, extreme)
}

/// Whether the order expires inside the bar, so that the fill may have come too late (FIL-15).
fn straddles(simulation: &Simulation, order: &Order, bar: &PassBar) -> bool {
    order.expiry_us.is_some_and(|expiry_us| expiry_us < simulation.series().close_time_us[bar.bar_idx])
}

/// Fills an order; returns whether it opened a position.
fn fill(simulation: &mut Simulation, order: &mut Order, bar: &PassBar, entry: &Entry) -> Result<bool> {
    let is_inside = entry.moment != Moment::Open;
    let fill = Fill {
        bar_idx: bar.bar_idx,
        time_us: bar.time_us,
        raw_price: entry.raw_price,
        level: Some(entry.level),
        spread_points: if order.direction > 0 { bar.opening_spread() } else { 0 },
        rule: entry.rule,
        moment: if bar.is_later { Moment::Inside } else { entry.moment },
        path_step: entry.path_step,
        closing_price: if is_inside { None } else { Some(bar.closing_side(order.direction).open) },
        entry_pass: simulation.pass_number,
    };
    order.is_triggered = order.order_type != OrderType::Limit;
    let has_opened = opening::fill_order(simulation, order, &fill)?;
    if order.steps > 0 {
        orders::store(simulation, order);
    }
    Ok(has_opened)
}

/// Closes a position opened inside the bar if what follows its entry does; else sees what is proven (FIL-8).
fn exit_after_entry(simulation: &mut Simulation, order: &Order, bar: &PassBar, entry: &Entry) -> Result<()> {
    let Some(idx) = simulation.find_position(order.number) else { return Ok(()) };
    let bracket = bracket_of(simulation, &simulation.positions[idx]);
    let side = bar.closing_side(order.direction);
    if let Some(found) = find_exit(&bracket, bar, Some(entry)) {
        return closing::close_at_level(simulation, idx, bar, found, false);
    }
    let position = &mut simulation.positions[idx];
    see_price(position, side.close);
    if entry.is_stop {
        see_price(position, if order.direction > 0 { side.high } else { side.low });
    }
    Ok(())
}
