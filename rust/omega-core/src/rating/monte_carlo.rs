//! Monte Carlo confidence: how much of the profit is the luck of this sample of trades (RAT-4).
//!
//! Trades are resampled with replacement: one by one when never two were open together, by FX day of
//! their close otherwise, because trades that overlap share their luck. All sums are integers.

use rayon::prelude::*;

use super::{RawRow, seed_int};
use crate::error::{Error, Result};
use crate::metrics::{Equity, Plan, Trades, Value, count_int};
use crate::schema::ExitReason;
use crate::{numerics, rng};

const QUANTILES: [(i64, i64); 3] = [(1, 20), (1, 2), (19, 20)];
/// Normal quantile of 0.975.
const WILSON_Z: f64 = 1.959_963_984_540_054;
const LARGEST_PATH: i128 = 1 << 62;

/// What is drawn as a whole: one trade, or the trades closed in one FX day, in closing order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Unit {
    /// Sum of its trades.
    net: i64,
    /// Highest running sum after one of its trades.
    high: i64,
    /// Lowest running sum after one of its trades.
    low: i64,
    /// Largest fall from one running sum to a later one, >= 0.
    drawdown: i64,
}

/// One resample: final net, largest fall from a peak, lowest balance after a trade; minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Path {
    net: i64,
    drawdown: i64,
    lowest: i64,
}

/// Returns P(net > 0) with its interval, bands of net and drawdown, and the risk of ruin.
pub(super) fn compute_monte_carlo(
    trades: &Trades,
    equity: &Equity,
    boundaries: &[i64],
    plan: &Plan,
) -> Result<Vec<RawRow>> {
    let by_day = positions_overlap(trades);
    let single = |net: &i64| Unit { net: *net, high: *net, low: *net, drawdown: 0 };
    let units: Vec<Unit> =
        if by_day { day_units(trades, boundaries) } else { trades.net.iter().map(single).collect() };
    check_range(i128::from(furthest(&units)) * units.len() as i128, equity.value[0])?;
    let mut rows = vec![
        ("monte_carlo_samples", Some(seed_int(plan.samples))),
        ("monte_carlo_by_day", Some(Value::Int(i64::from(by_day)))),
        ("monte_carlo_units", Some(Value::Int(count_int(units.len())))),
    ];
    if units.is_empty() {
        rows.extend(NAMES.map(|name| (name, None)));
        return Ok(rows);
    }
    let walk = if by_day { walk_units } else { walk_trades };
    rows.extend(summary(&walk(&units, equity.value[0], plan)));
    Ok(rows)
}

const NAMES: [&str; 10] = [
    "monte_carlo_p_net_positive",
    "monte_carlo_p_low",
    "monte_carlo_p_high",
    "monte_carlo_risk_of_ruin",
    "monte_carlo_net_q05",
    "monte_carlo_net_q50",
    "monte_carlo_net_q95",
    "monte_carlo_drawdown_q05",
    "monte_carlo_drawdown_q50",
    "monte_carlo_drawdown_q95",
];

/// Returns the values of `NAMES` over all resamples.
fn summary(paths: &[Path]) -> Vec<RawRow> {
    let count = paths.len();
    let hits = paths.iter().filter(|path| path.net > 0).count();
    let ruins = paths.iter().filter(|path| path.lowest <= 0).count();
    let (low, high) = wilson(hits, count);
    let share = |part: usize| numerics::quotient(part as i128, count as i128);
    let mut values = [share(hits), low, high, share(ruins)].map(Value::Float).to_vec();
    for read in [|path: &Path| path.net, |path: &Path| path.drawdown] {
        let mut ordered: Vec<i64> = paths.iter().map(read).collect();
        ordered.sort_unstable();
        values
            .extend(QUANTILES.map(|(num, den)| Value::Int(ordered[numerics::quantile_idx(count, num, den)])));
    }
    NAMES.into_iter().zip(values.into_iter().map(Some)).collect()
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

/// Returns whether two trades were ever open together.
///
/// Entries of a step come before its level exits and after its requested closes (LOOP), so at equal
/// times a trade entered where another was closed by signal does not overlap it, and one that hit a level
/// does.
fn positions_overlap(trades: &Trades) -> bool {
    let mut spans: Vec<(i64, i64)> = (0..trades.net.len())
        .map(|row| {
            let late = i64::from(trades.reason[row] != ExitReason::Signal.code());
            (2 * trades.entry_time[row], 2 * trades.exit_time[row] + late)
        })
        .collect();
    spans.sort_unstable();
    let mut open_until = None;
    for (entry, leave) in spans {
        if open_until.is_some_and(|until| entry < until) {
            return true;
        }
        if open_until.is_none_or(|until| leave > until) {
            open_until = Some(leave);
        }
    }
    false
}

/// Returns one unit per FX day in which trades closed, weekends with Monday (MET-1).
///
/// A fill at a boundary is the first of the next day; the end of the data closes the day that it ends.
fn day_units(trades: &Trades, boundaries: &[i64]) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    let mut day = 0;
    let mut open_day = None;
    for ((time, reason), net) in trades.exit_time.iter().zip(trades.reason).zip(trades.net) {
        let inside = time - i64::from(*reason == ExitReason::EndOfData.code());
        while day < boundaries.len() && boundaries[day] <= inside {
            day += 1;
        }
        let unit = match units.pop() {
            Some(unit) if open_day == Some(day) => extended(unit, *net),
            closed => {
                units.extend(closed);
                Unit { net: *net, high: *net, low: *net, drawdown: 0 }
            }
        };
        units.push(unit);
        open_day = Some(day);
    }
    units
}

