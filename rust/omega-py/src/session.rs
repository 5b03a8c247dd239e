//! What a Python strategy sees of a stepwise run: its books and the completed bar.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use arrow_array::Array;
use omega_core::engine::Simulation;
use omega_core::engine::clock_rules::is_due;
use omega_core::execution::levels::absolute;
use omega_core::market::{Market, Prices, as_i64};
use omega_core::numerics::quotient;
use pyo3::prelude::*;
use pyo3::types::PyInt;
use pyo3_arrow::PyArray;

use crate::convert::{float64_of, visible_of};
use crate::errors::{call_attached, omega_error};
use crate::view::{Cursor, Place, View};

/// Where a stepwise run stands. Nothing here can change the run.
#[pyclass(module = "omega._native")]
pub(crate) struct Session {
    /// The run; taken away when it is finished.
    pub(crate) simulation: Option<Simulation>,
    /// The first step that has not been run.
    next_step: usize,
    /// What ended the run, should a strategy have caught it.
    failure: Option<PyErr>,
    pub(crate) market: Arc<Market>,
    pub(crate) cursor: Cursor,
}

/// One open position as a tuple: see `omega.backends.protocol.Session.positions`.
type PositionTuple = (i64, i16, i64, i64, usize, i64, f64, i64, Option<i64>, Option<i64>, bool);

/// One working order as a tuple: see `omega.backends.protocol.Session.orders`.
type OrderTuple = (
    i64,
    i16,
    i64,
    i8,
    i64,
    Option<i64>,
    Option<i64>,
    i64,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
);

#[pymethods]
impl Session {
    /// The completed bar the strategy is asked about; -1 before the first.
    #[getter]
    fn cursor(&self) -> i64 {
        self.cursor.bar_idx()
    }

    /// Rows of signals taken in so far.
    #[getter]
    fn row_count(&mut self, py: Python<'_>) -> PyResult<i64> {
        Ok(self.running(py)?.row_count)
    }

    /// Returns a view on one float64 column of `series`, one value per bar of that series.
    ///
    /// `at_close` is what is visible of the series in step 4, where that is not what the decision sees.
    #[pyo3(signature = (values, series, at_close = None))]
    fn view(
        &self,
        py: Python<'_>,
        values: PyArray,
        series: usize,
        at_close: Option<PyArray>,
    ) -> PyResult<View> {
        let visible = self.market.series.get(series).and_then(|series| series.visible.clone());
        let at_close = at_close.map(|rows| visible_of(py, rows)).transpose()?;
        let (values, cursor) = (float64_of(py, values)?, Arc::clone(&self.cursor));
        Ok(View { values, visible, at_close, cursor, last: PyInt::new(py, -1).unbind() })
    }

    /// Returns the open positions.
    fn positions(&mut self, py: Python<'_>) -> PyResult<Vec<PositionTuple>> {
        let next_step = self.decided_steps();
        let simulation = self.running(py)?;
        let tuple_of = |position: &omega_core::portfolio::position::Position| {
            let entry = quotient(i128::from(position.entered.points), i128::from(position.entered.steps));
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
                is_due(position, next_step) || simulation.stop_outs.contains(&position.id),
            )
        };
        Ok(simulation.positions.iter().map(tuple_of).collect())
    }

    /// Returns the working orders.
    fn orders(&mut self, py: Python<'_>) -> PyResult<Vec<OrderTuple>> {
        let tuple_of = |order: &omega_core::engine::orders::Order| {
            (
                order.number,
                order.symbol,
                order.direction,
                order.order_type.code(),
                order.magic,
                order.price,
                order.limit,
                order.steps,
                absolute(order.stop),
                absolute(order.target),
                order.expiry_us,
                order.oco,
            )
        };
        Ok(self.running(py)?.working.iter().map(tuple_of).collect())
    }

    /// Returns the balance in minor units.
    fn balance(&mut self, py: Python<'_>) -> PyResult<i64> {
        Ok(self.running(py)?.books.balance)
    }

    /// Returns the equity of the last step in minor units; in step 4 that of the bar's close.
    fn equity(&mut self, py: Python<'_>) -> PyResult<i64> {
        let managed = self.cursor.is_managing().then(|| self.cursor.bar_idx());
        let simulation = self.running(py)?;
        if let Some(bar_idx) = managed {
            let bar_idx = usize::try_from(bar_idx).unwrap_or_default();
            return call_attached(py, || {
                let open_profit = simulation.open_profit(bar_idx)?;
                simulation.books.equity_with(open_profit)
            });
        }
        let books = &simulation.books;
        Ok(books.equity.last().copied().unwrap_or(books.balance))
    }
}

impl Session {
    /// Runs the steps before `step` that were put off; nothing was asked for in them.
    ///
    /// A run that failed stays failed, whatever a strategy did with the error.
    pub(crate) fn catch_up(&mut self, py: Python<'_>, step: usize) -> PyResult<()> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone_ref(py));
        }
        let from = self.next_step;
        let Some(simulation) = self.simulation.as_mut().filter(|_| from < step) else { return Ok(()) };
        self.next_step = step;
        call_attached(py, || simulation.advance(from, step))
            .inspect_err(|failure| self.failure = Some(failure.clone_ref(py)))
    }

    /// Hands out the run for one step that is not put off; all before it have been run.
    pub(crate) fn run_by_hand(&mut self, step: usize) -> Option<&mut Simulation> {
        self.next_step = step + 1;
        self.simulation.as_mut()
    }

    /// The steps behind the bar at the cursor: it was completed in the last of them.
    pub(crate) fn decided_steps(&self) -> usize {
        usize::try_from(self.cursor.bar_idx() + 1).unwrap_or(0)
    }

    /// The run as the strategy may see it.
    fn running(&mut self, py: Python<'_>) -> PyResult<&mut Simulation> {
        self.catch_up(py, self.decided_steps())?;
        let reason = "the run is over; its session cannot be asked any more".to_owned();
        self.simulation.as_mut().ok_or_else(|| omega_error(py, "engine.internal", &[("reason", reason)]))
    }
}

