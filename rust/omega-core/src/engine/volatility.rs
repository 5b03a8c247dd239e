//! ATR(14) of the step timeframe in points, for stops and slippage that are measured by it (CST-2, MGT).
//!
//! A column is computed once, when a rule first asks for its side. Value i is known once bar i is complete.

use std::sync::OnceLock;

use crate::indicators::atr::Atr;
use crate::market::{Prices, Series};

const PERIOD: u32 = 14;

/// The ATR columns of both sides of a series.
#[derive(Clone, Debug, Default)]
pub struct Volatility {
    bid: OnceLock<Vec<f64>>,
    ask: OnceLock<Vec<f64>>,
}

impl Volatility {
    /// The ATR that is known when a bar opens: that of the bar before, NaN without one.
    #[must_use]
    pub fn atr_before(&self, series: &Series, direction: i64, bar_idx: usize) -> f64 {
        bar_idx.checked_sub(1).map_or(f64::NAN, |before| self.atr(series, direction, before))
    }

    /// The ATR of the side on which positions of a direction close, NaN before it is there.
    #[must_use]
    pub fn atr(&self, series: &Series, direction: i64, bar_idx: usize) -> f64 {
        let (column, side) = if direction > 0 { (&self.bid, &series.bid) } else { (&self.ask, &series.ask) };
        column.get_or_init(|| atr_points(side))[bar_idx]
    }
}

/// ATR(14) of one side in points, NaN for its first 14 bars.
fn atr_points(side: &Prices) -> Vec<f64> {
    let mut state = Atr::new(PERIOD);
    let rows = side.high.iter().zip(side.low.iter()).zip(side.close.iter());
    rows.map(|((high, low), close)| state.update(f64::from(*high), f64::from(*low), f64::from(*close)))
        .collect()
}
