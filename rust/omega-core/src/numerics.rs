//! The arithmetic that both halves share: sums, roundings, exact quotients, exp, ln and the special functions.
//!
//! Everything here is written in integers, `+ - * /`, square root, comparison and scaling by powers of
//! two, so that no library or compiler can change a bit (rules NUM-1, NUM-2, NUM-4 in
//! `docs/spec/engine.md`). What it does not do: money, prices, anything that knows what a number means.

/// 100 roundings of one.
pub(crate) const ROUNDING: f64 = 2.220_446_049_250_313e-14;
const TWO_52: f64 = 4_503_599_627_370_496.0;
const LOG2_E: f64 = std::f64::consts::LOG2_E;
// ln 2 in two parts: the first ends in 21 zero bits, so its product with an exponent is exact.
const LN2_HIGH: f64 = 0.693_147_180_369_123_8;
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
const SQRT_HALF: f64 = std::f64::consts::FRAC_1_SQRT_2;
const SQRT_PI: f64 = 1.772_453_850_905_516;
const LN_SQRT_2_PI: f64 = 0.918_938_533_204_672_8;
const EXP_OVERFLOW: f64 = 709.782_712_893_384;
const EXP_UNDERFLOW: f64 = -745.133_219_101_941_2;
/// 1/13!, 1/12!, …, 1/2!
const EXP_TERMS: [f64; 12] = [
    1.605_904_383_682_161_3e-10,
    2.087_675_698_786_81e-9,
    2.505_210_838_544_172e-8,
    2.755_731_922_398_589e-7,
    2.755_731_922_398_589_3e-6,
    2.480_158_730_158_73e-5,
    0.000_198_412_698_412_698_4,
    0.001_388_888_888_888_889,
    0.008_333_333_333_333_333,
    0.041_666_666_666_666_664,
    0.166_666_666_666_666_66,
    0.5,
];
/// 2/21, 2/19, …, 2/3
const LN_TERMS: [f64; 10] = [
    0.095_238_095_238_095_23,
    0.105_263_157_894_736_84,
    0.117_647_058_823_529_41,
    0.133_333_333_333_333_33,
    0.153_846_153_846_153_85,
    0.181_818_181_818_181_82,
    0.222_222_222_222_222_2,
    0.285_714_285_714_285_7,
    0.4,
    0.666_666_666_666_666_6,
];
/// Stirling's series: `B_2k / (2k·(2k - 1))` for k = 8, …, 1
const LGAMMA_TERMS: [f64; 8] = [
    -0.029_550_653_594_771_242,
    0.006_410_256_410_256_41,
    -0.001_917_526_917_526_917_6,
    0.000_841_750_841_750_841_7,
    -0.000_595_238_095_238_095_2,
    0.000_793_650_793_650_793_7,
    -0.002_777_777_777_777_778,
    0.083_333_333_333_333_33,
];
const ERF_TERMS: i32 = 20;
const BETA_TERMS: i32 = 100_000;
const TINY: f64 = 1e-300;

/// Returns the nearest whole number, ties to the even one, as a float.
///
/// NaN, infinities and magnitudes from 2^52 on come back as they are.
#[inline]
#[must_use]
pub fn round_half_even(x: f64) -> f64 {
    let magnitude = if x < 0.0 { -x } else { x };
    if magnitude < TWO_52 {
        // At 2^52 floats are one apart: the sum rounds to a whole number, half to even.
        let whole = (magnitude + TWO_52) - TWO_52;
        return if x < 0.0 { -whole } else { whole };
    }
    x
}

/// Returns the sum from left to right, starting at 0.0 (NUM-4).
#[must_use]
pub fn sum_left(values: &[f64]) -> f64 {
    let mut total = 0.0;
    for value in values {
        total += value;
    }
    total
}

/// Returns whether a difference of numbers of size `scale` is no more than 100 roundings of one.
#[inline]
#[must_use]
pub fn is_rounding(difference: f64, scale: f64) -> bool {
    let bound = ROUNDING * scale;
    -bound <= difference && difference <= bound
}

/// Returns the greatest integer not above `num / den`; `den` > 0.
#[inline]
#[must_use]
pub fn floor_quotient(num: i128, den: i128) -> i128 {
    // A 128-bit division costs ten times a 64-bit one.
    match (i64::try_from(num), i64::try_from(den)) {
        (Ok(num), Ok(den)) => i128::from(num.div_euclid(den)),
        _ => num.div_euclid(den),
    }
}

