//! What may be asked for: the JSON list of specs at the seam, and the bounds of its parameters.
//!
//! Names and bounds stand in `catalogue`. Shape faults are defects of the caller (`config.plan`).

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use crate::error::{Error, Result};
use crate::indicators::catalogue::{CATALOGUE, Indicator};
use crate::schema::Side;

const DEPTH_MAX: u32 = 8;
const SHAPE: &str = "indicator specs are a list of {name, series, side, source, parameters} and, where needed, {other, output}";

/// The price of a bar that an indicator reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Price {
    /// The close.
    Close,
    /// The open.
    Open,
    /// The high.
    High,
    /// The low.
    Low,
    /// `(high + low) / 2`
    Hl2,
    /// `(high + low + close) / 3`
    Hlc3,
    /// `(high + low + close + open) / 4`
    Ohlc4,
}

/// What an indicator reads: a price of the bar, or the column of another indicator.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Source {
    /// A price.
    Price(Price),
    /// Another indicator.
    Derived(Box<Spec>),
}

/// One indicator of one series: what `compute_indicators` takes a list of.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Name of the indicator, in lower case.
    pub name: String,
    /// Index of the series in the market.
    pub series: usize,
    /// Side of the quote.
    #[serde(deserialize_with = "side")]
    pub side: Side,
    /// What it reads.
    pub source: Source,
    /// Numbers by name.
    pub parameters: BTreeMap<String, f64>,
    /// The second input of indicators of two series.
    #[serde(default)]
    pub other: Option<Source>,
    /// One of several outputs.
    #[serde(default)]
    pub output: Option<String>,
}

/// Checked parameters of one indicator. twin: none — a mapping.
pub(crate) struct Parameters<'a>(pub(crate) &'a BTreeMap<String, f64>);

impl Parameters<'_> {
    /// A whole parameter.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be whole and in range"
    )]
    pub(crate) fn whole(&self, name: &str) -> u32 {
        self.real(name) as u32
    }

    /// Any parameter.
    pub(crate) fn real(&self, name: &str) -> f64 {
        self.0.get(name).copied().unwrap_or(f64::NAN)
    }
}

/// Returns the specs of a JSON list.
///
/// # Errors
/// `config.plan` if the text is not such a list.
pub fn parse(text: &str) -> Result<Vec<Spec>> {
    let shape = || Error::Plan { reason: SHAPE.to_owned() };
    let specs: Vec<Spec> = serde_json::from_str(text).map_err(|_| shape())?;
    if specs.iter().any(|spec| depth(spec) > DEPTH_MAX) {
        return Err(shape());
    }
    Ok(specs)
}

/// Returns the catalogue's entry and the parameters.
///
/// # Errors
/// `indicator.unknown`, `indicator.unknown_parameter`, `indicator.parameter`; `config.plan` for a
/// parameter, an output or a second input that is missing.
pub(crate) fn check(spec: &Spec) -> Result<(&'static Indicator, Parameters<'_>)> {
    let name = &spec.name;
    let entry = CATALOGUE
        .iter()
        .find(|entry| entry.name == name)
        .ok_or_else(|| Error::UnknownIndicator { name: name.clone() })?;
    let is_known = |parameter: &str| entry.parameters.iter().any(|one| one.name == parameter);
    if let Some(parameter) = spec.parameters.keys().find(|parameter| !is_known(parameter)) {
        return Err(Error::UnknownParameter { indicator: name.clone(), parameter: parameter.clone() });
    }
    let misfit = |what: &str| Error::Plan { reason: format!("{name}: {what}") };
    for one in entry.parameters {
        let value =
            *spec.parameters.get(one.name).ok_or_else(|| misfit(&format!("{} is missing", one.name)))?;
        if !(one.minimum..=one.maximum).contains(&value) || (one.is_whole && !is_whole(value)) {
            let (indicator, expected) = (name.clone(), one.expected);
            return Err(Error::ParameterOutOfRange { indicator, parameter: one.name, value, expected });
        }
    }
    let parameters = Parameters(&spec.parameters);
    check_persistence(name, &parameters)?;
    if entry.reads.contains(&"other") != spec.other.is_some() {
        return Err(misfit("other does not fit"));
    }
    match &spec.output {
        None if entry.outputs.is_empty() => {}
        Some(output) if entry.outputs.contains(&output.as_str()) => {}
        _ => return Err(misfit("output does not fit")),
    }
    Ok((entry, parameters))
}

/// Refuses alpha + beta from 1 on: such a volatility has no level to return to.
fn check_persistence(name: &str, parameters: &Parameters<'_>) -> Result<()> {
    let value = parameters.real("alpha") + parameters.real("beta");
    if value >= 1.0 {
        let (parameter, expected) = ("alpha + beta", "less than 1");
        return Err(Error::ParameterOutOfRange { indicator: name.to_owned(), parameter, value, expected });
    }
    Ok(())
}

#[allow(clippy::float_cmp, reason = "a whole number equals its own truncation")]
fn is_whole(value: f64) -> bool {
    value == value.trunc()
}

/// How deep indicators read indicators. twin: none — part of the shape check.
fn depth(spec: &Spec) -> u32 {
    let below = [Some(&spec.source), spec.other.as_ref()].into_iter().flatten();
    let deepest =
        below.map(|source| if let Source::Derived(spec) = source { depth(spec) + 1 } else { 0 }).max();
    deepest.unwrap_or(0)
}

fn side<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Side, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "bid" => Ok(Side::Bid),
        "ask" => Ok(Side::Ask),
        other => Err(serde::de::Error::unknown_variant(other, &["bid", "ask"])),
    }
}
