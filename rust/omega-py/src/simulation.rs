//! Runs: a signal table or native strategy in one call, or a Python strategy step by step.

use std::sync::Arc;

use omega_core::engine::Simulation;
use omega_core::engine::signals::{Request, Signal};
use omega_core::error::{Error, Result};
use omega_core::plan::parse_plan;
use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyo3_arrow::PyTable;

use crate::answers::{Answers, Moment};
use crate::convert::{batch_of, export_tables};
use crate::errors::{call, call_attached};
use crate::market::Market;
use crate::session::{Bar, BarCursor, Session, cursor_of, open_session};
use crate::view::Cursor;

/// Decisions after which signals and other threads are looked at, and steps that were put off are run at the latest.
const STRIDE: usize = 1_024;

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
    let (first_step, bar_count) = (simulation.plan.first_step, core.bar_count());
    let mut walk = Walk::start(&decider, core, simulation)?;
    let progress = Progress::of(&decider, bar_count - first_step)?;
    let outcome: PyResult<()> = (first_step..bar_count).try_for_each(|bar_idx| {
        walk.step(bar_idx)?;
        if let Some(report) = progress.due(bar_idx - first_step + 1) {
            // Who is told how far the run is may look at its books.
            walk.session.borrow_mut().catch_up(py, bar_idx + 1)?;
            report.call1((bar_idx - first_step + 1, bar_count - first_step))?;
        }
        if bar_idx % STRIDE == 0 {
            py.check_signals()?;
            py.detach(|| ());
            walk.session.borrow_mut().catch_up(py, bar_idx + 1)?;
        }
        Ok(())
    });
    let mut session = walk.session.borrow_mut();
    let stop = if outcome.is_ok() { bar_count } else { session.decided_steps() };
    session.catch_up(py, stop)?;
    outcome?;
    match session.simulation.take() {
        Some(simulation) => export_tables(py, call(py, || simulation.finish(&walk.pending.requests))?),
        None => Ok(PyDict::new(py)),
    }
}

/// A stepwise run on its way, with all that is looked up once.
struct Walk<'py> {
    session: Bound<'py, Session>,
    market: Arc<omega_core::market::Market>,
    cursor: Cursor,
    bars: BarCursor<'py>,
    decide: Hook<'py>,
    /// What is asked in step 4, if anything is.
    manage: Option<Hook<'py>>,
    answers: Answers<'py>,
    /// Whether decisions are made at the close of the bar (`signal_close`).
    decides_at_close: bool,
    /// Whether something was open or worked at the end of the last step, which `manage` is asked about.
    is_watched: bool,
    pending: Pending,
}

impl<'py> Walk<'py> {
    fn start(
        decider: &Bound<'py, PyAny>,
        market: Arc<omega_core::market::Market>,
        simulation: Simulation,
    ) -> PyResult<Self> {
        let decides_at_close = simulation.plan.signal_close;
        let session = open_session(Arc::clone(&market), simulation);
        let cursor = Arc::clone(&session.cursor);
        let session = Bound::new(decider.py(), session)?;
        decider.call_method1("start", (&session,))?;
        let manage = decider.getattr("manage")?;
        Ok(Self {
            bars: BarCursor::new(decider.py(), &market)?,
            decide: Hook::of(decider.getattr("decide")?)?,
            manage: if manage.is_none() { None } else { Some(Hook::of(manage)?) },
            answers: Answers::of(decider)?,
            is_watched: false,
            pending: Pending::default(),
            session,
            market,
            cursor,
            decides_at_close,
        })
    }

    /// Asks the strategy, and runs the step of `bar_idx` if it has to be run by itself.
    ///
    /// Nobody sees the books between two answers unless he asks for them. So a step in which nothing is asked for is put
    /// off, and the session runs it with all others of its kind in one stride: they cost a tenth of what they would.
    fn step(&mut self, bar_idx: usize) -> PyResult<()> {
        let answer = if bar_idx > 0 { self.decide(bar_idx)? } else { None };
        if answer.is_none() && !self.is_watched && self.pending.requests.is_empty() {
            return Ok(());
        }
        let py = self.session.py();
        self.session.borrow_mut().catch_up(py, bar_idx)?;
        if let Some((answer, moment)) = answer {
            self.answers.read(&answer, moment, &mut self.pending.signals)?;
        }
        let mut session = self.session.borrow_mut();
        let Some(simulation) = session.run_by_hand(bar_idx) else { return Ok(()) };
        if self.manage.is_none() {
            return self.pending.serve(py, simulation, bar_idx, Simulation::step);
        }
        self.pending.serve(py, simulation, bar_idx, Simulation::trade)?;
        let is_open = !simulation.positions.is_empty() || !simulation.working.is_empty();
        drop(session);
        if is_open && bar_idx + 1 < self.market.bar_count() {
            self.manage(bar_idx)?;
        }
        let mut session = self.session.borrow_mut();
        let Some(simulation) = session.simulation.as_mut() else { return Ok(()) };
        self.is_watched = is_open;
        self.pending.serve(py, simulation, bar_idx, |run, bar_idx, _| run.mark(bar_idx))
    }