/// Returns `num / den` rounded to the nearest integer, ties to the even one; `den` > 0 (NUM-1).
#[inline]
#[must_use]
pub fn half_even_quotient(num: i128, den: i128) -> i128 {
    match (i64::try_from(num), i64::try_from(den)) {
        (Ok(num), Ok(den)) => i128::from(half_even_narrow(num, den)),
        _ => half_even_wide(num, den),
    }
}

/// twin: none — Python's integers have one width.
#[cold]
fn half_even_wide(num: i128, den: i128) -> i128 {
    let whole = floor_quotient(num, den);
    let rest = num - whole * den;
    let above = den - rest;
    if rest > above || (rest == above && whole & 1 == 1) { whole + 1 } else { whole }
}

/// The same within 64 bits, at a tenth of the time. twin: none — Python's integers have one width.
#[inline]
pub(crate) fn half_even_narrow(num: i64, den: i64) -> i64 {
    // Many rates and costs are whole numbers, and a division waits for twenty additions.
    if den == 1 {
        return num;
    }
    let (whole, rest) = (num.div_euclid(den), num.rem_euclid(den));
    let above = den - rest;
    whole + i64::from(rest > above || (rest == above && whole & 1 == 1))
}

/// Returns the float nearest to the exact fraction `num / den`, ties to even; `den` > 0.
#[inline]
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "both are within 2^53 there")]
pub fn quotient(num: i128, den: i128) -> f64 {
    const EXACT: u64 = 1 << 53;
    // 64-bit integers convert in one instruction, 128-bit ones in a hundred.
    if let (Ok(num), Ok(den)) = (i64::try_from(num), i64::try_from(den))
        && num.unsigned_abs() <= EXACT
        && den.unsigned_abs() <= EXACT
    {
        return num as f64 / den as f64;
    }
    quotient_of_wide(num, den)
}

/// twin: none — Python's `/` rounds correctly by itself.
#[cold]
fn quotient_of_wide(num: i128, den: i128) -> f64 {
    let magnitude = quotient_long(num.unsigned_abs(), den.unsigned_abs());
    if num < 0 { -magnitude } else { magnitude }
}

/// Long division to 55 bits, the last of them sticky. twin: none — Python's `/` rounds correctly by itself.
#[expect(clippy::cast_precision_loss, reason = "the conversion is the one rounding")]
fn quotient_long(num: u128, den: u128) -> f64 {
    const TOP: u128 = 1 << 54;
    if num == 0 {
        return 0.0;
    }
    let mut bits = num / den;
    let mut rest = num - bits * den;
    let mut exponent = 0;
    let mut sticky = false;
    while bits >= TOP << 1 {
        sticky |= bits & 1 == 1;
        bits >>= 1;
        exponent += 1;
    }
    while bits < TOP {
        // rest < den <= 2^127, so doubling stays within 128 bits.
        rest <<= 1;
        bits <<= 1;
        if rest >= den {
            rest -= den;
            bits |= 1;
        }
        exponent -= 1;
    }
    if sticky || rest > 0 {
        bits |= 1;
    }
    bits as f64 * power_of_two(exponent)
}

