//! Position rules and filters as they stand in the plan (MGT).
//!
//! Rules move stops (`break_even`, `trailing`), take part of a position off (`partial_close`) or close it by the
//! clock (`max_holding`, `session_close`); filters refuse orders. Windows and moments of New York time were turned
//! into UTC before the seam. What they do: `engine::management`, `engine::clock_rules`, `engine::filters`.

use serde::Deserialize;

use crate::error::Result;
use crate::plan::{Fraction, MAX_TERM, misfit, within};

/// Limit on the rules of a plan: their states are bits of one number.
pub const MAX_RULES: usize = 32;
const MAX_POINTS: i64 = 1_000_000_000;
const MAX_MULTIPLE: i64 = 1_000_000;
const MAX_COUNT: i64 = 10_000_000;
const MAX_TIME_US: i64 = 1 << 62;

/// A distance or a profit, or a price in points.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Points.
    Points(i64),
    /// Multiples of the distance to the first stop.
    R(Fraction),
    /// Multiples of ATR(14) of the step timeframe.
    Atr(Fraction),
    /// A price, in points.
    Price(i64),
}

/// How long something lasts.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// Bars of the step timeframe.
    Bars(i64),
    /// Minutes of the clock.
    Minutes(i64),
}

/// One position rule.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum PositionRule {
    /// Moves the stop to the entry plus `offset_points` once the profit reaches the trigger.
    BreakEven {
        /// Profit that triggers it.
        trigger: Measure,
        /// Points beyond the entry.
        offset_points: i64,
    },
    /// Keeps the stop at a distance behind the bar's extreme, from a profit of `start` on.
    Trailing {
        /// Distance from the extreme.
        distance: Measure,
        /// Profit from which it works; from the entry on without one.
        start: Option<Measure>,
        /// Least move, in points.
        step_points: i64,
    },
    /// Closes a share of the first volume at the open after the bar that reached a profit or price.
    PartialClose {
        /// Profit or price.
        at: Measure,
        /// Share of the first volume.
        share: Fraction,
    },
    /// Closes a position that was held so long.
    MaxHolding {
        /// How long.
        limit: Limit,
    },
    /// Closes every position at these moments, ascending.
    SessionClose {
        /// The moments.
        moments_us: Vec<i64>,
    },
}

/// What a cooldown runs from.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum After {
    /// The last entry of the symbol.
    Entry,
    /// The last exit of the symbol.
    Exit,
}

/// No order for so long after the last entry, or exit, of the symbol.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Cooldown {
    /// What it runs from.
    pub after: After,
    /// How long.
    pub limit: Limit,
}

/// When orders are refused (MGT-4). Windows are half-open, ascending and apart; no `sessions` is always.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filters {
    /// Open positions of the symbol, at most.
    pub max_symbol: Option<i64>,
    /// Open positions of all symbols, at most.
    pub max_total: Option<i64>,
    /// Cooldowns.
    pub cooldowns: Vec<Cooldown>,
    /// Windows outside of which orders are refused.
    pub sessions: Option<Vec<(i64, i64)>>,
    /// Windows inside of which orders are refused.
    pub news: Vec<(i64, i64)>,
}

/// Refuses rules beyond the limits of the plan.
///
/// # Errors
/// `config.plan` with what does not fit.
pub(crate) fn check_rules(rules: &[PositionRule]) -> Result<()> {
    if rules.len() > MAX_RULES {
        return Err(misfit(&format!("position_rules must be at most {MAX_RULES} rules")));
    }
    rules.iter().try_for_each(check_rule)
}

/// Refuses filters beyond the limits of the plan.
///
/// # Errors
/// `config.plan` with what does not fit.
pub(crate) fn check_filters(filters: &Filters) -> Result<()> {
    for (count, place) in
        [(filters.max_symbol, "filters.max_symbol"), (filters.max_total, "filters.max_total")]
    {
        within(count.unwrap_or(1), place, 1, MAX_COUNT)?;
    }
    for cooldown in &filters.cooldowns {
        limit(cooldown.limit, "filters.cooldowns.limit")?;
    }
    windows(filters.sessions.as_deref().unwrap_or_default(), "filters.sessions")?;
    windows(&filters.news, "filters.news")
}

fn check_rule(rule: &PositionRule) -> Result<()> {
    match rule {
        PositionRule::BreakEven { trigger, offset_points } => {
            within(*offset_points, "break_even.offset_points", 0, MAX_POINTS)?;
            measure(*trigger, "break_even.trigger", "points, r")
        }
        PositionRule::Trailing { distance, start, step_points } => {
            within(*step_points, "trailing.step_points", 0, MAX_POINTS)?;
            start.map_or(Ok(()), |start| measure(start, "trailing.start", "points, r"))?;
            measure(*distance, "trailing.distance", "points, r, atr")
        }
        PositionRule::PartialClose { at, share } => {
            within(share.0, "partial_close.share", 1, MAX_TERM)?;
            within(share.1, "partial_close.share", 1, MAX_TERM)?;
            if share.0 >= share.1 {
                return Err(misfit("partial_close.share must be below 1"));
            }
            measure(*at, "partial_close.at", "points, r, price")
        }
        PositionRule::MaxHolding { limit: held } => limit(*held, "max_holding.limit"),
        PositionRule::SessionClose { moments_us } => ascending(moments_us, "session_close.moments_us"),
    }
}

/// Refuses a measure that is out of range or in a unit that is not one of `units`.
fn measure(measure: Measure, place: &str, units: &str) -> Result<()> {
    let (unit, amount, highest) = match measure {
        Measure::Points(points) => ("points", (points, 1), MAX_POINTS),
        Measure::Price(points) => ("price", (points, 1), MAX_POINTS),
        Measure::R(multiple) => ("r", multiple, MAX_MULTIPLE),
        Measure::Atr(multiple) => ("atr", multiple, MAX_MULTIPLE),
    };
    if !units.split(", ").any(|known| known == unit) {
        return Err(misfit(&format!("{place} must have exactly one of the fields {units}")));
    }
    within(amount.0, place, 1, MAX_TERM)?;
    within(amount.1, place, 1, MAX_TERM)?;
    if i128::from(amount.0) > i128::from(highest) * i128::from(amount.1) {
        return Err(misfit(&format!("{place} must be at most {highest}")));
    }
    Ok(())
}

fn limit(limit: Limit, place: &str) -> Result<()> {
    let (Limit::Bars(count) | Limit::Minutes(count)) = limit;
    within(count, place, 1, MAX_COUNT)
}

/// Refuses windows that are empty, overlap or touch.
fn windows(windows: &[(i64, i64)], place: &str) -> Result<()> {
    let edges: Vec<i64> = windows.iter().flat_map(|(start, end)| [*start, *end]).collect();
    ascending(&edges, place)
}

fn ascending(moments: &[i64], place: &str) -> Result<()> {
    for moment in moments {
        within(*moment, place, -MAX_TIME_US, MAX_TIME_US)?;
    }
    if moments.windows(2).any(|pair| pair[1] <= pair[0]) {
        return Err(misfit(&format!("{place} must ascend")));
    }
    Ok(())
}
