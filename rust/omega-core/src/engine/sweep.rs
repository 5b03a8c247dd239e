//! The stride of a few positions: looked for and marked in one walk, eight bars at once.
//!
//! twin: none — see `quiet`. All eight bars are marked, and those behind the end of the stride are taken back: how long a
//! stride is cannot be foreseen, and a loop over what is left costs more than the bars in it.

use std::array;
use std::ops::{ControlFlow, Range};

use wide::i32x8;

use crate::engine::clock_rules::{self, remember_seen};
use crate::engine::closing::closing_side;
use crate::engine::quiet::{Corridor, awake, corridor_of_position};
use crate::engine::simulation::Simulation;
use crate::market::{Prices, Series};
use crate::numerics::half_even_narrow;
use crate::portfolio::money::Rate;
use crate::portfolio::position::{Position, see_price};

/// Bars looked at together: most strides are short.
const LANES: usize = 8;
/// From `LANES - count` on: the lowest price there is for `count` bars, the highest for those behind them.
const UNSEEN: [[i32; LANES]; 2] = [[i32::MIN; LANES], [i32::MAX; LANES]];

/// A stride of a few positions.
struct Sweep<'a, const N: usize> {
    tracks: [Track<'a>; N],
    /// How far the price went, if anybody will ask.
    seen: Option<[Seen; N]>,
    /// Equity without the profit of what is open.
    start: i64,
}

/// What a sweep follows of one position.
struct Track<'a> {
    side: &'a Prices,
    corridor: Corridor,
    slope: i64,
    offset: i64,
}

/// The extremes of one side, lane by lane.
#[derive(Clone, Copy)]
struct Seen {
    lowest: i32x8,
    highest: i32x8,
}

/// Lows, highs and closes of the side a position closes on, from the first bar of a stride on.
struct Chunks<'a> {
    low: &'a [[i32; LANES]],
    high: &'a [[i32; LANES]],
    close: &'a [[i32; LANES]],
}

/// The stride of a few positions: looked for and marked in one walk, as most strides are short.
///
/// Breaks where it ends; the last few bars of the data are not looked at, and left to go on with.
pub(super) fn sweep<const N: usize>(
    simulation: &mut Simulation,
    rate: Rate,
    from: usize,
    to: usize,
) -> ControlFlow<usize, usize> {
    let to = clock_rules::next_due_step(simulation, from, to);
    let corridors: [Corridor; N] = array::from_fn(|idx| {
        let position = &simulation.positions[idx];
        awake(simulation, position, corridor_of_position(simulation, position))
    });
    // How far the price went is for rules, and for trades; a replay keeps none.
    let is_for_trades = !simulation.records.trades.is_muted() && !simulation.sees_late();
    let sees = is_for_trades || !simulation.plan.position_rules.is_empty();
    let Simulation { market, positions, books, .. } = simulation;
    let mut sweep: Sweep<'_, N> = Sweep {
        tracks: array::from_fn(|idx| track(&market.series[0], &positions[idx], rate, corridors[idx])),
        seen: if sees { Some([Seen { lowest: i32x8::MAX, highest: i32x8::MIN }; N]) } else { None },
        start: positions.iter().fold(books.balance, |start, position| start + position.accrued_swap),
    };
    let (end, is_over) = if rate.denominator == 1 {
        walk(&mut sweep, &mut books.equity, from..to, |mark| mark)
    } else {
        walk(&mut sweep, &mut books.equity, from..to, |mark| half_even_narrow(mark, rate.denominator))
    };
    if end > from {
        simulation.pass_number += 1;
        for (position, seen) in positions.iter_mut().zip(sweep.seen.iter().flatten()) {
            see_price(position, i64::from(seen.lowest.reduce_min()));
            see_price(position, i64::from(seen.highest.reduce_max()));
            remember_seen(&simulation.plan.position_rules, position);
        }
    }
    if is_over { ControlFlow::Break(end) } else { ControlFlow::Continue(end) }
}

