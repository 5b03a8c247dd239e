//! Views on indicators: what a strategy reads at its current bar (IND-6).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use arrow_buffer::ScalarBuffer;
use pyo3::prelude::*;
use pyo3::types::PyInt;

use crate::errors::omega_error;

/// Where a stepwise run stands. Shared by the session, which moves it, and the views, which follow.
pub(crate) struct Place {
    bar_idx: AtomicI64,
    is_managing: AtomicBool,
}

/// A place that several hold.
pub(crate) type Cursor = Arc<Place>;

impl Place {
    /// Before the first bar.
    pub(crate) const fn before_the_first() -> Self {
        Self { bar_idx: AtomicI64::new(-1), is_managing: AtomicBool::new(false) }
    }

    /// The completed bar the strategy is asked about; -1 before the first.
    #[inline]
    pub(crate) fn bar_idx(&self) -> i64 {
        self.bar_idx.load(Ordering::Relaxed)
    }

    /// Whether the strategy is asked in step 4, at the close of the bar.
    #[inline]
    pub(crate) fn is_managing(&self) -> bool {
        self.is_managing.load(Ordering::Relaxed)
    }

    /// Lets the strategy see the bar at `bar_idx`, at the decision that follows it or in step 4.
    pub(crate) fn move_to(&self, bar_idx: i64, is_managing: bool) {
        self.bar_idx.store(bar_idx, Ordering::Relaxed);
        self.is_managing.store(is_managing, Ordering::Relaxed);
    }
}

/// One indicator at the cursor. Index -1 is the last completed bar of the view's own timeframe.
///
/// Before the first bar a view reads NaN, as during warm-up.
#[pyclass(frozen, module = "omega._native")]
pub(crate) struct View {
    pub(crate) values: ScalarBuffer<f64>,
    pub(crate) visible: Option<ScalarBuffer<i32>>,
    /// What is visible in step 4, where that is not what the decision sees.
    pub(crate) at_close: Option<ScalarBuffer<i32>>,
    pub(crate) cursor: Cursor,
    /// The number -1.
    pub(crate) last: Py<PyInt>,
}

/// The right side of a crossing: value before, latest value, whether the latest is new at this bar.
struct Operand {
    before: f64,
    latest: f64,
    is_fresh: bool,
}

#[pymethods]
impl View {
    /// Returns a value by its distance from the end; -1 is the last complete one.
    fn __getitem__(&self, py: Python<'_>, index: &Bound<'_, PyAny>) -> PyResult<f64> {
        // The usual index is one object in all of Python. To read it as a number is slow: -1 may mean an error there.
        if index.is(&self.last) {
            return Ok(self.back(-1));
        }
        match index.extract::<i64>() {
            Ok(back) if back < 0 => Ok(self.back(back)),
            _ => Err(omega_error(py, "strategy.view_index", &[("value", index.repr()?.to_string())])),
        }
    }

    /// Returns a[-2] <= b[-2] and a[-1] > b[-1], where the newer of a[-1] and b[-1] is new at this bar.
    fn crossed_above(&self, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        let other = operand(other)?;
        let is_fresh = self.is_fresh() || other.is_fresh;
        Ok(is_fresh && self.back(-2) <= other.before && self.back(-1) > other.latest)
    }

    /// Returns a[-2] >= b[-2] and a[-1] < b[-1], where the newer of a[-1] and b[-1] is new at this bar.
    fn crossed_below(&self, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        let other = operand(other)?;
        let is_fresh = self.is_fresh() || other.is_fresh;
        Ok(is_fresh && self.back(-2) >= other.before && self.back(-1) < other.latest)
    }

    /// Returns whether the last `count` changes were all up; NaN gives False.
    fn rising(&self, py: Python<'_>, count: &Bound<'_, PyAny>) -> PyResult<bool> {
        let count = checked_count(py, "rising", count)?;
        Ok((1..=count).all(|k| self.back(-k) > self.back(-k - 1)))
    }

    /// Returns whether the last `count` changes were all down; NaN gives False.
    fn falling(&self, py: Python<'_>, count: &Bound<'_, PyAny>) -> PyResult<bool> {
        let count = checked_count(py, "falling", count)?;
        Ok((1..=count).all(|k| self.back(-k) < self.back(-k - 1)))
    }
}

impl View {
    /// The value `back` places from the end of what is visible; NaN before the first.
    #[inline]
    fn back(&self, back: i64) -> f64 {
        let own_idx = self.latest().saturating_add(1).saturating_add(back);
        usize::try_from(own_idx).ok().and_then(|idx| self.values.get(idx)).copied().unwrap_or(f64::NAN)
    }

    /// The last completed bar of the own timeframe, or -1.
    #[inline]
    fn latest(&self) -> i64 {
        let cursor = self.cursor.bar_idx();
        self.rows().map_or(cursor, |rows| visible_at(rows, cursor))
    }

    /// Whether the latest value is visible for the first time at this bar.
    #[inline]
    fn is_fresh(&self) -> bool {
        let Some(rows) = &self.visible else { return true };
        let (latest, before) = (self.latest(), visible_at(rows, self.cursor.bar_idx() - 1));
        latest > before && latest >= 0
    }

    /// What is visible now of another timeframe; none for the step timeframe.
    #[inline]
    fn rows(&self) -> Option<&ScalarBuffer<i32>> {
        match &self.at_close {
            Some(rows) if self.cursor.is_managing() => Some(rows),
            _ => self.visible.as_ref(),
        }
    }
}

#[inline]
fn visible_at(rows: &[i32], cursor: i64) -> i64 {
    usize::try_from(cursor).ok().and_then(|idx| rows.get(idx)).map_or(-1, |row| i64::from(*row))
}

fn operand(other: &Bound<'_, PyAny>) -> PyResult<Operand> {
    if let Ok(view) = other.cast::<View>() {
        let view = view.get();
        return Ok(Operand { before: view.back(-2), latest: view.back(-1), is_fresh: view.is_fresh() });
    }
    let level: f64 = other.extract()?;
    Ok(Operand { before: level, latest: level, is_fresh: false })
}

fn checked_count(py: Python<'_>, method: &str, count: &Bound<'_, PyAny>) -> PyResult<i64> {
    match count.extract::<i64>() {
        Ok(count) if count >= 1 => Ok(count),
        _ => {
            let facts = [("method", method.to_owned()), ("value", count.repr()?.to_string())];
            Err(omega_error(py, "strategy.view_count", &facts))
        }
    }
}
