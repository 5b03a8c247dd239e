//! Metrics and the resampling components of the rating.

use omega_core::metrics::Value;
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3_arrow::PyTable;

use crate::convert::batch_of;
use crate::errors::call;

type Number = Option<Py<PyAny>>;

/// Name, value or `None`, reason or `None` of every metric.
#[pyfunction]
#[allow(clippy::needless_pass_by_value, reason = "PyO3 hands over owned arguments")]
pub(crate) fn compute_metrics(
    py: Python<'_>,
    trades: PyTable,
    equity: PyTable,
    calendar: PyTable,
    plan: String,
) -> PyResult<Vec<(&'static str, Number, Option<&'static str>)>> {
    let (trades, equity, calendar) = (batch_of(py, trades)?, batch_of(py, equity)?, batch_of(py, calendar)?);
    let metrics = call(py, || omega_core::statistics::compute_metrics(&trades, &equity, &calendar, &plan))?;
    metrics.into_iter().map(|(name, value, reason)| Ok((name, number(py, value)?, reason))).collect()
}

/// Name, and value or `None`, of every raw value of the resampling components.
#[pyfunction]
#[allow(clippy::needless_pass_by_value, reason = "PyO3 hands over owned arguments")]
pub(crate) fn rate(
    py: Python<'_>,
    trades: PyTable,
    equity: PyTable,
    calendar: PyTable,
    plan: String,
) -> PyResult<Vec<(&'static str, Number)>> {
    let (trades, equity, calendar) = (batch_of(py, trades)?, batch_of(py, equity)?, batch_of(py, calendar)?);
    let values = call(py, || omega_core::statistics::rate(&trades, &equity, &calendar, &plan))?;
    values.into_iter().map(|(name, value)| Ok((name, number(py, value)?))).collect()
}

fn number(py: Python<'_>, value: Option<Value>) -> PyResult<Number> {
    match value {
        None => Ok(None),
        Some(Value::Int(value)) => value.into_py_any(py).map(Some),
        Some(Value::Float(value)) => value.into_py_any(py).map(Some),
    }
}
