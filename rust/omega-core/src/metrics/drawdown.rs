//! How far below its peak marked equity stood, how long, and how often (MET-5, Ulcer index of MET-4).

use super::columns::{Equity, Row, Undefined, Value, known};
use super::totals::DAY_US;
use crate::numerics;

const QUANTILES: [(&str, i64, i64); 4] =
    [("drawdown_q50", 1, 2), ("drawdown_q75", 3, 4), ("drawdown_q90", 9, 10), ("drawdown_q95", 19, 20)];

/// The deepest drawdown by fraction of its peak.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Deepest {
    /// (peak - equity) / peak, 0 when equity never fell.
    pub frac: f64,
    /// Last row at the peak before the trough.
    pub peak_row: usize,
    /// First row of the depth.
    pub trough_row: usize,
    /// First later row at or above the peak; `None` while it has not recovered.
    pub recovery_row: Option<usize>,
}

/// Returns (peak - equity) / peak per row, row 0 being the first peak; above 1 when equity is negative.
pub(crate) fn drawdown_fracs(values: &[i64]) -> Vec<f64> {
    let mut peak = values[0];
    let mut fracs = Vec::with_capacity(values.len());
    for value in values {
        if *value > peak {
            peak = *value;
        }
        fracs.push(numerics::quotient(i128::from(peak) - i128::from(*value), peak.into()));
    }
    fracs
}

/// Returns the deepest drawdown: the first of equals.
pub(crate) fn find_deepest(fracs: &[f64]) -> Deepest {
    let mut deepest = Deepest { frac: 0.0, peak_row: 0, trough_row: 0, recovery_row: None };
    let mut peak_row = 0;
    for (row, frac) in fracs.iter().enumerate() {
        if *frac == 0.0 {
            peak_row = row;
            if deepest.frac > 0.0 && deepest.recovery_row.is_none() {
                deepest.recovery_row = Some(row);
            }
        } else if *frac > deepest.frac {
            deepest = Deepest { frac: *frac, peak_row, trough_row: row, recovery_row: None };
        }
    }
    deepest
}

/// Rows looked at together.
const LANES: usize = 16;

/// Returns the largest of `drawdown_fracs`; only a fall larger than all before is divided: peaks never sink.
pub(crate) fn deepest_frac(values: &[i64]) -> f64 {
    let (mut peak, mut lowest) = (values[0], values[0]);
    let (mut fall, mut deepest) = (0, 0.0);
    let mut leave = |peak: i64, lowest: i64| {
        if peak - lowest > fall {
            fall = peak - lowest;
            let frac = numerics::quotient(fall.into(), peak.into());
            deepest = if frac > deepest { frac } else { deepest };
        }
        deepest
    };
    for lanes in values.chunks(LANES) {
        // Most of them hold no new extreme: no difference has a sign, and whole vectors of them are taken at once.
        let signs = |signs, value: &i64| signs | (peak - value) | (value - lowest);
        if lanes.iter().fold(0, signs) >= 0 {
            continue;
        }
        for value in lanes {
            if *value > peak {
                leave(peak, lowest);
                (peak, lowest) = (*value, *value);
            } else if *value < lowest {
                lowest = *value;
            }
        }
    }
    leave(peak, lowest)
}

/// Returns the largest fall from a peak in minor units; it may be another one than the deepest fraction.
fn max_drawdown_money(values: &[i64]) -> i64 {
    let mut peak = values[0];
    let mut largest = 0;
    for value in values {
        if *value > peak {
            peak = *value;
        }
        if peak - value > largest {
            largest = peak - value;
        }
    }
    largest
}

/// Returns the longest time between standing at a peak and reaching it again; an unfinished one counts.
fn longest_below_peak_us(fracs: &[f64], times: &[i64]) -> i64 {
    let mut longest = 0;
    let mut peak_time = times[0];
    for (frac, time) in fracs.iter().zip(times) {
        if time - peak_time > longest {
            longest = time - peak_time;
        }
        if *frac == 0.0 {
            peak_time = *time;
        }
    }
    longest
}

