//! Commission of one order (CST-3): a scheme with a rate, and a least charge.
//!
//! Every opening order and every close is an order of its own. The notional uses the price of the fill.

use crate::error::Result;
use crate::plan::{Fraction, Scheme, SymbolPlan};
use crate::portfolio::money::{ONE, Rate, book, converted, minor_rate};

/// Commission of one symbol, ready to book.
#[derive(Clone, Copy, Debug)]
pub struct CommissionRates {
    /// What the rate is per.
    pub scheme: Scheme,
    /// Minor units per order, per step, or per point and step.
    pub rate: Rate,
    /// Least charge of an order, in minor units.
    pub minimum: i64,
    /// Whether opening orders pay.
    pub on_entry: bool,
    /// Whether closing orders pay.
    pub on_exit: bool,
}

/// Returns the rates of a symbol in minor units of an account with `digits` digits.
///
/// `own` and `quote` are account currency per unit of the commission's and of the quote currency (CUR): a share of
/// the notional converts like the notional, everything else from the commission's own currency.
///
/// # Errors
/// `config.plan` or `engine.overflow` if a rate is beyond what money can be.
pub fn commission_rates(
    symbol: &SymbolPlan,
    digits: u32,
    own: Fraction,
    quote: Fraction,
) -> Result<CommissionRates> {
    let commission = &symbol.commission;
    let (per, divisor, factor) = match commission.scheme {
        Scheme::PerLot => (symbol.volume_step, 1, own),
        Scheme::PerMillionNotional => (symbol.value, 1_000_000, quote),
        Scheme::PercentOfNotional => (symbol.value, 100, quote),
        Scheme::PerTrade => (ONE, 1, own),
    };
    Ok(CommissionRates {
        scheme: commission.scheme,
        rate: converted(minor_rate(commission.rate, per, digits, divisor)?, factor)?,
        minimum: book(1, converted(minor_rate(commission.minimum, ONE, digits, 1)?, own)?)?,
        on_entry: commission.on_entry,
        on_exit: commission.on_exit,
    })
}

/// What one order has been charged so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Charge {
    /// Units it was charged for.
    pub units: i64,
    /// The booking, <= 0.
    pub booked: i64,
}

/// Returns the change of the balance for a fill of an order at `price`, <= 0.
///
/// Booking j of an order is `half_even(max(minimum, Σ₁..ⱼ raw)) − booked so far`: its fills are charged as
/// one. Rounding keeps order, so the larger of two bookings is the booking of the larger charge.
///
/// # Errors
/// `engine.overflow` if it does not fit a booking.
pub fn charge(
    rates: &CommissionRates,
    charged: &mut Charge,
    price: i64,
    steps: i64,
    is_entry: bool,
) -> Result<i64> {
    let is_charged = if is_entry { rates.on_entry } else { rates.on_exit };
    if !is_charged {
        return Ok(0);
    }
    match rates.scheme {
        Scheme::PerTrade => charged.units = 1,
        Scheme::PerLot => charged.units += steps,
        Scheme::PerMillionNotional | Scheme::PercentOfNotional => charged.units += price * steps,
    }
    let total = -rates.minimum.max(book(charged.units.into(), rates.rate)?);
    // A rate that has fallen between two fills gives nothing back.
    let booked = (total - charged.booked).min(0);
    charged.booked += booked;
    Ok(booked)
}
