//! Filters that refuse orders: sessions, news, cooldowns, numbers of positions (MGT-4).
//!
//! Asked when an order is accepted and again when its first fill would open a position. They do not touch what is
//! open, nor closes and modifications.

use crate::engine::simulation::Simulation;
use crate::market::as_i64;
use crate::plan_rules::{After, Cooldown, Limit};
use crate::schema::number::{FILTER_COOLDOWN, FILTER_MAX_POSITIONS, FILTER_NEWS, FILTER_SESSION};

const MINUTE_US: i64 = 60_000_000;

/// Where an entry or exit was: its bar and its time.
#[derive(Clone, Copy, Debug)]
pub struct Happened {
    /// Its bar.
    pub bar_idx: usize,
    /// Its time.
    pub time_us: i64,
}

/// The error number of the first filter that refuses an order here, if any.
#[must_use]
pub fn find_refusal(simulation: &Simulation, now: Happened, symbol: i16) -> Option<i16> {
    let filters = simulation.plan.filters.as_ref()?;
    if filters.sessions.as_ref().is_some_and(|windows| !is_inside(windows, now.time_us)) {
        return Some(FILTER_SESSION);
    }
    if is_inside(&filters.news, now.time_us) {
        return Some(FILTER_NEWS);
    }
    for cooldown in &filters.cooldowns {
        let last = match cooldown.after {
            After::Entry => simulation.last_entry,
            After::Exit => simulation.last_exit,
        };
        if last.is_some_and(|last| is_cooling(*cooldown, last, now)) {
            return Some(FILTER_COOLDOWN);
        }
    }
    let of_symbol = simulation.positions.iter().filter(|position| position.symbol == symbol).count();
    let is_full = |most: Option<i64>, count: usize| most.is_some_and(|most| as_i64(count) >= most);
    if is_full(filters.max_symbol, of_symbol) || is_full(filters.max_total, simulation.positions.len()) {
        return Some(FILTER_MAX_POSITIONS);
    }
    None
}

/// Whether a time lies in one of the half-open windows.
#[must_use]
pub fn is_inside(windows: &[(i64, i64)], time_us: i64) -> bool {
    let row = windows.partition_point(|(start, _)| *start <= time_us);
    row > 0 && time_us < windows[row - 1].1
}

/// Whether fewer bars or minutes than the cooldown's have passed.
#[must_use]
pub fn is_cooling(cooldown: Cooldown, last: Happened, now: Happened) -> bool {
    match cooldown.limit {
        Limit::Bars(count) => as_i64(now.bar_idx) - as_i64(last.bar_idx) < count,
        Limit::Minutes(count) => now.time_us - last.time_us < count * MINUTE_US,
    }
}
