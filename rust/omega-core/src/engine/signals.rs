//! Signals as the engine takes them in: one row of the signal table each.
//!
//! Words were turned into codes above the seam; what is left to refuse here is numbers that cannot be.
//! Rules SIG-1 and SIZ in `docs/spec/engine.md`.

use arrow_array::RecordBatch;
use arrow_array::types::{Float64Type, Int8Type, Int16Type, Int64Type, TimestampMicrosecondType};

use crate::error::{Error, Result};
use crate::execution::sizing::steps_of_lots;
use crate::frame::Table;
use crate::growing::{OptionalColumn, all, rows};
use crate::market::as_i64;
use crate::plan::SymbolPlan;
use crate::schema::number::{
    SIGNAL_BAD_EXPIRY, SIGNAL_BAD_LEVEL, SIGNAL_BAD_SHARE, SIGNAL_MISSING_LEVEL, SIGNAL_NO_TARGET,
    SIGNAL_TWO_LEVELS, SIGNAL_UNKNOWN_DIRECTION, SIGNAL_UNKNOWN_KIND, SIGNAL_UNKNOWN_SYMBOL,
    SIGNAL_UNKNOWN_TIF, SIGNAL_UNKNOWN_TYPE, SIZE_NEGATIVE, SIZE_OFF_GRID,
};
use crate::schema::{self, Direction, OrderType, SignalKind, Tif};

rows! {
    /// One row of the signal table, field for field.
    Signal => SignalRows {
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
        /// P of a pending order.
        pub entry: Option<f64>,
        /// L of a stop-limit order.
        pub limit: Option<f64>,
        /// Time before which its bars open.
        pub expiry: Option<i64>,
        /// Bars it works in.
        pub expiry_bars: Option<i64>,
        /// `Tif` code.
        pub tif: i8,
        /// One-cancels-other group.
        pub oco: Option<i64>,
        /// Part of the first volume to close.
        pub share: Option<f64>,
        /// Stop loss as a distance in ATR(14).
        pub sl_atr: Option<f64>,
        /// Error number of a row that could not be read.
        pub fault: i16,
    }
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
/// It works in step `bar_idx + 1`: that of its signal, later by the latency; inside its bar if it meets a finer bar there
/// (FIL-13). The signal itself lies in the records, where it was written down when it was numbered.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// Signal number.
    pub number: i64,
    /// Where the records hold the signal.
    pub recorded: usize,
    /// Completed bar behind which it works.
    pub bar_idx: i64,
    /// Row of the finer bar whose price it meets inside the step's bar.
    pub finer_idx: Option<u32>,
    /// `SignalKind` code.
    pub kind: i8,
    /// Error number of why it cannot be.
    pub fault: Option<i16>,
}

/// Returns the rows of a signal table; bar indices must exist and never descend.
///
/// # Errors
/// `data.shape` for another table than `signals`; `signal.bar_idx` with the row.
pub fn read_signals(batch: &RecordBatch, bar_count: usize) -> Result<SignalRows> {
    let table = Table::read(batch, schema::SIGNALS, "signals")?;
    let signals = read_columns(&table)?;
    let mut previous = 0;
    for (row, bar_idx) in signals.bar_idx.iter().copied().enumerate() {
        let fault = |reason| Error::SignalBarIdx { row: as_i64(row), bar_idx, reason };
        if bar_idx < 0 || bar_idx >= as_i64(bar_count) {
            return Err(fault("is not a bar of the data"));
        }
        if bar_idx < previous {
            return Err(fault("is before the row above"));
        }
        previous = bar_idx;
    }
    Ok(signals)
}

