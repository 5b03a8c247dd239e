//! Commission of one order (CST-3): a rate per lot with a least charge.
//!
//! Every opening order and every close is an order of its own.

use crate::error::Result;
use crate::plan::SymbolPlan;
use crate::portfolio::money::{Rate, book, minor_rate};

/// Commission of one symbol, ready to book.
#[derive(Clone, Copy, Debug)]
pub struct CommissionRates {
    /// Minor units per step.
    pub per_step: Rate,
    /// Least charge of an order, in minor units.
    pub minimum: i64,
    /// Whether opening orders pay.
    pub on_entry: bool,
    /// Whether closing orders pay.
    pub on_exit: bool,
}

/// Returns the rates of a symbol in minor units of an account with `digits` digits.
///
/// # Errors
/// `config.plan` or `engine.overflow` if a rate is beyond what money can be.
pub fn commission_rates(symbol: &SymbolPlan, digits: u32) -> Result<CommissionRates> {
    let commission = &symbol.commission;
    Ok(CommissionRates {
        per_step: minor_rate(commission.per_lot, symbol.volume_step, digits)?,
        minimum: book(1, minor_rate(commission.minimum, (1, 1), digits)?)?,
        on_entry: commission.on_entry,
        on_exit: commission.on_exit,
    })
}

/// Returns the change of the balance for one whole order, <= 0.
///
/// Rounding keeps order, so the larger of two bookings is the booking of the larger charge.
///
/// # Errors
/// `engine.overflow` if it does not fit a booking.
pub fn charge(rates: &CommissionRates, steps: i64, is_entry: bool) -> Result<i64> {
    let is_charged = if is_entry { rates.on_entry } else { rates.on_exit };
    if !is_charged {
        return Ok(0);
    }
    Ok(-rates.minimum.max(book(i128::from(steps), rates.per_step)?))
}
