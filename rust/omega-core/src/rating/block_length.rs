//! How long a block of trades hangs together: the mean block of the stationary bootstrap (RAT-4).
//!
//! D. N. Politis and H. White, "Automatic block-length selection for the dependent bootstrap", Econometric
//! Reviews 23(1), 2004, with the correction of A. Patton, D. N. Politis and H. White, 28(4), 2009.

use crate::numerics::{self, count_float};

const LEAST_COUNT: usize = 10;
const LN_10: f64 = std::f64::consts::LN_10;

/// Returns the mean block length, from 1 up; 1 below ten values or without dependence.
pub(super) fn block_length(values: &[f64]) -> f64 {
    let count = values.len();
    if count < LEAST_COUNT || numerics::sample_deviation(values) == Some(0.0) {
        return 1.0;
    }
    let size = count_float(count);
    let center = numerics::sum_left(values) / size;
    let offsets: Vec<f64> = values.iter().map(|value| value - center).collect();
    let decades = numerics::ln(size) / LN_10;
    let quiet = if decades < 6.0 { 5 } else { floor(decades) };
    let largest_lag = (ceiling(size.sqrt()) + quiet).min(count - 2);
    let bound = 2.0 * (decades / size).sqrt();
    let mut covariances = Vec::new();
    let (mut calm, mut bandwidth) = (0, largest_lag);
    for lag in 0..=largest_lag {
        if calm >= quiet {
            bandwidth = 2 * (lag - quiet).max(1);
            break;
        }
        let (covariance, correlation) = lagged(&offsets, lag);
        covariances.push(covariance);
        calm = if correlation < bound { calm + 1 } else { 0 };
    }
    let bandwidth = bandwidth.min(largest_lag);
    for lag in covariances.len()..=bandwidth {
        covariances.push(lagged(&offsets, lag).0);
    }
    limited(&covariances, bandwidth, size)
}

/// Returns the covariance at a lag, and the size of the correlation.
fn lagged(offsets: &[f64], lag: usize) -> (f64, f64) {
    let count = offsets.len();
    let (mut product, mut first, mut second) = (0.0, 0.0, 0.0);
    for row in lag..count {
        product += offsets[row] * offsets[row - lag];
    }
    for row in lag + 1..count {
        first += offsets[row] * offsets[row];
        second += offsets[row - lag - 1] * offsets[row - lag - 1];
    }
    let scale = (first * second).sqrt();
    let magnitude = if product < 0.0 { -product } else { product };
    (product / count_float(count), if scale > 0.0 { magnitude / scale } else { 0.0 })
}

/// Returns (2·G² / D)^(1/3)·n^(1/3) with the flat-top window, brought into 1 … min(3·√n, n/3) rounded up.
fn limited(covariances: &[f64], bandwidth: usize, size: f64) -> f64 {
    let (mut slope, mut spectrum) = (0.0, covariances[0]);
    for (lag, covariance) in covariances.iter().enumerate().take(bandwidth + 1).skip(1) {
        let share = count_float(lag) / count_float(bandwidth);
        let weight = if share <= 0.5 { 1.0 } else { 2.0 * (1.0 - share) };
        slope += 2.0 * weight * count_float(lag) * covariance;
        spectrum += 2.0 * weight * covariance;
    }
    if slope == 0.0 || spectrum == 0.0 {
        return 1.0;
    }
    let ratio = slope / spectrum;
    let length = numerics::exp(numerics::ln(ratio * ratio * size) / 3.0);
    let mut widest = 3.0 * size.sqrt();
    if size / 3.0 < widest {
        widest = size / 3.0;
    }
    let widest = count_float(ceiling(widest));
    if length > widest {
        return widest;
    }
    if length > 1.0 { length } else { 1.0 }
}

/// Returns the least integer not below `x` >= 0.
fn ceiling(x: f64) -> usize {
    let whole = floor(x);
    if count_float(whole) < x { whole + 1 } else { whole }
}

/// Returns the greatest integer not above `x` >= 0. twin: none — Python's `int`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 <= x, and far below 2^53")]
fn floor(x: f64) -> usize {
    x as usize
}
