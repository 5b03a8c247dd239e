//! What a strategy answered, as signals of the core.
//!
//! Python reads answers (`omega.strategy.normalise`). Only an order of which nothing has to be converted or refused is
//! taken from its tuple here: most signals are such orders, and their way through Python costs ten times as much.

use omega_core::engine::signals::Signal;
use omega_core::error::Error;
use omega_core::schema::{Direction, OrderType, SignalKind, Tif};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyInt, PyTuple, PyType};

use crate::errors::to_py;
use crate::session::cursor_of;

/// The fields of `omega.strategy.signal.Signal` in its order, which `plain_order` takes apart.
const FIELDS: &str = "kind direction type symbol magic target size sl tp sl_points tp_points sl_pips tp_pips \
    entry limit expiry expiry_bars tif oco share sl_atr reason tags scenario meta bar_idx";

/// The bar an answer was given about, and its decision time.
pub(crate) type Moment = (usize, i64);

/// Reads the answers of one decider.
pub(crate) struct Answers<'py> {
    rows: Bound<'py, PyAny>,
    /// The class of one signal, if its fields are as they are known here.
    class: Option<Bound<'py, PyType>>,
}

impl<'py> Answers<'py> {
    /// Looks up what a decider says about its answers.
    pub(crate) fn of(decider: &Bound<'py, PyAny>) -> PyResult<Self> {
        let class: Option<Bound<'py, PyType>> = decider.getattr("signal")?.extract()?;
        let is_known = |class: &Bound<'py, PyType>| {
            let fields: Vec<String> =
                class.getattr("_fields").and_then(|names| names.extract()).unwrap_or_default();
            fields.join(" ") == FIELDS
        };
        Ok(Self { rows: decider.getattr("rows")?, class: class.filter(is_known) })
    }

    /// Appends the signals of an answer that was given about `bar_idx`.
    pub(crate) fn read(
        &self,
        answer: &Bound<'py, PyAny>,
        (bar_idx, now_us): Moment,
        signals: &mut Vec<Signal>,
    ) -> PyResult<()> {
        let is_signal = |class: &Bound<'py, PyType>| answer.get_type_ptr() == class.as_type_ptr();
        if self.class.as_ref().is_some_and(is_signal)
            && let Some(signal) = plain_order(answer, bar_idx)
        {
            signals.push(signal);
            return Ok(());
        }
        let rows = self.rows.call1((answer, bar_idx, now_us))?;
        for row in rows.try_iter()? {
            signals.push(signal_of(&row?, bar_idx)?);
        }
        Ok(())
    }
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

/// The signal of a tuple of `FIELDS`, or `None` unless it is an order in the words that `Strategy.buy` and the like
/// write, with numbers and nothing else. Words are compared as objects: Python keeps one of each that stands in code.
fn plain_order(answer: &Bound<'_, PyAny>, bar_idx: usize) -> Option<Signal> {
    let py = answer.py();
    let [
        kind,
        direction,
        order_type,
        symbol,
        magic,
        target,
        size,
        sl,
        tp,
        sl_points,
        tp_points,
        sl_pips,
        tp_pips,
        entry,
        limit,
        expiry,
        expiry_bars,
        tif,
        oco,
        share,
        sl_atr,
        texts @ ..,
    ] = answer.cast::<PyTuple>().ok()?.as_slice()
    else {
        return None;
    };
    let absent = [symbol, target, limit, expiry, expiry_bars, oco, share];
    if texts.len() != 5 || !absent.into_iter().chain(texts).all(PyAnyMethods::is_none) {
        return None;
    }
    if !kind.is(intern!(py, "order")) || !tif.is(intern!(py, "gtc")) {
        return None;
    }
    let is_long = direction.is(intern!(py, "long"));
    if !is_long && !direction.is(intern!(py, "short")) {
        return None;
    }
    let is_market = order_type.is(intern!(py, "market"));
    let entry = number(entry)?;
    Some(Signal {
        bar_idx: cursor_of(bar_idx),
        kind: SignalKind::Order.code(),
        direction: if is_long { Direction::Long } else { Direction::Short }.code(),
        order_type: if is_market {
            OrderType::Market
        } else if order_type.is(intern!(py, "limit")) {
            OrderType::Limit
        } else if order_type.is(intern!(py, "stop")) {
            OrderType::Stop
        } else {
            return None;
        }
        .code(),
        magic: tag(magic)?,
        size: number(size)?,
        sl: number(sl)?,
        tp: number(tp)?,
        sl_points: number(sl_points)?,
        tp_points: number(tp_points)?,
        sl_pips: number(sl_pips)?,
        tp_pips: number(tp_pips)?,
        entry: if is_market { None } else { entry },
        tif: Tif::Gtc.code(),
        sl_atr: number(sl_atr)?,
        ..Signal::default()
    })
}

/// What stands in a field for a number; `None` for what Python has to convert or refuse.
#[allow(clippy::option_option, reason = "whether it can be read, and whether there is one")]
fn number(field: &Bound<'_, PyAny>) -> Option<Option<f64>> {
    if field.is_none() {
        return Some(None);
    }
    let is_plain = field.is_exact_instance_of::<PyFloat>() || field.is_exact_instance_of::<PyInt>();
    if is_plain { field.extract().ok().map(Some) } else { None }
}

/// The same for the tag of an order.
#[allow(clippy::option_option, reason = "whether it can be read, and whether there is one")]
fn tag(field: &Bound<'_, PyAny>) -> Option<Option<i64>> {
    if field.is_none() {
        return Some(None);
    }
    let value: Option<i64> = field.cast_exact::<PyInt>().ok()?.extract().ok();
    value.filter(|value| *value != i64::MIN).map(Some)
}
