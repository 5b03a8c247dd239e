//! Whether the returns could be luck: their shape, the probabilistic Sharpe ratio, order of wins (MET-6, MET-7).
//!
//! Returns are excess returns per FX day (MET-1). Moments are those of the sample itself (divided by n);
//! the deviation in a Sharpe ratio is that with n - 1.

use super::columns::{Row, Undefined, maybe};
use super::returns::DayReturns;
use crate::numerics;

/// Normal quantile of 0.95.
const CONFIDENCE_Z: f64 = 1.644_853_626_951_472_2;

/// What the probabilistic Sharpe ratio knows of a series of returns.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Shape {
    /// Mean over deviation per row, not annualised.
    sharpe: f64,
    /// Third standardised moment.
    skewness: f64,
    /// Fourth standardised moment, raw: 3 for a normal distribution.
    kurtosis: f64,
}

/// Returns Sharpe per row, skewness and raw kurtosis; undefined below two or without deviation.
fn shape_of(returns: &[f64]) -> Result<Shape, Undefined> {
    let center = numerics::mean(returns).ok_or("too_few_returns")?;
    let deviation = numerics::sample_deviation(returns).ok_or("too_few_returns")?;
    let (mut squares, mut cubes, mut fourths) = (0.0, 0.0, 0.0);
    for value in returns {
        let offset = value - center;
        let square = offset * offset;
        squares += square;
        cubes += square * offset;
        fourths += square * square;
    }
    let count = numerics::count_float(returns.len());
    let variance: f64 = squares / count;
    // Where even the square of the variance vanishes, the moments are not numbers any more.
    if deviation == 0.0 || variance * variance == 0.0 {
        return Err("no_deviation");
    }
    Ok(Shape {
        sharpe: center / deviation,
        skewness: cubes / count / (variance * variance.sqrt()),
        kurtosis: fourths / count / (variance * variance),
    })
}

/// Returns 1 - g3·SR + (g4 - 1)/4·SR²: n - 1 times the variance of an estimated Sharpe ratio.
fn sharpe_variance(shape: Shape) -> f64 {
    1.0 - shape.skewness * shape.sharpe + (shape.kurtosis - 1.0) / 4.0 * shape.sharpe * shape.sharpe
}

/// Returns the probability that the true Sharpe ratio per row is above `benchmark`, from `count` rows.
///
/// PSR(SR*) = Φ((SR - SR*)·√(T - 1) / √(1 - g3·SR + (g4 - 1)/4·SR²)).
///
/// Source: D. H. Bailey and M. López de Prado, "The Sharpe Ratio Efficient Frontier", J. of Risk 15(2), 2012.
fn probabilistic_sharpe(shape: Shape, benchmark: f64, count: usize) -> Result<f64, Undefined> {
    let variance = sharpe_variance(shape);
    if variance > 0.0 {
        let root = numerics::count_float(count - 1).sqrt();
        return Ok(numerics::normal_cdf((shape.sharpe - benchmark) * root / variance.sqrt()));
    }
    Err("no_deviation")
}

/// Returns the rows it takes to be 95 % sure of a true Sharpe ratio above `benchmark` (`MinTRL`).
///
/// 1 + (1 - g3·SR + (g4 - 1)/4·SR²)·(Z / (SR - SR*))², same source; undefined at or below the benchmark.
fn least_track_record(shape: Shape, benchmark: f64) -> Result<f64, Undefined> {
    if shape.sharpe > benchmark {
        let ratio = CONFIDENCE_Z / (shape.sharpe - benchmark);
        return Ok(1.0 + sharpe_variance(shape) * (ratio * ratio));
    }
    Err("sharpe_not_positive")
}

/// Returns r² of log equity on the row number, signed by the slope; row 0, the initial balance, is left out.
///
/// Values above 0. A straight rise gives 1, a straight fall -1; below three days there is no line.
fn log_growth_r2(values: &[i64]) -> Result<f64, Undefined> {
    if values.len() < 4 {
        return Err("too_few_returns");
    }
    let first = i128::from(values[0]);
    let logs: Vec<f64> =
        values[1..].iter().map(|value| numerics::ln(numerics::quotient((*value).into(), first))).collect();
    let count = numerics::count_float(logs.len());
    if numerics::sample_deviation(&logs) == Some(0.0) {
        return Err("no_deviation");
    }
    let center = numerics::sum_left(&logs) / count;
    let middle = (count - 1.0) / 2.0;
    let (mut across, mut up, mut both) = (0.0, 0.0, 0.0);
    for (row, value) in logs.iter().enumerate() {
        let offset = numerics::count_float(row) - middle;
        let rise = value - center;
        across += offset * offset;
        up += rise * rise;
        both += offset * rise;
    }
    let mut r2 = both * both / (across * up);
    if r2 > 1.0 {
        r2 = 1.0;
    }
    Ok(if both < 0.0 { -r2 } else { r2 })
}

/// Returns the Z-score of the number of runs of wins and losses, in closing order; net = 0 is left out.
///
/// Below 0 wins and losses cluster, above 0 they alternate; within ±1.96 they may be independent.
///
/// Source: A. Wald and J. Wolfowitz, "On a test whether two samples are from the same population", 1940.
fn runs_z(net: &[i64]) -> Result<f64, Undefined> {
    let (mut wins, mut losses, mut runs) = (0_i128, 0_i128, 0_i128);
    let mut before = 0;
    for sign in net.iter().map(|value| value.signum()).filter(|sign| *sign != 0) {
        if sign > 0 {
            wins += 1;
        } else {
            losses += 1;
        }
        if sign != before {
            runs += 1;
        }
        before = sign;
    }
    let count = wins + losses;
    let pairs = 2 * wins * losses;
    if pairs <= count {
        return Err("too_few_trades");
    }
    // Mean pairs/n + 1, variance pairs·(pairs - n) / (n²·(n - 1)); the difference times n is exact.
    let variance = numerics::quotient(pairs * (pairs - count), count * count * (count - 1));
    Ok(numerics::quotient((runs - 1) * count - pairs, count) / variance.sqrt())
}

/// Returns stability, shape, PSR(0), the track record it takes, and the runs test.
pub(crate) fn compute_significance(days: &DayReturns, net: &[i64]) -> [Row; 6] {
    let excess = days.excess.as_deref().map_err(|reason| *reason);
    let shape = excess.and_then(shape_of);
    [
        maybe("stability_r2", excess.and_then(|_| log_growth_r2(&days.values))),
        maybe("skewness", shape.map(|shape| shape.skewness)),
        maybe("kurtosis", shape.map(|shape| shape.kurtosis)),
        maybe(
            "psr",
            shape.and_then(|shape| probabilistic_sharpe(shape, 0.0, excess.map_or(0, <[f64]>::len))),
        ),
        maybe("min_track_record", shape.and_then(|shape| least_track_record(shape, 0.0))),
        maybe("runs_z", runs_z(net)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn psr_equals_the_literature() {
        let shape = Shape { sharpe: 0.458, skewness: -2.448, kurtosis: 10.164 };
        for (benchmark, expected) in [(0.0, 0.913_361_083_860_933), (0.1, 0.856_431_238_139_665_3)] {
            let psr = probabilistic_sharpe(shape, benchmark, 24).unwrap();
            assert!((psr - expected).abs() < 1e-12, "{psr}");
        }
    }
}
