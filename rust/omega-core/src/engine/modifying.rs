//! Modifications of open positions and working orders (LOOP step 2).
//!
//! New levels are tested once, against the last known closing-side price; what they are tested against for
//! a working order is the order's business (`orders::modify`).

use crate::engine::fill_bar::{FillBar, known_at};
use crate::engine::orders;
use crate::engine::signals::Request;
use crate::engine::simulation::Simulation;
use crate::execution::levels;
use crate::schema::ExitReason;
use crate::schema::number::{COST_NO_ATR, ORDER_INVALID_STOPS, POSITION_NOT_FOUND};

/// Changes the levels of the position a signal names, and what is left of its order.
///
/// A target that never was an order is counted and dropped; one that is over is `position.not_found`.
pub fn modify(simulation: &mut Simulation, fill_bar: &FillBar, request: &Request) {
    let target = simulation.signal_of(request).target.unwrap_or(0);
    if !simulation.is_accepted(target) {
        simulation.target_never_opened_count += 1;
        return;
    }
    let position = simulation.find_position(target);
    let working = orders::working_idx(simulation, target);
    if let Some(idx) = position {
        modify_position(simulation, fill_bar, request, idx);
    }
    if let Some(idx) = working {
        let order = simulation.working[idx];
        orders::modify(simulation, fill_bar, request, order);
    }
    if position.is_none() && working.is_none() {
        simulation.reject(fill_bar, POSITION_NOT_FOUND, request.number);
    }
}

/// Gives a position new levels; distances count from its first fill. A refusal changes nothing.
pub fn modify_position(simulation: &mut Simulation, fill_bar: &FillBar, request: &Request, idx: usize) {
    let signal = simulation.signal_of(request);
    let symbol = simulation.symbol();
    let atr = orders::atr_of(simulation, &signal, simulation.positions[idx].direction, fill_bar.step);
    if atr.is_nan() {
        simulation.reject(fill_bar, COST_NO_ATR, request.number);
        return;
    }
    let (stop, target) = (levels::stop_level(&signal, symbol, atr), levels::target_level(&signal, symbol));
    let known = known_at(simulation, fill_bar);
    let position = &simulation.positions[idx];
    let direction = position.direction;
    let closing = if direction > 0 { known.bid } else { known.ask };
    let sl = levels::price_of(stop, position.entry_points, -direction);
    let tp = levels::price_of(target, position.entry_points, direction);
    let has_distances = levels::is_valid_distance(stop) && levels::is_valid_distance(target);
    let is_sl_beyond = signal.sl == Some(0.0) || sl.is_none_or(|sl| direction * (closing - sl) > 0);
    let is_tp_beyond = signal.tp == Some(0.0) || tp.is_none_or(|tp| direction * (tp - closing) > 0);
    if !(has_distances && is_sl_beyond && is_tp_beyond) {
        simulation.reject(fill_bar, ORDER_INVALID_STOPS, request.number);
        return;
    }
    let position = &mut simulation.positions[idx];
    if stop.is_some() {
        position.sl = if signal.sl == Some(0.0) { None } else { sl };
        position.stop_reason = ExitReason::StopLoss;
    }
    if target.is_some() {
        position.tp = if signal.tp == Some(0.0) { None } else { tp };
    }
}
