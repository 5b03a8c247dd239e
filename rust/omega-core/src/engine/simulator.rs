//! A run that is fed: signals come when their caller has them, and bars pass when it says so.
//!
//! The market is known from the start, as in every run; what has passed of it is the cursor's. Everything given
//! before the bars pass fills as in `simulate`: the same `Simulation`, the same steps. Signals of one call work in the
//! order of LOOP step 2, those of later calls in the same step after them.

use std::sync::Arc;

use arrow_array::RecordBatch;

use crate::engine::signals::{Request, SignalRows, are_sound_market_orders, find_fault};
use crate::engine::simulation::Simulation;
use crate::engine::tables::{Tables, positions_batch, write_since};
use crate::error::{Error, Result};
use crate::market::{Market, as_i64};
use crate::plan::{Plan, parse_plan};
use crate::plan_money::RatesPlan;
use crate::plan_rules::{Filters, Limit, PositionRule};

/// One run and how far it has come.
#[derive(Clone, Debug)]
pub struct Simulator {
    simulation: Simulation,
    waiting: Vec<Request>,
    bar_idx: usize,
    has_begun: bool,
}

/// Opens a run that stands before its first step (the seam's `open_simulator`).
///
/// # Errors
/// Whatever the plan refuses.
pub fn open_simulator(market: &Arc<Market>, plan: &str) -> Result<Simulator> {
    let simulation = Simulation::new(Arc::clone(market), parse_plan(plan)?)?;
    let bar_idx = simulation.plan.first_step;
    Ok(Simulator { simulation, waiting: Vec::new(), bar_idx, has_begun: false })
}

impl Simulator {
    /// Bars of the market, passed or not.
    #[must_use]
    pub fn bar_count(&self) -> usize {
        self.simulation.market.bar_count()
    }

    /// Index of the last bar that has passed, -1 before the first.
    #[must_use]
    pub fn cursor(&self) -> i64 {
        as_i64(self.bar_idx) - 1
    }

    /// Takes in signals decided on the bar at the cursor, fills what fills now, and returns the first one's number.
    ///
    /// They come as [`read_signals`](crate::engine::signals::read_signals) returns them, all in columns.
    ///
    /// # Errors
    /// `signal.bar_idx` for another bar; the error a bad signal names, unless the plan rejects such signals, and then
    /// none of them is taken in; whatever the books refuse.
    pub fn process(&mut self, signals: &SignalRows) -> Result<i64> {
        self.check(signals)?;
        self.make_room(signals.len());
        let first = self.simulation.signal_count + 1;
        let taken = self.simulation.take_in(signals.clone())?;
        if self.waiting.is_empty() {
            self.waiting = taken;
        } else {
            self.waiting.extend(taken);
        }
        if self.bar_idx < self.simulation.market.bar_count() {
            self.enter_due()?;
        }
        Ok(first)
    }

    /// Lets up to `count` bars pass.
    ///
    /// # Errors
    /// `engine.overflow` if money leaves its range; those of the exchange.
    pub fn advance(&mut self, count: usize) -> Result<()> {
        let end = self.bar_idx.saturating_add(count).min(self.simulation.market.bar_count());
        while self.bar_idx < end {
            if !self.has_begun && self.waiting.is_empty() {
                let ran = self.simulation.advance(self.bar_idx, end);
                // A step that fails leaves no mark, and stays the next one.
                self.bar_idx = self.simulation.plan.first_step + self.simulation.books.equity.len() - 1;
                return ran;
            }
            self.enter_due()?;
            if !self.has_begun {
                self.simulation.begin(self.bar_idx)?;
                self.simulation.enter(self.bar_idx, &[])?;
            }
            self.simulation.run_bar(self.bar_idx)?;
            self.simulation.mark(self.bar_idx)?;
            self.has_begun = false;
            self.bar_idx += 1;
        }
        Ok(())
    }

    /// Goes on with a market that holds more bars behind those of this one.
    ///
    /// # Errors
    /// `config.plan` where the bars so far are others, or where the plan was made of the times of all bars.
    pub fn extend(&mut self, market: &Arc<Market>) -> Result<()> {
        let simulation = &mut self.simulation;
        let refused = |reason: &str| Error::Plan { reason: reason.to_owned() };
        let (old, new) = (simulation.series(), &market.series[0]);
        if !new.time_us.starts_with(&old.time_us)
            || market.series.len() > 1
            || simulation.market.finer.is_some()
        {
            return Err(refused("more bars come behind those of one series, which stay as they are"));
        }
        if depends_on_all_bars(&simulation.plan) {
            return Err(refused(
                "more bars cannot follow: a rule or filter of the clock, or a rate, needs all of them",
            ));
        }
        let fresh = Simulation::new(Arc::clone(market), simulation.plan.clone())?;
        simulation.liquidity.follow(new.volume.clone());
        (simulation.exchange, simulation.volatility) = (fresh.exchange, fresh.volatility);
        (simulation.latency, simulation.market) = (fresh.latency, fresh.market);
        if self.has_begun {
            simulation.exchange.move_to(new.time_us[self.bar_idx]);
        }
        Ok(())
    }

