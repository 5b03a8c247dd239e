//! What the trades and days let one believe about the true rates (RAT-4).
//!
//! The win rate has the uniform prior Beta(1, 1). Alpha and beta against a benchmark have the
//! noninformative prior of a linear regression, whose posterior of alpha is a t distribution with n - 2
//! degrees of freedom.

use super::RawRow;
use crate::metrics::{DayReturns, Equity, Value, simple_returns, total};
use crate::numerics::{self, count_float};

/// Returns the break-even win rate with P(rate above it), and the regression on the benchmark.
pub(super) fn compute_bayes(net: &[i64], equity: &Equity, days: &DayReturns) -> Vec<RawRow> {
    let wins: Vec<i64> = net.iter().copied().filter(|value| *value > 0).collect();
    let losses: Vec<i64> = net.iter().copied().filter(|value| *value < 0).collect();
    let level = break_even(&wins, &losses);
    let sure = level.map(|level| rate_above(wins.len(), losses.len(), level));
    let mut rows = vec![
        ("bayes_break_even", level.map(Value::Float)),
        ("bayes_p_above_break_even", sure.map(Value::Float)),
    ];
    let found = regression(equity, days);
    let names = ["bayes_alpha", "bayes_beta", "bayes_p_alpha_positive"];
    rows.extend((0..3).map(|place| (names[place], found.map(|values| Value::Float(values[place])))));
    rows
}

/// Returns the win rate at which nothing is earned, 1/(1 + payoff): 0 without losses, 1 without wins.
fn break_even(wins: &[i64], losses: &[i64]) -> Option<f64> {
    match (wins.is_empty(), losses.is_empty()) {
        (true, true) => None,
        (_, true) => Some(0.0),
        (true, _) => Some(1.0),
        (false, false) => {
            // payoff = (won/wins) / (lost/losses), so 1/(1 + payoff) is one exact fraction.
            let lost = -i128::from(total(losses)) * wins.len() as i128;
            Some(numerics::quotient(lost, lost + i128::from(total(wins)) * losses.len() as i128))
        }
    }
}

/// Returns P(win rate > level) under Beta(1 + wins, 1 + losses).
fn rate_above(wins: usize, losses: usize, level: f64) -> f64 {
    numerics::betainc(1.0 + count_float(losses), 1.0 + count_float(wins), 1.0 - level)
}

/// Returns annual alpha, beta and P(alpha > 0) of excess returns per FX day on those of the benchmark.
///
/// `None` without a benchmark, below three days, or where the benchmark does not move or explains everything.
fn regression(equity: &Equity, days: &DayReturns) -> Option<[f64; 3]> {
    let (Some(benchmark), Ok(excess), Ok(factor)) = (equity.benchmark, &days.excess, days.factor) else {
        return None;
    };
    let prices: Vec<i64> = days.rows.iter().map(|row| benchmark[*row]).collect();
    let held = simple_returns(&prices);
    if held.len() < 3 || numerics::sample_deviation(&held) == Some(0.0) {
        return None;
    }
    let count = count_float(held.len());
    let mean_x = numerics::sum_left(&held) / count;
    let mean_y = numerics::sum_left(excess) / count;
    let (mut across, mut both) = (0.0, 0.0);
    for (x, y) in held.iter().zip(excess) {
        across += (x - mean_x) * (x - mean_x);
        both += (x - mean_x) * (y - mean_y);
    }
    let beta = both / across;
    let alpha = mean_y - beta * mean_x;
    let mut errors = 0.0;
    for (x, y) in held.iter().zip(excess) {
        let error = (y - mean_y) - beta * (x - mean_x);
        errors += error * error;
    }
    if errors == 0.0 {
        return None;
    }
    let degrees = count_float(held.len() - 2);
    let deviation = (errors / degrees * (1.0 / count + mean_x * mean_x / across)).sqrt();
    Some([alpha * factor, beta, numerics::student_cdf(alpha / deviation, degrees)])
}
