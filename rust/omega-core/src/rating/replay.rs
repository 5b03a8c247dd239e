//! Many runs of one recorded signal table under changed conditions, and what is compared of them (RAT-1, RAT-3).
//!
//! A job names its plan, how the market and the requests are changed, and whether the plan's native strategy
//! decides anew on the changed market. A job without a change is the run itself, bit for bit. A job that
//! fails has no values; the others are not touched by it. Jobs run in parallel and share nothing they write.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow_array::ArrayRef;
use arrow_array::RecordBatch;
use rayon::prelude::*;
use serde::Deserialize;

use super::moved_market::{with_noise, with_spread};
use super::moved_signals::{Move, with_levels, with_shift};
use crate::engine::signals::{SignalRows, read_signals};
use crate::engine::simulation::{Simulation, run_to_end};
use crate::error::{Error, Result};
use crate::execution::slippage::Chance;
use crate::frame;
use crate::market::{Market, Series};
use crate::metrics::{Calendar, Equity, Plan, day_rows, deepest_frac, measure_rows, sharpe};
use crate::numerics;
use crate::plan::{self, Fraction, parse_plan};
use crate::schema::{self, ExitReason};
use crate::strategies::native_signals;

/// Jobs between two looks at the interrupt flag.
const INTERRUPT_STRIDE: usize = 64;

/// What came out of one job; only the count where it failed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Net of all trades, in minor units.
    pub net: Option<i64>,
    /// Largest drawdown fraction.
    pub drawdown_frac: Option<f64>,
    /// Sharpe ratio.
    pub sharpe: Option<f64>,
    /// Trades.
    pub trades: Option<i64>,
    /// Entries dropped because of the shift.
    pub dropped: i64,
}

/// One stressed run.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Job {
    /// Index of its plan.
    plan: usize,
    /// Factor of every spread.
    spread: Fraction,
    /// Bars by which opening signals come later.
    shift: i64,
    /// Factor of stop distances.
    stop: Fraction,
    /// Factor of target distances.
    target: Fraction,
    /// Number of the noise sample on prices, if any.
    noise: Option<u64>,
    /// Whether the plan's native strategy decides anew.
    decide: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Jobs {
    plans: Vec<String>,
    jobs: Vec<Job>,
}

/// What all jobs of one call share. twin: none — Python's arguments.
struct Shared {
    market: Arc<Market>,
    widened: BTreeMap<Fraction, Arc<Market>>,
    table: SignalRows,
    closes: BTreeMap<i64, i64>,
    plans: Vec<Result<Parsed>>,
    chances: BTreeMap<u64, Arc<Chance>>,
    clocks: BTreeMap<(usize, i64), Clock>,
}

/// A plan, and its part that statistics read. twin: none — parsed by every job.
struct Parsed {
    run: plan::Plan,
    statistics: Plan,
}

/// When the rows of equity are, and which of them end a day: the same for all runs with one start.
///
/// twin: none — part of `summary`.
struct Clock {
    time: Vec<i64>,
    day_rows: Vec<usize>,
}

/// Returns what came out of every job (the seam's `replay`).
///
/// `signals` is the table of the run, `None` where every job decides anew; `jobs` is JSON
/// `{"plans": [plan JSON, …], "jobs": [{"plan": 0, "spread": [3, 2], …}, …]}`.
///
/// # Errors
/// `data.shape`, `signal.bar_idx` for a table that no run takes; `config.plan` for jobs that make no sense;
/// `engine.interrupted` once `is_interrupted` says so.
pub fn replay(
    market: &Arc<Market>,
    signals: Option<&RecordBatch>,
    jobs: &str,
    is_interrupted: &dyn Fn() -> bool,
) -> Result<Vec<Outcome>> {
    let table = match signals {
        None => SignalRows::default(),
        Some(batch) => read_signals(batch, market.bar_count())?,
    };
    let Jobs { plans, jobs } = parse_jobs(jobs)?;
    let shifted = jobs.iter().find(|job| job.shift != 0);
    let closes =
        shifted.map_or_else(|| Ok(BTreeMap::new()), |job| own_closes(market, &table, &plans[job.plan]))?;
    let spreads: BTreeSet<Fraction> =
        jobs.iter().filter(|job| job.noise.is_none()).map(|job| job.spread).collect();
    let widened =
        spreads.into_par_iter().map(|factor| (factor, Arc::new(with_spread(market, factor)))).collect();
    let plans: Vec<_> = plans.par_iter().map(|text| Parsed::read(text)).collect();
    let (mut clocks, mut chances) = (BTreeMap::new(), BTreeMap::new());
    for parsed in plans.iter().flatten() {
        let seed = parsed.run.seed;
        chances.entry(seed).or_insert_with(|| Arc::new(Chance::new(seed, table.len())));
        let (first_step, days) = (parsed.run.first_step, parsed.statistics.days);
        clocks.entry((first_step, days)).or_insert_with(|| Clock::of(market, first_step, days));
    }
    let shared = Shared { market: Arc::clone(market), widened, table, closes, plans, chances, clocks };
    let mut outcomes = Vec::with_capacity(jobs.len());
    for part in jobs.chunks(INTERRUPT_STRIDE) {
        outcomes.par_extend(part.par_iter().map(|job| outcome_of(&shared, job)));
        if is_interrupted() {
            return Err(Error::Interrupted);
        }
    }
    Ok(outcomes)
}

impl Parsed {
    fn read(text: &str) -> Result<Self> {
        Ok(Self { statistics: Plan::parse(text)?, run: parse_plan(text)? })
    }
}

