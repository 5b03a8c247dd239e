//! What may be asked for: the JSON list of specs at the seam, and the bounds of its parameters.
//!
//! Names, defaults and lookbacks for people stand in `omega.indicators.catalogue`; here is only what
//! the arithmetic needs to be safe. Shape faults are defects of the caller (`config.plan`).

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use crate::error::{Error, Result};
use crate::schema::Side;

const NAMES: [&str; 4] = ["atr", "ema", "rsi", "sma"];
const PERIOD_MAX: u32 = 100_000;
const SHAPE: &str = "indicator specs are a list of {name, series, side, source, parameters}";

/// The price of a bar that an indicator reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
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

/// One indicator of one series: what `compute_indicators` takes a list of.
///
/// `parameters` are numbers by name; `source` is not read by indicators of whole bars (ATR).
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
    /// Price of the bar.
    pub source: Source,
    /// Numbers by name.
    pub parameters: BTreeMap<String, f64>,
}

/// Returns the specs of a JSON list.
///
/// # Errors
/// `config.plan` if the text is not such a list.
pub fn parse(text: &str) -> Result<Vec<Spec>> {
    serde_json::from_str(text).map_err(|_| Error::Plan { reason: SHAPE.to_owned() })
}

/// Returns the one parameter of the four indicators, a whole number from 1 to 100000.
///
/// # Errors
/// `indicator.unknown`, `indicator.unknown_parameter`, `indicator.parameter`.
pub(crate) fn period_of(spec: &Spec) -> Result<u32> {
    let name = &spec.name;
    if !NAMES.contains(&name.as_str()) {
        return Err(Error::UnknownIndicator { name: name.clone() });
    }
    if let Some(parameter) = spec.parameters.keys().find(|parameter| *parameter != "period") {
        return Err(Error::UnknownParameter { indicator: name.clone(), parameter: parameter.clone() });
    }
    let Some(&value) = spec.parameters.get("period") else {
        return Err(Error::Plan { reason: format!("{name}: period is missing") });
    };
    whole(value).ok_or_else(|| Error::ParameterOutOfRange {
        indicator: name.clone(),
        parameter: "period",
        value,
        expected: "a whole number from 1 to 100000",
    })
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked before")]
#[allow(clippy::float_cmp, reason = "a whole number equals its own truncation")]
fn whole(value: f64) -> Option<u32> {
    let is_whole = (1.0..=f64::from(PERIOD_MAX)).contains(&value) && value == value.trunc();
    is_whole.then_some(value as u32)
}

fn side<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Side, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "bid" => Ok(Side::Bid),
        "ask" => Ok(Side::Ask),
        other => Err(serde::de::Error::unknown_variant(other, &["bid", "ask"])),
    }
}
