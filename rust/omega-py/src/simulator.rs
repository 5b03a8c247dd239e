//! A run that Python feeds: signals in, rows of the result tables out.

use std::sync::Arc;

use arrow_array::RecordBatch;
use omega_core::engine::signals::{SignalRows, read_signals};
use omega_core::error::Error;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyo3_arrow::PyTable;

use crate::convert::{batch_of, export_tables};
use crate::errors::call_attached;
use crate::market::Market;

/// Signals read once, to be processed.
#[pyclass(frozen, module = "omega._native")]
pub(crate) struct Signals {
    rows: SignalRows,
}

/// A run and how far it has come.
#[pyclass(module = "omega._native")]
pub(crate) struct Simulator {
    core: omega_core::engine::simulator::Simulator,
}

/// Opens a run that stands before its first step.
#[pyfunction]
#[allow(clippy::needless_pass_by_value, reason = "PyO3 hands over owned arguments")]
pub(crate) fn open_simulator(py: Python<'_>, market: PyRef<'_, Market>, plan: String) -> PyResult<Simulator> {
    let market = Arc::clone(&market.core);
    let core = call_attached(py, || omega_core::engine::simulator::open_simulator(&market, &plan))?;
    Ok(Simulator { core })
}

#[pymethods]
impl Simulator {
    /// Index of the last bar that has passed, -1 before the first.
    #[getter]
    fn cursor(&self) -> i64 {
        self.core.cursor()
    }

    /// Reads a signal table.
    fn read(&self, py: Python<'_>, table: PyTable) -> PyResult<Signals> {
        let batch = batch_of(py, table)?;
        let rows = call_attached(py, || read_signals(&batch, self.core.bar_count()))?;
        Ok(Signals { rows })
    }

    /// Takes in signals decided on the bar at the cursor; returns the number of the first.
    fn process(&mut self, py: Python<'_>, signals: &Bound<'_, Signals>) -> PyResult<i64> {
        call_attached(py, || self.core.process(&signals.get().rows))
    }

    /// Lets up to `count` bars pass.
    fn advance(&mut self, py: Python<'_>, count: usize) -> PyResult<()> {
        call_attached(py, || self.core.advance(count))
    }

    /// Goes on with a market that holds more bars behind those of this one.
    fn extend(&mut self, py: Python<'_>, market: &Bound<'_, Market>) -> PyResult<()> {
        call_attached(py, || self.core.extend(&market.get().core))
    }

    /// Returns the open positions, marked at the close of the bar at the cursor.
    fn positions(&mut self, py: Python<'_>) -> PyResult<Py<PyTable>> {
        let batch = call_attached(py, || self.core.positions())?;
        table_of(py, batch)
    }

    /// Returns the rows of a growing result table from `first` on.
    fn rows(&self, py: Python<'_>, table: &str, first: usize) -> PyResult<Py<PyTable>> {
        let batch = call_attached(py, || self.core.rows(table, first))?;
        table_of(py, batch)
    }

    /// Returns all result tables as they are once the rest of the bars has passed; the run stays where it is.
    fn finish<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let tables = call_attached(py, || -> Result<_, Error> { self.core.clone().finish() })?;
        export_tables(py, tables)
    }
}

fn table_of(py: Python<'_>, batch: RecordBatch) -> PyResult<Py<PyTable>> {
    let schema = batch.schema();
    Py::new(py, PyTable::try_new(vec![batch], schema)?)
}
