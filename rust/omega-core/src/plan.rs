//! The plan of one run: everything but market data and strategy code.
//!
//! Parsed from the canonical JSON that Python wrote. Unknown and missing fields are refused, and so is
//! every value that would let a product leave 128 bits: the loop relies on these limits instead of
//! checking. `docs/decisions/0001-exact-money.md`.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::plan_money::{
    MarginPlan, RatesPlan, Sizing, SymbolMargin, check_margin, check_rates, check_sizing, check_symbol_margin,
};
use crate::plan_rules::{Filters, PositionRule, check_filters, check_rules};

/// Limit on numerators and denominators of fractions.
pub const MAX_TERM: i64 = 1_000_000_000_000_000;
/// Limit on volumes, in steps.
pub const MAX_STEPS: i64 = 1_000_000_000;
/// Limit on the latency: a week.
pub const MAX_LATENCY_US: i64 = 7 * 86_400 * 1_000_000;
/// Limit on the terms of volumes on offer, so that their products stay within 128 bits.
pub const MAX_VOLUME_TERM: i64 = 100_000_000_000;
/// Limit on each part of slippage, in points.
pub const MAX_SLIPPAGE_POINTS: i64 = 1_000_000;
/// Limit on the share of ATR(14), with room for the rating's dearer runs of a config's at most 1.
pub const MAX_VOLATILITY: i64 = 4;

/// An exact fraction: numerator and denominator > 0.
pub type Fraction = (i64, i64);

/// CST-2: how impact grows with the volume of a fill.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Curve {
    /// In proportion to it.
    Linear,
    /// With its square root.
    SquareRoot,
}

/// CST-2: points at the liquidity, and that liquidity in steps.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Impact {
    /// How it grows.
    pub curve: Curve,
    /// Points of a fill as large as the liquidity.
    pub points: Fraction,
    /// Steps the market takes at its price.
    pub liquidity_steps: Fraction,
}

/// CST-2: fixed part in points, the largest random part, impact of the volume, and a factor on ATR(14).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slippage {
    /// Fixed part, in points.
    pub fixed_points: Fraction,
    /// Largest random part, in points.
    pub random_points: i64,
    /// Part that grows with the volume, if there is one.
    pub impact: Option<Impact>,
    /// Share of ATR(14), if there is one.
    pub volatility: Option<Fraction>,
}

/// CST-3: what a commission rate is per.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// Account currency per lot.
    PerLot,
    /// Account currency per million of notional.
    PerMillionNotional,
    /// Percent of notional.
    PercentOfNotional,
    /// Account currency per order.
    PerTrade,
}

/// CST-3: a scheme with its rate, and the least charge of an order, on the chosen sides.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commission {
    /// What the rate is per.
    pub scheme: Scheme,
    /// The rate.
    pub rate: Fraction,
    /// Least charge of an order, in account currency.
    pub minimum: Fraction,
    /// Whether opening orders pay.
    pub on_entry: bool,
    /// Whether closing orders pay.
    pub on_exit: bool,
}

/// SWP-1: what a swap rate is measured in.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum SwapUnit {
    /// Points of price per night.
    Points,
    /// Account currency per lot and night.
    Money,
    /// Percent of notional a year of 360 days.
    Percent,
}

/// SWP-1: signed rates, nights by weekday of the FX day, and rates that apply from a date on.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SwapPlan {
    /// What the rates are measured in.
    pub unit: SwapUnit,
    /// Of long positions.
    pub long: Fraction,
    /// Of short positions.
    pub short: Fraction,
    /// Nights by weekday of the FX day, Monday first.
    pub multipliers: [i32; 7],
    /// FX day from which other long and short rates apply.
    pub dated: Vec<(i32, Fraction, Fraction)>,
}