/// Returns the correctly rounded mean of integers (NUM-4), or `None` if there are none.
#[must_use]
pub fn mean_int(values: &[i64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let mut total = 0_i128;
    for value in values {
        total += i128::from(*value);
    }
    Some(quotient(total, values.len() as i128))
}

/// Returns the mean of floats, summed from left to right, or `None` if there are none.
#[must_use]
pub fn mean(values: &[f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    Some(sum_left(values) / count_float(values.len()))
}

/// Returns the two-pass standard deviation with n - 1 (NUM-4), or `None` below two values.
///
/// A series of equal values has deviation 0 exactly, also where its mean is not representable.
#[must_use]
#[expect(clippy::float_cmp, reason = "equal means the same value, not a near one")]
pub fn sample_deviation(values: &[f64]) -> Option<f64> {
    let count = values.len();
    if count < 2 {
        return None;
    }
    let first = values[0];
    if values.iter().all(|value| *value == first) {
        return Some(0.0);
    }
    let center = sum_left(values) / count_float(count);
    let mut squares = 0.0;
    for value in values {
        let offset = value - center;
        squares += offset * offset;
    }
    Some((squares / count_float(count - 1)).sqrt())
}

/// Returns the index of quantile `num / den` in `count` > 0 ascending values: ⌈q·n⌉ - 1 (NUM-4).
#[must_use]
#[expect(clippy::cast_sign_loss, reason = "1 <= rank <= count")]
pub fn quantile_idx(count: usize, num: i64, den: i64) -> usize {
    let rank = -floor_quotient(-(i128::from(num) * count as i128), i128::from(den));
    if rank > 0 { (rank - 1) as usize } else { 0 }
}

/// Returns e to the power `x`, at most one unit in the last place off.
///
/// `x = k·ln 2 + r` with `|r| <= ln 2 / 2`; e^r by its Taylor polynomial of degree 13. NaN gives NaN;
/// beyond the range of floats the result is infinity or 0.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "|k| <= 1075")]
pub fn exp(x: f64) -> f64 {
    if x > EXP_OVERFLOW {
        return f64::INFINITY;
    }
    if x < EXP_UNDERFLOW {
        return 0.0;
    }
    if x.is_nan() {
        return x;
    }
    let k = round_half_even(x * LOG2_E);
    let r = (x - k * LN2_HIGH) - k * LN2_LOW;
    let mut tail = 0.0;
    for term in EXP_TERMS {
        tail = tail * r + term;
    }
    scale(1.0 + (r + r * r * tail), k as i32)
}

/// Returns the natural logarithm, at most one unit in the last place off.
///
/// `x = 2^e·(1 + f)` with `1 + f` between √½ and √2; with `s = f / (2 + f)` the logarithm of the
/// fraction is `2·atanh(s) = f - s·(f - R)`, R by the series of atanh. `ln(0)` is -inf, NaN below 0.
#[must_use]
pub fn ln(x: f64) -> f64 {
    if x == 0.0 {
        return f64::NEG_INFINITY;
    }
    if x.is_nan() || x < 0.0 {
        return f64::NAN;
    }
    if x.is_infinite() {
        return x;
    }
    let (mut fraction, mut exponent) = frexp(x);
    if fraction < SQRT_HALF {
        fraction *= 2.0;
        exponent -= 1;
    }
    let exponent = f64::from(exponent);
    let f = fraction - 1.0;
    let s = f / (2.0 + f);
    let square = s * s;
    let mut tail = 0.0;
    for term in LN_TERMS {
        tail = tail * square + term;
    }
    let rest = s * (f - square * tail);
    exponent * LN2_HIGH + (f - (rest - exponent * LN2_LOW))
}

/// Returns the complementary error function, relative error at most 2e-14.
///
/// Below 1 the series of erf with positive terms only, 2/√π·e^(-x²)·Σ 2ⁿ·x^(2n+1) / (2n+1)!!; from 1 on
/// the continued fraction e^(-x²)/√π / (x + (1/2)/(x + 1/(x + (3/2)/(x + …)))), from its far end.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "a count of at most 150")]
pub fn erfc(x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    let magnitude = if x < 0.0 { -x } else { x };
    if magnitude < 1.0 {
        let square = magnitude * magnitude;
        let mut term = magnitude;
        let mut total = term;
        for n in 1..=ERF_TERMS {
            term = term * (2.0 * square) / f64::from(2 * n + 1);
            total += term;
        }
        let part = 2.0 / SQRT_PI * exp(-square) * total;
        return if x < 0.0 { 1.0 + part } else { 1.0 - part };
    }
    if magnitude > 27.5 {
        return if x < 0.0 { 2.0 } else { 0.0 };
    }
    // x² = h² + (x - h)(x + h) with h² exact: its rounding would be as large as x² units of the result.
    let high = round_half_even(magnitude * 1_048_576.0) / 1_048_576.0;
    let mut fraction = magnitude;
    for n in (1..=20 + (130.0 / (magnitude * magnitude)) as i32).rev() {
        fraction = magnitude + 0.5 * f64::from(n) / fraction;
    }
    let tail = exp(-(high * high)) * exp(-((magnitude - high) * (magnitude + high))) / (SQRT_PI * fraction);
    if x < 0.0 { 2.0 - tail } else { tail }
}

/// Returns the probability that a standard normal variable is at most `x`.
#[must_use]
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * erfc(-x * SQRT_HALF)
}

/// Returns ln Γ(x) for `x` > 0, error at most 2e-14 of the larger of 1 and the result; NaN below 0.
///
/// Stirling's series from 10 on; below, Γ(x) = Γ(x + n) / (x·(x + 1)·…·(x + n - 1)).
#[must_use]
pub fn lgamma(mut x: f64) -> f64 {
    if x == 0.0 {
        return f64::INFINITY;
    }
    if x.is_nan() || x < 0.0 {
        return f64::NAN;
    }
    if x.is_infinite() {
        return x;
    }
    let mut product = 1.0;
    while x < 10.0 {
        product *= x;
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    let mut tail = 0.0;
    for term in LGAMMA_TERMS {
        tail = tail * square + term;
    }
    (x - 0.5) * ln(x) - x + LN_SQRT_2_PI + tail / x - ln(product)
}

/// Returns the regularised incomplete beta function `I_x(a, b)`; `a`, `b` > 0.
///
/// Error at most 1e-11 for `a` and `b` to 1,000; it grows with them. `x` outside 0 … 1 counts as the nearer end.
#[must_use]
pub fn betainc(a: f64, b: f64, x: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - beta_fraction(b, a, 1.0 - x);
    }
    beta_fraction(a, b, x)
}

/// Returns the probability that a variable of Student's t distribution is at most `t`; `degrees` > 0.
#[must_use]
pub fn student_cdf(t: f64, degrees: f64) -> f64 {
    let tail = 0.5 * betainc(0.5 * degrees, 0.5, degrees / (degrees + t * t));
    if t > 0.0 { 1.0 - tail } else { tail }
}

/// Returns `I_x(a, b)` where its continued fraction converges fast, by Lentz's method.
///
/// Source: NIST Digital Library of Mathematical Functions, 8.17.22; W. J. Lentz, Applied Optics 15(3), 1976.
fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    let front = exp(a * ln(x) + b * ln(1.0 - x) - ((lgamma(a) + lgamma(b)) - lgamma(a + b))) / a;
    let (mut value, mut upper, mut lower) = (1.0, 1.0, 0.0);
    for step in 1..BETA_TERMS {
        let half = f64::from(step / 2);
        let term = if step % 2 == 0 {
            half * (b - half) * x / ((a + 2.0 * half - 1.0) * (a + 2.0 * half))
        } else {
            -(a + half) * (a + b + half) * x / ((a + 2.0 * half) * (a + 2.0 * half + 1.0))
        };
        lower = nonzero(1.0 + term * lower);
        upper = nonzero(1.0 + term / upper);
        lower = 1.0 / lower;
        let factor: f64 = upper * lower;
        value *= factor;
        if -2.3e-16 < factor - 1.0 && factor - 1.0 < 2.3e-16 {
            break;
        }
    }
    front / value
}

