//! The moment at which requests of a step fill, and the last prices known then (LOOP-2, FIL-13).

use crate::engine::simulation::Simulation;
use crate::market::{Prices, Series};
use crate::schema::Moment;

/// Where requests of a step fill: the bar the fill is named after, its time and both quotes.
#[derive(Clone, Copy, Debug)]
pub struct FillBar {
    /// The step in which they fill, the first in which orders among them work.
    pub step: usize,
    /// Bar the fill is named after.
    pub bar_idx: usize,
    /// Time of the fill.
    pub time_us: i64,
    /// When the quotes were made; inside a bar that is later than its time.
    pub quoted_us: i64,
    /// Bid.
    pub bid: i64,
    /// Ask.
    pub ask: i64,
    /// Spread memo of the bar.
    pub spread_points: i64,
    /// Where in the bar.
    pub moment: Moment,
    /// What was known before, where that is not what the bar before the step left.
    pub known: Option<Known>,
}

/// The last prices known at a moment, in points.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// Bid.
    pub bid: i64,
    /// Ask.
    pub ask: i64,
}

impl Known {
    /// Ask minus bid.
    #[must_use]
    pub fn spread(self) -> i64 {
        self.ask - self.bid
    }
}

/// Returns where requests working at the open of a step fill (LOOP-2).
#[must_use]
pub fn fill_bar(simulation: &Simulation, step: usize) -> FillBar {
    let series = simulation.series();
    let is_close = simulation.plan.signal_close;
    let named = if is_close { step - 1 } else { step };
    let price = |side: &Prices| i64::from(if is_close { side.close[named] } else { side.open[named] });
    FillBar {
        step,
        bar_idx: named,
        time_us: if is_close { series.close_time_us[named] } else { series.time_us[named] },
        quoted_us: series.time_us[step],
        bid: price(&series.bid),
        ask: price(&series.ask),
        spread_points: i64::from(series.ask.open[named]) - i64::from(series.bid.open[named]),
        moment: if is_close { Moment::Close } else { Moment::Open },
        known: None,
    }
}

/// Returns the close of the bar before; the open of the first bar (LOOP step 2, "last known").
#[must_use]
pub fn known_at(simulation: &Simulation, fill_bar: &FillBar) -> Known {
    fill_bar.known.unwrap_or_else(|| known_before(simulation.series(), fill_bar.step))
}

/// Returns what the bar before one of a series left known.
#[must_use]
pub fn known_before(series: &Series, idx: usize) -> Known {
    let price = |side: &Prices| match idx.checked_sub(1) {
        None => i64::from(side.open[0]),
        Some(before) => i64::from(side.close[before]),
    };
    Known { bid: price(&series.bid), ask: price(&series.ask) }
}