/// What the engine knows of one symbol.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SymbolPlan {
    /// Name, for example `EURUSD`.
    pub name: String,
    /// Digits of a price.
    pub digits: u32,
    /// Points in a pip.
    pub pip_points: i64,
    /// Points in a tick.
    pub tick_points: i64,
    /// Quote currency per point and step.
    pub value: Fraction,
    /// Lots in a step.
    pub volume_step: Fraction,
    /// Least volume, in steps.
    pub volume_min_steps: i64,
    /// Largest volume, in steps.
    pub volume_max_steps: i64,
    /// Least distance of a stop from the entry.
    pub min_stop_points: i64,
    /// Slippage model.
    pub slippage: Slippage,
    /// Commission scheme.
    pub commission: Commission,
    /// Swap, if it is simulated.
    pub swap: Option<SwapPlan>,
    /// What a bar offers, if fills are limited by it.
    pub liquidity: Option<Liquidity>,
    /// Margin terms, if positions hold margin.
    pub margin: Option<SymbolMargin>,
}

/// FIL-12: lots on offer in a bar, always the same, or per unit of the bar's volume.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(untagged)]
pub enum Liquidity {
    /// The same lots in every bar.
    Lots {
        /// Lots.
        lots: Fraction,
    },
    /// Lots per unit of the bar's volume.
    PerVolumeUnit {
        /// Lots per unit.
        lots_per_volume_unit: Fraction,
    },
}

/// A strategy that lives in the core.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NativeStrategy {
    /// Its name.
    pub native: String,
    /// Its parameters.
    pub parameters: Map<String, Value>,
}

/// The plan, parsed and within limits.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Digits of the account currency.
    pub account_digits: u32,
    /// Initial balance, in minor units.
    pub balance: i64,
    /// Symbols of the run.
    pub symbols: Vec<SymbolPlan>,
    /// Whether requests fill at the close of the bar they were decided on (LOOP-2).
    pub signal_close: bool,
    /// What happens inside a bar (FIL-7).
    pub intrabar: Intrabar,
    /// Points by which limits and targets have to be passed, 0 for a touch.
    pub limit_through_points: i64,
    /// Time a request takes to reach the broker (FIL-13).
    pub latency_us: i64,
    /// Share of a bar's volume that opening fills may take (FIL-12).
    pub max_participation: Option<Fraction>,
    /// Whether open positions are closed after the last bar (LOOP-3).
    pub close_at_end: bool,
    /// Whether signals that cannot be are refused one by one instead of failing the run (SIG-1).
    pub reject_bad_signals: bool,
    /// Seed of all random numbers.
    pub seed: u64,
    /// How orders are sized.
    pub sizing: Sizing,
    /// Margin levels of the account, if positions hold margin.
    pub margin: Option<MarginPlan>,
    /// Conversion rates, if any money is in another currency than the account's.
    pub rates: Option<RatesPlan>,
    /// Rules that move stops and close positions (MGT).
    pub position_rules: Vec<PositionRule>,
    /// Filters that refuse orders (MGT-4).
    pub filters: Option<Filters>,
    /// Index of the first bar that is a step.
    pub first_step: usize,
    /// Native strategy, if the plan names one.
    pub strategy: Option<NativeStrategy>,
}

/// The plan of a portfolio on its own.
#[derive(Clone, Debug)]
pub struct PortfolioPlan {
    /// Digits of the account currency.
    pub account_digits: u32,
    /// Initial balance, in minor units.
    pub balance: i64,
    /// Symbols it may hold.
    pub symbols: Vec<SymbolPlan>,
    /// When its books begin.
    pub start_us: i64,
}

/// A portfolio plan as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenPortfolio {
    version: i64,
    account: Account,
    symbols: Vec<SymbolPlan>,
    start_us: i64,
}

