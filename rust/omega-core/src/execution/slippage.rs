//! Slippage in points, always against the trader (CST-2).
//!
//! The random part comes from a counter-based generator keyed by what the fill is, not by when it
//! happens, so that it does not depend on anything else in the run (NUM-3).

use crate::numerics::half_even_quotient;
use crate::plan::Slippage;
use crate::rng;

/// Slippage of one fill: the total, and the random part before the sum was rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slip {
    /// Total, in points.
    pub points: i64,
    /// Random part, in points.
    pub random_points: i64,
}

/// A fill without slippage.
pub const NO_SLIP: Slip = Slip { points: 0, random_points: 0 };

/// Returns `half_even(fixed + random)` of one fill.
///
/// `number` is the opening signal number of the position; `leg` is 0 for the entry, 1 for level and end
/// exits, 2+j for the j-th requested close; `fill_number` counts from 0 within the leg.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "both parts are at most 10^6 points")]
pub fn slip(slippage: &Slippage, seed: u64, number: i64, leg: i32, fill_number: i32) -> Slip {
    let mut random_points = 0;
    if slippage.random_points > 0 {
        let counter =
            [number.unsigned_abs(), u64::from(leg.unsigned_abs()), u64::from(fill_number.unsigned_abs()), 0];
        let word = rng::word(seed, rng::SLIPPAGE, counter);
        random_points = rng::uniform_int(word, slippage.random_points.unsigned_abs()).cast_signed();
    }
    let (numerator, denominator) = slippage.fixed_points;
    let exact = i128::from(numerator) + i128::from(random_points) * i128::from(denominator);
    Slip { points: half_even_quotient(exact, i128::from(denominator)) as i64, random_points }
}

/// Returns the slippage of a fill whose random part is left out, in points.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "at most 10^6 points")]
pub fn fixed_slip(slippage: &Slippage) -> i64 {
    let (numerator, denominator) = slippage.fixed_points;
    half_even_quotient(i128::from(numerator), i128::from(denominator)) as i64
}
