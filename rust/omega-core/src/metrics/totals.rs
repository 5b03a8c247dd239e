//! What the account did over the whole run: money, return, growth (MET-2).

use super::columns::{Equity, Row, Trades, Undefined, known, maybe};
use crate::numerics;

const DAY_US_SMALL: i64 = 86_400_000_000;
/// Microseconds of a day.
pub const DAY_US: i128 = DAY_US_SMALL as i128;
/// Microseconds of 365.25 days.
pub const YEAR_US: i128 = 31_557_600_000_000;
const LEAST_CAGR_US: i64 = 90 * DAY_US_SMALL;

/// Returns account, cost and growth totals; costs are negative where they cost.
pub(crate) fn compute_totals(trades: &Trades, equity: &Equity) -> Vec<Row> {
    let spread = total(trades.spread);
    let slippage = total(trades.slippage);
    let commission = total(trades.commission);
    let swap = total(trades.swap);
    let initial = equity.value[0];
    let last = equity.value[equity.value.len() - 1];
    vec![
        known("initial_balance", initial),
        known("final_equity", last),
        known("total_net", total(trades.net)),
        known("total_gross_cost_free", total(trades.gross_cost_free)),
        known("total_spread", spread),
        known("total_slippage", slippage),
        known("total_commission", commission),
        known("total_swap", swap),
        known("total_costs", spread + slippage + commission + swap),
        known("return_frac", numerics::quotient(i128::from(last) - i128::from(initial), initial.into())),
        known("elapsed_days", numerics::quotient(equity.elapsed_us().into(), DAY_US)),
        known("ruined", i64::from(equity.is_ruined())),
        maybe("cagr", cagr(equity)),
    ]
}

/// Returns the compound annual growth as a fraction: -1 after ruin, undefined below 90 days (MET-1, MET-2).
pub(crate) fn cagr(equity: &Equity) -> Result<f64, Undefined> {
    if equity.is_ruined() {
        return Ok(-1.0);
    }
    let elapsed_us = equity.elapsed_us();
    if elapsed_us < LEAST_CAGR_US {
        return Err("below_90_days");
    }
    let growth = numerics::quotient(equity.value[equity.value.len() - 1].into(), equity.value[0].into());
    let years = numerics::quotient(elapsed_us.into(), YEAR_US);
    Ok(numerics::exp(numerics::ln(growth) / years) - 1.0)
}

/// Returns the exact sum of a money or volume column.
pub(crate) fn total(values: &[i64]) -> i64 {
    let mut result = 0;
    for value in values {
        result += value;
    }
    result
}