/// twin: none — Rust reads column by column.
fn read_columns(table: &Table<'_>) -> Result<SignalRows> {
    Ok(SignalRows::of_columns(
        table.row_count(),
        SignalRows {
            bar_idx: table.column::<Int64Type>("bar_idx")?.to_vec(),
            kind: table.column::<Int8Type>("kind")?.to_vec(),
            direction: table.column::<Int8Type>("direction")?.to_vec(),
            order_type: table.column::<Int8Type>("order_type")?.to_vec(),
            symbol: table.column::<Int16Type>("symbol")?.to_vec(),
            magic: table.optional::<Int64Type>("magic")?,
            target: table.optional::<Int64Type>("target")?,
            size: table.optional::<Float64Type>("size")?,
            sl: table.optional::<Float64Type>("sl")?,
            tp: table.optional::<Float64Type>("tp")?,
            sl_points: table.optional::<Float64Type>("sl_points")?,
            tp_points: table.optional::<Float64Type>("tp_points")?,
            sl_pips: table.optional::<Float64Type>("sl_pips")?,
            tp_pips: table.optional::<Float64Type>("tp_pips")?,
            entry: table.optional::<Float64Type>("entry")?,
            limit: table.optional::<Float64Type>("limit")?,
            expiry: table.optional::<TimestampMicrosecondType>("expiry")?,
            expiry_bars: table.optional::<Int64Type>("expiry_bars")?,
            tif: table.column::<Int8Type>("tif")?.to_vec(),
            oco: table.optional::<Int64Type>("oco")?,
            share: table.optional::<Float64Type>("share")?,
            sl_atr: table.optional::<Float64Type>("sl_atr")?,
            fault: table.column::<Int16Type>("fault")?.to_vec(),
            ..SignalRows::default()
        },
    ))
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
    let kind = SignalKind::from_code(signal.kind);
    if kind == Some(SignalKind::Order) {
        return find_order_fault(signal, symbol);
    }
    if matches!(kind, None | Some(SignalKind::Bad)) {
        return fault(SIGNAL_UNKNOWN_KIND, "kind", f64::from(signal.kind));
    }
    if Direction::from_code(signal.direction).is_none() {
        return fault(SIGNAL_UNKNOWN_DIRECTION, "direction", f64::from(signal.direction));
    }
    match kind {
        Some(SignalKind::Close) => find_share_fault(signal),
        Some(SignalKind::Modify) => find_modification_fault(signal),
        _ => None,
    }
}

/// Whether a table holds nothing but market orders without a fault. twin: none — told from whole columns, most of
/// them empty, in a tenth of the time that row after row takes.
pub(crate) fn are_sound_market_orders(signals: &SignalRows, symbols: &[SymbolPlan]) -> bool {
    let [symbol] = symbols else { return false };
    let are = |codes: &[i8], code: i8| all(codes, |given| *given == code);
    let is_side = |code: &i8| *code == Direction::Long.code() || *code == Direction::Short.code();
    let stops = [&signals.sl, &signals.sl_points, &signals.sl_pips, &signals.sl_atr];
    let targets = [&signals.tp, &signals.tp_points, &signals.tp_pips];
    are(&signals.kind, SignalKind::Order.code())
        && are(&signals.order_type, OrderType::Market.code())
        && are(&signals.tif, Tif::Gtc.code())
        && all(&signals.direction, is_side)
        && all(&signals.symbol, |idx| *idx == 0)
        && all(&signals.fault, |number| *number == 0)
        && signals.expiry_bars.given().next().is_none()
        && signals.size.all_given(|lots| is_positive(lots) && steps_of_lots(lots, symbol.volume_step).1)
        && are_sound_levels(&stops)
        && are_sound_levels(&targets)
}

/// Whether at most one spelling of a level is used, and only with levels that can be. twin: none — as above.
fn are_sound_levels(spellings: &[&OptionalColumn<f64>]) -> bool {
    spellings.iter().filter(|column| column.given().next().is_some()).count() <= 1
        && spellings.iter().all(|column| column.all_given(is_positive))
}

fn find_order_fault(signal: &Signal, symbol: &SymbolPlan) -> Option<Fault> {
    let fault = |number, field, value| Some(Fault { number, field, value });
    if !matches!(Direction::from_code(signal.direction), Some(Direction::Long | Direction::Short)) {
        return fault(SIGNAL_UNKNOWN_DIRECTION, "direction", f64::from(signal.direction));
    }
    if OrderType::from_code(signal.order_type).is_none() {
        return fault(SIGNAL_UNKNOWN_TYPE, "order_type", f64::from(signal.order_type));
    }
    if Tif::from_code(signal.tif).is_none() {
        return fault(SIGNAL_UNKNOWN_TIF, "tif", f64::from(signal.tif));
    }
    find_entry_fault(signal)
        .or_else(|| find_expiry_fault(signal, signal.tif == Tif::Gtd.code()))
        .or_else(|| find_size_fault(signal, symbol))
        .or_else(|| find_level_fault(signal, false))
}

