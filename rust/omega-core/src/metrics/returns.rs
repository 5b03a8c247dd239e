//! Returns per FX day and the ratios made of them (MET-1, MET-4).

use super::columns::{Equity, Row, Undefined, count_int, known, maybe};
use super::totals::YEAR_US;
use crate::numerics;

/// What ratios are made of.
#[derive(Clone, Debug)]
pub(crate) struct DayReturns {
    /// Equity rows of the values.
    pub(crate) rows: Vec<usize>,
    /// The initial balance and the equity of each FX day with a bar.
    pub(crate) values: Vec<i64>,
    /// The annualisation factor A.
    pub(crate) factor: Result<f64, Undefined>,
    /// Returns less the risk-free rate, one per day; undefined after ruin and without time.
    pub(crate) excess: Result<Vec<f64>, Undefined>,
}

/// Returns row 0 and the last equity row of each FX day with a bar (MET-1).
///
/// That is the last row with `close_time` at or before the day's boundary. Rows after the last boundary,
/// where a calendar ends early, make one more day.
pub(crate) fn day_rows(times: &[i64], boundaries: &[i64]) -> Vec<usize> {
    let mut rows = vec![0];
    let mut day = 0;
    let mut open_day = None;
    for (row, time) in times.iter().enumerate().skip(1) {
        while day < boundaries.len() && boundaries[day] < *time {
            day += 1;
        }
        if open_day == Some(day) {
            rows.pop();
        }
        rows.push(row);
        open_day = Some(day);
    }
    rows
}

/// Returns the change from each value to the next as a correctly rounded fraction; values above 0.
pub(crate) fn simple_returns(values: &[i64]) -> Vec<f64> {
    let change = |pair: &[i64]| numerics::quotient(i128::from(pair[1]) - i128::from(pair[0]), pair[0].into());
    values.windows(2).map(change).collect()
}

/// Returns each return less the risk-free rate of one row.
fn excess_returns(returns: &[f64], rate_per_row: f64) -> Vec<f64> {
    returns.iter().map(|value| value - rate_per_row).collect()
}

/// Returns mean / sd · √A of excess returns, sd with n - 1.
///
/// Source: W. F. Sharpe, "The Sharpe Ratio", J. of Portfolio Management 21(1), 1994.
pub(crate) fn sharpe(excess: &[f64], rows_per_year: f64) -> Result<f64, Undefined> {
    let center = numerics::mean(excess).ok_or("too_few_returns")?;
    let deviation = numerics::sample_deviation(excess).ok_or("too_few_returns")?;
    if deviation == 0.0 {
        return Err("no_deviation");
    }
    Ok(center / deviation * rows_per_year.sqrt())
}

/// Returns mean / downside deviation · √A; the downside deviation is √mean(min(e, 0)²) over all rows.
///
/// Source: F. A. Sortino & L. N. Price, "Performance Measurement in a Downside Risk Framework", 1994.
fn sortino(excess: &[f64], rows_per_year: f64) -> Result<f64, Undefined> {
    let center = numerics::mean(excess).ok_or("too_few_returns")?;
    let mut squares = 0.0;
    for value in excess {
        if *value < 0.0 {
            squares += value * value;
        }
    }
    if squares == 0.0 {
        return Err("no_downside");
    }
    Ok(center / (squares / numerics::count_float(excess.len())).sqrt() * rows_per_year.sqrt())
}

/// Returns the annualisation factor A: rows over elapsed years, never a fixed 252 (MET-1).
fn rows_per_year(count: usize, equity: &Equity) -> Result<f64, Undefined> {
    let elapsed_us = equity.elapsed_us();
    if elapsed_us <= 0 || count == 0 {
        return Err("no_time");
    }
    Ok(numerics::quotient(count as i128 * YEAR_US, elapsed_us.into()))
}

/// Returns the day values of a run, the annualisation factor and the excess returns.
pub(crate) fn measure_days(equity: &Equity, boundaries: &[i64], risk_free: f64) -> DayReturns {
    measure_rows(equity, day_rows(equity.time, boundaries), risk_free)
}

/// The same for rows that are known. twin: none — part of `measure_days`; the replays of a run share their rows.
pub(crate) fn measure_rows(equity: &Equity, rows: Vec<usize>, risk_free: f64) -> DayReturns {
    let values: Vec<i64> = rows.iter().map(|row| equity.value[*row]).collect();
    let factor = rows_per_year(values.len() - 1, equity);
    let excess = match factor {
        _ if equity.is_ruined() => Err("ruined"),
        Err(reason) => Err(reason),
        Ok(factor) => Ok(excess_returns(&simple_returns(&values), risk_free / factor)),
    };
    DayReturns { rows, values, factor, excess }
}

/// Returns the number of rows, the annualisation factor, Sharpe and Sortino.
pub(crate) fn compute_ratios(days: &DayReturns) -> [Row; 4] {
    let (first, second) = match (days.excess.as_deref().map_err(|reason| *reason), days.factor) {
        (Err(reason), _) | (Ok(_), Err(reason)) => (Err(reason), Err(reason)),
        (Ok(excess), Ok(factor)) => (sharpe(excess, factor), sortino(excess, factor)),
    };
    [
        known("return_rows", count_int(days.values.len() - 1)),
        maybe("annualisation_factor", days.factor),
        maybe("sharpe", first),
        maybe("sortino", second),
    ]
}

/// Returns annual growth over a measure of drawdown (Calmar, Martin).
pub(crate) fn per_risk(growth: Result<f64, Undefined>, risk: f64) -> Result<f64, Undefined> {
    let growth = growth?;
    if risk == 0.0 {
        return Err("no_drawdown");
    }
    Ok(growth / risk)
}