    /// Returns the open positions, marked at the close of the bar at the cursor.
    ///
    /// # Errors
    /// `engine.overflow` if money leaves its range; those of the exchange.
    pub fn positions(&mut self) -> Result<RecordBatch> {
        let last = self.bar_idx.saturating_sub(1);
        let series = Arc::clone(&self.simulation.market);
        self.simulation.exchange.move_to(series.series[0].close_time_us[last]);
        let rows = self.simulation.open_rows(last);
        if self.has_begun {
            self.simulation.exchange.move_to(series.series[0].time_us[self.bar_idx]);
        }
        positions_batch(rows?)
    }

    /// Returns the rows of a growing result table from `first` on.
    ///
    /// # Errors
    /// `config.plan` for another table.
    pub fn rows(&self, table: &str, first: usize) -> Result<RecordBatch> {
        write_since(&self.simulation.records, &self.simulation.books, table, first)?
            .ok_or_else(|| Error::Plan { reason: format!("{table} is no table that grows") })
    }

    /// Lets the rest of the bars pass, closes the books and returns all result tables.
    ///
    /// # Errors
    /// As `advance`.
    pub fn finish(mut self) -> Result<Tables> {
        self.advance(usize::MAX)?;
        self.simulation.finish(&self.waiting)
    }

    /// twin: none — lists grow there.
    fn make_room(&mut self, count: usize) {
        let simulation = &mut self.simulation;
        simulation.records.signals.reserve(count);
        simulation.records.orders.reserve(count);
        simulation.records.fills.reserve(count);
        simulation.books.ledger.reserve(count);
        simulation.accepted.reserve(count);
        simulation.positions.reserve(count);
    }

    fn enter_due(&mut self) -> Result<()> {
        let due = self.waiting.partition_point(|request| request.bar_idx < as_i64(self.bar_idx));
        if due == 0 {
            return Ok(());
        }
        let later = self.waiting.split_off(due);
        let requests = std::mem::replace(&mut self.waiting, later);
        if !self.has_begun {
            self.simulation.begin(self.bar_idx)?;
            self.has_begun = true;
        }
        self.simulation.enter(self.bar_idx, &requests)
    }

    fn check(&self, signals: &SignalRows) -> Result<()> {
        let Plan { symbols, reject_bad_signals, .. } = &self.simulation.plan;
        let cursor = self.cursor();
        let stray = signals.bar_idx.iter().position(|bar_idx| *bar_idx != cursor);
        // What is dropped is not looked at.
        let is_looked_at = !reject_bad_signals && !self.simulation.is_early(self.simulation.arrival(cursor));
        if is_looked_at && !are_sound_market_orders(signals, symbols) {
            for row in 0..stray.unwrap_or(signals.len()) {
                if let Some(fault) = find_fault(&signals.at(row), symbols) {
                    return Err(self.simulation.signal_error(fault, cursor));
                }
            }
        }
        stray.map_or(Ok(()), |row| {
            let (bar_idx, reason) = (signals.bar_idx[row], "is not the bar of the decision");
            Err(Error::SignalBarIdx { row: as_i64(row), bar_idx, reason })
        })
    }
}

/// Returns whether a plan holds moments or rates that were looked up for the bars of the whole run.
#[must_use]
pub fn depends_on_all_bars(plan: &Plan) -> bool {
    let is_timed = |rule: &PositionRule| {
        matches!(
            rule,
            PositionRule::SessionClose { .. } | PositionRule::MaxHolding { limit: Limit::Minutes(_) }
        )
    };
    let has_windows = |filters: &Filters| filters.sessions.is_some() || !filters.news.is_empty();
    let has_series = |rates: &RatesPlan| rates.pairs.iter().any(|pair| pair.series.is_some());
    plan.position_rules.iter().any(is_timed)
        || plan.filters.as_ref().is_some_and(has_windows)
        || plan.rates.as_ref().is_some_and(has_series)
}
