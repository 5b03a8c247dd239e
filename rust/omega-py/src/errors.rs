//! Core errors and panics as Python exceptions.

use std::panic::{AssertUnwindSafe, catch_unwind};

use omega_core::error::{Error, Fact};
use pyo3::create_exception;
use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::PyDict;

create_exception!(
    omega._native,
    CoreError,
    PyException,
    "What the core refused: a dotted code and its facts."
);

/// Runs one call of the core without the interpreter; a panic becomes `engine.internal`.
pub(crate) fn call<T: Send>(py: Python<'_>, work: impl FnOnce() -> Result<T, Error> + Send) -> PyResult<T> {
    let outcome = py.detach(|| catch_unwind(AssertUnwindSafe(work)));
    settle(py, outcome)
}

/// The same for a call that stays attached.
pub(crate) fn call_attached<T>(py: Python<'_>, work: impl FnOnce() -> Result<T, Error>) -> PyResult<T> {
    let outcome = catch_unwind(AssertUnwindSafe(work));
    settle(py, outcome)
}

fn settle<T>(py: Python<'_>, outcome: std::thread::Result<Result<T, Error>>) -> PyResult<T> {
    match outcome {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(to_py(py, &error)),
        Err(panic) => Err(internal(py, &panic_text(panic.as_ref()))),
    }
}

/// A core error as `CoreError(code, facts)`.
pub(crate) fn to_py(py: Python<'_>, error: &Error) -> PyErr {
    let facts = PyDict::new(py);
    for (name, fact) in error.context() {
        let set = match fact {
            Fact::Int(value) => facts.set_item(name, value),
            Fact::Float(value) => facts.set_item(name, value),
            Fact::Text(value) => facts.set_item(name, value),
        };
        if let Err(error) = set {
            return error;
        }
    }
    CoreError::new_err((error.code(), facts.unbind()))
}

/// A defect of the engine itself.
fn internal(py: Python<'_>, reason: &str) -> PyErr {
    let facts = PyDict::new(py);
    match facts.set_item("reason", reason) {
        Ok(()) => CoreError::new_err(("engine.internal", facts.unbind())),
        Err(error) => error,
    }
}

/// An error of the catalogue, raised at once: for objects a strategy holds.
pub(crate) fn omega_error(py: Python<'_>, code: &str, facts: &[(&str, String)]) -> PyErr {
    let context = PyDict::new(py);
    let raised = facts
        .iter()
        .try_for_each(|(name, value)| context.set_item(name, value))
        .and_then(|()| py.import("omega.errors")?.getattr("error_for")?.call((code,), Some(&context)));
    raised.map_or_else(|error| error, PyErr::from_value)
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "panic".to_owned())
}
