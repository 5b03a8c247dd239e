//! How late requests are: whole bars, or where there are finer bars the first price after the latency (FIL-13).

use crate::engine::simulation::Simulation;
use crate::market::{Market, as_i64};
use crate::plan::Plan;

/// Where a request works: in step `bar_idx + 1`, at its open or at that of the finer bar `finer_idx`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Completed bar behind which it works.
    pub bar_idx: i64,
    /// Row of the finer bar whose price it meets inside the step's bar.
    pub finer_idx: Option<u32>,
}

/// The way of a request from its decision to the price it meets.
#[derive(Clone, Copy, Debug)]
pub struct Latency {
    delay_us: i64,
    /// Whole bars by which requests are late.
    bars: i64,
    /// The series of finer bars, if requests can arrive inside a bar.
    finer: Option<usize>,
}

impl Latency {
    /// The latency of a run.
    #[must_use]
    pub fn new(market: &Market, plan: &Plan) -> Self {
        let series = &market.series[0];
        let looks_inside = plan.latency_us > 0 && !plan.signal_close;
        Self {
            delay_us: plan.latency_us,
            bars: plan.latency_us / (series.close_time_us[0] - series.time_us[0]),
            finer: market.finer.filter(|_| looks_inside),
        }
    }

    /// Whether a request can arrive inside a bar. twin: none — it asks each request.
    #[must_use]
    pub fn looks_inside(&self) -> bool {
        self.finer.is_some()
    }
}

impl Simulation {
    /// Returns where a request works that was decided on a bar; the bar may lie outside the data.
    #[must_use]
    #[inline]
    pub fn arrival(&self, decided_on: i64) -> Arrival {
        match self.latency.finer {
            None => Arrival { bar_idx: decided_on + self.latency.bars, finer_idx: None },
            Some(finer) => self.arrival_inside(decided_on, finer),
        }
    }

    fn arrival_inside(&self, decided_on: i64, finer: usize) -> Arrival {
        let (series, finer) = (self.series(), &self.market.series[finer]);
        let leaves = usize::try_from(decided_on + 1).ok().and_then(|leaves| series.time_us.get(leaves));
        let Some(leaves_us) = leaves else {
            return Arrival { bar_idx: decided_on + self.latency.bars, finer_idx: None };
        };
        let arrives_us = leaves_us + self.latency.delay_us;
        let step = series.time_us.partition_point(|time_us| *time_us < arrives_us);
        let finer_idx = finer.time_us.partition_point(|time_us| *time_us < arrives_us);
        let ends_us = series.close_time_us[step - 1];
        match finer.time_us.get(finer_idx) {
            Some(time_us) if *time_us < ends_us => {
                Arrival { bar_idx: as_i64(step) - 2, finer_idx: u32::try_from(finer_idx).ok() }
            }
            _ => Arrival { bar_idx: as_i64(step) - 1, finer_idx: None },
        }
    }
}
