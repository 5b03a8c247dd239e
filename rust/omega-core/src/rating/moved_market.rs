//! The market of a stressed run: wider spreads, or prices moved by noise (RAT-3).
//!
//! Times, calendar, alignments and other symbols stay. All timeframes are resampled from the moved bars of
//! the step timeframe, and finer bars inside them are carried along; a bar of another series that those do not
//! cover stays as it is.

use std::ops::Range;

use arrow_buffer::ScalarBuffer;

use crate::indicators::PriceColumns;
use crate::indicators::atr::Atr;
use crate::market::{MAX_POINTS, Market, Prices, Series};
use crate::numerics;
use crate::plan::Fraction;
use crate::rng;

const ATR_PERIOD: u32 = 14;
/// σ = 0.1 ATR; a uniform is the upper half of a word over 2^32.
const ATR_SHARE: f64 = 0.1;
const UNIFORMS: u64 = 12;
const WORD_HALF: i64 = 4_294_967_296;
/// Spreads up to this are looked up instead of divided.
const LOOKED_UP: i64 = 4096;

/// Open, high, low, close on their way.
type Columns = [Vec<i32>; 4];

/// Returns the market with every spread times `factor`: ask' = bid + `half_even(f·(ask - bid))`.
pub(super) fn with_spread(market: &Market, factor: Fraction) -> Market {
    let mut moved = market.clone();
    if factor != (1, 1) {
        let traded = market.series[0].symbol;
        for series in moved.series.iter_mut().filter(|series| series.symbol == traded) {
            *series = widened(series, factor);
        }
    }
    moved
}

fn widened(series: &Series, factor: Fraction) -> Series {
    let (num, den) = (i128::from(factor.0), i128::from(factor.1));
    let stressed = |spread: i64| numerics::half_even_quotient(num * i128::from(spread), den);
    let known: Vec<i128> = (0..LOOKED_UP).map(stressed).collect();
    let ask_of = |(bid, ask): (&i32, &i32)| {
        let spread = i64::from(*ask) - i64::from(*bid);
        let wider = usize::try_from(spread).ok().and_then(|place| known.get(place).copied());
        limited(i128::from(*bid) + wider.unwrap_or_else(|| stressed(spread)))
    };
    let sides = columns(&series.bid).into_iter().zip(columns(&series.ask));
    let mut moved = sides.map(|(bid, ask)| bid.iter().zip(ask.iter()).map(ask_of).collect());
    let ask = repaired(std::array::from_fn(|_| moved.next().unwrap_or_default()));
    Series { ask, floats: PriceColumns::default(), ..series.clone() }
}

/// Returns the market with each bid price moved by noise of 0.1 ATR(14), the spread of each price kept.
pub(super) fn with_noise(market: &Market, seed: u64, sample: u64) -> Market {
    let series = &market.series[0];
    let keys = rng::round_keys(seed, rng::NOISE);
    let sigmas = sigmas_of(series);
    let (bids, asks) = (columns(&series.bid), columns(&series.ask));
    let move_of = |place: u64, bar_idx: usize| {
        let noise = gauss(&keys, sample, bar_idx as u64, place) * sigmas[bar_idx];
        i128::from(whole(numerics::round_half_even(noise)))
    };
    let mut moved_bids: Columns = Default::default();
    let mut moved_asks: Columns = Default::default();
    for (place, number) in (0..4).zip(0_u64..) {
        let (bid, ask) = (bids[place], asks[place]);
        let moved =
            (0..bid.len()).map(|bar_idx| limited(i128::from(bid[bar_idx]) + move_of(number, bar_idx)));
        moved_bids[place] = moved.collect();
        let follow = |bar_idx: usize| {
            let spread = i128::from(ask[bar_idx]) - i128::from(bid[bar_idx]);
            limited(i128::from(moved_bids[place][bar_idx]) + spread)
        };
        moved_asks[place] = (0..bid.len()).map(follow).collect();
    }
    let step = Series {
        bid: repaired(moved_bids),
        ask: repaired(moved_asks),
        floats: PriceColumns::default(),
        ..series.clone()
    };
    let mut moved = market.clone();
    for (idx, other) in moved.series.iter_mut().enumerate().skip(1) {
        if market.finer == Some(idx) {
            *other = carried(other, series, &step);
        } else if other.symbol == step.symbol {
            *other = resampled(other, &step);
        }
    }
    moved.series[0] = step;
    moved
}

/// Returns the deviation of the noise per bar, in points; before ATR is known, that of the first known one.
fn sigmas_of(series: &Series) -> Vec<f64> {
    let mut state = Atr::new(ATR_PERIOD);
    let mut sigmas = Vec::with_capacity(series.time_us.len());
    let mut waiting = 0;
    for row in 0..series.time_us.len() {
        let [high, low, close] =
            [&series.bid.high, &series.bid.low, &series.bid.close].map(|prices| f64::from(prices[row]));
        let value = state.update(high, low, close);
        if value.is_nan() {
            waiting += 1;
        } else {
            sigmas.resize(sigmas.len() + waiting + 1, value * ATR_SHARE);
            waiting = 0;
        }
    }
    sigmas.resize(sigmas.len() + waiting, 0.0);
    sigmas
}

