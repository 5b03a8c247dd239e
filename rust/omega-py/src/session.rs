//! What a Python strategy sees of a stepwise run: its books and the completed bar.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use arrow_array::Array;
use omega_core::engine::Simulation;
use omega_core::market::{Market, Prices, as_i64};
use omega_core::numerics::quotient;
use pyo3::prelude::*;
use pyo3_arrow::PyArray;

use crate::convert::float64_of;
use crate::errors::omega_error;
use crate::view::{Cursor, View};

/// Where a stepwise run stands. Nothing here can change the run.
#[pyclass(module = "omega._native")]
pub(crate) struct Session {
    /// The run; taken away when it is finished.
    pub(crate) simulation: Option<Simulation>,
    pub(crate) market: Arc<Market>,
    pub(crate) cursor: Cursor,
}

/// One open position as a tuple: see `omega.backends.protocol.Session.positions`.
type PositionTuple = (i64, i16, i64, i64, usize, i64, f64, i64, Option<i64>, Option<i64>);

#[pymethods]
impl Session {
    /// The completed bar the strategy is asked about; -1 before the first.
    #[getter]
    fn cursor(&self) -> i64 {
        self.cursor.load(Ordering::Relaxed)
    }

    /// Returns a view on one float64 column of `series`, one value per bar of that series.
    fn view(&self, py: Python<'_>, values: PyArray, series: usize) -> PyResult<View> {
        let visible = self.market.series.get(series).and_then(|series| series.visible.clone());
        Ok(View { values: float64_of(py, values)?, visible, cursor: Arc::clone(&self.cursor) })
    }

    /// Returns the open positions.
    fn positions(&self, py: Python<'_>) -> PyResult<Vec<PositionTuple>> {
        let tuple_of = |position: &omega_core::portfolio::position::Position| {
            let entry = quotient(i128::from(position.k), i128::from(position.steps));
            (
                position.id,
                position.symbol,
                position.direction,
                position.magic,
                position.entry_bar_idx,
                position.entry_time_us,
                entry,
                position.steps,
                position.sl,
                position.tp,
            )
        };
        Ok(self.running(py)?.positions.iter().map(tuple_of).collect())
    }

    /// Returns the balance in minor units.
    fn balance(&self, py: Python<'_>) -> PyResult<i64> {
        Ok(self.running(py)?.books.balance)
    }

    /// Returns the equity of the last step in minor units.
    fn equity(&self, py: Python<'_>) -> PyResult<i64> {
        let books = &self.running(py)?.books;
        Ok(books.equity.last().copied().unwrap_or(books.balance))
    }
}

impl Session {
    fn running(&self, py: Python<'_>) -> PyResult<&Simulation> {
        let reason = "the run is over; its session cannot be asked any more".to_owned();
        self.simulation.as_ref().ok_or_else(|| omega_error(py, "engine.internal", &[("reason", reason)]))
    }
}

/// A session at its start.
pub(crate) fn open_session(market: Arc<Market>, simulation: Simulation) -> Session {
    Session { simulation: Some(simulation), market, cursor: Arc::new(AtomicI64::new(-1)) }
}

/// One completed bar. A kept bar never changes. Prices are `points / 10^digits`.
#[pyclass(frozen, module = "omega._native")]
pub(crate) struct Bar {
    pub(crate) market: Arc<Market>,
    pub(crate) idx: usize,
    /// Decision time.
    #[pyo3(get)]
    pub(crate) now_us: i64,
}

#[pymethods]
impl Bar {
    /// Index of the bar in the loaded table, warm-up included.
    #[getter]
    fn index(&self) -> usize {
        self.idx
    }

    /// Open time in microseconds.
    #[getter]
    fn time_us(&self) -> i64 {
        self.market.series[0].time_us[self.idx]
    }

    /// Open time as a UTC date-time.
    #[getter]
    fn time<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        utc(py, self.time_us())
    }

    /// Decision time as a UTC date-time.
    #[getter]
    fn now<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        utc(py, self.now_us)
    }

    /// Name of the symbol.
    #[getter]
    fn symbol(&self) -> &str {
        &self.market.symbols[0]
    }

    /// Bid at the open.
    #[getter]
    fn open(&self) -> f64 {
        self.price(self.bid().open[self.idx])
    }

    /// Highest bid.
    #[getter]
    fn high(&self) -> f64 {
        self.price(self.bid().high[self.idx])
    }

    /// Lowest bid.
    #[getter]
    fn low(&self) -> f64 {
        self.price(self.bid().low[self.idx])
    }

    /// Bid at the close.
    #[getter]
    fn close(&self) -> f64 {
        self.price(self.bid().close[self.idx])
    }

    /// Bid at the open.
    #[getter]
    fn bid_open(&self) -> f64 {
        self.open()
    }

    /// Highest bid.
    #[getter]
    fn bid_high(&self) -> f64 {
        self.high()
    }

    /// Lowest bid.
    #[getter]
    fn bid_low(&self) -> f64 {
        self.low()
    }

    /// Bid at the close.
    #[getter]
    fn bid_close(&self) -> f64 {
        self.close()
    }

    /// Ask at the open.
    #[getter]
    fn ask_open(&self) -> f64 {
        self.price(self.ask().open[self.idx])
    }

    /// Highest ask.
    #[getter]
    fn ask_high(&self) -> f64 {
        self.price(self.ask().high[self.idx])
    }

    /// Lowest ask.
    #[getter]
    fn ask_low(&self) -> f64 {
        self.price(self.ask().low[self.idx])
    }

    /// Ask at the close.
    #[getter]
    fn ask_close(&self) -> f64 {
        self.price(self.ask().close[self.idx])
    }

    /// Volume as the source gives it, or None.
    #[getter]
    fn volume(&self) -> Option<f64> {
        let volume = &self.market.series[0].volume;
        volume.is_valid(self.idx).then(|| volume.value(self.idx))
    }

    /// Ask minus bid at the close, as a price.
    #[getter]
    fn spread(&self) -> f64 {
        self.price(self.ask().close[self.idx] - self.bid().close[self.idx])
    }

    fn __repr__(&self) -> String {
        format!("Bar(index={}, time_us={}, symbol={:?})", self.idx, self.time_us(), self.symbol())
    }
}

impl Bar {
    fn bid(&self) -> &Prices {
        &self.market.series[0].bid
    }

    fn ask(&self) -> &Prices {
        &self.market.series[0].ask
    }

    fn price(&self, points: i32) -> f64 {
        f64::from(points) / f64::from(10_u32.pow(self.market.series[0].digits))
    }
}

/// The bar at `idx` with the decision time of the step that follows it.
pub(crate) fn bar_at(market: &Arc<Market>, idx: usize, now_us: i64) -> Bar {
    Bar { market: Arc::clone(market), idx, now_us }
}

/// A bar index as Python sees it.
pub(crate) fn cursor_of(idx: usize) -> i64 {
    as_i64(idx)
}

fn utc(py: Python<'_>, time_us: i64) -> PyResult<Bound<'_, PyAny>> {
    py.import("omega.values")?.getattr("utc")?.call1((time_us,))
}
