//! One open position of a hedging account.
//!
//! Holds exact sums instead of a mean price: `k` is the sum of points times steps of the entry, so that
//! profit never depends on a rounded average. Rules POS-1, POS-2 and CST-5 in `docs/spec/engine.md`.

use crate::error::Result;
use crate::numerics::quotient;
use crate::portfolio::money::{Rate, book};

/// An open position. `direction` is +1 for long and -1 for short; levels are points.
#[derive(Clone, Debug)]
pub struct Position {
    /// Opening signal number.
    pub id: i64,
    /// Index of the symbol.
    pub symbol: i16,
    /// +1 for long, -1 for short.
    pub direction: i64,
    /// Strategy tag.
    pub magic: i64,
    /// Bar the entry is named after.
    pub entry_bar_idx: usize,
    /// Time of the entry.
    pub entry_time_us: i64,
    /// Volume.
    pub steps: i64,
    /// Entry: sum of points times steps at the prices of the deals.
    pub k: i64,
    /// The same at prices before slippage.
    pub k_raw: i64,
    /// The same before slippage and without the spread paid.
    pub k_cost_free: i64,
    /// Stop loss.
    pub sl: Option<i64>,
    /// Take profit.
    pub tp: Option<i64>,
    /// Booked risk of the completed entry.
    pub risk: Option<i64>,
    /// Commission booked so far.
    pub commission: i64,
    /// Lowest closing-side price seen; `i64::MAX` before any.
    pub lowest: i64,
    /// Highest closing-side price seen; `i64::MIN` before any.
    pub highest: i64,
    /// Whether a bar left its order open (FIL-9).
    pub ambiguous: bool,
    /// Closes that were asked for.
    pub requested_closes: i32,
    /// Swap accrued and not yet booked.
    pub accrued_swap: i64,
}

/// What the price moves of one position were worth, in minor units (CST-5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gross {
    /// Without spread and slippage.
    pub cost_free: i64,
    /// Slippage, costs negative.
    pub slippage: i64,
    /// Spread, costs negative.
    pub spread: i64,
    /// Profit at the actual fills.
    pub booked: i64,
}

/// Returns the money at risk of the completed entry, or `None` without a stop on the loss side (POS-2).
///
/// # Errors
/// `engine.overflow` if it does not fit a booking.
pub fn booked_risk(position: &Position, rate: Rate) -> Result<Option<i64>> {
    let Some(sl) = position.sl else { return Ok(None) };
    let stop = i128::from(position.steps) * i128::from(sl);
    let distance = i128::from(position.direction) * (i128::from(position.k) - stop);
    if distance > 0 { book(distance, rate).map(Some) } else { Ok(None) }
}

/// Lets one closing-side price count for MAE and MFE.
#[inline]
pub fn see_price(position: &mut Position, price: i64) {
    if price < position.lowest {
        position.lowest = price;
    }
    if price > position.highest {
        position.highest = price;
    }
}

/// Returns MAE (<= 0) and MFE (>= 0) in points: `direction · (price - K/n)` (POS-2).
#[must_use]
pub fn excursions(position: &Position) -> (f64, f64) {
    let lowest = if position.lowest == i64::MAX { 0 } else { position.lowest * position.steps - position.k };
    let highest =
        if position.highest == i64::MIN { 0 } else { position.highest * position.steps - position.k };
    let (low, high) = if position.direction > 0 { (lowest, highest) } else { (-highest, -lowest) };
    let steps = i128::from(position.steps);
    (quotient(i128::from(low.min(0)), steps), quotient(i128::from(high.max(0)), steps))
}

/// Returns the gross result of closing the whole position at `price`, with its memos.
///
/// Each memo is the difference of two rounded products, slippage first, so that
/// `cost_free + slippage + spread` equals the booked profit exactly.
///
/// # Errors
/// `engine.overflow` if it does not fit a booking.
pub fn close_gross(
    position: &Position,
    price: i64,
    raw_price: i64,
    spread_points: i64,
    rate: Rate,
) -> Result<Gross> {
    let (direction, steps) = (position.direction, position.steps);
    let booked = book(i128::from(direction * (price * steps - position.k)), rate)?;
    let raw = book(i128::from(direction * (raw_price * steps - position.k_raw)), rate)?;
    let cost_free =
        book(i128::from(direction * ((raw_price - spread_points) * steps - position.k_cost_free)), rate)?;
    Ok(Gross { cost_free, slippage: booked - raw, spread: raw - cost_free, booked })
}

/// Returns the profit at the closing side's mark, rounded once (LED-2).
///
/// # Errors
/// `engine.overflow` if it does not fit a booking.
pub fn open_profit(position: &Position, mark: i64, rate: Rate) -> Result<i64> {
    book(i128::from(position.direction * (mark * position.steps - position.k)), rate)
}
