//! Swap: what holding a position over 17:00 New York costs or pays (SWP-1).
//!
//! Rates are signed: a debit is negative. The multiplier is that of the FX day which ends at the rollover,
//! so that a full week has seven nights. Amounts accrue on the position, one rounding each, and are booked
//! with its closing deal.

use crate::error::Result;
use crate::plan::{Fraction, SwapPlan, SwapUnit, SymbolPlan};
use crate::portfolio::currency::Factors;
use crate::portfolio::money::{SignedRate, book_signed, converted, signed_rate};
use crate::portfolio::position::Position;

/// Swap of one symbol from one FX day on: minor units per night, and what they are per.
#[derive(Clone, Copy, Debug)]
pub struct SwapRates {
    /// First FX day they apply to.
    pub from_fx_day: i32,
    /// Of long positions.
    pub long: SignedRate,
    /// Of short positions.
    pub short: SignedRate,
    /// Whether they are per point of the closing-side mark and step, not per step alone.
    pub per_mark: bool,
    /// Whether they are in quote currency, not in the account's.
    pub is_quote: bool,
}

/// The FX day that ends, and how many nights it counts for.
#[derive(Clone, Copy, Debug)]
pub struct Night {
    /// Days since 1970-01-01.
    pub fx_day: i32,
    /// Its nights.
    pub multiplier: i32,
}

/// Swap of one symbol, ready to accrue.
#[derive(Clone, Debug)]
pub struct SwapTable {
    /// Nights by weekday of the FX day, Monday first.
    pub multipliers: [i32; 7],
    /// Rates by date; the first entry has no beginning.
    pub rates: Vec<SwapRates>,
}

/// Returns the swap of a symbol in minor units of an account with `digits` digits, or `None` without swap.
///
/// # Errors
/// `config.plan` if a rate has more than 18 significant digits.
pub fn swap_table(symbol: &SymbolPlan, digits: u32) -> Result<Option<SwapTable>> {
    let Some(swap) = &symbol.swap else { return Ok(None) };
    let mut rates = Vec::with_capacity(swap.dated.len() + 1);
    let base = (i32::MIN, swap.long, swap.short);
    for (from_fx_day, long, short) in std::iter::once(base).chain(swap.dated.iter().copied()) {
        rates.push(SwapRates {
            from_fx_day,
            long: rate_per_step(swap, symbol, long, digits)?,
            short: rate_per_step(swap, symbol, short, digits)?,
            per_mark: swap.unit == SwapUnit::Percent,
            is_quote: swap.unit != SwapUnit::Money,
        });
    }
    Ok(Some(SwapTable { multipliers: swap.multipliers, rates }))
}

/// Returns what one rollover accrues on a position, in minor units.
///
/// `mark` is the closing-side close of the last step before the rollover, in points; `factors` are account currency
/// per unit of quote currency now.
///
/// # Errors
/// `engine.overflow` if it does not fit a booking.
pub fn nightly_amount(
    table: &SwapTable,
    position: &Position,
    mark: i64,
    night: Night,
    factors: Factors,
) -> Result<i64> {
    let idx = table.rates.partition_point(|rates| rates.from_fx_day <= night.fx_day) - 1;
    let rates = &table.rates[idx];
    let SignedRate { is_negative, mut rate } = if position.direction > 0 { rates.long } else { rates.short };
    if rates.is_quote {
        rate = converted(rate, if is_negative { factors.debit } else { factors.credit })?;
    }
    let rate = SignedRate { is_negative, rate };
    let base = i128::from(position.steps) * i128::from(night.multiplier);
    book_signed(if rates.per_mark { base * i128::from(mark) } else { base }, rate)
}

/// Returns a rate in minor units per step and night; per point of the mark for percent rates.
fn rate_per_step(swap: &SwapPlan, symbol: &SymbolPlan, rate: Fraction, digits: u32) -> Result<SignedRate> {
    match swap.unit {
        SwapUnit::Money => signed_rate(rate, symbol.volume_step, 1, digits),
        SwapUnit::Points => signed_rate(rate, symbol.value, 1, digits),
        // A year of swap has 360 days; percent of the notional `mark · steps · value`.
        SwapUnit::Percent => signed_rate(rate, symbol.value, 36_000, digits),
    }
}
