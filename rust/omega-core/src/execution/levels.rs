//! Levels of a signal as points: conversion, snapping to the tick, and the one check they get.
//!
//! A level is checked once, on acceptance; never again at the fill. Rules NUM-2, SIG-2 and API-8 in
//! `docs/spec/`.

use crate::engine::signals::Signal;
use crate::numerics::{half_even_quotient, round_half_even};
use crate::plan::SymbolPlan;

/// Levels beyond this are held here: no price ever reaches them, and products stay in range.
pub const MAX_LEVEL: i64 = 1_000_000_000_000;
const MAX_LEVEL_FLOAT: f64 = 1e12;

/// A stop or target: an absolute price in points, or a distance from the fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// Price or distance.
    pub points: i64,
    /// Which of them.
    pub is_distance: bool,
}

/// Returns one IEEE product, rounded half to even, snapped to the nearest tick multiple (NUM-2).
///
/// 1.10003 with factor 100,000 and tick 1 gives 110003; with tick 25 it gives 110000.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "whole and below 10^12")]
pub fn to_points(value: f64, factor: f64, tick_points: i64) -> i64 {
    let product = value * factor;
    let points = if product >= MAX_LEVEL_FLOAT { MAX_LEVEL } else { round_half_even(product) as i64 };
    if tick_points == 1 {
        return points;
    }
    half_even_quotient(i128::from(points), i128::from(tick_points)) as i64 * tick_points
}

/// Returns the stop loss of a signal, whichever way it was given; `atr` in points is asked for only if it is.
#[must_use]
#[allow(clippy::inline_always, reason = "of a signal only the cells are read that are looked at")]
#[inline(always)]
pub fn stop_level(signal: &Signal, symbol: &SymbolPlan, atr: f64) -> Option<Level> {
    if let Some(multiple) = signal.sl_atr {
        return Some(Level { points: to_points(multiple, atr, symbol.tick_points), is_distance: true });
    }
    level(signal.sl, signal.sl_points, signal.sl_pips, symbol)
}

/// Returns the take profit of a signal, whichever way it was given.
#[must_use]
#[allow(clippy::inline_always, reason = "as above")]
#[inline(always)]
pub fn target_level(signal: &Signal, symbol: &SymbolPlan) -> Option<Level> {
    level(signal.tp, signal.tp_points, signal.tp_pips, symbol)
}

/// Returns whether absolute levels lie on their side of the closing price and distances are above 0 (SIG-2).
///
/// `references` are the closing-side price the stop must be behind, and the price the target must be beyond.
#[must_use]
pub fn is_valid(stop: Option<Level>, target: Option<Level>, direction: i64, references: (i64, i64)) -> bool {
    is_beyond(stop, -direction, references.0) && is_beyond(target, direction, references.1)
}

/// Returns how far a level lies from the raw entry price, in points.
#[must_use]
pub fn distance_from(level: Level, entry: i64) -> i64 {
    if level.is_distance { level.points } else { (entry - level.points).abs() }
}

/// Returns the price of a level once the fill is known; `direction` points from the fill to the level.
#[must_use]
pub fn price_of(level: Option<Level>, fill_price: i64, direction: i64) -> Option<i64> {
    let level = level?;
    Some(if level.is_distance { fill_price + direction * level.points } else { level.points })
}

/// Returns the price of a level that does not depend on the fill, else `None`.
#[must_use]
pub fn absolute(level: Option<Level>) -> Option<i64> {
    level.filter(|level| !level.is_distance).map(|level| level.points)
}

/// Returns whether a level, if it is a distance, is above 0 after rounding (SIG-2).
#[must_use]
pub fn is_valid_distance(level: Option<Level>) -> bool {
    level.is_none_or(|level| !level.is_distance || level.points > 0)
}

/// Returns a price of a strategy in points (NUM-2).
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "powers of ten are exact floats")]
pub fn price_points(price: f64, symbol: &SymbolPlan) -> i64 {
    to_points(price, 10_i64.pow(symbol.digits) as f64, symbol.tick_points)
}

#[expect(clippy::cast_precision_loss, reason = "pips are exact floats")]
fn level(price: Option<f64>, points: Option<f64>, pips: Option<f64>, symbol: &SymbolPlan) -> Option<Level> {
    let tick = symbol.tick_points;
    if let Some(price) = price {
        return Some(Level { points: price_points(price, symbol), is_distance: false });
    }
    if let Some(points) = points {
        return Some(Level { points: to_points(points, 1.0, tick), is_distance: true });
    }
    let pips = pips?;
    Some(Level { points: to_points(pips, symbol.pip_points as f64, tick), is_distance: true })
}

fn is_beyond(level: Option<Level>, direction: i64, reference: i64) -> bool {
    match level {
        Some(level) if !level.is_distance => direction * (level.points - reference) > 0,
        _ => is_valid_distance(level),
    }
}
