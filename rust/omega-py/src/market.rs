//! The market handle, and indicators computed on it.

use std::sync::Arc;

use omega_core::schema::SCHEMA_HASH;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyo3_arrow::{PyArray, PyTable};

use crate::convert::{batch_of, export_column, visible_of};
use crate::errors::call;

/// The frozen market of one run. Safe to share between threads.
#[pyclass(frozen, module = "omega._native")]
pub(crate) struct Market {
    pub(crate) core: Arc<omega_core::market::Market>,
}

#[pymethods]
impl Market {
    /// Bars of the step timeframe, warm-up included.
    #[getter]
    fn bar_count(&self) -> usize {
        self.core.bar_count()
    }
}

/// Name, version, schema hash and build profile of the extension.
#[pyfunction]
pub(crate) fn describe(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let facts = PyDict::new(py);
    facts.set_item("name", "rust")?;
    facts.set_item("version", env!("CARGO_PKG_VERSION"))?;
    facts.set_item("schema_hash", SCHEMA_HASH)?;
    facts.set_item("profile", if cfg!(debug_assertions) { "debug" } else { "release" })?;
    Ok(facts)
}

/// Opens the market of a run.
#[pyfunction]
#[allow(clippy::needless_pass_by_value, reason = "PyO3 hands over owned arguments")]
pub(crate) fn open_market(
    py: Python<'_>,
    header: String,
    series: Vec<PyTable>,
    visible: Vec<Option<PyArray>>,
    calendar: PyTable,
) -> PyResult<Market> {
    let series = series.into_iter().map(|table| batch_of(py, table)).collect::<PyResult<Vec<_>>>()?;
    let visible = visible
        .into_iter()
        .map(|rows| rows.map(|rows| visible_of(py, rows)).transpose())
        .collect::<PyResult<Vec<_>>>()?;
    let calendar = batch_of(py, calendar)?;
    let core = call(py, || omega_core::market::open_market(&header, &series, &visible, &calendar))?;
    Ok(Market { core: Arc::new(core) })
}

/// Computes one float64 column per spec.
#[pyfunction]
#[allow(clippy::needless_pass_by_value, reason = "PyO3 hands over owned arguments")]
pub(crate) fn compute_indicators(
    py: Python<'_>,
    market: PyRef<'_, Market>,
    specs: String,
) -> PyResult<Vec<Py<PyArray>>> {
    let core = Arc::clone(&market.core);
    let columns = call(py, || omega_core::indicators::compute_indicators(&core, &specs))?;
    columns.into_iter().map(|column| Py::new(py, export_column(column))).collect()
}