/// The plan as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: i64,
    account: Account,
    symbols: Vec<SymbolPlan>,
    execution: Execution,
    sizing: Sizing,
    margin: Option<MarginPlan>,
    rates: Option<RatesPlan>,
    position_rules: Vec<PositionRule>,
    filters: Option<Filters>,
    first_step: usize,
    strategy: Option<NativeStrategy>,
    #[serde(rename = "metrics")]
    _metrics: Value,
    #[serde(rename = "rating")]
    _rating: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Account {
    #[serde(rename = "currency")]
    _currency: String,
    digits: u32,
    balance: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Execution {
    fill: Fill,
    intrabar: Intrabar,
    close_at_end: bool,
    on_bad_signal: OnBadSignal,
    seed: u64,
    limit_through_points: i64,
    latency_us: i64,
    max_participation: Option<Fraction>,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Fill {
    NextOpen,
    SignalClose,
}

/// FIL-7: what a bar does where its four prices leave the order of events open.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Intrabar {
    /// The stop comes first.
    StopFirst,
    /// The target comes first.
    TargetFirst,
    /// The price goes to the nearer extreme first.
    NearestExtreme,
    /// The price goes against the bar's colour first.
    BarColor,
    /// Finer bars tell.
    Finer,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum OnBadSignal {
    Fail,
    Reject,
}

/// Returns the plan of a JSON text.
///
/// # Errors
/// `config.plan` with what does not fit.
pub fn parse_plan(text: &str) -> Result<Plan> {
    let written: Written = serde_json::from_str(text).map_err(|error| misfit(&error.to_string()))?;
    if written.version != 1 {
        return Err(misfit(&format!("version {}", written.version)));
    }
    within(i64::from(written.account.digits), "account.digits", 0, 4)?;
    within(written.account.balance, "account.balance", 1, 100_000_000_000_000_000)?;
    if written.symbols.is_empty() {
        return Err(misfit("there is no symbol"));
    }
    written.symbols.iter().try_for_each(check_symbol)?;
    check_sizing(&written.sizing)?;
    written.margin.as_ref().map_or(Ok(()), check_margin)?;
    if written.symbols.iter().any(|symbol| symbol.margin.is_none() != written.margin.is_none()) {
        return Err(misfit("symbols.margin belongs to margin"));
    }
    written.rates.as_ref().map_or(Ok(()), |rates| check_rates(rates, written.symbols.len()))?;
    check_rules(&written.position_rules)?;
    written.filters.as_ref().map_or(Ok(()), check_filters)?;
    let execution = &written.execution;
    within(execution.limit_through_points, "limit_through_points", 0, 1_000_000)?;
    within(execution.latency_us, "latency_us", 0, MAX_LATENCY_US)?;
    execution.max_participation.map_or(Ok(()), |share| volume(share, "max_participation"))?;
    Ok(Plan {
        account_digits: written.account.digits,
        balance: written.account.balance,
        symbols: written.symbols,
        signal_close: written.execution.fill == Fill::SignalClose,
        intrabar: written.execution.intrabar,
        limit_through_points: written.execution.limit_through_points,
        latency_us: written.execution.latency_us,
        max_participation: written.execution.max_participation,
        close_at_end: written.execution.close_at_end,
        reject_bad_signals: written.execution.on_bad_signal == OnBadSignal::Reject,
        seed: written.execution.seed,
        sizing: written.sizing,
        margin: written.margin,
        rates: written.rates,
        position_rules: written.position_rules,
        filters: written.filters,
        first_step: written.first_step,
        strategy: written.strategy,
    })
}

/// Returns the portfolio plan of a JSON text.
///
/// # Errors
/// `config.plan` with what does not fit.
pub fn parse_portfolio_plan(text: &str) -> Result<PortfolioPlan> {
    let written: WrittenPortfolio = serde_json::from_str(text).map_err(|error| misfit(&error.to_string()))?;
    if written.version != 1 {
        return Err(misfit(&format!("version {}", written.version)));
    }
    within(i64::from(written.account.digits), "account.digits", 0, 8)?;
    within(written.account.balance, "account.balance", 1, 100_000_000_000_000_000)?;
    within(written.start_us, "start_us", -(1 << 62), 1 << 62)?;
    written.symbols.iter().try_for_each(check_symbol)?;
    Ok(PortfolioPlan {
        account_digits: written.account.digits,
        balance: written.account.balance,
        symbols: written.symbols,
        start_us: written.start_us,
    })
}

fn check_symbol(symbol: &SymbolPlan) -> Result<()> {
    symbol.margin.as_ref().map_or(Ok(()), check_symbol_margin)?;
    within(i64::from(symbol.digits), "digits", 0, 8)?;
    within(symbol.pip_points, "pip_points", 1, 1_000_000)?;
    within(symbol.tick_points, "tick_points", 1, 1_000_000)?;
    positive(symbol.value, "value")?;
    positive(symbol.volume_step, "volume_step")?;
    within(symbol.volume_min_steps, "volume_min_steps", 1, MAX_STEPS)?;
    within(symbol.volume_max_steps, "volume_max_steps", 1, MAX_STEPS)?;
    within(symbol.min_stop_points, "min_stop_points", 0, 1_000_000_000)?;
    check_slippage(&symbol.slippage, symbol.volume_max_steps)?;
    fraction(symbol.commission.rate, "commission.rate")?;
    fraction(symbol.commission.minimum, "commission.minimum")?;
    match symbol.liquidity {
        Some(Liquidity::Lots { lots }) => volume(lots, "liquidity.lots")?,
        Some(Liquidity::PerVolumeUnit { lots_per_volume_unit }) => {
            volume(lots_per_volume_unit, "lots_per_volume_unit")?;
        }
        None => {}
    }
    symbol.swap.as_ref().map_or(Ok(()), check_swap)
}

fn check_slippage(slippage: &Slippage, max_steps: i64) -> Result<()> {
    bounded(slippage.fixed_points, "slippage.fixed_points", MAX_SLIPPAGE_POINTS)?;
    within(slippage.random_points, "slippage.random_points", 0, MAX_SLIPPAGE_POINTS)?;
    if let Some(factor) = slippage.volatility {
        bounded(factor, "slippage.volatility", MAX_VOLATILITY)?;
    }
    slippage.impact.as_ref().map_or(Ok(()), |impact| check_impact(impact, max_steps))
}

/// The exact products of impact stay in 128 bits, and the largest order slips 10^6 points at most.
fn check_impact(impact: &Impact, max_steps: i64) -> Result<()> {
    let (points, liquidity) = (impact.points, impact.liquidity_steps);
    positive(points, "slippage.impact.points")?;
    positive(liquidity, "slippage.impact.liquidity_steps")?;
    let part = i128::from(points.0) * i128::from(liquidity.1);
    let part_den = i128::from(points.1) * i128::from(liquidity.0);
    let limit = i128::from(MAX_TERM);
    let largest = i128::from(MAX_SLIPPAGE_POINTS);
    if part > limit || part_den > limit || part * i128::from(max_steps) > largest * part_den {
        return Err(misfit("slippage.impact is too large, or has too many digits"));
    }
    Ok(())
}

fn check_swap(swap: &SwapPlan) -> Result<()> {
    signed(swap.long, "swap.long")?;
    signed(swap.short, "swap.short")?;
    for nights in swap.multipliers {
        within(i64::from(nights), "swap.multipliers", 0, 10)?;
    }
    for (fx_day, long, short) in &swap.dated {
        within(i64::from(*fx_day), "swap.dated", -1_000_000, 1_000_000)?;
        signed(*long, "swap.dated")?;
        signed(*short, "swap.dated")?;
    }
    if swap.dated.windows(2).any(|pair| pair[1].0 <= pair[0].0) {
        return Err(misfit("swap.dated must ascend"));
    }
    Ok(())
}

pub(crate) fn within(value: i64, place: &str, low: i64, high: i64) -> Result<()> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(misfit(&format!("{place} must be an integer from {low} to {high}")))
}

pub(crate) fn fraction(value: Fraction, place: &str) -> Result<()> {
    within(value.0, place, 0, MAX_TERM)?;
    within(value.1, place, 1, MAX_TERM)
}

/// A fraction whose numerator may be negative.
fn signed(value: Fraction, place: &str) -> Result<()> {
    within(value.0, place, -MAX_TERM, MAX_TERM)?;
    within(value.1, place, 1, MAX_TERM)
}

pub(crate) fn positive(value: Fraction, place: &str) -> Result<()> {
    within(value.0, place, 1, MAX_TERM)?;
    within(value.1, place, 1, MAX_TERM)
}

/// A fraction that is at most `high`.
fn bounded(value: Fraction, place: &str, high: i64) -> Result<()> {
    fraction(value, place)?;
    if i128::from(value.0) > i128::from(high) * i128::from(value.1) {
        return Err(misfit(&format!("{place} must be at most {high}")));
    }
    Ok(())
}

/// A fraction above 0 whose terms are those of a volume.
fn volume(value: Fraction, place: &str) -> Result<()> {
    within(value.0, place, 1, MAX_VOLUME_TERM)?;
    within(value.1, place, 1, MAX_VOLUME_TERM)
}

pub(crate) fn misfit(reason: &str) -> Error {
    Error::Plan { reason: reason.to_owned() }
}
