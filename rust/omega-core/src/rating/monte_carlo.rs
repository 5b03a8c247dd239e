//! Monte Carlo confidence: how much of the profit is the luck of this sample of trades (RAT-4).
//!
//! Trades are resampled with replacement: one by one, by FX day or week of their close, or in runs of
//! random length (stationary bootstrap: D. N. Politis and J. P. Romano, JASA 89, 1994). Sums of money are
//! integers. A p-value asks how often a run without any edge, the same trades less their mean, would do as well.

use rayon::prelude::*;

use super::block_length::block_length;
use super::units::{Unit, block_units, furthest, positions_overlap, single_units};
use super::{RawRow, seed_int};
use crate::error::{Error, Result};
use crate::metrics::{Equity, Plan, Trades, Value, count_int};
use crate::{numerics, rng};

const QUANTILES: [(i64, i64); 3] = [(1, 20), (1, 2), (19, 20)];
const METHODS: [&str; 4] = ["iid", "day", "week", "stationary"];
const FAN_POINTS: usize = 10;
/// Normal quantile of 0.975.
const WILSON_Z: f64 = 1.959_963_984_540_054;
const LARGEST_PATH: i128 = 1 << 62;
const LARGEST_DRAW: f64 = 9_007_199_254_740_992.0;

/// One resample, in minor units.
#[derive(Clone, Copy, Debug)]
struct Path {
    /// Final net.
    net: i64,
    /// Largest fall from a peak.
    drawdown: i64,
    /// Lowest balance after a trade.
    lowest: i64,
    /// Sum of the squares of what was drawn.
    squares: i128,
    /// Sum of the R of what was drawn.
    r_sum: f64,
    /// Net after each tenth of the draws.
    fan: [i64; FAN_POINTS],
}

/// Returns P(net > 0) with its interval, bands of net, drawdown and Sharpe, ruin, p-values and the equity fan.
pub(super) fn compute_monte_carlo(
    trades: &Trades,
    equity: &Equity,
    boundaries: &[i64],
    plan: &Plan,
) -> Result<Vec<RawRow>> {
    let method = method_of(trades, plan);
    let units = match METHODS[method] {
        "day" | "week" => block_units(trades, boundaries, METHODS[method] == "week"),
        _ => single_units(trades),
    };
    check_range(i128::from(furthest(&units)) * units.len() as i128, equity.value[0])?;
    #[expect(clippy::cast_precision_loss, reason = "rounded half to even, like Python's float()")]
    let nets = || units.iter().map(|unit| unit.net as f64).collect::<Vec<f64>>();
    let length = (METHODS[method] == "stationary").then(|| block_length(&nets()));
    let mut rows = vec![
        ("monte_carlo_samples", Some(seed_int(plan.samples))),
        ("monte_carlo_method", Some(Value::Int(count_int(method)))),
        ("monte_carlo_block_length", length.map(Value::Float)),
        ("monte_carlo_units", Some(Value::Int(count_int(units.len())))),
    ];
    if units.is_empty() {
        rows.extend(NAMES.map(|name| (name, None)));
        return Ok(rows);
    }
    let has_r = trades.r_multiple.iter().any(Option::is_some);
    let paths = walk(&units, equity.value[0], plan, length);
    let shuffled = shuffled_drawdowns(&units, plan);
    rows.extend(NAMES.into_iter().zip(summary(&paths, &units, shuffled, has_r)));
    Ok(rows)
}

