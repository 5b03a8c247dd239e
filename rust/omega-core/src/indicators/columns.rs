//! The seam's `compute_indicators`: specs in, one column each out.

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::indicators::{Prices, Spec, compute, parse, price_column};
use crate::market::Market;
use crate::schema::Side;

/// Returns one column per spec of a JSON list, as long as its own series, NaN during warm-up.
///
/// # Errors
/// As [`parse`] and [`compute`]; `config.plan` for a series the market does not have.
pub fn compute_indicators(market: &Market, specs: &str) -> Result<Vec<Vec<f64>>> {
    parse(specs)?.par_iter().map(|spec| compute(spec, &prices_of(market, spec)?)).collect()
}

fn prices_of(market: &Market, spec: &Spec) -> Result<Prices> {
    let Some(series) = market.series.get(spec.series) else {
        return Err(Error::Plan { reason: format!("there is no series {}", spec.series) });
    };
    let side = if spec.side == Side::Bid { &series.bid } else { &series.ask };
    let column = |points: &[i32]| price_column(points, series.digits);
    Ok(Prices {
        open: column(&side.open),
        high: column(&side.high),
        low: column(&side.low),
        close: column(&side.close),
    })
}