fn track<'a>(series: &'a Series, position: &Position, rate: Rate, corridor: Corridor) -> Track<'a> {
    Track {
        side: closing_side(series, position),
        corridor,
        slope: position.direction * position.steps * rate.numerator,
        offset: position.direction * position.k * rate.numerator,
    }
}

/// Marks bars up to the first that leaves a corridor, and returns that bar, and whether it got there: the last few bars
/// of the data are left out.
fn walk<const N: usize>(
    Sweep { tracks, seen, start }: &mut Sweep<'_, N>,
    equity: &mut Vec<i64>,
    bars: Range<usize>,
    rounded: impl Fn(i64) -> i64,
) -> (usize, bool) {
    let chunks: [Chunks<'_>; N] = array::from_fn(|idx| chunks_of(tracks[idx].side, bars.start));
    let mut first = bars.start;
    for chunk in 0..chunks[0].close.len() {
        let mut count = LANES.min(bars.end - first);
        let mut marks = [*start; LANES];
        for (Track { corridor, slope, offset, .. }, Chunks { low, high, close }) in tracks.iter().zip(&chunks)
        {
            count = count.min(bars_inside(*corridor, low[chunk], high[chunk]));
            for (mark, close) in marks.iter_mut().zip(&close[chunk]) {
                *mark += rounded(slope * i64::from(*close) - offset);
            }
        }
        if let Some(seen) = seen {
            for (seen, Chunks { low, high, .. }) in seen.iter_mut().zip(&chunks) {
                see_bars(seen, low[chunk], high[chunk], count);
            }
        }
        // All of them, and back to those that count: a copy of known length is no loop.
        let len = equity.len();
        equity.extend_from_slice(&marks);
        equity.truncate(len + count);
        first += count;
        if count < LANES || first == bars.end {
            return (first, true);
        }
    }
    (first, false)
}

fn chunks_of(side: &Prices, from: usize) -> Chunks<'_> {
    Chunks {
        low: side.low[from..].as_chunks().0,
        high: side.high[from..].as_chunks().0,
        close: side.close[from..].as_chunks().0,
    }
}

/// How many bars pass before one leaves a corridor.
#[inline]
fn bars_inside((floor, ceiling): Corridor, low: [i32; LANES], high: [i32; LANES]) -> usize {
    let are_inside =
        i32x8::new(low).simd_gt(i32x8::splat(floor)) & i32x8::new(high).simd_lt(i32x8::splat(ceiling));
    are_inside.to_bitmask().trailing_ones() as usize
}

/// Lets the first `count` bars count for how far the price went.
#[inline]
fn see_bars(seen: &mut Seen, low: [i32; LANES], high: [i32; LANES], count: usize) {
    let (mut low, mut high) = (i32x8::new(low), i32x8::new(high));
    if count < LANES
        && let Some(unseen) = UNSEEN.as_flattened()[LANES - count..].first_chunk()
    {
        low = low.max(i32x8::new(*unseen));
        high = high.min(!i32x8::new(*unseen));
    }
    seen.lowest = seen.lowest.min(low);
    seen.highest = seen.highest.max(high);
}

/// The lowest and the highest price of some bars; eight at once, the last eight once more.
pub(super) fn extremes_of(side: &Prices, bars: Range<usize>) -> (i32, i32) {
    let (lows, highs) = (&side.low[bars.clone()], &side.high[bars]);
    let (Some(low), Some(high)) = (lows.last_chunk(), highs.last_chunk()) else {
        let lowest = lows.iter().fold(i32::MAX, |lowest, low| lowest.min(*low));
        return (lowest, highs.iter().fold(i32::MIN, |highest, high| highest.max(*high)));
    };
    let mut seen = Seen { lowest: i32x8::new(*low), highest: i32x8::new(*high) };
    for (low, high) in lows.as_chunks().0.iter().zip(highs.as_chunks().0) {
        see_bars(&mut seen, *low, *high, LANES);
    }
    (seen.lowest.reduce_min(), seen.highest.reduce_max())
}
