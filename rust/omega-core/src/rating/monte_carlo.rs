//! Monte Carlo confidence: how much of the profit is the luck of this sample of trades (RAT-4).
//!
//! Trades are resampled with replacement: one by one, by FX day or week of their close, or in runs of
//! random length (stationary bootstrap: D. N. Politis and J. P. Romano, JASA 89, 1994). Sums of money are
//! integers. A p-value asks how often a run without any edge, the same trades less their mean, would do as well.

use rayon::prelude::*;

use super::block_length::block_length;
use super::single_trades::{LANES, SingleTrades};
use super::units::{Unit, block_units, furthest, positions_overlap, single_units};
use super::{RawRow, seed_int};
use crate::error::{Error, Result};
use crate::metrics::{Equity, Plan, Trades, Value, count_int};
use crate::{numerics, rng};

const QUANTILES: [(i64, i64); 3] = [(1, 20), (1, 2), (19, 20)];
const METHODS: [&str; 4] = ["iid", "day", "week", "stationary"];
pub(super) const FAN_POINTS: usize = 10;
/// Normal quantile of 0.975.
const WILSON_Z: f64 = 1.959_963_984_540_054;
const LARGEST_PATH: i128 = 1 << 62;
const LARGEST_DRAW: f64 = 9_007_199_254_740_992.0;

/// One resample, in minor units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Path {
    /// Final net.
    pub(super) net: i64,
    /// Largest fall from a peak.
    pub(super) drawdown: i64,
    /// Lowest balance after a trade.
    pub(super) lowest: i64,
    /// Sum of the squares of what was drawn.
    pub(super) squares: i128,
    /// Sum of the R of what was drawn.
    pub(super) r_sum: f64,
    /// Net after each tenth of the draws.
    pub(super) fan: [i64; FAN_POINTS],
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
    let of_paths = |read: &dyn Fn(&Path) -> i64| integer_bands(paths.iter().map(read).collect());
    let sharpes =
        || bands(paths.iter().filter_map(|path| sharpe_of(path, units.len())).collect(), f64::total_cmp);
    let fans = (0..FAN_POINTS).into_par_iter().map(|point| of_paths(&|path| path.fan[point]));
    let of_nets = || [of_paths(&|path| path.net), of_paths(&|path| path.drawdown), integer_bands(shuffled)];
    let ((nets, sharpes), fans) =
        rayon::join(|| rayon::join(of_nets, sharpes), || fans.collect::<Vec<[Option<Value>; 3]>>());
    values.extend(nets.into_iter().flatten());
    values.extend(sharpes.map(|one| one.map(Value::Float)));
    values.extend(fans.into_iter().flatten());
    values
}

