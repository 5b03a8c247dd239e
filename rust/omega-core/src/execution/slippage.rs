//! Slippage in points, always against the trader (CST-2).
//!
//! `half_even` of fixed + random + impact + volatility. The random part comes from a counter-based generator
//! keyed by what the fill is, not by when it happens, so that it does not depend on anything else in the run
//! (NUM-3). Fixed, random and linear impact are exact fractions; a square root and ATR are floats, added
//! from left to right to the float nearest to the exact part.

use crate::numerics::{half_even_narrow, half_even_quotient, quotient, round_half_even};
use crate::plan::{Curve, Fraction, Slippage};
use crate::rng;

/// Slippage of one fill: the total, and its parts before the sum was rounded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slip {
    /// Total, in points.
    pub points: i64,
    /// Random part, in points.
    pub random_points: i64,
    /// Part of the volume, in points.
    pub impact_points: f64,
    /// Part of the volatility, in points.
    pub volatility_points: f64,
}

/// A fill without slippage.
pub const NO_SLIP: Slip = Slip { points: 0, random_points: 0, impact_points: 0.0, volatility_points: 0.0 };

/// The random words of one seed. twin: none — a seed there.
///
/// Replays of one table draw the same words again and again (RAT-1): those of first fills, at the entry and at a level,
/// may be drawn once for all of them.
#[derive(Clone, Debug)]
pub struct Chance {
    seed: u64,
    /// Of every number from 1 on: legs 0 and 1.
    drawn: Vec<[u64; 2]>,
}

impl Chance {
    /// The words of a seed; those of the numbers up to `count` are drawn at once.
    #[must_use]
    pub fn new(seed: u64, count: usize) -> Self {
        let of = |number: usize| [0, 1].map(|leg| rng::word(seed, rng::SLIPPAGE, [number as u64, leg, 0, 0]));
        Self { seed, drawn: (1..=count).map(of).collect() }
    }

    /// The word of an opening signal number, a leg, and a fill of it.
    #[inline]
    fn word(&self, (number, leg, fill_number): (i64, i32, i32)) -> u64 {
        let (number, leg) = (number.unsigned_abs(), leg.unsigned_abs());
        let place = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
        if let Some(drawn) = place.and_then(|place| self.drawn.get(place))
            && leg < 2
            && fill_number == 0
        {
            return drawn[leg as usize];
        }
        let counter = [number, u64::from(leg), u64::from(fill_number.unsigned_abs()), 0];
        rng::word(self.seed, rng::SLIPPAGE, counter)
    }
}

/// Returns the slippage of one fill.
///
/// `key` is the opening signal number of the position, the leg (0 entry, 1 level or end exit, 2+j the j-th
/// requested close) and the number of the fill from 0 within the leg; `steps` is its volume; `atr_points` is
/// ATR(14) known before the bar, not read unless the model has a part for it.
#[must_use]
pub fn slip(slippage: &Slippage, chance: &Chance, key: (i64, i32, i32), steps: i64, atr_points: f64) -> Slip {
    let mut random_points = 0;
    if slippage.random_points > 0 {
        let limit = slippage.random_points.unsigned_abs();
        random_points = rng::uniform_int(chance.word(key), limit).cast_signed();
    }
    with_parts(slippage, random_points, steps, atr_points)
}

/// Returns the slippage of a fill whose random part is left out, in points.
#[must_use]
pub fn points_without_chance(slippage: &Slippage, steps: i64, atr_points: f64) -> i64 {
    with_parts(slippage, 0, steps, atr_points).points
}

/// Returns the sum of all parts, rounded once.
#[expect(clippy::cast_possible_truncation, reason = "the plan's limits keep the sum far below 2^63 points")]
fn with_parts(slippage: &Slippage, random_points: i64, steps: i64, atr_points: f64) -> Slip {
    let mut slip = Slip { random_points, ..NO_SLIP };
    if slippage.impact.is_none() && slippage.volatility.is_none() {
        slip.points = fixed_and_random(slippage.fixed_points, random_points);
        return slip;
    }
    let (mut numerator, mut denominator) = wide(slippage.fixed_points);
    numerator += i128::from(random_points) * denominator;
    let (mut root_points, mut is_exact) = (0.0, slippage.volatility.is_none());
    if let Some(impact) = &slippage.impact {
        let ((points, points_den), (liquidity, liquidity_den)) =
            (wide(impact.points), wide(impact.liquidity_steps));
        let steps = i128::from(steps);
        if impact.curve == Curve::SquareRoot {
            is_exact = false;
            root_points = quotient(points, points_den) * quotient(steps * liquidity_den, liquidity).sqrt();
            slip.impact_points = root_points;
        } else {
            let (part, part_den) = (points * liquidity_den * steps, points_den * liquidity);
            slip.impact_points = quotient(part, part_den);
            (numerator, denominator) = (numerator * part_den + part * denominator, denominator * part_den);
        }
    }
    if is_exact {
        slip.points = half_even_quotient(numerator, denominator) as i64;
        return slip;
    }
    if let Some(factor) = slippage.volatility {
        let (numerator, denominator) = wide(factor);
        slip.volatility_points = quotient(numerator, denominator) * atr_points;
    }
    slip.points =
        round_half_even((quotient(numerator, denominator) + root_points) + slip.volatility_points) as i64;
    slip
}