/// Returns `x`, or a number that may divide where it is 0.
fn nonzero(x: f64) -> f64 {
    if x == 0.0 { TINY } else { x }
}

/// Returns `x · 2^exponent` for x near 1, rounded once.
fn scale(x: f64, exponent: i32) -> f64 {
    if exponent > 1000 {
        return x * power_of_two(exponent - 100) * power_of_two(100);
    }
    if exponent < -1000 {
        return x * power_of_two(exponent + 100) * power_of_two(-100);
    }
    x * power_of_two(exponent)
}

/// 2^exponent for exponents of normal floats. twin: none — Python has `math.ldexp`.
#[expect(clippy::cast_sign_loss, reason = "-1022 <= exponent <= 1023")]
fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023) as u64) << 52)
}

/// Fraction in [0.5, 1) and exponent of a positive finite float. twin: none — Python has `math.frexp`.
fn frexp(x: f64) -> (f64, i32) {
    const TWO_54: f64 = 18_014_398_509_481_984.0;
    if x < f64::MIN_POSITIVE {
        let (fraction, exponent) = frexp(x * TWO_54);
        return (fraction, exponent - 54);
    }
    let bits = x.to_bits();
    let exponent = (bits >> 52) as i32 - 1022;
    (f64::from_bits((bits & 0x000F_FFFF_FFFF_FFFF) | (1022 << 52)), exponent)
}

