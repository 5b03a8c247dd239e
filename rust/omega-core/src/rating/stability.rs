//! Whether the profit came all the time or once: the stability index over windows (RAT-4).

use super::RawRow;
use crate::metrics::{DAY_US, DayReturns, Equity, Value, count_int};
use crate::numerics::{self, count_float, floor_quotient};

const PARTS: usize = 12;

/// Returns the windows and 1/(1 + sd/|mean|) of their mean returns; `None` below twelve days.
pub(super) fn compute_stability(equity: &Equity, days: &DayReturns) -> Vec<RawRow> {
    let names = ["stability_windows", "stability_by_month", "stability_index"];
    let excess = match &days.excess {
        Ok(excess) if excess.len() >= PARTS => excess,
        _ => return names.map(|name| (name, None)).to_vec(),
    };
    let months = month_ends(equity, days);
    let by_month = months.len() >= PARTS;
    let parts = || (0..PARTS).map(|part| excess.len() * (part + 1) / PARTS).collect();
    let ends: Vec<usize> = if by_month { months } else { parts() };
    let mut means = Vec::with_capacity(ends.len());
    let mut start = 0;
    for end in ends {
        means.push(numerics::sum_left(&excess[start..end]) / count_float(end - start));
        start = end;
    }
    vec![
        (names[0], Some(Value::Int(count_int(means.len())))),
        (names[1], Some(Value::Int(i64::from(by_month)))),
        (names[2], Some(Value::Float(stability_index(&means)))),
    ]
}

/// Returns, for each calendar month in UTC, the number of days up to its end.
fn month_ends(equity: &Equity, days: &DayReturns) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut open_month = None;
    for (day, row) in days.rows.iter().enumerate().skip(1) {
        let month = month_of(floor_quotient(i128::from(equity.time[*row]) - 1, DAY_US));
        if open_month == Some(month) {
            ends.pop();
        }
        ends.push(day);
        open_month = Some(month);
    }
    ends
}

/// Returns months since year 0 of a day counted from 1970-01-01, in the Gregorian calendar.
///
/// Years begin in March, so that the odd day comes last; 719468 days lie between 0000-03-01 and 1970-01-01.
fn month_of(day: i128) -> i128 {
    let shifted = day + 719_468;
    let era = floor_quotient(shifted, 146_097);
    let of_era = shifted - era * 146_097;
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    12 * (era * 400 + year) + (5 * of_year + 2) / 153 + 2
}

/// Returns 1/(1 + sd/mean) of window means, 0 where their mean is not above 0.
fn stability_index(means: &[f64]) -> f64 {
    let center = numerics::sum_left(means) / count_float(means.len());
    match numerics::sample_deviation(means) {
        Some(deviation) if center > 0.0 => 1.0 / (1.0 + deviation / center),
        _ => 0.0,
    }
}