/// Returns the quantiles of `QUANTILES`, or `None` where there are no values. Only the ranks are put in order.
fn bands<T: Copy>(mut values: Vec<T>, compare: impl Fn(&T, &T) -> std::cmp::Ordering) -> [Option<T>; 3] {
    if values.is_empty() {
        return [None; 3];
    }
    let [low, middle, high] = QUANTILES.map(|(num, den)| numerics::quantile_idx(values.len(), num, den));
    // The middle first: the others are found on its two sides.
    let (below, median, above) = values.select_nth_unstable_by(middle, &compare);
    let median = *median;
    let low = if low < middle { *below.select_nth_unstable_by(low, &compare).1 } else { median };
    let high =
        if high > middle { *above.select_nth_unstable_by(high - middle - 1, &compare).1 } else { median };
    [Some(low), Some(median), Some(high)]
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
    let count = units.len();
    let ends: [usize; FAN_POINTS] = std::array::from_fn(|point| ((point + 1) * count).div_ceil(FAN_POINTS));
    let draws_per_block = if length.is_some() { 2 } else { 4 };
    let samples = rng::Samples::new(plan.seed, rng::MONTE_CARLO, count.div_ceil(draws_per_block));
    let draw = |words: &mut Vec<rng::Words>, chosen: &mut Vec<u32>, sample| {
        words.clear();
        words.extend(samples.blocks(sample));
        match length {
            None => drawn(chosen, words.as_flattened(), count),
            Some(length) => drawn_in_blocks(chosen, words.as_flattened(), count, length),
        }
    };
    let Some(trades) = SingleTrades::of(units, balance) else {
        let path = |(words, chosen): &mut (Vec<_>, Vec<_>), sample| {
            draw(words, chosen, sample);
            path_of(units, chosen, balance, &ends)
        };
        return (0..plan.samples).into_par_iter().map_init(Default::default, path).collect();
    };
    let paths = |(words, chosen): &mut (Vec<_>, [Vec<_>; LANES]), group| {
        for (lane, chosen) in (0..).zip(chosen.iter_mut()) {
            draw(words, chosen, group * LANES as u64 + lane);
        }
        trades.paths_of(chosen, balance, &ends)
    };
    let groups = 0..plan.samples.div_ceil(LANES as u64);
    let walked: Vec<_> = groups.into_par_iter().map_init(Default::default, paths).collect();
    let mut walked = walked.into_flattened();
    walked.truncate(usize::try_from(plan.samples).unwrap_or(usize::MAX));
    walked
}

/// Returns what happens when units follow each other in this order.
pub(super) fn path_of(units: &[Unit], chosen: &[u32], balance: i64, ends: &[usize]) -> Path {
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

/// Writes `count` draws of 0…count - 1, each on its own.
fn drawn(draws: &mut Vec<u32>, words: &[u64], count: usize) {
    draws.clear();
    draws.extend(words[..count].iter().map(|word| place_of(*word, count)));
}

/// Writes `count` draws in runs of neighbours, the last followed by the first, of this mean length.
///
/// Draw d reads two words: a new run begins where the upper 53 bits of the first are below 2^53 / length,
/// and the second says where.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 <= threshold <= 2^53")]
fn drawn_in_blocks(draws: &mut Vec<u32>, words: &[u64], count: usize, length: f64) {
    let threshold = numerics::round_half_even(LARGEST_DRAW / length) as u64;
    draws.clear();
    let mut following = None;
    for [first, second] in &words.as_chunks().0[..count] {
        let place = match following {
            Some(following) if first >> 11 >= threshold => following,
            _ => place_of(*second, count),
        };
        draws.push(place);
        following = Some(if place as usize + 1 == count { 0 } else { place + 1 });
    }
}

/// A place among `count`: the high half of `word · count`, fewer than 2^32, by products of 32-bit halves.
///
/// twin: none — `uniform_int`; a vector has no wider products.
#[expect(clippy::cast_possible_truncation, reason = "fewer than 2^32 units")]
fn place_of(word: u64, count: usize) -> u32 {
    let count = u64::from(count as u32);
    let carried = ((word & 0xFFFF_FFFF) * count) >> 32;
    (((word >> 32) * count + carried) >> 32) as u32
}

/// Returns the largest fall of every shuffled order; a shuffle cannot change the sum, so nothing else is asked.
#[expect(clippy::cast_possible_truncation, reason = "fewer than 2^32 units")]
fn shuffled_drawdowns(units: &[Unit], plan: &Plan) -> Vec<i64> {
    let count = units.len();
    let samples = rng::Samples::new(plan.seed, rng::SHUFFLE, count.div_ceil(4));
    let fall = |order: &mut Vec<u32>, sample| {
        order.clear();
        order.extend(0..count as u32);
        for (block, words) in samples.blocks(sample).enumerate() {
            for (draw, word) in (4 * block..count).zip(words) {
                order.swap(draw, draw + place_of(word, count - draw) as usize);
            }
        }
        path_of(units, order, 0, &[count]).drawdown
    };
    (0..plan.dropout_samples).into_par_iter().map_init(Vec::new, fall).collect()
}