const NAMES: [&str; 48] = [
    "monte_carlo_p_net_positive",
    "monte_carlo_p_low",
    "monte_carlo_p_high",
    "monte_carlo_risk_of_ruin",
    "monte_carlo_p_value_net",
    "monte_carlo_p_value_r",
    "monte_carlo_net_q05",
    "monte_carlo_net_q50",
    "monte_carlo_net_q95",
    "monte_carlo_drawdown_q05",
    "monte_carlo_drawdown_q50",
    "monte_carlo_drawdown_q95",
    "monte_carlo_shuffled_drawdown_q05",
    "monte_carlo_shuffled_drawdown_q50",
    "monte_carlo_shuffled_drawdown_q95",
    "monte_carlo_sharpe_q05",
    "monte_carlo_sharpe_q50",
    "monte_carlo_sharpe_q95",
    "monte_carlo_fan_10_q05",
    "monte_carlo_fan_10_q50",
    "monte_carlo_fan_10_q95",
    "monte_carlo_fan_20_q05",
    "monte_carlo_fan_20_q50",
    "monte_carlo_fan_20_q95",
    "monte_carlo_fan_30_q05",
    "monte_carlo_fan_30_q50",
    "monte_carlo_fan_30_q95",
    "monte_carlo_fan_40_q05",
    "monte_carlo_fan_40_q50",
    "monte_carlo_fan_40_q95",
    "monte_carlo_fan_50_q05",
    "monte_carlo_fan_50_q50",
    "monte_carlo_fan_50_q95",
    "monte_carlo_fan_60_q05",
    "monte_carlo_fan_60_q50",
    "monte_carlo_fan_60_q95",
    "monte_carlo_fan_70_q05",
    "monte_carlo_fan_70_q50",
    "monte_carlo_fan_70_q95",
    "monte_carlo_fan_80_q05",
    "monte_carlo_fan_80_q50",
    "monte_carlo_fan_80_q95",
    "monte_carlo_fan_90_q05",
    "monte_carlo_fan_90_q50",
    "monte_carlo_fan_90_q95",
    "monte_carlo_fan_100_q05",
    "monte_carlo_fan_100_q50",
    "monte_carlo_fan_100_q95",
];

/// Returns what is drawn, an index of `METHODS`: as the plan says, but never single trades that overlap.
fn method_of(trades: &Trades, plan: &Plan) -> usize {
    let place = |name: &str| METHODS.iter().position(|method| *method == name).unwrap_or(0);
    match plan.bootstrap.as_str() {
        "day" => place("day"),
        "week" => place("week"),
        _ if positions_overlap(trades) => place("day"),
        "auto" => place("iid"),
        other => place(other),
    }
}

/// Returns the values of `NAMES` over all resamples.
fn summary(paths: &[Path], units: &[Unit], shuffled: Vec<i64>, has_r: bool) -> Vec<Option<Value>> {
    let count = paths.len();
    let having = |holds: &dyn Fn(&Path) -> bool| paths.iter().filter(|path| holds(path)).count();
    let hits = having(&|path| path.net > 0);
    let ruins = having(&|path| path.lowest <= 0);
    let (low, high) = wilson(hits, count);
    let net: i64 = units.iter().fold(0, |net, unit| net + unit.net);
    let r_sum = units.iter().fold(0.0, |sum, unit| sum + unit.r_sum);
    let as_good = having(&|path| i128::from(path.net) >= 2 * i128::from(net));
    let as_good_r = having(&|path| path.r_sum >= 2.0 * r_sum);
    let share = |part: usize, whole: usize| numerics::quotient(part as i128, whole as i128);
    let p_values = [Some(share(1 + as_good, count + 1)), has_r.then(|| share(1 + as_good_r, count + 1))];
    let mut values =
        [share(hits, count), low, high, share(ruins, count)].map(|one| Some(one.into())).to_vec();
    values.extend(p_values.map(|one| one.map(Value::Float)));
    let sharpes: Vec<f64> = paths.iter().filter_map(|path| sharpe_of(path, units.len())).collect();
    let of_nets = |read: &dyn Fn(&Path) -> i64| integer_bands(paths.iter().map(read).collect());
    values.extend(of_nets(&|path| path.net));
    values.extend(of_nets(&|path| path.drawdown));
    values.extend(integer_bands(shuffled));
    values.extend(bands(sharpes, f64::total_cmp).map(|one| one.map(Value::Float)));
    let fans: Vec<[Option<Value>; 3]> = (0..FAN_POINTS)
        .into_par_iter()
        .map(|point| integer_bands(paths.iter().map(|path| path.fan[point]).collect()))
        .collect();
    values.extend(fans.into_iter().flatten());
    values
}

/// Returns the quantiles of `QUANTILES`, or `None` where there are no values. Only the ranks are put in order.
fn bands<T: Copy>(mut values: Vec<T>, compare: fn(&T, &T) -> std::cmp::Ordering) -> [Option<T>; 3] {
    if values.is_empty() {
        return [None; 3];
    }
    let count = values.len();
    QUANTILES.map(|(num, den)| {
        let rank = numerics::quantile_idx(count, num, den);
        Some(*values.select_nth_unstable_by(rank, compare).1)
    })
}

