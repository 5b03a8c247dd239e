//! Prices at which pending orders fill inside one bar.
//!
//! A bar hides the path between its four prices. These functions choose the worst price that the path
//! still allows, and never one outside the bar. They do not know about cash, size or costs; prices are
//! points of the order's side (ask for buys, bid for sells).
//!
//! Rules FIL-2 to FIL-4 in `docs/spec/engine.md`; what closes a position is in `exits`.

use crate::execution::path::Legs;
use crate::market::Ohlc;
use crate::schema::{Moment, OrderType, Rule};

/// What a working order waits for, in points.
#[derive(Clone, Copy, Debug)]
pub struct Trigger {
    /// Limit, stop or stop-limit.
    pub order_type: OrderType,
    /// +1 for buys, -1 for sells.
    pub direction: i64,
    /// P.
    pub price: i64,
    /// L of a stop-limit.
    pub limit: Option<i64>,
    /// Whether a stop-limit has reached P in an earlier bar and works as a limit at L.
    pub is_triggered: bool,
    /// Points by which a limit has to be passed (`limit_fill: "through"`), 0 for a touch.
    pub through: i64,
}

/// How a bar fills an order: at which raw price, by which level and rule, where in the bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Price before slippage.
    pub raw_price: i64,
    /// Level that was reached.
    pub level: i64,
    /// Rule that priced it.
    pub rule: Rule,
    /// Where in the bar.
    pub moment: Moment,
    /// Whether the price came rising to a buy, or falling to a sell (FIL-8).
    pub is_stop: bool,
    /// Whether a stop-limit was triggered in this bar and filled on the way back: an extreme of the bar may
    /// lie before its trigger.
    pub is_pullback: bool,
    /// Leg of the path.
    pub path_step: Option<i8>,
}

/// Returns whether the order waits for a better price: a limit, or a stop-limit that has been triggered.
#[must_use]
pub fn works_as_limit(trigger: &Trigger) -> bool {
    trigger.order_type == OrderType::Limit || trigger.is_triggered
}

/// Returns whether a limit order, or a stop-limit at its L, fills at `price` (FIL-2).
#[must_use]
pub fn is_limit_met(trigger: &Trigger, price: i64) -> bool {
    trigger.direction * (limit_of(trigger) - price) >= trigger.through
}

/// Returns whether a stop or stop-limit is triggered at `price` (FIL-3).
#[must_use]
pub fn is_stop_met(trigger: &Trigger, price: i64) -> bool {
    trigger.direction * (price - trigger.price) >= 0
}

/// Returns the fill that the open alone decides, or `None` ("O if O is beyond").
///
/// A buy stop at 105 on a bar that opens at 110 fills at 110, not at 105.
#[must_use]
pub fn entry_at_open(trigger: &Trigger, open: i64) -> Option<Entry> {
    let at_limit = || is_limit_met(trigger, open).then(|| entry_at_limit(trigger, open));
    if works_as_limit(trigger) {
        return at_limit();
    }
    if !is_stop_met(trigger, open) {
        return None;
    }
    if trigger.order_type == OrderType::Stop {
        return Some(stop_entry(trigger, open, Moment::Open, None));
    }
    at_limit()
}

/// Returns the fill between open and close, or `None`. To be asked only when the open decided nothing.
///
/// A stop-limit that the bar triggers and does not fill works as a limit from the next bar on (FIL-4).
#[must_use]
pub fn entry_inside(trigger: &Trigger, bar: &Ohlc) -> Option<Entry> {
    let (cheap, dear) = if trigger.direction > 0 { (bar.low, bar.high) } else { (bar.high, bar.low) };
    if works_as_limit(trigger) {
        return is_limit_met(trigger, cheap).then(|| limit_entry_inside(trigger, bar, false, None));
    }
    if !is_stop_met(trigger, dear) {
        return None;
    }
    if trigger.order_type == OrderType::Stop || is_limit_met(trigger, trigger.price) {
        return Some(stop_entry(trigger, trigger.price, Moment::Inside, None));
    }
    is_limit_met(trigger, bar.close).then(|| limit_entry_inside(trigger, bar, true, None))
}

/// Returns the fill on the first leg that reaches the order's level, or `None` (FIL-7).
#[must_use]
pub fn entry_on_path(trigger: &Trigger, bar: &Ohlc, ends: Legs) -> Option<Entry> {
    let mut waits = works_as_limit(trigger);
    for (step, end) in (1..).zip(ends) {
        if waits {
            if is_limit_met(trigger, end) {
                return Some(limit_entry_inside(trigger, bar, !works_as_limit(trigger), Some(step)));
            }
        } else if is_stop_met(trigger, end) {
            if trigger.order_type == OrderType::Stop || is_limit_met(trigger, trigger.price) {
                return Some(stop_entry(trigger, trigger.price, Moment::Inside, Some(step)));
            }
            waits = true;
        }
    }
    None
}

fn limit_of(trigger: &Trigger) -> i64 {
    trigger.limit.unwrap_or(trigger.price)
}

fn entry_at_limit(trigger: &Trigger, open: i64) -> Entry {
    Entry {
        raw_price: open,
        level: limit_of(trigger),
        rule: limit_rule(trigger),
        moment: Moment::Open,
        is_stop: false,
        is_pullback: false,
        path_step: None,
    }
}

/// A fill at the limit, or at the nearest price on offer where a bar passes it without touching it.
fn limit_entry_inside(trigger: &Trigger, bar: &Ohlc, is_pullback: bool, path_step: Option<i8>) -> Entry {
    let level = limit_of(trigger);
    let raw_price = if trigger.direction > 0 { level.min(bar.high) } else { level.max(bar.low) };
    let (rule, moment) = (limit_rule(trigger), Moment::Inside);
    Entry { raw_price, level, rule, moment, is_stop: false, is_pullback, path_step }
}

fn limit_rule(trigger: &Trigger) -> Rule {
    if trigger.order_type == OrderType::Limit { Rule::Fil2 } else { Rule::Fil4 }
}

fn stop_entry(trigger: &Trigger, raw_price: i64, moment: Moment, path_step: Option<i8>) -> Entry {
    let rule = if trigger.order_type == OrderType::Stop { Rule::Fil3 } else { Rule::Fil4 };
    Entry { raw_price, level: trigger.price, rule, moment, is_stop: true, is_pullback: false, path_step }
}