/// A count as a float, exact below 2^53. twin: none — Python converts by itself.
#[inline]
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts of rows are far below 2^53")]
pub fn count_float(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    type Row = (String, String, String, String, String);

    #[derive(serde::Deserialize)]
    struct Exact {
        rows: Vec<Row>,
    }

    /// Largest error in units of the last place, and the sum of the result bits (`test_numerics.py` has it too).
    fn compare(table: &[u8], function: fn(f64) -> f64) -> (u64, u64) {
        assert_eq!(table.len(), 160_000);
        let (mut worst, mut checksum) = (0, 0_u64);
        for pair in table.chunks_exact(16) {
            let x = f64::from_le_bytes(pair[..8].try_into().unwrap());
            let y = f64::from_le_bytes(pair[8..].try_into().unwrap());
            let result = function(x).to_bits();
            worst = worst.max(result.abs_diff(y.to_bits()));
            checksum = checksum.wrapping_add(result);
        }
        (worst, checksum)
    }

    #[test]
    fn exp_and_ln_are_within_one_unit_in_the_last_place_of_mpmath() {
        let (worst, checksum) = compare(include_bytes!("../../../tests/vectors/numerics_exp.bin"), exp);
        assert!(worst <= 1);
        assert_eq!(checksum, 0xD211_3F4C_CDEC_0BB7);
        let (worst, checksum) = compare(include_bytes!("../../../tests/vectors/numerics_ln.bin"), ln);
        assert!(worst <= 1);
        assert_eq!(checksum, 0xE938_DDD6_D233_289D);
    }

    /// Sum of the result bits of a function over a reference table of `width` floats a row.
    fn checksum_of(table: &[u8], width: usize, function: fn(&[f64]) -> f64) -> u64 {
        assert_eq!(table.len(), 80_000 * width);
        let mut checksum = 0_u64;
        for row in table.chunks_exact(8 * width) {
            let row: Vec<f64> =
                row.chunks_exact(8).map(|value| f64::from_le_bytes(value.try_into().unwrap())).collect();
            checksum = checksum.wrapping_add(function(&row).to_bits());
        }
        checksum
    }

    #[test]
    fn special_functions_have_the_bits_of_the_twin() {
        // `test_numerics.py` compares the same tables with mpmath's answers and asserts the same sums.
        let erfc_table = include_bytes!("../../../tests/vectors/numerics_erfc.bin");
        assert_eq!(checksum_of(erfc_table, 2, |row| erfc(row[0])), 0x550C_49B2_C37D_65EE);
        let lgamma_table = include_bytes!("../../../tests/vectors/numerics_lgamma.bin");
        assert_eq!(checksum_of(lgamma_table, 2, |row| lgamma(row[0])), 0x99EF_50A9_8F9F_0820);
        let beta_table = include_bytes!("../../../tests/vectors/numerics_betainc.bin");
        assert_eq!(checksum_of(beta_table, 4, |row| betainc(row[0], row[1], row[2])), 0xC917_B4AE_0122_CC6C);
    }

    #[test]
    fn quotients_of_exact_fractions_are_correctly_rounded() {
        let exact: Exact =
            serde_json::from_str(include_str!("../../../tests/vectors/numerics_exact.json")).unwrap();
        assert!(exact.rows.len() >= 400);
        for (num, den, pattern, floor, half_even) in exact.rows {
            let (num, den) = (num.parse().unwrap(), den.parse().unwrap());
            assert_eq!(format!("{:016x}", quotient(num, den).to_bits()), pattern, "{num} / {den}");
            assert_eq!(floor_quotient(num, den).to_string(), floor);
            assert_eq!(half_even_quotient(num, den).to_string(), half_even);
        }
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "the answers are exact")]
    fn round_half_even_sends_ties_to_the_even_number() {
        for (x, expected) in [(0.5, 0.0), (1.5, 2.0), (2.5, 2.0), (-1.5, -2.0), (1e300, 1e300)] {
            assert_eq!(round_half_even(x), expected);
        }
        assert!(round_half_even(f64::NAN).is_nan());
    }

    #[test]
    fn a_quotient_within_64_bits_is_that_of_the_same_fraction_beyond() {
        let beyond = 1_i128 << 70;
        for num in -40..=40_i64 {
            for den in [1, 2, 3, 4, 10] {
                let wide = half_even_quotient(i128::from(num) * beyond, i128::from(den) * beyond);
                assert_eq!(i128::from(half_even_narrow(num, den)), wide);
            }
        }
        assert_eq!([5, 7, -5, -7].map(|num| half_even_narrow(num, 2)), [2, 4, -2, -4]);
        assert_eq!([1, 10].map(|den| half_even_narrow(i64::MIN, den)), [i64::MIN, -922_337_203_685_477_581]);
    }

    #[test]
    fn only_rounding_is_at_most_a_hundred_roundings_of_one() {
        let bound = 100.0 * f64::EPSILON;
        for scale in [1.0, 1300.0, 1e-5] {
            assert!(is_rounding(bound * scale, scale) && is_rounding(-bound * scale, scale));
            assert!(
                !is_rounding(bound * scale * 1.001, scale) && !is_rounding(-bound * scale * 1.001, scale)
            );
        }
        assert!(is_rounding(0.0, 0.0) && !is_rounding(f64::NAN, 1.0));
    }

    #[test]
    fn deviation_of_equal_values_is_zero() {
        assert_eq!(sample_deviation(&[0.1; 3]), Some(0.0));
        assert_eq!(sample_deviation(&[0.1]), None);
    }

    #[test]
    fn quantile_is_the_value_at_rank_ceil_of_q_times_n() {
        for (count, num, den, expected) in [(10, 1, 2, 4), (11, 1, 2, 5), (20, 95, 100, 18), (7, 0, 1, 0)] {
            assert_eq!(quantile_idx(count, num, den), expected);
        }
    }
}
