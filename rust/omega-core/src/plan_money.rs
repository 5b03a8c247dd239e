//! The sections of the plan about money: conversion rates, margin, sizing.
//!
//! Rules CUR, MRG and SIZ in `docs/spec/engine.md`; the JSON is in `ARCHITECTURE.md`.

use serde::Deserialize;

use crate::error::Result;
use crate::plan::{Fraction, MAX_STEPS, fraction, misfit, positive, within};

const MAX_TIME_US: i64 = 1 << 62;
/// Limit on the terms of a hedged share: the margin of covered volume is a product of four numbers.
const MAX_HEDGED_TERM: i64 = 1_000_000;
const MAX_LEVERAGE: i64 = 1_000_000;
const MAX_LEVEL: i64 = 100;

/// A currency pair: one rate for the whole run, or the series whose closes it follows.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairPlan {
    /// Its name, for messages.
    pub name: String,
    /// The one rate.
    pub rate: Option<Fraction>,
    /// The series.
    pub series: Option<usize>,
    /// Times, first and last one beyond, at which its last close is too old to convert with.
    pub stale: Vec<(i64, i64)>,
}

/// One conversion of a route: the pair, and whether it divides by its price.
pub type Leg = (usize, bool);

/// CUR: pairs, routes into the account currency, and which of them each symbol's money takes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RatesPlan {
    /// The pairs.
    pub pairs: Vec<PairPlan>,
    /// The routes, of one or two legs.
    pub routes: Vec<Vec<Leg>>,
    /// Per symbol the route of its quote currency, `None` in the account's own.
    pub quote: Vec<Option<usize>>,
    /// Per symbol the route of its commission.
    pub commission: Vec<Option<usize>>,
}

/// MRG: shares of the margin at which positions are closed, and at which a call is noted.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarginPlan {
    /// At or below it positions are closed.
    pub stop_out_level: Fraction,
    /// At or below it a diagnostic is written.
    pub margin_call_level: Fraction,
}

/// MRG: leverage of a symbol, the account's limit applied; what covered volume holds, as a share of its margin.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SymbolMargin {
    /// Notional over margin.
    pub leverage: Fraction,
    /// Share of the margin that covered volume holds.
    pub hedged: Option<Fraction>,
}

/// SIZ: how orders without a size of their own are sized.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case", deny_unknown_fields)]
pub enum Sizing {
    /// The same volume for every order.
    FixedLots {
        /// Volume, in steps.
        steps: i64,
        /// What happens below the least volume.
        min_lot: MinLot,
    },
    /// As many steps as the amount allows between entry and stop.
    RiskAmount {
        /// Account currency at risk.
        amount: Fraction,
        /// What happens below the least volume.
        min_lot: MinLot,
    },
    /// As many steps as a share of equity allows between entry and stop.
    RiskPercent {
        /// Share of equity at risk, in percent.
        percent: Fraction,
        /// What happens below the least volume.
        min_lot: MinLot,
    },
    /// As many steps as the amount is worth at the entry.
    Notional {
        /// Account currency.
        amount: Fraction,
        /// What happens below the least volume.
        min_lot: MinLot,
    },
}

/// What happens to an order below the least volume.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum MinLot {
    /// It is refused.
    Reject,
    /// It gets the least volume.
    RoundUp,
}

impl Sizing {
    /// Whether orders below the least volume get it.
    #[must_use]
    pub fn rounds_up(&self) -> bool {
        let (Self::FixedLots { min_lot, .. }
        | Self::RiskAmount { min_lot, .. }
        | Self::RiskPercent { min_lot, .. }
        | Self::Notional { min_lot, .. }) = self;
        *min_lot == MinLot::RoundUp
    }
}

/// Refuses conversion rates that do not fit each other. twin: none — the twin parses and checks in one go.
pub(crate) fn check_rates(rates: &RatesPlan, symbol_count: usize) -> Result<()> {
    rates.pairs.iter().try_for_each(check_pair)?;
    for route in &rates.routes {
        if route.is_empty() || route.len() > 2 {
            return Err(misfit("rates.routes have one or two legs"));
        }
        if route.iter().any(|leg| leg.0 >= rates.pairs.len()) {
            return Err(misfit("rates.routes name a pair that is not there"));
        }
    }
    for (place, routes) in [("rates.quote", &rates.quote), ("rates.commission", &rates.commission)] {
        if routes.len() != symbol_count {
            return Err(misfit(&format!("{place} must have one entry per symbol")));
        }
        if routes.iter().flatten().any(|route| *route >= rates.routes.len()) {
            return Err(misfit(&format!("{place} names a route that is not there")));
        }
    }
    Ok(())
}

/// Refuses margin levels out of range. twin: none — as `check_rates`.
pub(crate) fn check_margin(margin: &MarginPlan) -> Result<()> {
    bounded(margin.stop_out_level, "margin.stop_out_level", MAX_LEVEL)?;
    bounded(margin.margin_call_level, "margin.margin_call_level", MAX_LEVEL)
}

/// Refuses margin terms of a symbol out of range. twin: none — as `check_rates`.
pub(crate) fn check_symbol_margin(terms: &SymbolMargin) -> Result<()> {
    positive(terms.leverage, "symbols.margin.leverage")?;
    bounded(terms.leverage, "symbols.margin.leverage", MAX_LEVERAGE)?;
    let Some(hedged) = terms.hedged else { return Ok(()) };
    bounded(hedged, "symbols.margin.hedged", 2)?;
    within(hedged.0, "symbols.margin.hedged", 0, MAX_HEDGED_TERM)?;
    within(hedged.1, "symbols.margin.hedged", 1, MAX_HEDGED_TERM)
}

/// Refuses sizes out of range. twin: none — as `check_rates`.
pub(crate) fn check_sizing(sizing: &Sizing) -> Result<()> {
    match sizing {
        Sizing::FixedLots { steps, .. } => within(*steps, "sizing.steps", 1, MAX_STEPS),
        Sizing::RiskAmount { amount, .. } | Sizing::Notional { amount, .. } => {
            positive(*amount, "sizing.amount")
        }
        Sizing::RiskPercent { percent, .. } => {
            positive(*percent, "sizing.percent")?;
            bounded(*percent, "sizing.percent", 100)
        }
    }
}

fn check_pair(pair: &PairPlan) -> Result<()> {
    if pair.rate.is_none() == pair.series.is_none() {
        return Err(misfit("rates.pairs have a rate or a series"));
    }
    if let Some(rate) = pair.rate {
        positive(rate, "rates.pairs.rate")?;
    }
    for (from_us, until_us) in &pair.stale {
        within(*from_us, "rates.pairs.stale", -MAX_TIME_US, MAX_TIME_US)?;
        within(*until_us, "rates.pairs.stale", *from_us, MAX_TIME_US)?;
    }
    if pair.stale.windows(2).any(|spans| spans[1].0 < spans[0].1) {
        return Err(misfit("rates.pairs.stale must ascend"));
    }
    Ok(())
}

fn bounded(value: Fraction, place: &str, high: i64) -> Result<()> {
    fraction(value, place)?;
    if i128::from(value.0) > i128::from(high) * i128::from(value.1) {
        return Err(misfit(&format!("{place} must be at most {high}")));
    }
    Ok(())
}
