//! Signals as the engine takes them in: one row of the signal table each.
//!
//! Words were turned into codes above the seam; what is left to refuse here is numbers that cannot be.
//! Rules SIG-1 and SIZ in `docs/spec/engine.md`.

use arrow_array::RecordBatch;
use arrow_array::types::{Float64Type, Int8Type, Int16Type, Int64Type};

use crate::error::{Error, Result};
use crate::execution::sizing::steps_of_lots;
use crate::frame::Table;
use crate::market::as_i64;
use crate::plan::SymbolPlan;
use crate::schema::number::{
    SIGNAL_BAD_LEVEL, SIGNAL_TWO_LEVELS, SIGNAL_UNKNOWN_DIRECTION, SIGNAL_UNKNOWN_KIND,
    SIGNAL_UNKNOWN_SYMBOL, SIGNAL_UNKNOWN_TYPE, SIZE_NEGATIVE, SIZE_OFF_GRID,
};
use crate::schema::{self, Direction, OrderType, SignalKind};

/// One row of the signal table, field for field.
#[derive(Clone, Debug, Default)]
pub struct Signal {
    /// Completed bar the decision was made on.
    pub bar_idx: i64,
    /// `SignalKind` code.
    pub kind: i8,
    /// `Direction` code.
    pub direction: i8,
    /// `OrderType` code.
    pub order_type: i8,
    /// Index of the symbol.
    pub symbol: i16,
    /// Strategy tag of an order, filter of a close.
    pub magic: Option<i64>,
    /// Close: opening signal number of the position.
    pub target: Option<i64>,
    /// Lots.
    pub size: Option<f64>,
    /// Absolute stop loss.
    pub sl: Option<f64>,
    /// Absolute take profit.
    pub tp: Option<f64>,
    /// Stop loss as a distance in points.
    pub sl_points: Option<f64>,
    /// Take profit as a distance in points.
    pub tp_points: Option<f64>,
    /// Stop loss as a distance in pips.
    pub sl_pips: Option<f64>,
    /// Take profit as a distance in pips.
    pub tp_pips: Option<f64>,
    /// Error number of a row that could not be read.
    pub fault: i16,
}

/// Why a signal cannot be: error number, offending column and value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fault {
    /// Error number.
    pub number: i16,
    /// Column.
    pub field: &'static str,
    /// Value.
    pub value: f64,
}

/// A numbered signal on its way to its step, with what is wrong with it, if anything.
///
/// The signal itself lies in the records, where it was written down when it was numbered.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// Signal number.
    pub number: i64,
    /// Where the records hold the signal.
    pub recorded: usize,
    /// Completed bar the decision was made on.
    pub bar_idx: i64,
    /// `SignalKind` code.
    pub kind: i8,
    /// Why it cannot be.
    pub fault: Option<Fault>,
}

/// Returns the rows of a signal table; bar indices must exist and never descend.
///
/// # Errors
/// `data.shape` for another table than `signals`; `signal.bar_idx` with the row.
pub fn read_signals(batch: &RecordBatch, bar_count: usize) -> Result<Vec<Signal>> {
    let table = Table::read(batch, schema::SIGNALS, "signals")?;
    let mut signals = read_codes(&table)?;
    fill_levels(&table, &mut signals)?;
    let mut previous = 0;
    for (row, signal) in signals.iter().enumerate() {
        let fault = |reason| Error::SignalBarIdx { row: as_i64(row), bar_idx: signal.bar_idx, reason };
        if signal.bar_idx < 0 || signal.bar_idx >= as_i64(bar_count) {
            return Err(fault("is not a bar of the data"));
        }
        if signal.bar_idx < previous {
            return Err(fault("is before the row above"));
        }
        previous = signal.bar_idx;
    }
    Ok(signals)
}

/// twin: none — Rust reads column by column.
fn read_codes(table: &Table<'_>) -> Result<Vec<Signal>> {
    let bar_idx = table.column::<Int64Type>("bar_idx")?;
    let kind = table.column::<Int8Type>("kind")?;
    let direction = table.column::<Int8Type>("direction")?;
    let order_type = table.column::<Int8Type>("order_type")?;
    let symbol = table.column::<Int16Type>("symbol")?;
    let fault = table.column::<Int16Type>("fault")?;
    let row_of = |row: usize| Signal {
        bar_idx: bar_idx[row],
        kind: kind[row],
        direction: direction[row],
        order_type: order_type[row],
        symbol: symbol[row],
        fault: fault[row],
        ..Signal::default()
    };
    Ok((0..table.row_count()).map(row_of).collect())
}

