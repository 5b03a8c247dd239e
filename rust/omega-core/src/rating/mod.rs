//! Raw values of the resampling components of the rating: trade dropout and Monte Carlo (RAT-3, RAT-4).
//!
//! Draws depend on seed, purpose, sample and draw number only, so no thread or order can move a value.
//! What the values are worth is judged once, in the Python package `omega.rating`.

mod dropout;
mod monte_carlo;

use crate::error::Result;
use crate::metrics::{Calendar, Equity, Plan, Trades, Value};

/// Name, and value or `None`.
pub type RawRow = (&'static str, Option<Value>);

/// Returns name, and value or `None`, of every raw value, in one fixed order.
///
/// # Errors
/// [`crate::error::Error::Shape`] when equity has no rows or does not begin above 0;
/// [`crate::error::Error::Overflow`] when a resampled sum could leave 62 bits.
pub fn rate(trades: &Trades, equity: &Equity, calendar: &Calendar, plan: &Plan) -> Result<Vec<RawRow>> {
    equity.check()?;
    let reach = trades.net.iter().fold(0_i128, |reach, net| reach + i128::from(*net).abs());
    monte_carlo::check_range(reach, equity.value[0])?;
    let mut rows = vec![("seed", Some(seed_int(plan.seed)))];
    rows.extend(dropout::compute_dropout(trades.net, plan));
    rows.extend(monte_carlo::compute_monte_carlo(trades, equity, &calendar.boundaries(plan.days), plan)?);
    Ok(rows)
}

/// A seed or sample count as a value. twin: none — Python has one kind of integer.
#[expect(clippy::cast_possible_wrap, reason = "the plan allows seeds and counts below 2^63")]
fn seed_int(value: u64) -> Value {
    Value::Int(value as i64)
}