impl Clock {
    /// The clock of runs from a step on; no rows where that lies behind the last bar.
    fn of(market: &Market, first_step: usize, days: i64) -> Self {
        let series = &market.series[0];
        let steps = first_step.min(market.bar_count())..;
        let mut time = Vec::with_capacity(market.bar_count() + 2);
        time.extend(series.time_us.get(first_step));
        time.extend_from_slice(&series.close_time_us[steps]);
        time.extend(series.close_time_us.last());
        let calendar =
            Calendar { rollover_time: &market.calendar.rollover_time_us, weekday: &market.calendar.weekday };
        let day_rows = day_rows(&time, &calendar.boundaries(days));
        Self { time, day_rows }
    }
}

/// Returns the jobs of a JSON text.
fn parse_jobs(text: &str) -> Result<Jobs> {
    let jobs: Jobs = serde_json::from_str(text).map_err(|error| Error::Plan { reason: error.to_string() })?;
    let makes_sense = |job: &Job| {
        job.plan < jobs.plans.len() && [job.spread, job.stop, job.target].iter().all(|factor| factor.1 > 0)
    };
    if jobs.jobs.iter().all(makes_sense) {
        return Ok(jobs);
    }
    Err(Error::Plan { reason: "a job names no plan, or a factor without denominator".to_owned() })
}

/// Returns, by signal number, the bar that the requested close of each position is named after in the run.
fn own_closes(market: &Arc<Market>, table: &SignalRows, plan: &str) -> Result<BTreeMap<i64, i64>> {
    let mut simulation = Simulation::new(Arc::clone(market), parse_plan(plan)?)?;
    let requests = simulation.take_in(table.clone())?;
    let trades = run_to_end(simulation, &requests, &|| false)?.records.trades;
    let requested = trades.iter().filter(|trade| trade.reason == ExitReason::Signal.code());
    Ok(requested.map(|trade| (trade.id, trade.exit_bar_idx)).collect())
}

/// Returns what came out of one job; no values if it failed.
fn outcome_of(shared: &Shared, job: &Job) -> Outcome {
    run_job(shared, job).unwrap_or_default()
}

/// Runs one job on its own market, plan and requests.
fn run_job(shared: &Shared, job: &Job) -> Result<Outcome> {
    let Parsed { run, statistics } = shared.plans[job.plan].as_ref().map_err(Clone::clone)?;
    let market = match (job.noise, shared.widened.get(&job.spread)) {
        (None, Some(market)) => Arc::clone(market),
        (None, None) => Arc::new(with_spread(&shared.market, job.spread)),
        (Some(sample), _) => {
            Arc::new(with_spread(&with_noise(&shared.market, statistics.seed, sample), job.spread))
        }
    };
    let mut simulation = Simulation::new(Arc::clone(&market), run.clone())?;
    let by = Move { stop: job.stop, target: job.target, shift: job.shift };
    let decided = if job.decide { Some(native_signals(&market, &simulation.plan)?) } else { None };
    let rows = decided.as_ref().unwrap_or(&shared.table);
    let stressed = match by {
        Move { stop: (1, 1), target: (1, 1), shift: 0 } => rows.clone(),
        _ => rows.iter().map(|signal| with_levels(&simulation, &signal, by)).collect(),
    };
    simulation.chance = Arc::clone(&shared.chances[&run.seed]);
    simulation.records.mute();
    simulation.books.ledger.mute();
    let requests = simulation.take_in(stressed)?;
    let (requests, dropped) = with_shift(&simulation, requests, job.shift, &shared.closes);
    let ended = run_to_end(simulation, &requests, &|| false)?;
    Ok(summary(&shared.clocks[&(run.first_step, statistics.days)], ended, statistics, dropped))
}

/// Returns what stage 2 compares, by the definitions of the metrics.
fn summary(clock: &Clock, ended: Simulation, plan: &Plan, dropped: i64) -> Outcome {
    let (marks, closed) = (ended.books.equity, ended.records.closed);
    let equity = Equity { time: &clock.time, value: &marks, benchmark: None };
    let risk_free = numerics::quotient(plan.risk_free.0.into(), plan.risk_free.1.into());
    let days = measure_rows(&equity, clock.day_rows.clone(), risk_free);
    let ratio = match (&days.excess, days.factor) {
        (Ok(excess), Ok(factor)) => sharpe(excess, factor).ok(),
        _ => None,
    };
    Outcome {
        net: Some(closed.net),
        drawdown_frac: Some(deepest_frac(&marks)),
        sharpe: ratio,
        trades: Some(closed.trades),
        dropped,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stress {
    spread: Fraction,
    noise: Option<u64>,
    seed: u64,
}

/// Returns the bars of every series of a changed market (the seam's `stress_market`).
///
/// `stress` is JSON `{"spread": [3, 2], "noise": 7, "seed": 0}`; `noise` may be null.
///
/// # Errors
/// `config.plan` for a stress that makes no sense.
pub fn stress_market(market: &Market, stress: &str) -> Result<Vec<RecordBatch>> {
    let wanted: Stress =
        serde_json::from_str(stress).map_err(|error| Error::Plan { reason: error.to_string() })?;
    let moved = match wanted.noise {
        None => with_spread(market, wanted.spread),
        Some(sample) => with_spread(&with_noise(market, wanted.seed, sample), wanted.spread),
    };
    moved.series.iter().map(bars_of).collect()
}

fn bars_of(series: &Series) -> Result<RecordBatch> {
    let mut arrays: Vec<ArrayRef> =
        vec![frame::times_of(series.time_us.to_vec()), frame::times_of(series.close_time_us.to_vec())];
    for prices in [&series.bid, &series.ask] {
        for column in [&prices.open, &prices.high, &prices.low, &prices.close] {
            arrays.push(frame::int32_of(column.to_vec()));
        }
    }
    arrays.push(Arc::new(series.volume.clone()));
    frame::batch(schema::BARS, arrays)
}
