//! Runs: a signal table or native strategy in one call, or a Python strategy step by step.

use std::sync::Arc;

use omega_core::engine::Simulation;
use omega_core::engine::signals::{Request, Signal, SignalRows};
use omega_core::error::Error;
use omega_core::plan::parse_plan;
use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use pyo3_arrow::PyTable;

use crate::convert::{batch_of, export_tables};
use crate::errors::{call, call_attached, to_py};
use crate::market::Market;
use crate::session::{Bar, BarCursor, Session, cursor_of, open_session};

/// Decisions between two looks at signals and other threads.
const YIELD_STRIDE: usize = 1_024;

/// Simulates a signal table, or the plan's native strategy. Releases the interpreter throughout.
#[pyfunction]
#[allow(clippy::needless_pass_by_value, reason = "PyO3 hands over owned arguments")]
pub(crate) fn simulate<'py>(
    py: Python<'py>,
    market: PyRef<'py, Market>,
    signals: Option<PyTable>,
    plan: String,
) -> PyResult<Bound<'py, PyDict>> {
    let core = Arc::clone(&market.core);
    let signals = signals.map(|table| batch_of(py, table)).transpose()?;
    let is_interrupted = || Python::attach(|py| py.check_signals().is_err());
    let outcome =
        call(py, || match omega_core::engine::simulate(&core, signals.as_ref(), &plan, &is_interrupted) {
            Err(Error::Interrupted) => Ok(None),
            outcome => outcome.map(Some),
        })?;
    match outcome {
        Some(tables) => export_tables(py, tables),
        None => Err(PyKeyboardInterrupt::new_err(())),
    }
}

/// Simulates a Python strategy; its own exceptions pass through untouched.
#[pyfunction]
#[allow(clippy::needless_pass_by_value, reason = "PyO3 hands over owned arguments")]
pub(crate) fn simulate_stepwise<'py>(
    py: Python<'py>,
    market: PyRef<'py, Market>,
    decider: Bound<'py, PyAny>,
    plan: String,
) -> PyResult<Bound<'py, PyDict>> {
    let core = Arc::clone(&market.core);
    let simulation = call(py, || Simulation::new(Arc::clone(&core), parse_plan(&plan)?))?;
    let first_step = simulation.plan.first_step;
    let session = Bound::new(py, open_session(Arc::clone(&core), simulation))?;
    decider.call_method1("start", (&session,))?;
    let hooks = Hooks::of(&decider)?;
    let progress = Progress::of(&decider, core.bar_count() - first_step)?;
    let mut bars = BarCursor::new(py, &core)?;
    let mut waiting = Vec::new();
    let advance = if hooks.manage.is_some() { Simulation::trade } else { Simulation::step };
    for bar_idx in first_step..core.bar_count() {
        let signals =
            if bar_idx > 0 { decide(&session, &hooks, &mut bars, bar_idx)? } else { SignalRows::default() };
        step(&session, bar_idx, signals, &mut waiting, advance)?;
        if hooks.manage.is_some() {
            let signals = manage(&session, &hooks, &mut bars, bar_idx)?;
            mark(&session, bar_idx, signals, &mut waiting)?;
        }
        progress.report(bar_idx - first_step + 1)?;
        if bar_idx % YIELD_STRIDE == 0 {
            py.check_signals()?;
            py.detach(|| ());
        }
    }
    let simulation = session.borrow_mut().simulation.take();
    match simulation {
        Some(simulation) => export_tables(py, call(py, || simulation.finish(&waiting))?),
        None => Ok(PyDict::new(py)),
    }
}

/// The callables of a decider, looked up once.
struct Hooks<'py> {
    decide: Bound<'py, PyAny>,
    rows: Bound<'py, PyAny>,
    /// What is asked in step 4, if anything is.
    manage: Option<Bound<'py, PyAny>>,
}

impl<'py> Hooks<'py> {
    fn of(decider: &Bound<'py, PyAny>) -> PyResult<Self> {
        let manage = decider.getattr("manage")?;
        Ok(Self {
            decide: decider.getattr("decide")?,
            rows: decider.getattr("rows")?,
            manage: (!manage.is_none()).then_some(manage),
        })
    }

    /// What a hook asks for about a bar.
    fn ask(
        &self,
        hook: &Bound<'py, PyAny>,
        bar: &Bound<'py, Bar>,
        (bar_idx, now_us): (usize, i64),
    ) -> PyResult<SignalRows> {
        let answer = hook.call1((bar,))?;
        if answer.is_none() {
            return Ok(SignalRows::default());
        }
        let rows = self.rows.call1((answer, bar_idx, now_us))?;
        rows.try_iter()?.map(|row| signal_of(&row?, bar_idx)).collect()
    }
}

/// The progress callback of a decider, if it has one.
struct Progress<'py> {
    callback: Option<Bound<'py, PyAny>>,
    every: usize,
    total: usize,
}

impl<'py> Progress<'py> {
    fn of(decider: &Bound<'py, PyAny>, total: usize) -> PyResult<Self> {
        let callback = decider.getattr("progress")?;
        let every: Option<usize> = decider.getattr("progress_every")?.extract()?;
        let every = every.filter(|every| *every > 0).unwrap_or_else(|| (total / 100).max(1));
        Ok(Self { callback: (!callback.is_none()).then_some(callback), every, total })
    }

