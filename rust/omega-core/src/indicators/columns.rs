//! The seam's `compute_indicators`: specs in, one column each out.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::indicators::{Prices, Spec, compute, parse, price_column};
use crate::market::{Market, Series};
use crate::schema::Side;

/// Returns one column per spec of a JSON list, as long as its own series, NaN during warm-up.
///
/// The prices of a side are read once for all specs; columns are computed in parallel. Of several
/// errors the one of the first spec is returned.
///
/// # Errors
/// As [`parse`] and [`compute`]; `config.plan` for a series the market does not have.
pub fn compute_indicators(market: &Market, specs: &str) -> Result<Vec<Vec<f64>>> {
    let specs = parse(specs)?;
    let mut read = BTreeMap::new();
    for spec in &specs {
        if let Some(series) = market.series.get(spec.series) {
            read.entry((spec.series, spec.side.code())).or_insert_with(|| prices_of(series, spec.side));
        }
    }
    let column = |spec: &Spec| match read.get(&(spec.series, spec.side.code())) {
        Some(prices) => compute(spec, prices),
        None => Err(Error::Plan { reason: format!("there is no series {}", spec.series) }),
    };
    // Collected in order first: of several errors, rayon would return any.
    let columns: Vec<Result<Vec<f64>>> = specs.par_iter().map(column).collect();
    columns.into_iter().collect()
}

fn prices_of(series: &Series, side: Side) -> Prices {
    let points = if side == Side::Bid { &series.bid } else { &series.ask };
    let column = |points: &[i32]| price_column(points, series.digits);
    Prices {
        open: column(&points.open),
        high: column(&points.high),
        low: column(&points.low),
        close: column(&points.close),
    }
}
