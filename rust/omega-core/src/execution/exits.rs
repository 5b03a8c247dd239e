//! Prices at which stops and targets close a position inside one bar.
//!
//! The counterpart of `fills`: the worst price that the path still allows, never one outside the bar.
//! Prices are points of the closing side (bid for longs, ask for shorts).
//!
//! Rules FIL-5 to FIL-9 in `docs/spec/engine.md`.

use std::hint::select_unpredictable;

use crate::execution::fills::Entry;
use crate::execution::path::Legs;
use crate::market::Ohlc;
use crate::schema::Moment;

/// Stop and target of a position, in points; `through` as for limits of orders.
#[derive(Clone, Copy, Debug)]
pub struct Bracket {
    /// +1 for long, -1 for short.
    pub direction: i64,
    /// Stop loss.
    pub sl: Option<i64>,
    /// Take profit.
    pub tp: Option<i64>,
    /// Points by which the target has to be passed.
    pub through: i64,
}

/// How a bar closes a position: which level, at which raw price, where in the bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit {
    /// Stop loss rather than take profit.
    pub is_stop: bool,
    /// Price before slippage.
    pub raw_price: i64,
    /// Where in the bar.
    pub moment: Moment,
    /// Leg of the path.
    pub path_step: Option<i8>,
}

/// Returns whether `price` is at or beyond the stop.
#[must_use]
pub fn is_stop_at(bracket: &Bracket, price: i64) -> bool {
    bracket.sl.is_some_and(|sl| bracket.direction * (price - sl) <= 0)
}

/// Returns whether `price` is at the target or far enough beyond it.
#[must_use]
pub fn is_target_at(bracket: &Bracket, price: i64) -> bool {
    bracket.tp.is_some_and(|tp| bracket.direction * (price - tp) >= bracket.through)
}

/// Returns the exit that the open alone decides, or `None` (FIL-5, FIL-6: "O if O is beyond").
///
/// A long with its stop at 95 on a bar that opens at 90 leaves at 90, not at 95.
#[must_use]
pub fn exit_at_open(bracket: &Bracket, open: i64) -> Option<Exit> {
    let is_stop = is_stop_at(bracket, open);
    (is_stop || is_target_at(bracket, open)).then_some(Exit {
        is_stop,
        raw_price: open,
        moment: Moment::Open,
        path_step: None,
    })
}

/// Returns the exit between open and close under `stop_first` or `target_first`, or `None`.
///
/// `bar` is the closing side, whose open decided nothing; `entry` the fill that opened the position inside
/// this bar, `None` if it was open at its O (FIL-8); `has_one_spread` tells whether the bar's four spreads
/// are equal, so that both sides move as one.
#[must_use]
pub fn exit_inside(
    bracket: &Bracket,
    bar: &Ohlc,
    entry: Option<&Entry>,
    has_one_spread: bool,
    target_first: bool,
) -> Option<Exit> {
    let (adverse, favourable) = extremes(bracket, bar);
    let mut stop_hit = is_stop_at(bracket, adverse);
    let mut target_hit = is_target_at(bracket, favourable);
    match entry {
        Some(entry) if entry.is_stop => {
            let came_back = !is_stop_at(bracket, bar.open) && !target_first;
            stop_hit = stop_hit && (is_stop_at(bracket, bar.close) || came_back);
        }
        Some(entry) => {
            let is_proven = is_stop_at(bracket, bar.close) || (has_one_spread && !entry.is_pullback);
            stop_hit = stop_hit && (is_proven || !target_first);
            let went_there = target_first && !is_target_at(bracket, bar.open);
            target_hit = target_hit && (is_target_at(bracket, bar.close) || went_there);
        }
        None => {}
    }
    if stop_hit && !(target_hit && target_first) {
        return at_stop(bracket, bar, None);
    }
    if target_hit { at_target(bracket, bar, None) } else { None }
}

/// Returns whether the bar leaves open what happened: `stop_first` and `target_first` differ (FIL-9).
///
/// A stop that the open was beyond before a stop order filled is never known to have come again (FIL-8).
#[must_use]
pub fn is_ambiguous(bracket: &Bracket, bar: &Ohlc, entry: Option<&Entry>, has_one_spread: bool) -> bool {
    let (adverse, favourable) = extremes(bracket, bar);
    let Some(entry) = entry else { return is_stop_at(bracket, adverse) && is_target_at(bracket, favourable) };
    if entry.is_stop && is_stop_at(bracket, bar.open) && !is_stop_at(bracket, bar.close) {
        return true;
    }
    let pessimistic = exit_inside(bracket, bar, Some(entry), has_one_spread, false);
    pessimistic != exit_inside(bracket, bar, Some(entry), has_one_spread, true)
}

/// Returns the exit on the first leg that reaches a level after the entry, or `None` (FIL-7).
///
/// On the leg of the entry only what follows counts: its end, in the direction in which the leg moves.
#[must_use]
pub fn exit_on_path(bracket: &Bracket, bar: &Ohlc, ends: Legs, entry: Option<&Entry>) -> Option<Exit> {
    let first = entry.and_then(|entry| entry.path_step).unwrap_or(1);
    let mut start = bar.open;
    for (step, end) in (1..).zip(ends) {
        if step >= first {
            let is_entry_leg = entry.is_some() && step == first;
            let moves = bracket.direction * (end - start);
            if is_stop_at(bracket, end) && !(is_entry_leg && moves >= 0) {
                return at_stop(bracket, bar, Some(step));
            }
            if is_target_at(bracket, end) && !(is_entry_leg && moves <= 0) {
                return at_target(bracket, bar, Some(step));
            }
        }
        start = end;
    }
    None
}

/// The prices of a bar furthest against a position and furthest for it.
fn extremes(bracket: &Bracket, bar: &Ohlc) -> (i64, i64) {
    let is_long = bracket.direction > 0;
    (select_unpredictable(is_long, bar.low, bar.high), select_unpredictable(is_long, bar.high, bar.low))
}

/// The exit at the stop, or at the nearest price on offer if the bar never was on its good side.
fn at_stop(bracket: &Bracket, bar: &Ohlc, path_step: Option<i8>) -> Option<Exit> {
    let sl = bracket.sl?;
    let raw_price = select_unpredictable(bracket.direction > 0, sl.min(bar.high), sl.max(bar.low));
    Some(Exit { is_stop: true, raw_price, moment: Moment::Inside, path_step })
}

/// The exit at the target, or at the nearest price on offer where a bar passes it without touching it.
fn at_target(bracket: &Bracket, bar: &Ohlc, path_step: Option<i8>) -> Option<Exit> {
    let tp = bracket.tp?;
    let raw_price = select_unpredictable(bracket.direction > 0, tp.max(bar.low), tp.min(bar.high));
    Some(Exit { is_stop: false, raw_price, moment: Moment::Inside, path_step })
}