/// Returns the sum of 12 uniforms less 6: near enough to a normal variable, in allowed operations.
#[expect(clippy::cast_possible_wrap, clippy::cast_precision_loss, reason = "sums stay below 2^36")]
fn gauss(keys: &rng::Keys, sample: u64, bar_idx: u64, place: u64) -> f64 {
    let mut total = 0_u64;
    for part in 0..UNIFORMS / 4 {
        for word in rng::block_of_keys(keys, [sample, bar_idx, place, part]) {
            total += word >> 32;
        }
    }
    (total as i64 - UNIFORMS as i64 / 2 * WORD_HALF) as f64 / WORD_HALF as f64
}

/// Returns a coarser series with the prices of the moved step bars inside each of its bars.
fn resampled(series: &Series, step: &Series) -> Series {
    let mut bid = columns(&series.bid).map(|column| column.to_vec());
    let mut ask = columns(&series.ask).map(|column| column.to_vec());
    let count = step.time_us.len();
    let mut begin = 0;
    for (row, (opened, closed)) in series.time_us.iter().zip(series.close_time_us.iter()).enumerate() {
        while begin < count && step.time_us[begin] < *opened {
            begin += 1;
        }
        let mut end = begin;
        while end < count && step.close_time_us[end] <= *closed {
            end += 1;
        }
        if end > begin && *opened >= step.time_us[0] {
            for (columns, prices) in [(&mut bid, &step.bid), (&mut ask, &step.ask)] {
                columns[0][row] = prices.open[begin];
                columns[1][row] = prices.high[begin..end].iter().copied().fold(i32::MIN, i32::max);
                columns[2][row] = prices.low[begin..end].iter().copied().fold(i32::MAX, i32::min);
                columns[3][row] = prices.close[end - 1];
            }
            begin = end;
        }
    }
    Series { bid: prices_of(bid), ask: prices_of(ask), floats: PriceColumns::default(), ..series.clone() }
}

/// Returns the finer bars as they lie in moved bars: moved as the open is, kept inside, and still making the bar.
fn carried(finer: &Series, before: &Series, after: &Series) -> Series {
    let first_from = |at_us: i64| finer.time_us.partition_point(|time_us| *time_us < at_us);
    let times = before.time_us.iter().zip(before.close_time_us.iter());
    let spans: Vec<Range<usize>> =
        times.map(|(opened, closed)| first_from(*opened)..first_from(*closed)).collect();
    Series {
        bid: carried_side(&finer.bid, &before.bid, &after.bid, &spans),
        ask: carried_side(&finer.ask, &before.ask, &after.ask, &spans),
        floats: PriceColumns::default(),
        ..finer.clone()
    }
}

/// One side of finer bars; `spans` are the rows that lie in each bar of the step timeframe.
fn carried_side(side: &Prices, before: &Prices, after: &Prices, spans: &[Range<usize>]) -> Prices {
    let mut columns = columns(side).map(|column| column.to_vec());
    for (bar_idx, span) in spans.iter().enumerate().filter(|(_, span)| !span.is_empty()) {
        let change = after.open[bar_idx] - before.open[bar_idx];
        let (low, high) = (after.low[bar_idx], after.high[bar_idx]);
        let top = span.clone().rev().max_by_key(|row| side.high[*row]).unwrap_or(span.start);
        let bottom = span.clone().min_by_key(|row| side.low[*row]).unwrap_or(span.start);
        for column in &mut columns {
            column[span.clone()].iter_mut().for_each(|points| *points = (*points + change).clamp(low, high));
        }
        (columns[0][span.start], columns[3][span.end - 1]) = (after.open[bar_idx], after.close[bar_idx]);
        (columns[1][top], columns[2][bottom]) = (high, low);
    }
    repaired(columns)
}

/// Returns prices whose high and low are the extremes of the four.
fn repaired(mut columns: Columns) -> Prices {
    let [open, high, low, close] = &mut columns;
    for (((open, high), low), close) in open.iter().zip(high).zip(low).zip(close.iter()) {
        let four = [*open, *high, *low, *close];
        *high = four.into_iter().fold(i32::MIN, i32::max);
        *low = four.into_iter().fold(i32::MAX, i32::min);
    }
    prices_of(columns)
}

/// Returns a price brought into what a market takes.
fn limited(points: i128) -> i32 {
    i32::try_from(points.clamp(1, i128::from(MAX_POINTS))).unwrap_or(MAX_POINTS)
}

fn columns(prices: &Prices) -> [&ScalarBuffer<i32>; 4] {
    [&prices.open, &prices.high, &prices.low, &prices.close]
}

/// Columns as prices. twin: none — the twin's lists are prices already.
fn prices_of(columns: Columns) -> Prices {
    let [open, high, low, close] = columns.map(ScalarBuffer::from);
    Prices { open, high, low, close }
}

/// A whole float as an integer. twin: none — Python's `int`.
#[expect(clippy::cast_possible_truncation, reason = "a few ATR in points")]
fn whole(x: f64) -> i64 {
    x as i64
}