/// Bands of money. twin: none — Python's numbers need no wrapping.
fn integer_bands(values: Vec<i64>) -> [Option<Value>; 3] {
    bands(values, i64::cmp).map(|one| one.map(Value::Int))
}

/// Returns mean over deviation (n - 1) of what was drawn, from exact sums; `None` without deviation.
fn sharpe_of(path: &Path, count: usize) -> Option<f64> {
    let size = count as i128;
    let net = i128::from(path.net);
    let spread = size * path.squares - net * net;
    if count < 2 || spread == 0 {
        return None;
    }
    Some(numerics::quotient(net, size) / numerics::quotient(spread, size * (size - 1)).sqrt())
}

/// Returns the 95 % score interval of a share.
///
/// Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22, 1927.
fn wilson(hits: usize, count: usize) -> (f64, f64) {
    let size = numerics::count_float(count);
    let p = numerics::quotient(hits as i128, count as i128);
    let square = WILSON_Z * WILSON_Z;
    let scale = 1.0 + square / size;
    let center = (p + square / (2.0 * size)) / scale;
    let reach = WILSON_Z * (p * (1.0 - p) / size + square / (4.0 * size * size)).sqrt() / scale;
    let low = if hits == 0 { 0.0 } else { center - reach };
    let high = if hits == count { 1.0 } else { center + reach };
    (low, high)
}

/// Refuses resampling in which a sum could leave 62 bits.
pub(super) fn check_range(reach: i128, balance: i64) -> Result<()> {
    if reach + i128::from(balance) >= LARGEST_PATH {
        return Err(Error::Overflow { what: "a resampled sum of trades" });
    }
    Ok(())
}

/// Returns one path per sample, drawing as many units as there are.
fn walk(units: &[Unit], balance: i64, plan: &Plan, length: Option<f64>) -> Vec<Path> {
    let keys = rng::round_keys(plan.seed, rng::MONTE_CARLO);
    let count = units.len();
    let ends: [usize; FAN_POINTS] = std::array::from_fn(|point| ((point + 1) * count).div_ceil(FAN_POINTS));
    let singles = Singles::of(units);
    let path = |chosen: &mut Vec<u32>, sample| {
        match length {
            None => drawn(chosen, &keys, sample, count),
            Some(length) => drawn_in_blocks(chosen, &keys, (sample, count), length),
        }
        match &singles {
            Some(singles) => singles.path_of(chosen, balance, &ends),
            None => path_of(units, chosen, balance, &ends),
        }
    };
    (0..plan.samples).into_par_iter().map_init(Vec::new, path).collect()
}

/// Returns what happens when units follow each other in this order.
fn path_of(units: &[Unit], chosen: &[u32], balance: i64, ends: &[usize]) -> Path {
    let (mut running, mut peak, mut lowest, mut drawdown) = (balance, balance, balance, 0);
    let (mut squares, mut r_sum) = (0_i128, 0.0);
    let mut fan = [0; FAN_POINTS];
    let mut start = 0;
    for (end, reached) in ends.iter().zip(&mut fan) {
        for idx in &chosen[start..*end] {
            let unit = &units[*idx as usize];
            drawdown = drawdown.max(peak - running - unit.low).max(unit.drawdown);
            lowest = lowest.min(running + unit.low);
            peak = peak.max(running + unit.high);
            running += unit.net;
            squares += i128::from(unit.net) * i128::from(unit.net);
            r_sum += unit.r_sum;
        }
        *reached = running - balance;
        start = *end;
    }
    Path { net: running - balance, drawdown, lowest, squares, r_sum, fan }
}

/// Units of one trade each whose squares fit 64 bits: a third of the memory and the time (PRF-7).
///
/// twin: none — `path_of` gives the same.
struct Singles {
    net: Vec<i64>,
    r: Option<Vec<f64>>,
}

