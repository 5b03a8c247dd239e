//! Indicators: definitions, lookback, seeding and order of operations of TA-Lib.
//!
//! An indicator is its step function: a small state with `update(...)`. A column is the loop over
//! it, so that a stream and a batch cannot differ. Alignment to other timeframes and caching live
//! above the seam (`omega.indicators`). Rules IND-1 to IND-6 in `docs/spec/data.md`, formulas in
//! `docs/spec/indicators.md`.

mod atr;
mod columns;
mod ema;
mod rsi;
mod sma;
mod spec;
mod wilder;

use std::borrow::Cow;

pub use atr::{Atr, atr};
pub use columns::compute_indicators;
pub use ema::{Ema, ema};
pub use rsi::{Rsi, rsi};
pub use sma::{Sma, sma};
pub use spec::{Source, Spec, parse};
pub use wilder::Wilder;

use crate::error::{Error, Result};

/// One side of one series in quote currency per unit: points / 10^digits, one quotient each (IND-3c).
///
/// The four columns are equally long.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prices {
    /// First price of each bar.
    pub open: Vec<f64>,
    /// Highest.
    pub high: Vec<f64>,
    /// Lowest.
    pub low: Vec<f64>,
    /// Last.
    pub close: Vec<f64>,
}

/// Returns prices of a column of points: points / 10^digits, one correctly rounded quotient each (IND-3c).
///
/// The power is exact up to 22 digits.
#[must_use]
pub fn price_column(points: &[i32], digits: u32) -> Vec<f64> {
    let mut scale = 1.0;
    for _ in 0..digits {
        scale *= 10.0;
    }
    points.iter().map(|&point| f64::from(point) / scale).collect()
}

/// Returns the column of `spec`, as long as `prices`, NaN during warm-up.
///
/// # Errors
/// `indicator.unknown`, `indicator.unknown_parameter`, `indicator.parameter`.
pub fn compute(spec: &Spec, prices: &Prices) -> Result<Vec<f64>> {
    let period = spec::period_of(spec)?;
    let source = || source_column(spec.source, prices);
    match spec.name.as_str() {
        "atr" => Ok(atr(&prices.high, &prices.low, &prices.close, period)),
        "sma" => Ok(sma(&source(), period)),
        "ema" => Ok(ema(&source(), period)),
        "rsi" => Ok(rsi(&source(), period)),
        _ => Err(Error::UnknownIndicator { name: spec.name.clone() }),
    }
}

/// Returns the prices an indicator reads; the order of the sums is TA-Lib's.
#[must_use]
pub fn source_column(source: Source, prices: &Prices) -> Cow<'_, [f64]> {
    let Prices { open, high, low, close } = prices;
    match source {
        Source::Open => Cow::Borrowed(open),
        Source::High => Cow::Borrowed(high),
        Source::Low => Cow::Borrowed(low),
        Source::Close => Cow::Borrowed(close),
        Source::Hl2 => high.iter().zip(low).map(|(high, low)| (high + low) / 2.0).collect(),
        Source::Hlc3 => {
            let bars = high.iter().zip(low).zip(close);
            bars.map(|((high, low), close)| (high + low + close) / 3.0).collect()
        }
        Source::Ohlc4 => {
            let bars = high.iter().zip(low).zip(close).zip(open);
            bars.map(|(((high, low), close), open)| (high + low + close + open) / 4.0).collect()
        }
    }
}
