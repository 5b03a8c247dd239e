//! The metrics of a finished run, MET-1 to MET-7, in one fixed order.
//!
//! Money stays in integer minor units, averages of money are floats in minor units, ratios are floats.
//! What has no value is `None` with a reason; it is never 0, NaN or a very large number. Names, units and
//! definitions in words are in the Python package, `omega.rating.definitions`.

mod columns;
mod drawdown;
mod returns;
mod significance;
mod totals;
mod trade_statistics;

pub(crate) use columns::count_int;
pub use columns::{Calendar, Equity, Plan, Row, Trades, Undefined, Value};
pub(crate) use drawdown::deepest_frac;
pub(crate) use returns::{DayReturns, day_rows, measure_days, measure_rows, sharpe, simple_returns};
pub(crate) use totals::{DAY_US, total};

use crate::error::Result;
use crate::numerics;
use drawdown::{compute_drawdowns, drawdown_fracs, find_deepest, ulcer_index};
use returns::{compute_ratios, per_risk};
use significance::compute_significance;
use totals::{cagr, compute_totals};
use trade_statistics::compute_trade_statistics;

/// Name, value or `None`, reason or `None`.
pub type Metric = (&'static str, Option<Value>, Option<Undefined>);

/// Returns name, value or `None`, and reason or `None` of every metric.
///
/// # Errors
/// [`crate::error::Error::Shape`] when equity has no rows or does not begin above 0, or a
/// trade's symbol is unknown.
pub fn compute_metrics(
    trades: &Trades,
    equity: &Equity,
    calendar: &Calendar,
    plan: &Plan,
) -> Result<Vec<Metric>> {
    equity.check()?;
    trades.check(plan)?;
    let risk_free = numerics::quotient(plan.risk_free.0.into(), plan.risk_free.1.into());
    let fracs = drawdown_fracs(equity.value);
    let days = measure_days(equity, &calendar.boundaries(plan.days), risk_free);
    let mut rows = compute_totals(trades, equity);
    rows.extend(compute_trade_statistics(trades, equity, plan));
    rows.extend(compute_ratios(&days));
    rows.extend(growth_ratios(equity, find_deepest(&fracs).frac, ulcer_index(&fracs), risk_free));
    rows.extend(compute_drawdowns(equity, &fracs));
    rows.extend(compute_significance(&days, trades.net));
    Ok(rows.into_iter().map(metric).collect())
}

/// Returns Calmar (CAGR over the deepest drawdown) and Martin ((CAGR - risk-free) over the Ulcer index).
fn growth_ratios(equity: &Equity, deepest_frac: f64, ulcer: f64, risk_free: f64) -> [Row; 2] {
    let growth = if equity.is_ruined() { Err("ruined") } else { cagr(equity) };
    let excess = growth.map(|growth| growth - risk_free);
    [
        columns::maybe("calmar", per_risk(growth, deepest_frac)),
        columns::maybe("martin", per_risk(excess, ulcer)),
    ]
}

/// Returns a row as it crosses the seam.
fn metric(row: Row) -> Metric {
    match row {
        (name, Ok(value)) => (name, Some(value), None),
        (name, Err(reason)) => (name, None, Some(reason)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[derive(serde::Deserialize)]
    struct Vectors {
        cases: Vec<Case>,
    }

    #[derive(serde::Deserialize)]
    struct Case {
        name: String,
        trades: columns::tests::TradesText,
        equity: columns::tests::EquityText,
        calendar: columns::tests::CalendarText,
        plan: Plan,
        expected: Vec<(String, serde_json::Value, Option<String>)>,
    }

    fn cases() -> Vec<Case> {
        let text = include_str!("../../../../tests/vectors/metrics.json");
        serde_json::from_str::<Vectors>(text).unwrap().cases
    }

    fn metrics_of(case: &Case) -> Vec<Metric> {
        let (trades, equity) = (case.trades.borrow(), case.equity.borrow());
        compute_metrics(&trades, &equity, &case.calendar.borrow(), &case.plan).unwrap()
    }

    fn is_near(actual: f64, expected: f64) -> bool {
        (actual - expected).abs() <= 1e-12 * expected.abs()
    }

    #[test]
    fn metrics_equal_the_numbers_worked_by_hand() {
        let cases = cases();
        assert!(cases.len() >= 7);
        for case in cases {
            let actual = metrics_of(&case);
            for (name, value, reason) in &case.expected {
                let found = actual.iter().find(|metric| metric.0 == name).unwrap();
                let place = format!("{}: {found:?}", case.name);
                assert_eq!(found.2, reason.as_deref(), "{place}");
                match found.1 {
                    None => assert!(value.is_null(), "{place}"),
                    Some(Value::Int(actual)) => assert_eq!(value.as_i64(), Some(actual), "{place}"),
                    Some(Value::Float(actual)) => {
                        assert!(value.is_f64() && is_near(actual, value.as_f64().unwrap()), "{place}");
                    }
                }
            }
        }
    }

    #[test]
    fn metrics_come_in_one_fixed_order() {
        let cases = cases();
        let expected: Vec<&String> = cases[0].expected.iter().map(|metric| &metric.0).collect();
        assert_eq!(expected.len(), 57);
        for case in &cases {
            let names: Vec<&str> = metrics_of(case).iter().map(|metric| metric.0).collect();
            assert_eq!(names, expected);
        }
    }

    #[test]
    fn equity_that_no_run_writes_is_refused() {
        for values in [&[][..], &[0], &[-5]] {
            let equity = Equity { time: &[0][..values.len()], value: values, benchmark: None };
            assert!(matches!(equity.check(), Err(Error::Shape { .. })));
        }
    }
}
