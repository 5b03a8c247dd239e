//! Prices of bars as floats: points / 10^digits, one quotient each (IND-3c), and what is composed of them.

use std::borrow::Cow;
use std::sync::OnceLock;

use crate::indicators::spec::Price;
use crate::market::Series;
use crate::schema::Side;

/// The eight price columns of a series as floats, each made when it is first read.
///
/// twin: none — a cache.
#[derive(Clone, Debug, Default)]
pub struct PriceColumns([OnceLock<Vec<f64>>; 8]);

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

/// Returns the prices an indicator reads; the order of the sums is TA-Lib's.
pub(crate) fn source_column(source: Price, series: &Series, side: Side) -> Cow<'_, [f64]> {
    let prices = |source| basic_column(source, series, side);
    let (open, high, low, close) = (Price::Open, Price::High, Price::Low, Price::Close);
    match source {
        Price::Hl2 => prices(high).iter().zip(prices(low)).map(|(high, low)| (high + low) / 2.0).collect(),
        Price::Hlc3 => {
            let bars = prices(high).iter().zip(prices(low)).zip(prices(close));
            bars.map(|((high, low), close)| (high + low + close) / 3.0).collect()
        }
        Price::Ohlc4 => {
            let bars = prices(high).iter().zip(prices(low)).zip(prices(close)).zip(prices(open));
            bars.map(|(((high, low), close), open)| (high + low + close + open) / 4.0).collect()
        }
        Price::Open | Price::High | Price::Low | Price::Close => Cow::Borrowed(prices(source)),
    }
}

/// One of the four prices a bar has; anything else is its close. twin: none — `getattr`.
fn basic_column(source: Price, series: &Series, side: Side) -> &[f64] {
    let (points, place) = if side == Side::Bid { (&series.bid, 0) } else { (&series.ask, 4) };
    let (column, idx) = match source {
        Price::Open => (&points.open, 0),
        Price::High => (&points.high, 1),
        Price::Low => (&points.low, 2),
        _ => (&points.close, 3),
    };
    series.floats.0[place + idx].get_or_init(|| price_column(column, series.digits))
}