    fn report(&self, current: usize) -> PyResult<()> {
        let Some(callback) = &self.callback else { return Ok(()) };
        if current.is_multiple_of(self.every) || current == self.total {
            callback.call1((current, self.total))?;
        }
        Ok(())
    }
}

/// Asks the strategy at the step of `bar_idx`, with the bar before it completed.
fn decide<'py>(
    session: &Bound<'py, Session>,
    hooks: &Hooks<'py>,
    bars: &mut BarCursor<'py>,
    bar_idx: usize,
) -> PyResult<SignalRows> {
    let now_us = {
        let state = session.borrow();
        state.cursor.move_to(cursor_of(bar_idx - 1), false);
        decision_time_us(&state, bar_idx)
    };
    hooks.ask(&hooks.decide, bars.move_to(bar_idx - 1, now_us)?, (bar_idx - 1, now_us))
}

/// Asks the strategy in step 4 of `bar_idx`, if something is open or works and a bar follows.
fn manage<'py>(
    session: &Bound<'py, Session>,
    hooks: &Hooks<'py>,
    bars: &mut BarCursor<'py>,
    bar_idx: usize,
) -> PyResult<SignalRows> {
    let Some(hook) = &hooks.manage else { return Ok(SignalRows::default()) };
    let now_us = {
        let state = session.borrow();
        let is_open =
            state.simulation.as_ref().is_some_and(|run| !run.positions.is_empty() || !run.working.is_empty());
        if !is_open || bar_idx + 1 == state.market.bar_count() {
            return Ok(SignalRows::default());
        }
        state.cursor.move_to(cursor_of(bar_idx), true);
        state.market.series[0].close_time_us[bar_idx]
    };
    hooks.ask(hook, bars.move_to(bar_idx, now_us)?, (bar_idx, now_us))
}

/// Decision time: the open of the step's bar, or with `signal_close` the close of the bar before.
fn decision_time_us(session: &Session, bar_idx: usize) -> i64 {
    let series = &session.market.series[0];
    let is_close = session.simulation.as_ref().is_some_and(|simulation| simulation.plan.signal_close);
    if is_close { series.close_time_us[bar_idx - 1] } else { series.time_us[bar_idx] }
}

/// Runs a step, whole or up to its marks; requests that are late stay in `waiting` (FIL-13).
fn step(
    session: &Bound<'_, Session>,
    bar_idx: usize,
    signals: SignalRows,
    waiting: &mut Vec<Request>,
    advance: fn(&mut Simulation, usize, &[Request]) -> omega_core::error::Result<()>,
) -> PyResult<()> {
    let mut state = session.borrow_mut();
    let Some(simulation) = state.simulation.as_mut() else { return Ok(()) };
    call_attached(session.py(), || {
        if !signals.is_empty() {
            waiting.extend(simulation.take_in(signals)?);
        }
        if waiting.is_empty() {
            return advance(simulation, bar_idx, &[]);
        }
        let due = waiting.partition_point(|request| request.bar_idx < cursor_of(bar_idx));
        let requests: Vec<Request> = waiting.drain(..due).collect();
        advance(simulation, bar_idx, &requests)
    })
}

/// Takes in what was asked for in step 4, which waits for the next step, and runs step 5.
fn mark(
    session: &Bound<'_, Session>,
    bar_idx: usize,
    signals: SignalRows,
    waiting: &mut Vec<Request>,
) -> PyResult<()> {
    let mut state = session.borrow_mut();
    let Some(simulation) = state.simulation.as_mut() else { return Ok(()) };
    call_attached(session.py(), || {
        waiting.extend(simulation.take_in(signals)?);
        simulation.mark(bar_idx)
    })
}

/// One row of the signal table, in column order.
fn signal_of(row: &Bound<'_, PyAny>, bar_idx: usize) -> PyResult<Signal> {
    let row = row.cast::<PyTuple>()?;
    let signal = Signal {
        bar_idx: row.get_item(0)?.extract()?,
        kind: row.get_item(1)?.extract()?,
        direction: row.get_item(2)?.extract()?,
        order_type: row.get_item(3)?.extract()?,
        symbol: row.get_item(4)?.extract()?,
        magic: row.get_item(5)?.extract()?,
        target: row.get_item(6)?.extract()?,
        size: row.get_item(7)?.extract()?,
        sl: row.get_item(8)?.extract()?,
        tp: row.get_item(9)?.extract()?,
        sl_points: row.get_item(10)?.extract()?,
        tp_points: row.get_item(11)?.extract()?,
        sl_pips: row.get_item(12)?.extract()?,
        tp_pips: row.get_item(13)?.extract()?,
        entry: row.get_item(14)?.extract()?,
        limit: row.get_item(15)?.extract()?,
        expiry: row.get_item(16)?.extract()?,
        expiry_bars: row.get_item(17)?.extract()?,
        tif: row.get_item(18)?.extract()?,
        oco: row.get_item(19)?.extract()?,
        share: row.get_item(20)?.extract()?,
        sl_atr: row.get_item(21)?.extract()?,
        fault: row.get_item(22)?.extract()?,
    };
    if signal.bar_idx == cursor_of(bar_idx) {
        return Ok(signal);
    }
    let error =
        Error::SignalBarIdx { row: 0, bar_idx: signal.bar_idx, reason: "is not the bar of the decision" };
    Err(to_py(row.py(), &error))
}