impl Singles {
    fn of(units: &[Unit]) -> Option<Self> {
        let largest = i128::from(furthest(units));
        let are_single = units.iter().all(|unit| unit.high == unit.net && unit.low == unit.net);
        let fit = largest * largest * (units.len() as i128) < 1 << 63;
        let r: Vec<f64> = units.iter().map(|unit| unit.r_sum).collect();
        (are_single && fit).then(|| Self {
            net: units.iter().map(|unit| unit.net).collect(),
            r: r.iter().any(|value| *value != 0.0).then_some(r),
        })
    }

    fn path_of(&self, chosen: &[u32], balance: i64, ends: &[usize]) -> Path {
        let (mut running, mut peak, mut lowest, mut drawdown, mut squares) =
            (balance, balance, balance, 0, 0);
        let mut fan = [0; FAN_POINTS];
        let mut start = 0;
        for (end, reached) in ends.iter().zip(&mut fan) {
            for idx in &chosen[start..*end] {
                let net = self.net[*idx as usize];
                running += net;
                squares += net * net;
                peak = peak.max(running);
                lowest = lowest.min(running);
                drawdown = drawdown.max(peak - running);
            }
            *reached = running - balance;
            start = *end;
        }
        let mut r_sum = 0.0;
        if let Some(r) = &self.r {
            for idx in chosen {
                r_sum += r[*idx as usize];
            }
        }
        Path { net: running - balance, drawdown, lowest, squares: i128::from(squares), r_sum, fan }
    }
}

/// Writes `count` draws of 0…count - 1, each on its own.
fn drawn(draws: &mut Vec<u32>, keys: &rng::Keys, sample: u64, count: usize) {
    draws.resize(4 * count.div_ceil(4), 0);
    for (part, four) in draws.chunks_exact_mut(4).enumerate() {
        let words = rng::block_of_keys(keys, [sample, part as u64, 0, 0]);
        four.copy_from_slice(&words.map(|word| place_of(word, count)));
    }
    draws.truncate(count);
}

/// Writes `count` draws in runs of neighbours, the last followed by the first, of this mean length.
///
/// Draw d reads two words: a new run begins where the upper 53 bits of the first are below 2^53 / length,
/// and the second says where.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 <= threshold <= 2^53")]
fn drawn_in_blocks(draws: &mut Vec<u32>, keys: &rng::Keys, (sample, count): (u64, usize), length: f64) {
    let threshold = numerics::round_half_even(LARGEST_DRAW / length) as u64;
    draws.clear();
    let mut words = [0; 4];
    for draw in 0..count {
        if draw % 2 == 0 {
            words = rng::block_of_keys(keys, [sample, (draw / 2) as u64, 0, 0]);
        }
        let [first, second] = if draw % 2 == 0 { [words[0], words[1]] } else { [words[2], words[3]] };
        let begins = draw == 0 || first >> 11 < threshold;
        let following = if begins { 0 } else { draws[draw - 1] + 1 };
        draws.push(match begins {
            true => place_of(second, count),
            false if following as usize == count => 0,
            false => following,
        });
    }
}

/// A place among `count`. twin: none — Python's integers have no width.
#[expect(clippy::cast_possible_truncation, reason = "fewer than 2^32 units")]
fn place_of(word: u64, count: usize) -> u32 {
    rng::uniform_int(word, count as u64 - 1) as u32
}

/// Returns the largest fall of every shuffled order; a shuffle cannot change the sum, so nothing else is asked.
#[expect(clippy::cast_possible_truncation, reason = "fewer than 2^32 units")]
fn shuffled_drawdowns(units: &[Unit], plan: &Plan) -> Vec<i64> {
    let keys = rng::round_keys(plan.seed, rng::SHUFFLE);
    let count = units.len();
    let fall = |order: &mut Vec<u32>, sample| {
        order.clear();
        order.extend(0..count as u32);
        let mut words = [0; 4];
        for draw in 0..count {
            if draw % 4 == 0 {
                words = rng::block_of_keys(&keys, [sample, (draw / 4) as u64, 0, 0]);
            }
            order.swap(draw, draw + place_of(words[draw % 4], count - draw) as usize);
        }
        path_of(units, order, 0, &[count]).drawdown
    };
    (0..plan.dropout_samples).into_par_iter().map_init(Vec::new, fall).collect()
}