/// twin: none — Rust reads column by column.
fn fill_levels(table: &Table<'_>, signals: &mut [Signal]) -> Result<()> {
    let magic = table.optional::<Int64Type>("magic")?;
    let target = table.optional::<Int64Type>("target")?;
    let size = table.optional::<Float64Type>("size")?;
    let (sl, tp) = (table.optional::<Float64Type>("sl")?, table.optional::<Float64Type>("tp")?);
    let sl_points = table.optional::<Float64Type>("sl_points")?;
    let tp_points = table.optional::<Float64Type>("tp_points")?;
    let sl_pips = table.optional::<Float64Type>("sl_pips")?;
    let tp_pips = table.optional::<Float64Type>("tp_pips")?;
    for (row, signal) in signals.iter_mut().enumerate() {
        signal.magic = magic[row];
        signal.target = target[row];
        signal.size = size[row];
        (signal.sl, signal.tp) = (sl[row], tp[row]);
        (signal.sl_points, signal.tp_points) = (sl_points[row], tp_points[row]);
        (signal.sl_pips, signal.tp_pips) = (sl_pips[row], tp_pips[row]);
    }
    Ok(())
}

/// Returns what is wrong with a signal whatever the prices are, or `None` (SIG-1).
#[must_use]
pub fn find_fault(signal: &Signal, symbols: &[SymbolPlan]) -> Option<Fault> {
    let fault = |number, field, value| Some(Fault { number, field, value });
    if signal.fault != 0 {
        return fault(signal.fault, "row", f64::from(signal.fault));
    }
    let Some(symbol) = usize::try_from(signal.symbol).ok().and_then(|idx| symbols.get(idx)) else {
        return fault(SIGNAL_UNKNOWN_SYMBOL, "symbol", f64::from(signal.symbol));
    };
    let direction = Direction::from_code(signal.direction);
    if signal.kind == SignalKind::Close.code() {
        let is_known = direction.is_some();
        return if is_known {
            None
        } else {
            fault(SIGNAL_UNKNOWN_DIRECTION, "direction", f64::from(signal.direction))
        };
    }
    if signal.kind != SignalKind::Order.code() {
        return fault(SIGNAL_UNKNOWN_KIND, "kind", f64::from(signal.kind));
    }
    if !matches!(direction, Some(Direction::Long | Direction::Short)) {
        return fault(SIGNAL_UNKNOWN_DIRECTION, "direction", f64::from(signal.direction));
    }
    if signal.order_type != OrderType::Market.code() {
        return fault(SIGNAL_UNKNOWN_TYPE, "order_type", f64::from(signal.order_type));
    }
    find_size_fault(signal, symbol).or_else(|| find_level_fault(signal))
}

fn find_size_fault(signal: &Signal, symbol: &SymbolPlan) -> Option<Fault> {
    let size = signal.size?;
    if !(size > 0.0 && size.is_finite()) {
        return Some(Fault { number: SIZE_NEGATIVE, field: "size", value: size });
    }
    let is_on_grid = steps_of_lots(size, symbol.volume_step).1;
    if is_on_grid { None } else { Some(Fault { number: SIZE_OFF_GRID, field: "size", value: size }) }
}

fn find_level_fault(signal: &Signal) -> Option<Fault> {
    let stops = [("sl", signal.sl), ("sl_points", signal.sl_points), ("sl_pips", signal.sl_pips)];
    let targets = [("tp", signal.tp), ("tp_points", signal.tp_points), ("tp_pips", signal.tp_pips)];
    [stops, targets].into_iter().find_map(find_fault_of_one_level)
}

/// twin: none — the inner loop of `_find_level_fault`.
fn find_fault_of_one_level(spellings: [(&'static str, Option<f64>); 3]) -> Option<Fault> {
    let given = || spellings.iter().filter_map(|(field, value)| value.map(|value| (*field, value)));
    let fault = |number, (field, value)| Fault { number, field, value };
    given()
        .find(|(_, value)| !(*value > 0.0 && value.is_finite()))
        .map(|bad| fault(SIGNAL_BAD_LEVEL, bad))
        .or_else(|| given().nth(1).map(|second| fault(SIGNAL_TWO_LEVELS, second)))
}
