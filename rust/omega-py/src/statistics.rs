//! Metrics, the statistical components of the rating, and replays of a run.

use std::sync::Arc;

use omega_core::error::Error;
use omega_core::metrics::Value;
use omega_core::rating::Outcome;
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use pyo3_arrow::PyTable;

use crate::convert::batch_of;
use crate::errors::call;
use crate::market::Market;

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

/// Net, drawdown fraction, Sharpe ratio, trades and dropped entries of every job.
type OutcomeTuple = (Option<i64>, Option<f64>, Option<f64>, Option<i64>, i64);

/// Runs a recorded signal table under the conditions of every job, in parallel, without the interpreter.
#[pyfunction]
#[allow(clippy::needless_pass_by_value, reason = "PyO3 hands over owned arguments")]
pub(crate) fn replay(
    py: Python<'_>,
    market: PyRef<'_, Market>,
    signals: Option<PyTable>,
    jobs: String,
) -> PyResult<Vec<OutcomeTuple>> {
    let core = Arc::clone(&market.core);
    let signals = signals.map(|table| batch_of(py, table)).transpose()?;
    let is_interrupted = || Python::attach(|py| py.check_signals().is_err());
    let outcomes =
        call(py, || match omega_core::rating::replay(&core, signals.as_ref(), &jobs, &is_interrupted) {
            Err(Error::Interrupted) => Ok(None),
            outcomes => outcomes.map(Some),
        })?;
    let tuple_of = |one: Outcome| (one.net, one.drawdown_frac, one.sharpe, one.trades, one.dropped);
    let outcomes = outcomes.ok_or_else(|| PyKeyboardInterrupt::new_err(()))?;
    Ok(outcomes.into_iter().map(tuple_of).collect())
}

/// The bars of every series of a changed market.
#[pyfunction]
#[allow(clippy::needless_pass_by_value, reason = "PyO3 hands over owned arguments")]
pub(crate) fn stress_market(
    py: Python<'_>,
    market: PyRef<'_, Market>,
    stress: String,
) -> PyResult<Vec<Py<PyTable>>> {
    let core = Arc::clone(&market.core);
    let batches = call(py, || omega_core::rating::stress_market(&core, &stress))?;
    let export = |batch: arrow_array::RecordBatch| {
        let schema = batch.schema();
        Py::new(py, PyTable::try_new(vec![batch], schema)?)
    };
    batches.into_iter().map(export).collect()
}

fn number(py: Python<'_>, value: Option<Value>) -> PyResult<Number> {
    match value {
        None => Ok(None),
        Some(Value::Int(value)) => value.into_py_any(py).map(Some),
        Some(Value::Float(value)) => value.into_py_any(py).map(Some),
    }
}