/// Returns what is wrong with the prices a pending order waits for; market orders have none (S37).
fn find_entry_fault(signal: &Signal) -> Option<Fault> {
    if signal.order_type == OrderType::Market.code() {
        return None;
    }
    let prices = [("entry", signal.entry), ("limit", signal.limit)];
    let needed = if signal.order_type == OrderType::StopLimit.code() { 2 } else { 1 };
    prices.into_iter().take(needed).find_map(|(field, value)| match value {
        None => Some(Fault { number: SIGNAL_MISSING_LEVEL, field, value: 0.0 }),
        Some(value) if !is_positive(value) => Some(Fault { number: SIGNAL_BAD_LEVEL, field, value }),
        Some(_) => None,
    })
}

#[expect(clippy::cast_precision_loss, reason = "shown in a message")]
fn find_expiry_fault(signal: &Signal, is_needed: bool) -> Option<Fault> {
    if let Some(count) = signal.expiry_bars
        && (count < 1 || signal.expiry.is_some())
    {
        return Some(Fault { number: SIGNAL_BAD_EXPIRY, field: "expiry_bars", value: count as f64 });
    }
    if is_needed && signal.expiry_bars.is_none() && signal.expiry.is_none() {
        return Some(Fault { number: SIGNAL_BAD_EXPIRY, field: "expiry", value: 0.0 });
    }
    None
}

fn find_share_fault(signal: &Signal) -> Option<Fault> {
    let share = signal.share?;
    let is_part = share > 0.0 && share <= 1.0;
    if is_part { None } else { Some(Fault { number: SIGNAL_BAD_SHARE, field: "share", value: share }) }
}

fn find_modification_fault(signal: &Signal) -> Option<Fault> {
    if signal.target.is_none() {
        return Some(Fault { number: SIGNAL_NO_TARGET, field: "target", value: 0.0 });
    }
    [("entry", signal.entry), ("limit", signal.limit)]
        .into_iter()
        .find_map(|(field, value)| {
            let value = value.filter(|value| !is_positive(*value))?;
            Some(Fault { number: SIGNAL_BAD_LEVEL, field, value })
        })
        .or_else(|| find_expiry_fault(signal, false))
        .or_else(|| find_level_fault(signal, true))
}

fn find_size_fault(signal: &Signal, symbol: &SymbolPlan) -> Option<Fault> {
    let size = signal.size?;
    if !is_positive(size) {
        return Some(Fault { number: SIZE_NEGATIVE, field: "size", value: size });
    }
    let is_on_grid = steps_of_lots(size, symbol.volume_step).1;
    if is_on_grid { None } else { Some(Fault { number: SIZE_OFF_GRID, field: "size", value: size }) }
}

/// Returns the first level that cannot be; in a modification a price of 0 removes the level.
fn find_level_fault(signal: &Signal, may_be_zero: bool) -> Option<Fault> {
    let stops = [signal.sl, signal.sl_points, signal.sl_pips, signal.sl_atr];
    let targets = [signal.tp, signal.tp_points, signal.tp_pips];
    find_fault_of_one_level(["sl", "sl_points", "sl_pips", "sl_atr"], stops, may_be_zero)
        .or_else(|| find_fault_of_one_level(["tp", "tp_points", "tp_pips"], targets, may_be_zero))
}

/// twin: none — the inner loop of `_find_level_fault`.
#[inline]
fn find_fault_of_one_level<const N: usize>(
    fields: [&'static str; N],
    spellings: [Option<f64>; N],
    may_be_zero: bool,
) -> Option<Fault> {
    let (mut is_given, mut second) = (false, None);
    for (idx, spelling) in spellings.into_iter().enumerate() {
        let Some(value) = spelling else { continue };
        let fault = |number| Some(Fault { number, field: fields[idx], value });
        let is_removal = may_be_zero && idx == 0 && value == 0.0;
        if !is_removal && !is_positive(value) {
            return fault(SIGNAL_BAD_LEVEL);
        }
        if is_given && second.is_none() {
            second = fault(SIGNAL_TWO_LEVELS);
        }
        is_given = true;
    }
    second
}

/// Above 0 and finite, by comparisons alone: of those a processor does several at once. twin: none — written out there.
fn is_positive(value: f64) -> bool {
    value > 0.0 && value <= f64::MAX
}
