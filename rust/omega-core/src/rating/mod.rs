//! Raw values of the statistical components: dropout, Monte Carlo, Bayes, stability (RAT-3, RAT-4); and replays.
//!
//! Draws depend on seed, purpose, sample and draw number only, so no thread or order can move a value.
//! What the values are worth is judged once, in the Python package `omega.rating`.

mod bayes;
mod block_length;
mod dropout;
mod monte_carlo;
mod moved_market;
mod moved_signals;
mod replay;
mod single_trades;
mod stability;
mod units;

pub use replay::{Outcome, replay, stress_market};

use crate::error::Result;
use crate::metrics::{Calendar, Equity, Plan, Trades, Value, measure_days};
use crate::numerics;

/// Name, and value or `None`.
pub type RawRow = (&'static str, Option<Value>);

/// Returns name, and value or `None`, of every raw value, in one fixed order.
///
/// # Errors
/// [`crate::error::Error::Shape`] when equity has no rows or does not begin above 0;
/// [`crate::error::Error::Overflow`] when a resampled sum could leave 62 bits.
pub fn rate(trades: &Trades, equity: &Equity, calendar: &Calendar, plan: &Plan) -> Result<Vec<RawRow>> {
    equity.check()?;
    let reach = trades.net.iter().fold(0_i128, |reach, net| reach + i128::from(*net).abs());
    monte_carlo::check_range(reach, equity.value[0])?;
    let boundaries = calendar.boundaries(plan.days);
    let risk_free = numerics::quotient(plan.risk_free.0.into(), plan.risk_free.1.into());
    let days = measure_days(equity, &boundaries, risk_free);
    let mut rows = vec![("seed", Some(seed_int(plan.seed)))];
    rows.extend(dropout::compute_dropout(trades.net, plan));
    rows.extend(monte_carlo::compute_monte_carlo(trades, equity, &boundaries, plan)?);
    rows.extend(bayes::compute_bayes(trades.net, equity, &days));
    rows.extend(stability::compute_stability(equity, &days));
    Ok(rows)
}

/// A seed or sample count as a value. twin: none — Python has one kind of integer.
#[expect(clippy::cast_possible_wrap, reason = "the plan allows seeds and counts below 2^63")]
fn seed_int(value: u64) -> Value {
    Value::Int(value as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;
    use std::collections::BTreeMap;

    #[derive(serde::Deserialize)]
    struct Vectors {
        cases: Vec<Case>,
    }

    #[derive(serde::Deserialize)]
    struct Case {
        name: String,
        net: Vec<i64>,
        entry_time: Vec<i64>,
        exit_time: Vec<i64>,
        r_multiple: Vec<Option<f64>>,
        balance: i64,
        equity: EquityText,
        rollover_time: Vec<i64>,
        weekday: Vec<i8>,
        seed: u64,
        bootstrap: String,
        samples: u64,
        dropout_samples: u64,
        expected: BTreeMap<String, serde_json::Value>,
    }

    #[derive(serde::Deserialize)]
    struct EquityText {
        time: Vec<i64>,
        value: Vec<i64>,
        benchmark: Vec<i64>,
    }

    fn cases() -> Vec<Case> {
        let text = include_str!("../../../../tests/vectors/rating.json");
        serde_json::from_str::<Vectors>(text).unwrap().cases
    }

    fn rate_case(case: &Case) -> Result<Vec<RawRow>> {
        let zeros = vec![0; case.net.len()];
        let trades = Trades {
            symbol: &vec![0; case.net.len()],
            entry_bar_idx: &zeros,
            entry_time: &case.entry_time,
            exit_bar_idx: &zeros,
            exit_time: &case.exit_time,
            steps: &zeros,
            gross_cost_free: &case.net,
            slippage: &zeros,
            spread: &zeros,
            commission: &zeros,
            swap: &zeros,
            net: &case.net,
            r_multiple: &case.r_multiple,
            bars_held: &zeros,
            reason: &vec![1; case.net.len()],
            ambiguous: &vec![false; case.net.len()],
        };
        let plan = Plan {
            volume_steps: vec![(1, 100)],
            risk_free: (0, 1),
            days: 5,
            seed: case.seed,
            bootstrap: case.bootstrap.clone(),
            samples: case.samples,
            dropout_samples: case.dropout_samples,
        };
        let calendar = Calendar { rollover_time: &case.rollover_time, weekday: &case.weekday };
        let equity = Equity {
            time: &case.equity.time,
            value: &case.equity.value,
            benchmark: Some(&case.equity.benchmark),
        };
        assert_eq!(equity.value[0], case.balance);
        rate(&trades, &equity, &calendar, &plan)
    }

    #[test]
    fn raw_values_equal_whole_array_numpy() {
        let cases = cases();
        assert!(cases.len() >= 5);
        for case in cases {
            let actual = rate_case(&case).unwrap();
            assert_eq!(actual.len(), case.expected.len());
            for (name, value) in actual {
                let expected = &case.expected[name];
                let place = format!("{}: {name}: {value:?} {expected}", case.name);
                match value {
                    None => assert!(expected.is_null(), "{place}"),
                    Some(Value::Int(value)) => assert_eq!(expected.as_i64(), Some(value), "{place}"),
                    Some(Value::Float(value)) => {
                        let expected = expected.as_f64().unwrap();
                        let tolerance = if name.contains("_p_net") || name.contains("_p_value") {
                            0.0
                        } else {
                            1e-10 * expected.abs() + 1e-14
                        };
                        assert!((value - expected).abs() <= tolerance, "{place}");
                    }
                }
            }
        }
    }

    #[test]
    fn thread_count_cannot_move_a_value() {
        let case = &cases()[0];
        let expected = rate_case(case).unwrap();
        for threads in [1, 2, 5] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            assert_eq!(pool.install(|| rate_case(case)).unwrap(), expected);
        }
    }

    #[test]
    fn sums_that_could_leave_64_bits_are_refused() {
        let mut case = cases().pop().unwrap();
        for net in [[1 << 61, 1 << 61, 0, 0, 0], [1 << 60, 0, 0, 0, 0]] {
            case.net = net.to_vec();
            assert!(matches!(rate_case(&case), Err(Error::Overflow { .. })));
        }
    }
}