/// Returns the unit with one more trade at its end.
fn extended(unit: Unit, net: i64) -> Unit {
    let running = unit.net + net;
    Unit {
        net: running,
        high: unit.high.max(running),
        low: unit.low.min(running),
        drawdown: unit.drawdown.max(unit.high - running),
    }
}

/// Returns the longest way, up or down, that one unit can move the balance.
fn furthest(units: &[Unit]) -> i64 {
    units.iter().fold(0, |reach, unit| reach.max(unit.high).max(-unit.low).max(unit.drawdown))
}

/// Refuses resampling in which a sum could leave 62 bits.
pub(super) fn check_range(reach: i128, balance: i64) -> Result<()> {
    if reach + i128::from(balance) >= LARGEST_PATH {
        return Err(Error::Overflow { what: "a resampled sum of trades" });
    }
    Ok(())
}

/// Returns one path per sample, drawing as many single trades as there are.
fn walk_trades(units: &[Unit], balance: i64, plan: &Plan) -> Vec<Path> {
    let nets: Vec<i64> = units.iter().map(|unit| unit.net).collect();
    let keys = rng::round_keys(plan.seed, rng::MONTE_CARLO);
    (0..plan.samples).into_par_iter().map(|sample| trade_path(&nets, balance, &keys, sample)).collect()
}

/// One path of single trades. twin: none — the loop body of `walk_trades`.
#[expect(clippy::cast_possible_truncation, reason = "draws are below the number of trades")]
fn trade_path(nets: &[i64], balance: i64, keys: &rng::Keys, sample: u64) -> Path {
    let top = nets.len() as u64 - 1;
    let whole = nets.len() as u64 / 4;
    let mut walk = Walk { running: balance, peak: balance, lowest: balance, drawdown: 0 };
    for part in 0..whole {
        for word in rng::block_of_keys(keys, [sample, part, 0, 0]) {
            walk = walk.after(nets[rng::uniform_int(word, top) as usize]);
        }
    }
    let rest = rng::block_of_keys(keys, [sample, whole, 0, 0]);
    for word in &rest[..nets.len() % 4] {
        walk = walk.after(nets[rng::uniform_int(*word, top) as usize]);
    }
    Path { net: walk.running - balance, drawdown: walk.drawdown, lowest: walk.lowest }
}

/// A path on its way. twin: none — local variables of `walk_trades`.
#[derive(Clone, Copy)]
struct Walk {
    running: i64,
    peak: i64,
    lowest: i64,
    drawdown: i64,
}

impl Walk {
    /// The path one trade later.
    #[inline]
    fn after(self, net: i64) -> Self {
        let running = self.running + net;
        let peak = self.peak.max(running);
        Self { running, peak, lowest: self.lowest.min(running), drawdown: self.drawdown.max(peak - running) }
    }
}

/// Returns one path per sample, drawing as many units as there are.
fn walk_units(units: &[Unit], balance: i64, plan: &Plan) -> Vec<Path> {
    let keys = rng::round_keys(plan.seed, rng::MONTE_CARLO);
    (0..plan.samples).into_par_iter().map(|sample| unit_path(units, balance, &keys, sample)).collect()
}

/// One path of units. twin: none — the loop body of `walk_units`.
#[expect(clippy::cast_possible_truncation, reason = "draws are below the number of units")]
fn unit_path(units: &[Unit], balance: i64, keys: &rng::Keys, sample: u64) -> Path {
    let top = units.len() as u64 - 1;
    let (mut running, mut peak, mut lowest, mut drawdown) = (balance, balance, balance, 0);
    let mut words = [0; 4];
    for draw in 0..units.len() {
        if draw % 4 == 0 {
            words = rng::block_of_keys(keys, [sample, (draw / 4) as u64, 0, 0]);
        }
        let unit = units[rng::uniform_int(words[draw % 4], top) as usize];
        drawdown = drawdown.max(peak - running - unit.low).max(unit.drawdown);
        lowest = lowest.min(running + unit.low);
        peak = peak.max(running + unit.high);
        running += unit.net;
    }
    Path { net: running - balance, drawdown, lowest }
}