    /// Asks the strategy at the step of `bar_idx`, with the bar before it completed.
    ///
    /// Decision time is the open of the step's bar, or with `signal_close` the close of the bar before.
    #[inline]
    fn decide(&mut self, bar_idx: usize) -> PyResult<Option<(Bound<'py, PyAny>, Moment)>> {
        let (completed, series) = (bar_idx - 1, &self.market.series[0]);
        let now_us =
            if self.decides_at_close { series.close_time_us[completed] } else { series.time_us[bar_idx] };
        self.cursor.move_to(cursor_of(completed), false);
        let answer = self.decide.ask(self.bars.move_to(completed, now_us)?)?;
        Ok(if answer.is_none() { None } else { Some((answer, (completed, now_us))) })
    }

    /// Asks the strategy in step 4 of `bar_idx`.
    fn manage(&mut self, bar_idx: usize) -> PyResult<()> {
        let Some(hook) = &self.manage else { return Ok(()) };
        let now_us = self.market.series[0].close_time_us[bar_idx];
        self.cursor.move_to(cursor_of(bar_idx), true);
        let answer = hook.ask(self.bars.move_to(bar_idx, now_us)?)?;
        if answer.is_none() {
            return Ok(());
        }
        self.answers.read(&answer, (bar_idx, now_us), &mut self.pending.signals)
    }
}

/// A callable of a decider. A bound method is taken apart: its function, called with its object, is one call of Python's
/// less, a tenth of what an empty `on_bar` costs.
struct Hook<'py> {
    function: Bound<'py, PyAny>,
    owner: Option<Bound<'py, PyAny>>,
}

impl<'py> Hook<'py> {
    fn of(callable: Bound<'py, PyAny>) -> PyResult<Self> {
        let method = callable.py().import("types")?.getattr("MethodType")?;
        if !callable.is_exact_instance(&method) {
            return Ok(Self { function: callable, owner: None });
        }
        Ok(Self { function: callable.getattr("__func__")?, owner: Some(callable.getattr("__self__")?) })
    }

    #[inline]
    fn ask(&self, bar: &Bound<'py, Bar>) -> PyResult<Bound<'py, PyAny>> {
        match &self.owner {
            Some(owner) => self.function.call1((owner, bar)),
            None => self.function.call1((bar,)),
        }
    }
}

/// What was asked for and has not worked yet.
#[derive(Default)]
struct Pending {
    /// Signals of the last answer.
    signals: Vec<Signal>,
    /// Those before, numbered. They are late only by latency (FIL-13).
    requests: Vec<Request>,
}

impl Pending {
    /// Takes in the last answer and runs `work` with the requests that are due in `bar_idx`; the others stay.
    fn serve(
        &mut self,
        py: Python<'_>,
        simulation: &mut Simulation,
        bar_idx: usize,
        work: fn(&mut Simulation, usize, &[Request]) -> Result<()>,
    ) -> PyResult<()> {
        call_attached(py, || {
            for signal in self.signals.drain(..) {
                self.requests.extend(simulation.take(signal)?);
            }
            let due = self.requests.partition_point(|request| request.bar_idx < cursor_of(bar_idx));
            work(simulation, bar_idx, &self.requests[..due])?;
            self.requests.drain(..due);
            Ok(())
        })
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

    /// The callback, if it is called after so many steps.
    fn due(&self, current: usize) -> Option<&Bound<'py, PyAny>> {
        let is_due = current.is_multiple_of(self.every) || current == self.total;
        self.callback.as_ref().filter(|_| is_due)
    }
}
