//! The requests of a stressed run: other distances of stops and targets, other bars of entry (RAT-3).
//!
//! Every field that is not moved is copied. Numbers stay with their signals, so that references to
//! positions and random numbers are those of the run (RAT-1).

use std::collections::BTreeMap;

use crate::engine::Simulation;
use crate::engine::fill_bar::fill_bar;
use crate::engine::latency::Arrival;
use crate::engine::signals::{Request, Signal};
use crate::market::as_i64;
use crate::plan::Fraction;
use crate::schema::{OrderType, SignalKind};

/// How the requests of one job differ from the run's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Move {
    /// Factor of stop distances.
    pub(super) stop: Fraction,
    /// Factor of target distances.
    pub(super) target: Fraction,
    /// Bars by which opening signals come later.
    pub(super) shift: i64,
}

/// Returns a signal whose stop and target are `stop` and `target` times as far from the raw entry.
///
/// A market order that enters `shift` bars later keeps its absolute levels' distance from the raw entry.
pub(super) fn with_levels(simulation: &Simulation, signal: &Signal, by: Move) -> Signal {
    let mut moved = *signal;
    if signal.kind != SignalKind::Order.code() || signal.fault != 0 {
        return moved;
    }
    for (value, factor) in [
        (&mut moved.sl_points, by.stop),
        (&mut moved.sl_pips, by.stop),
        (&mut moved.sl_atr, by.stop),
        (&mut moved.tp_points, by.target),
        (&mut moved.tp_pips, by.target),
    ] {
        if factor != (1, 1) {
            *value = value.map(|value| value * float(factor.0) / float(factor.1));
        }
    }
    for (value, factor) in [(&mut moved.sl, by.stop), (&mut moved.tp, by.target)] {
        if factor != (1, 1) || (by.shift != 0 && is_market(signal)) {
            *value =
                value.map(|level| moved_level(simulation, signal, level, factor, by.shift).unwrap_or(level));
        }
    }
    moved
}

/// Returns an absolute level after its distance from the raw entry was scaled and its order moved.
fn moved_level(
    simulation: &Simulation,
    signal: &Signal,
    level: f64,
    factor: Fraction,
    shift: i64,
) -> Option<f64> {
    let before = raw_entry(simulation, signal, 0)?;
    let after = raw_entry(simulation, signal, shift)?;
    let scale = f64::from(10_u32.pow(simulation.symbol().digits));
    Some((after + (level * scale - before) * float(factor.0) / float(factor.1)) / scale)
}

/// Returns the raw entry in points: the quote a market order fills at, the price a pending one waits for (SIZ).
///
/// `None` outside the data.
fn raw_entry(simulation: &Simulation, signal: &Signal, shift: i64) -> Option<f64> {
    if !is_market(signal) {
        let scale = f64::from(10_u32.pow(simulation.symbol().digits));
        return signal.limit.or(signal.entry).map(|waits_for| waits_for * scale);
    }
    let arrival = simulation.arrival(signal.bar_idx + shift);
    let step = usize::try_from(arrival.bar_idx + 1).ok()?;
    let first = usize::from(simulation.plan.signal_close);
    if step < first || step >= simulation.market.bar_count() {
        return None;
    }
    let is_long = signal.direction > 0;
    if let (Some(row), Some(idx)) = (arrival.finer_idx, simulation.market.finer) {
        let finer = &simulation.market.series[idx];
        let side = if is_long { &finer.ask } else { &finer.bid };
        return Some(f64::from(side.open[row as usize]));
    }
    let bar = fill_bar(simulation, step);
    Some(float(if is_long { bar.ask } else { bar.bid }))
}

/// Returns whether an order fills at once.
fn is_market(signal: &Signal) -> bool {
    signal.order_type == OrderType::Market.code()
}

/// Returns the requests with every opening signal `shift` bars later, and how many were dropped.
///
/// Dropped is an entry that would come before the start, after the last bar, or at or past its own close.
/// `own_closes` names, by signal number, the bar that a position's requested close is named after.
pub(super) fn with_shift(
    simulation: &Simulation,
    requests: Vec<Request>,
    shift: i64,
    own_closes: &BTreeMap<i64, i64>,
) -> (Vec<Request>, i64) {
    if shift == 0 {
        return (requests, 0);
    }
    let named_after = i64::from(!simulation.plan.signal_close);
    let first = as_i64(simulation.plan.first_step + usize::from(simulation.plan.signal_close));
    let bar_count = as_i64(simulation.market.bar_count());
    let mut kept = Vec::with_capacity(requests.len());
    let mut dropped = 0;
    for request in requests {
        if request.kind != SignalKind::Order.code() || request.fault.is_some() {
            kept.push(request);
            continue;
        }
        let Arrival { bar_idx, finer_idx } =
            simulation.arrival(simulation.signal_of(&request).bar_idx + shift);
        let closed = own_closes.get(&request.number).is_some_and(|close| bar_idx + named_after >= *close);
        if bar_idx + 1 < first || bar_idx + 1 >= bar_count || closed {
            dropped += 1;
        } else {
            kept.push(Request { bar_idx, finer_idx, ..request });
        }
    }
    // A stable sort: what works in one step keeps the order in which it was asked for.
    kept.sort_by_key(|request| (request.bar_idx, request.finer_idx));
    (kept, dropped)
}

/// An integer of a plan, or points, as a float. twin: none — Python converts by itself.
#[expect(clippy::cast_precision_loss, reason = "factors and points are far below 2^53")]
fn float(value: i64) -> f64 {
    value as f64
}