/// Returns √mean(drawdown²) over all rows.
///
/// Source: P. Martin and B. `McCann`, "The Investor's Guide to Fidelity Funds", 1989.
pub(crate) fn ulcer_index(fracs: &[f64]) -> f64 {
    let mut squares = 0.0;
    for frac in fracs {
        squares += frac * frac;
    }
    (squares / numerics::count_float(fracs.len())).sqrt()
}

/// Returns size, dates, lengths and distribution of drawdowns of marked equity.
pub(crate) fn compute_drawdowns(equity: &Equity, fracs: &[f64]) -> Vec<Row> {
    let deepest = find_deepest(fracs);
    let mut ordered = fracs.to_vec();
    ordered.sort_unstable_by(f64::total_cmp);
    let longest_us = longest_below_peak_us(fracs, equity.time);
    let mut rows = vec![
        known("max_drawdown", max_drawdown_money(equity.value)),
        known("max_drawdown_frac", deepest.frac),
    ];
    rows.extend(dates(&deepest, equity.time));
    rows.push(known("longest_drawdown_days", numerics::quotient(longest_us.into(), DAY_US)));
    for (name, num, den) in QUANTILES {
        rows.push(known(name, ordered[numerics::quantile_idx(ordered.len(), num, den)]));
    }
    rows.push(known("ulcer_index", ulcer_index(fracs)));
    rows
}

fn dates(deepest: &Deepest, times: &[i64]) -> [Row; 5] {
    let days = |from: i64, to: i64| Value::Float(numerics::quotient((to - from).into(), DAY_US));
    let mut peak = Err("no_drawdown");
    let mut trough: Result<Value, Undefined> = Err("no_drawdown");
    let mut fall = Err("no_drawdown");
    let mut recovery = Err("no_drawdown");
    let mut rise = Err("no_drawdown");
    if deepest.frac > 0.0 {
        let (peak_time, trough_time) = (times[deepest.peak_row], times[deepest.trough_row]);
        peak = Ok(Value::Int(peak_time));
        trough = Ok(Value::Int(trough_time));
        fall = Ok(days(peak_time, trough_time));
        let row = deepest.recovery_row.ok_or("not_recovered");
        recovery = row.map(|row| Value::Int(times[row]));
        rise = row.map(|row| days(trough_time, times[row]));
    }
    [
        ("max_drawdown_peak_time", peak),
        ("max_drawdown_trough_time", trough),
        ("max_drawdown_recovery_time", recovery),
        ("max_drawdown_fall_days", fall),
        ("max_drawdown_recovery_days", rise),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng;

    #[test]
    fn the_deepest_fall_is_found_wherever_its_rows_lie() {
        // 1000 up to 1200, down to 900, up to 1300, down to 1001: 300/1200 is deeper than 299/1300.
        for (first, second) in [(0, 15), (14, 16), (15, 31), (16, 17), (3, 48)] {
            let mut values = vec![1_000; 64];
            values[first] = 1_200;
            values[first + 1..].fill(900);
            values[second + 1..].fill(1_300);
            values[second + 2..].fill(1_001);

            assert_eq!(deepest_frac(&values).to_bits(), 0.25_f64.to_bits());
        }
        assert_eq!(deepest_frac(&[5; 40]).to_bits(), 0);
    }

    #[test]
    fn the_deepest_fraction_is_the_largest_of_all_rows() {
        for sample in 0..200 {
            let mut value = 100_000_i64;
            let walk = |row| {
                let word = rng::word(7, rng::NOISE, [sample, row, 0, 0]);
                value += rng::uniform_int(word, 2_000).cast_signed() - 1_010 + sample.cast_signed() / 10;
                value
            };
            let values: Vec<i64> = (0..50 + sample).map(walk).collect();

            let deepest = find_deepest(&drawdown_fracs(&values));
            assert_eq!(deepest_frac(&values).to_bits(), deepest.frac.to_bits());
        }
    }
}
