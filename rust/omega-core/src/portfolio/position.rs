//! One open position of a hedging account.
//!
//! Holds exact sums instead of a mean price: `k` is the sum of points times steps of what is open, so that
//! profit never depends on a rounded average. Rules POS-1, POS-2 and CST-5 in `docs/spec/engine.md`.

use crate::error::Result;
use crate::numerics::{half_even_quotient, quotient};
use crate::portfolio::margin::released_margin;
use crate::portfolio::money::{Rate, Rates, book, rate_for};
use crate::schema::{ExitReason, OrderType};

/// What all fills of the entry add up to: steps, points times steps, and the margin they took.
#[derive(Clone, Copy, Debug)]
pub struct Entered {
    /// Volume.
    pub steps: i64,
    /// Sum of points times steps.
    pub points: i64,
    /// Margin.
    pub margin: i64,
}

/// What the closes so far add up to; money in minor units.
#[derive(Clone, Copy, Debug)]
pub struct Settled {
    /// Closing fills.
    pub closes: i32,
    /// Volume.
    pub steps: i64,
    /// Sum of points times steps.
    pub points: i64,
    /// Profit without spread and slippage.
    pub cost_free: i64,
    /// Slippage.
    pub slippage: i64,
    /// Spread.
    pub spread: i64,
    /// Profit at the actual fills.
    pub gross: i64,
    /// Swap that was booked.
    pub swap: i64,
}

/// What the position rules know of a position (MGT).
#[derive(Clone, Copy, Debug)]
pub struct RuleState {
    /// Bit of every rule that was set off.
    pub done: u32,
    /// Bit of every partial close that is due at the next open.
    pub due_parts: u32,
    /// Step in whose first moment the clock closes it.
    pub due_step: Option<usize>,
    /// What that close is called.
    pub due_reason: ExitReason,
    /// `lowest` and `highest` before the bar that is worked on.
    pub seen_before: (i64, i64),
}

