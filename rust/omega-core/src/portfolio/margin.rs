//! Margin: what open positions hold back of the account (MRG).
//!
//! The margin of a fill is its notional over the leverage, at its price and the debit side of its rate; it stays
//! what it was at the entry and leaves with the volume that is closed. Which positions a stop-out closes is
//! not decided here.

use crate::error::Result;
use crate::numerics::half_even_quotient;
use crate::plan::Fraction;
use crate::plan_money::SymbolMargin;
use crate::portfolio::money::{Rate, book, check_balance, converted};

/// Volume and margin of all positions of one symbol and direction.
#[derive(Clone, Copy, Debug, Default)]
pub struct Held {
    /// Volume.
    pub steps: i64,
    /// Margin, in minor units.
    pub margin: i64,
}

/// Returns the margin of one point and step in minor units: what it costs, over the leverage.
///
/// # Errors
/// `engine.overflow` if it has more than 18 significant digits.
pub fn margin_rate(debit: Rate, terms: &SymbolMargin) -> Result<Rate> {
    converted(debit, (terms.leverage.1, terms.leverage.0))
}

/// Returns the margin of a fill, rounded once.
///
/// Example: 100,000 EUR at 1.10020 with leverage 30 hold 110,020 / 30 = 3,667.33 USD.
///
/// # Errors
/// `engine.overflow` if it does not fit a booking.
pub fn entry_margin(price: i64, steps: i64, rate: Rate) -> Result<i64> {
    book(i128::from(price) * i128::from(steps), rate)
}

/// Returns what a close of `steps` of `open_steps` sets free of a position's margin; the whole sets all of it free.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "not above the margin itself")]
pub fn released_margin(margin: i64, steps: i64, open_steps: i64) -> i64 {
    if steps == open_steps {
        return margin;
    }
    half_even_quotient(i128::from(margin) * i128::from(steps), i128::from(open_steps)) as i64
}

/// Returns the margin of one symbol.
///
/// Without a hedged share both sides hold theirs. With one, volume without an opposite holds its part of the larger
/// side, and covered volume (the smaller side) holds that share of the mean margin of both sides.
///
/// Example: 3 lots long hold 9,000, 1 lot short 3,600, share 1/2: 2 lots of the long side hold 6,000 and the covered
/// lot 1/2 · 12,600 / 4 = 1,575, together 7,575.
///
/// # Errors
/// `engine.overflow` if it leaves the range of money.
pub fn symbol_margin(long: Held, short: Held, hedged: Option<Fraction>) -> Result<i64> {
    let both_margin = i128::from(long.margin) + i128::from(short.margin);
    let Some(hedged) = hedged.filter(|_| long.steps != 0 && short.steps != 0) else {
        return check_balance(both_margin, "margin");
    };
    let (larger, smaller) = if long.steps >= short.steps { (long, short) } else { (short, long) };
    let rest = i128::from(larger.steps - smaller.steps);
    let open_part = half_even_quotient(i128::from(larger.margin) * rest, i128::from(larger.steps));
    let both_steps = i128::from(long.steps + short.steps);
    let covered = half_even_quotient(
        i128::from(hedged.0) * i128::from(smaller.steps) * both_margin,
        i128::from(hedged.1) * both_steps,
    );
    check_balance(open_part + covered, "margin")
}

/// Returns whether equity has fallen to `level · margin`; without margin there is nothing to test.
#[must_use]
pub fn is_at_level(equity: i128, margin: i64, level: Fraction) -> bool {
    margin > 0 && equity * i128::from(level.1) <= i128::from(margin) * i128::from(level.0)
}