/// A session at its start.
pub(crate) fn open_session(market: Arc<Market>, simulation: Simulation) -> Session {
    Session {
        next_step: simulation.plan.first_step,
        simulation: Some(simulation),
        failure: None,
        market,
        cursor: Arc::new(Place::before_the_first()),
    }
}

/// One completed bar. A kept bar never changes. Prices are `points / 10^digits`.
#[pyclass(frozen, module = "omega._native")]
pub(crate) struct Bar {
    market: Arc<Market>,
    /// Points in one unit of price.
    scale: f64,
    idx: AtomicUsize,
    now_us: AtomicI64,
}

#[pymethods]
impl Bar {
    /// Index of the bar in the loaded table, warm-up included.
    #[getter]
    fn index(&self) -> usize {
        self.idx.load(Ordering::Relaxed)
    }

    /// Decision time in microseconds.
    #[getter]
    fn now_us(&self) -> i64 {
        self.now_us.load(Ordering::Relaxed)
    }

    /// Open time in microseconds.
    #[getter]
    fn time_us(&self) -> i64 {
        self.market.series[0].time_us[self.index()]
    }

    /// Open time as a UTC date-time.
    #[getter]
    fn time<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        utc(py, self.time_us())
    }

    /// Decision time as a UTC date-time.
    #[getter]
    fn now<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        utc(py, self.now_us())
    }

    /// Name of the symbol.
    #[getter]
    fn symbol(&self) -> &str {
        &self.market.symbols[0]
    }

    /// Bid at the open.
    #[getter]
    fn open(&self) -> f64 {
        self.price(self.bid().open[self.index()])
    }

    /// Highest bid.
    #[getter]
    fn high(&self) -> f64 {
        self.price(self.bid().high[self.index()])
    }

    /// Lowest bid.
    #[getter]
    fn low(&self) -> f64 {
        self.price(self.bid().low[self.index()])
    }

    /// Bid at the close.
    #[getter]
    fn close(&self) -> f64 {
        self.price(self.bid().close[self.index()])
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
        self.price(self.ask().open[self.index()])
    }

    /// Highest ask.
    #[getter]
    fn ask_high(&self) -> f64 {
        self.price(self.ask().high[self.index()])
    }

    /// Lowest ask.
    #[getter]
    fn ask_low(&self) -> f64 {
        self.price(self.ask().low[self.index()])
    }

    /// Ask at the close.
    #[getter]
    fn ask_close(&self) -> f64 {
        self.price(self.ask().close[self.index()])
    }

    /// Volume as the source gives it, or None.
    #[getter]
    fn volume(&self) -> Option<f64> {
        let volume = &self.market.series[0].volume;
        volume.is_valid(self.index()).then(|| volume.value(self.index()))
    }

    /// Ask minus bid at the close, as a price.
    #[getter]
    fn spread(&self) -> f64 {
        self.price(self.ask().close[self.index()] - self.bid().close[self.index()])
    }

    fn __repr__(&self) -> String {
        format!("Bar(index={}, time_us={}, symbol={:?})", self.index(), self.time_us(), self.symbol())
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
        f64::from(points) / self.scale
    }
}

/// Bars as a strategy gets them: one object per bar that is kept, and none for the others.
///
/// A bar never changes for whoever holds it: the object moves on only while nobody but this cursor does.
pub(crate) struct BarCursor<'py> {
    bar: Bound<'py, Bar>,
}

impl<'py> BarCursor<'py> {
    /// A cursor before the first bar.
    pub(crate) fn new(py: Python<'py>, market: &Arc<Market>) -> PyResult<Self> {
        Ok(Self { bar: bar_at(py, market, 0, 0)? })
    }

    /// The completed bar at `idx` with the decision time of the step that follows it.
    #[inline]
    pub(crate) fn move_to(&mut self, idx: usize, now_us: i64) -> PyResult<&Bound<'py, Bar>> {
        // SAFETY: reads the count of an object this cursor owns, attached to the interpreter.
        if unsafe { pyo3::ffi::Py_REFCNT(self.bar.as_ptr()) } == 1 {
            let bar = self.bar.get();
            bar.idx.store(idx, Ordering::Relaxed);
            bar.now_us.store(now_us, Ordering::Relaxed);
        } else {
            let market = Arc::clone(&self.bar.get().market);
            self.bar = bar_at(self.bar.py(), &market, idx, now_us)?;
        }
        Ok(&self.bar)
    }
}

fn bar_at<'py>(py: Python<'py>, market: &Arc<Market>, idx: usize, now_us: i64) -> PyResult<Bound<'py, Bar>> {
    let market = Arc::clone(market);
    let scale = f64::from(10_u32.pow(market.series[0].digits));
    Bound::new(py, Bar { market, scale, idx: AtomicUsize::new(idx), now_us: AtomicI64::new(now_us) })
}

/// A bar index as Python sees it.
pub(crate) fn cursor_of(idx: usize) -> i64 {
    as_i64(idx)
}

fn utc(py: Python<'_>, time_us: i64) -> PyResult<Bound<'_, PyAny>> {
    py.import("omega.values")?.getattr("utc")?.call1((time_us,))
}