/// Fixed and random part alone; nearly always within 64 bits. twin: none — the first lines of `_with_parts`.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "as above")]
fn fixed_and_random((numerator, denominator): Fraction, random_points: i64) -> i64 {
    let random = random_points.checked_mul(denominator);
    if let Some(numerator) = random.and_then(|random| numerator.checked_add(random)) {
        return half_even_narrow(numerator, denominator);
    }
    let (numerator, denominator) = wide((numerator, denominator));
    half_even_quotient(numerator + i128::from(random_points) * denominator, denominator) as i64
}

fn wide((numerator, denominator): (i64, i64)) -> (i128, i128) {
    (i128::from(numerator), i128::from(denominator))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Impact;

    fn model(fixed_points: (i64, i64), impact: Option<Impact>, volatility: Option<(i64, i64)>) -> Slippage {
        Slippage { fixed_points, random_points: 0, impact, volatility }
    }

    fn points(slippage: &Slippage, steps: i64, atr_points: f64) -> i64 {
        slip(slippage, &Chance::new(7, 0), (1, 0, 0), steps, atr_points).points
    }

    #[test]
    fn words_drawn_beforehand_are_those_drawn_one_by_one() {
        let (one_by_one, beforehand) = (Chance::new(7, 0), Chance::new(7, 2));
        for key in [(1, 0, 0), (1, 1, 0), (2, 1, 0), (3, 0, 0), (1, 2, 0), (1, 0, 1), (1_000_000_007, 1, 0)] {
            assert_eq!(beforehand.word(key), one_by_one.word(key));
        }
    }

    #[test]
    fn linear_impact_is_exact_so_ties_are_ties() {
        // 2.5 points, and 2 points at 10,000 steps: 2.5 + 2 = 4.5, 2.5 + 1 = 3.5, 2.5 + 0.5 = 3.
        let impact = Impact { curve: Curve::Linear, points: (2, 1), liquidity_steps: (10_000, 1) };
        let slippage = model((5, 2), Some(impact), None);

        assert_eq!([10_000, 5_000, 2_500].map(|steps| points(&slippage, steps, f64::NAN)), [4, 4, 3]);
    }

    #[test]
    fn linear_impact_at_the_limits_of_the_plan_stays_in_range() {
        // 10^-3 points a step, terms of 15 digits, 10^9 steps: 10^6 points and the fixed 10^6 - 10^-9.
        let impact = Impact {
            curve: Curve::Linear,
            points: (999_999_999_999, 1),
            liquidity_steps: (999_999_999_999_000, 1),
        };
        let slippage = model((999_999_999_999_999, 1_000_000_000), Some(impact), None);

        assert_eq!(points(&slippage, 1_000_000_000, f64::NAN), 2_000_000);
    }

    #[test]
    fn the_square_root_and_volatility_are_added_before_the_sum_is_rounded() {
        // 0.5 + 8 * sqrt(0.25) + 0.13 * 10 = 5.8.
        let impact = Impact { curve: Curve::SquareRoot, points: (8, 1), liquidity_steps: (10_000, 1) };

        let model = model((1, 2), Some(impact), Some((13, 100)));
        let slip = slip(&model, &Chance::new(7, 0), (1, 0, 0), 2_500, 10.0);

        assert_eq!((slip.points, slip.random_points, slip.impact_points), (6, 0, 4.0));
    }

    #[test]
    fn a_model_without_volume_and_volatility_is_one_exact_sum() {
        assert_eq!(
            [(5, 2), (7, 2), (0, 1)].map(|fixed| points(&model(fixed, None, None), 1, f64::NAN)),
            [2, 4, 0]
        );
    }
}
