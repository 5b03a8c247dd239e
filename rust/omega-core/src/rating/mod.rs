//! Raw values of the resampling components of the rating: trade dropout and Monte Carlo (RAT-3, RAT-4).
//!
//! Draws depend on seed, purpose, sample and draw number only, so no thread or order can move a value.
//! What the values are worth is judged once, in the Python package `omega.rating`.

mod dropout;
mod monte_carlo;

use crate::error::Result;
use crate::metrics::{Calendar, Equity, Plan, Trades, Value};

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
    let mut rows = vec![("seed", Some(seed_int(plan.seed)))];
    rows.extend(dropout::compute_dropout(trades.net, plan));
    rows.extend(monte_carlo::compute_monte_carlo(trades, equity, &calendar.boundaries(plan.days), plan)?);
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
        balance: i64,
        rollover_time: Vec<i64>,
        weekday: Vec<i8>,
        seed: u64,
        samples: u64,
        dropout_samples: u64,
        expected: BTreeMap<String, serde_json::Value>,
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
            r_multiple: &vec![None; case.net.len()],
            bars_held: &zeros,
            reason: &vec![1; case.net.len()],
            ambiguous: &vec![false; case.net.len()],
        };
        let plan = Plan {
            volume_steps: vec![(1, 100)],
            risk_free: (0, 1),
            days: 5,
            seed: case.seed,
            samples: case.samples,
            dropout_samples: case.dropout_samples,
        };
        let calendar = Calendar { rollover_time: &case.rollover_time, weekday: &case.weekday };
        rate(&trades, &Equity { time: &[0], value: &[case.balance] }, &calendar, &plan)
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
                        let tolerance =
                            if name.contains("_p_net") { 0.0 } else { 1e-12 * expected.abs() + 1e-15 };
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
