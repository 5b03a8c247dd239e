//! Arrow objects in and out, through the `PyCapsule` interface.

use std::sync::Arc;

use arrow_array::types::{Float64Type, Int32Type};
use arrow_array::{Array, ArrayRef, Float64Array, PrimitiveArray, RecordBatch};
use arrow_buffer::ScalarBuffer;
use arrow_select::concat::concat_batches;
use omega_core::engine::tables::Tables;
use omega_core::error::Error;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use pyo3_arrow::{PyArray, PyTable};

use crate::errors::to_py;

/// One batch of a table; several chunks are joined.
pub(crate) fn batch_of(py: Python<'_>, table: PyTable) -> PyResult<RecordBatch> {
    let (mut batches, schema) = table.into_inner();
    if batches.len() == 1 {
        return Ok(batches.remove(0));
    }
    concat_batches(&schema, &batches).map_err(|error| misfit(py, "table", &error.to_string()))
}

/// An alignment array: int32 without nulls.
pub(crate) fn visible_of(py: Python<'_>, array: PyArray) -> PyResult<ScalarBuffer<i32>> {
    let (array, _) = array.into_inner();
    match array.as_any().downcast_ref::<PrimitiveArray<Int32Type>>() {
        Some(rows) if rows.null_count() == 0 => Ok(rows.values().clone()),
        _ => Err(misfit(py, "visible", "expected int32 without nulls")),
    }
}

/// An indicator column: float64 without nulls.
pub(crate) fn float64_of(py: Python<'_>, array: PyArray) -> PyResult<ScalarBuffer<f64>> {
    let (array, _) = array.into_inner();
    match array.as_any().downcast_ref::<PrimitiveArray<Float64Type>>() {
        Some(values) if values.null_count() == 0 => Ok(values.values().clone()),
        _ => Err(misfit(py, "indicator column", "expected float64 without nulls")),
    }
}

/// An indicator column on its way out, without a copy.
pub(crate) fn export_column(values: ScalarBuffer<f64>) -> PyArray {
    let array: ArrayRef = Arc::new(Float64Array::new(values, None));
    PyArray::from_array_ref(array)
}

/// Result tables by name.
pub(crate) fn export_tables(py: Python<'_>, tables: Tables) -> PyResult<Bound<'_, PyDict>> {
    let exported = PyDict::new(py);
    for (name, batch) in tables {
        let schema = batch.schema();
        exported.set_item(name, Py::new(py, PyTable::try_new(vec![batch], schema)?)?)?;
    }
    Ok(exported)
}

fn misfit(py: Python<'_>, place: &str, reason: &str) -> PyErr {
    to_py(py, &Error::Shape { place: place.to_owned(), reason: reason.to_owned() })
}