/// An open position. `direction` is +1 for long and -1 for short; levels are points.
#[derive(Clone, Debug)]
pub struct Position {
    /// Opening signal number.
    pub id: i64,
    /// Index of the symbol.
    pub symbol: i16,
    /// +1 for long, -1 for short.
    pub direction: i64,
    /// Type of the opening order.
    pub order_type: OrderType,
    /// Strategy tag.
    pub magic: i64,
    /// Bar the entry is named after.
    pub entry_bar_idx: usize,
    /// Time of the entry.
    pub entry_time_us: i64,
    /// Price of the first fill, from which distances are measured (API-8).
    pub entry_points: i64,
    /// The pass over a bar in which it opened: older positions existed at the open (FIL-5).
    pub entry_pass: u64,
    /// The first row of equity that contains it.
    pub entry_row: usize,
    /// Whether it opened after the open of its bar.
    pub is_inside: bool,
    /// Stop loss.
    pub sl: Option<i64>,
    /// Take profit.
    pub tp: Option<i64>,
    /// What is open now.
    pub steps: i64,
    /// Its sum of points times steps at the prices of the deals.
    pub k: i64,
    /// The same at prices before slippage.
    pub k_raw: i64,
    /// The same before slippage and without the spread paid.
    pub k_cost_free: i64,
    /// All entries.
    pub entered: Entered,
    /// All closes so far.
    pub settled: Settled,
    /// The stop of the first fill, by which risk is measured (POS-2).
    pub first_sl: Option<i64>,
    /// What a close at `sl` is called.
    pub stop_reason: ExitReason,
    /// What the position rules know of it (MGT).
    pub rules: RuleState,
    /// Booked risk of the completed entry.
    pub risk: Option<i64>,
    /// Margin held for what is open (MRG).
    pub margin: i64,
    /// Commission booked so far, entry and closes.
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

/// A position before it has anything of its own. twin: none — defaults of fields there.
pub(crate) const BLANK: Position = Position {
    id: 0,
    symbol: 0,
    direction: 1,
    order_type: OrderType::Market,
    magic: 0,
    entry_bar_idx: 0,
    entry_time_us: 0,
    entry_points: 0,
    entry_pass: 0,
    entry_row: 0,
    is_inside: false,
    sl: None,
    tp: None,
    steps: 0,
    k: 0,
    k_raw: 0,
    k_cost_free: 0,
    entered: Entered { steps: 0, points: 0, margin: 0 },
    settled: Settled {
        closes: 0,
        steps: 0,
        points: 0,
        cost_free: 0,
        slippage: 0,
        spread: 0,
        gross: 0,
        swap: 0,
    },
    first_sl: None,
    stop_reason: ExitReason::StopLoss,
    rules: RuleState {
        done: 0,
        due_parts: 0,
        due_step: None,
        due_reason: ExitReason::Timeout,
        seen_before: (i64::MAX, i64::MIN),
    },
    risk: None,
    margin: 0,
    commission: 0,
    lowest: i64::MAX,
    highest: i64::MIN,
    ambiguous: false,
    requested_closes: 0,
    accrued_swap: 0,
};

/// What the price moves of one close were worth, in minor units (CST-5).
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

/// The prices of a deal: with slippage, before it, and the spread paid, in points.
#[derive(Clone, Copy, Debug)]
pub struct DealPrices {
    /// With slippage.
    pub price: i64,
    /// Before slippage.
    pub raw_price: i64,
    /// Spread paid.
    pub spread_points: i64,
}

/// Lets one fill of the entry hold its margin (MRG).
pub fn add_margin(position: &mut Position, margin: i64) {
    position.margin += margin;
    position.entered.margin += margin;
}

/// Lets one fill of the entry enlarge the position.
pub fn add_fill(position: &mut Position, deal: DealPrices, steps: i64) {
    position.steps += steps;
    position.k += deal.price * steps;
    position.k_raw += deal.raw_price * steps;
    position.k_cost_free += (deal.raw_price - deal.spread_points) * steps;
    position.entered.steps += steps;
    position.entered.points += deal.price * steps;
}

/// Returns the money at risk of the completed entry, or `None` without a stop on the loss side (POS-2).
///
/// # Errors
/// `engine.overflow` if it does not fit a booking.
pub fn booked_risk(position: &Position, rate: Rate) -> Result<Option<i64>> {
    let Some(sl) = position.first_sl else { return Ok(None) };
    let stop = i128::from(position.entered.steps) * i128::from(sl);
    let distance = i128::from(position.direction) * (i128::from(position.entered.points) - stop);
    if distance > 0 { book(distance, rate).map(Some) } else { Ok(None) }
}

/// Lets one closing-side price count for MAE and MFE.
#[inline]
pub fn see_price(position: &mut Position, price: i64) {
    position.lowest = position.lowest.min(price);
    position.highest = position.highest.max(price);
}

/// Returns MAE (<= 0) and MFE (>= 0) in points: `direction · (price - K/n)` of the entry (POS-2).
#[must_use]
pub fn excursions(position: &Position) -> (f64, f64) {
    let Entered { steps, points, .. } = position.entered;
    let lowest = if position.lowest == i64::MAX { 0 } else { position.lowest * steps - points };
    let highest = if position.highest == i64::MIN { 0 } else { position.highest * steps - points };
    let (low, high) = if position.direction > 0 { (lowest, highest) } else { (-highest, -lowest) };
    let steps = i128::from(steps);
    (quotient(i128::from(low.min(0)), steps), quotient(i128::from(high.max(0)), steps))
}

/// Closes `steps` of the position and returns their gross result with its memos (POS-1).
///
/// The part's share of each sum is rounded half to even and leaves the position; the whole takes all of it.
/// One rate converts all of it, that of the booked profit's sign; the part's margin is set free.
/// Each memo is the difference of two rounded products, slippage first, so that
/// `cost_free + slippage + spread` equals the booked profit exactly.
///
/// # Errors
/// `engine.overflow` if it does not fit a booking.
pub fn close_part(position: &mut Position, steps: i64, deal: DealPrices, rates: Rates) -> Result<Gross> {
    let (direction, open_steps) = (position.direction, position.steps);
    let k = part_of(position.k, steps, open_steps);
    let k_raw = part_of(position.k_raw, steps, open_steps);
    let k_cost_free = part_of(position.k_cost_free, steps, open_steps);
    let profit = i128::from(direction * (deal.price * steps - k));
    let rate = rate_for(profit, rates);
    let booked = book(profit, rate)?;
    let raw = book(i128::from(direction * (deal.raw_price * steps - k_raw)), rate)?;
    let cost_free =
        book(i128::from(direction * ((deal.raw_price - deal.spread_points) * steps - k_cost_free)), rate)?;
    position.margin -= released_margin(position.margin, steps, open_steps);
    position.steps -= steps;
    position.k -= k;
    position.k_raw -= k_raw;
    position.k_cost_free -= k_cost_free;
    let gross = Gross { cost_free, slippage: booked - raw, spread: raw - cost_free, booked };
    settle(&mut position.settled, steps, deal.price, gross);
    Ok(gross)
}

/// Returns the accrued swap that a close of `steps` of `open_steps` books, and leaves the rest (SWP-1).
pub fn settle_swap(position: &mut Position, steps: i64, open_steps: i64) -> i64 {
    let swap = part_of(position.accrued_swap, steps, open_steps);
    position.accrued_swap -= swap;
    position.settled.swap += swap;
    swap
}

/// Returns the profit at the closing side's mark, rounded once (LED-2).
///
/// # Errors
/// `engine.overflow` if it does not fit a booking.
pub fn open_profit(position: &Position, mark: i64, rates: Rates) -> Result<i64> {
    let profit = i128::from(position.direction * (mark * position.steps - position.k));
    book(profit, rate_for(profit, rates))
}

fn settle(settled: &mut Settled, steps: i64, price: i64, gross: Gross) {
    settled.closes += 1;
    settled.steps += steps;
    settled.points += price * steps;
    settled.cost_free += gross.cost_free;
    settled.slippage += gross.slippage;
    settled.spread += gross.spread;
    settled.gross += gross.booked;
}

/// A part's share of a sum, half to even. twin: none — the whole is taken without a 128-bit division.
#[expect(clippy::cast_possible_truncation, reason = "a part is no larger than the whole")]
fn part_of(sum: i64, steps: i64, open_steps: i64) -> i64 {
    if steps == open_steps {
        return sum;
    }
    half_even_quotient(i128::from(sum) * i128::from(steps), i128::from(open_steps)) as i64
}
