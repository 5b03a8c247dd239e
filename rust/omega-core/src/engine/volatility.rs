//! ATR(14) of the step timeframe in points, for stops and slippage that are measured by it (CST-2, MGT).
//!
//! The columns are computed once, before the run, if anything needs them. Value i is known once bar i is complete.

use crate::indicators::atr::Atr;
use crate::market::{Prices, Series};

const PERIOD: u32 = 14;

/// The ATR columns of both sides of a series.
#[derive(Clone, Debug, Default)]
pub struct Volatility {
    bid: Vec<f64>,
    ask: Vec<f64>,
}

impl Volatility {
    /// Computes both columns, or none if nothing needs them.
    #[must_use]
    pub fn new(series: &Series, is_needed: bool) -> Self {
        if !is_needed {
            return Self::default();
        }
        Self { bid: atr_points(&series.bid), ask: atr_points(&series.ask) }
    }

    /// ATR of the side on which positions of a direction close, NaN before it is there.
    #[must_use]
    pub fn atr(&self, direction: i64, bar_idx: usize) -> f64 {
        let column = if direction > 0 { &self.bid } else { &self.ask };
        column.get(bar_idx).copied().unwrap_or(f64::NAN)
    }
}

/// ATR(14) of one side in points, NaN for its first 14 bars.
fn atr_points(side: &Prices) -> Vec<f64> {
    let mut state = Atr::new(PERIOD);
    let rows = side.high.iter().zip(side.low.iter()).zip(side.close.iter());
    rows.map(|((high, low), close)| state.update(f64::from(*high), f64::from(*low), f64::from(*close)))
        .collect()
}
