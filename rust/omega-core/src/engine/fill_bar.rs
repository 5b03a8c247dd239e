//! The moment at which requests of a step fill, and the last prices known then (LOOP-2).

use crate::engine::simulation::Simulation;
use crate::market::Prices;
use crate::schema::Moment;

/// Where requests of a step fill: the bar the fill is named after, its time and both quotes.
#[derive(Clone, Copy, Debug)]
pub struct FillBar {
    /// Bar the fill is named after.
    pub bar_idx: usize,
    /// Time of the fill.
    pub time_us: i64,
    /// Bid.
    pub bid: i64,
    /// Ask.
    pub ask: i64,
    /// Spread memo of the bar.
    pub spread_points: i64,
    /// Where in the bar.
    pub moment: Moment,
}

/// The last prices known when a bar opens, in points.
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

/// Returns where requests working in step `bar_idx` fill (LOOP-2).
#[must_use]
pub fn fill_bar(simulation: &Simulation, bar_idx: usize) -> FillBar {
    let series = simulation.series();
    let is_close = simulation.plan.signal_close;
    let named = if is_close { bar_idx - 1 } else { bar_idx };
    let price = |side: &Prices| i64::from(if is_close { side.close[named] } else { side.open[named] });
    FillBar {
        bar_idx: named,
        time_us: if is_close { series.close_time_us[named] } else { series.time_us[named] },
        bid: price(&series.bid),
        ask: price(&series.ask),
        spread_points: i64::from(series.ask.open[named]) - i64::from(series.bid.open[named]),
        moment: if is_close { Moment::Close } else { Moment::Open },
    }
}

/// Returns the close of the bar before; the open of the first bar (LOOP step 2, "last known").
#[must_use]
pub fn known_bar(simulation: &Simulation, bar_idx: usize) -> Known {
    let series = simulation.series();
    let price = |side: &Prices| match bar_idx.checked_sub(1) {
        None => i64::from(side.open[0]),
        Some(before) => i64::from(side.close[before]),
    };
    Known { bid: price(&series.bid), ask: price(&series.ask) }
}
