//! Indicators: definitions, lookback, seeding and order of operations of TA-Lib.
//!
//! An indicator is its step function: a small state with `update(...)`. A column is the loop over
//! it, so that a stream and a batch cannot differ. Alignment to other timeframes and caching live
//! above the seam (`omega.indicators`). Rules IND-1 to IND-6 in `docs/spec/data.md`, formulas in
//! `docs/spec/indicators.md`.

mod adx;
mod aroon;
pub(crate) mod atr;
mod bbands;
mod beta;
#[rustfmt::skip]
mod catalogue;
mod cci;
mod change;
mod choppiness;
mod columns;
mod correlation;
mod covariance;
mod dema;
mod deviation;
mod directional;
mod donchian;
mod dx;
mod ema;
mod extreme;
mod garch;
mod highest;
mod hurst;
mod kalman;
mod kalman_garch_zscore;
mod kalman_zscore;
mod kama;
mod keltner;
mod linearreg;
mod lowest;
mod macd;
mod mfi;
mod minus_di;
mod mom;
mod natr;
mod number;
mod obv;
mod pivot;
mod plus_di;
mod prices;
mod roc;
mod rsi;
mod sar;
mod session;
mod sliding;
mod sma;
mod spec;
mod stddev;
mod steps;
mod stoch;
mod stochrsi;
mod stretches;
mod tema;
mod total;
mod trange;
mod volatility_cluster;
mod vwap;
mod wilder;
mod willr;
mod window;
mod wma;
mod zscore;
mod zscore_ema;

pub use catalogue::{CATALOGUE, Indicator, Parameter};
pub use columns::compute_indicators;
pub(crate) use ema::two_emas_of_closes;
pub use prices::{PriceColumns, price_column};
pub use spec::{Source, Spec, parse};
