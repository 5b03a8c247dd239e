//! Exact money: products of integers and fractions, rounded once when they are booked.
//!
//! Nothing here knows about positions or costs. Rules NUM-1 and NUM-1b in `docs/spec/engine.md`; why
//! this cannot overflow is in `docs/decisions/0001-exact-money.md`.

use crate::error::{Error, Result};
use crate::numerics::{half_even_narrow, half_even_quotient};
use crate::plan::Fraction;

/// Nothing is converted.
pub const ONE: Fraction = (1, 1);

const MAX_RATE_TERM: u64 = 1_000_000_000_000_000_000;

/// Largest single booking; a few of them still add up within 64 bits.
pub const MAX_BOOKING: u64 = 1 << 60;

/// Largest balance or equity.
pub const MAX_BALANCE: u64 = 1 << 62;

/// Minor units of the account currency per unit of something, as a reduced fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Numerator, at most 10^18.
    pub numerator: i64,
    /// Denominator, at most 10^18.
    pub denominator: i64,
}

/// Returns `first · second · 10^digits / divisor`, reduced.
///
/// # Errors
/// `config.plan` if a term of it is above 10^18.
pub fn minor_rate(first: Fraction, second: Fraction, digits: u32, divisor: i64) -> Result<Rate> {
    let numerator = i128::from(first.0) * i128::from(second.0);
    let denominator = i128::from(first.1) * i128::from(second.1) * i128::from(divisor);
    let common = gcd(numerator, denominator);
    let (numerator, denominator) = (numerator / common * 10_i128.pow(digits), denominator / common);
    let common = gcd(numerator, denominator);
    let (numerator, denominator) = (numerator / common, denominator / common);
    let narrow = |term: i128| i64::try_from(term).ok().filter(|_| term <= MAX_RATE_TERM.into());
    match (narrow(numerator), narrow(denominator)) {
        (Some(numerator), Some(denominator)) => Ok(Rate { numerator, denominator }),
        _ => Err(Error::Plan { reason: "a rate of money has more than 18 significant digits".to_owned() }),
    }
}

/// A [`Rate`] that may be negative: credits and debits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedRate {
    /// Whether it is a debit.
    pub is_negative: bool,
    /// Its magnitude.
    pub rate: Rate,
}

/// Returns `first · second · 10^digits / divisor`, reduced; the numerator of `first` may be negative.
///
/// # Errors
/// `config.plan` if a term of it is above 10^18.
pub fn signed_rate(first: Fraction, second: Fraction, divisor: i64, digits: u32) -> Result<SignedRate> {
    let magnitude = (first.0.abs(), first.1);
    Ok(SignedRate { is_negative: first.0 < 0, rate: minor_rate(magnitude, second, digits, divisor)? })
}

/// What a credit and a debit book: equal where nothing is converted, or both sides of the quote are (CUR).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Of amounts from 0 on.
    pub credit: Rate,
    /// Of amounts below 0.
    pub debit: Rate,
}

/// Returns the reduced product of two fractions above 0.
///
/// # Errors
/// `engine.overflow` if a term of it is above 10^18.
pub fn product(first: Fraction, second: Fraction) -> Result<Fraction> {
    let wide = |fraction: Fraction| (i128::from(fraction.0), i128::from(fraction.1));
    let (first, second) = (wide(first), wide(second));
    let (left, right) = (gcd(first.0, second.1), gcd(second.0, first.1));
    let numerator = (first.0 / left) * (second.0 / right);
    let denominator = (first.1 / right) * (second.1 / left);
    let what = "a conversion rate";
    Ok((within(numerator, MAX_RATE_TERM, what)?, within(denominator, MAX_RATE_TERM, what)?))
}

/// Returns a rate times a factor above 0; a rate of 0 stays 0.
///
/// # Errors
/// `engine.overflow` if a term of it is above 10^18.
pub fn converted(rate: Rate, factor: Fraction) -> Result<Rate> {
    if rate.numerator == 0 || factor == ONE {
        return Ok(rate);
    }
    let (numerator, denominator) = product((rate.numerator, rate.denominator), factor)?;
    Ok(Rate { numerator, denominator })
}

/// Returns the rate at which an amount is booked: that of a credit from 0 on, below it that of a debit.
#[inline]
#[must_use]
pub fn rate_for(amount: i128, rates: Rates) -> Rate {
    if amount >= 0 { rates.credit } else { rates.debit }
}

/// Returns `amount · rate` as a booking; rounding half to even is the same on both sides of zero.
///
/// # Errors
/// `engine.overflow` beyond 2^60 minor units.
pub fn book_signed(amount: i128, rate: SignedRate) -> Result<i64> {
    let booked = book(amount, rate.rate)?;
    Ok(if rate.is_negative { -booked } else { booked })
}

/// Returns `amount · rate` as a booking: rounded once, half to even (NUM-1).
///
/// # Errors
/// `engine.overflow` beyond 2^60 minor units.
#[inline]
pub fn book(amount: i128, rate: Rate) -> Result<i64> {
    let narrow = i64::try_from(amount).ok().and_then(|amount| amount.checked_mul(rate.numerator));
    let Some(product) = narrow else { return book_wide(amount, rate) };
    let booked = half_even_narrow(product, rate.denominator);
    within(booked.into(), MAX_BOOKING, "a booking")
}

/// A booking whose product leaves 64 bits. twin: none — Python's integers have one width.
#[cold]
fn book_wide(amount: i128, rate: Rate) -> Result<i64> {
    let product = amount * i128::from(rate.numerator);
    within(half_even_quotient(product, rate.denominator.into()), MAX_BOOKING, "a booking")
}

/// Returns `amount` if it is one that a balance or equity may have.
///
/// # Errors
/// `engine.overflow` beyond 2^62 minor units.
pub fn check_balance(amount: i128, what: &'static str) -> Result<i64> {
    within(amount, MAX_BALANCE, what)
}

/// twin: none — Python's integers do not have to be narrowed.
#[inline]
fn within(amount: i128, limit: u64, what: &'static str) -> Result<i64> {
    match i64::try_from(amount) {
        Ok(amount) if amount.unsigned_abs() <= limit => Ok(amount),
        _ => Err(Error::Overflow { what }),
    }
}

/// twin: none — Python has it in its standard library.
fn gcd(first: i128, second: i128) -> i128 {
    // 64-bit divisions take a tenth of the time; moving rates are reduced at every bar.
    if let (Ok(mut large), Ok(mut small)) = (u64::try_from(first), u64::try_from(second)) {
        while small != 0 {
            (large, small) = (small, large % small);
        }
        return i128::from(large);
    }
    let (mut large, mut small) = (first, second);
    while small != 0 {
        (large, small) = (small, large % small);
    }
    large
}
