//! The two statistics calls of the seam: result tables and plan in, named values out.

use arrow_array::RecordBatch;
use arrow_array::types::{Float64Type, Int8Type, Int16Type, Int64Type, TimestampMicrosecondType};
use arrow_buffer::ScalarBuffer;

use crate::error::Result;
use crate::frame::Table;
use crate::metrics::{self, Calendar, Equity, Metric, Plan, Trades};
use crate::rating::{self, RawRow};
use crate::schema;

/// Returns name, value or `None`, and reason or `None` of every metric (MET).
///
/// # Errors
/// `data.shape`, `config.plan`.
pub fn compute_metrics(
    trades: &RecordBatch,
    equity: &RecordBatch,
    calendar: &RecordBatch,
    plan: &str,
) -> Result<Vec<Metric>> {
    let columns = read_columns(trades, equity, calendar)?;
    metrics::compute_metrics(&columns.trades(), &columns.equity(), &columns.calendar(), &Plan::parse(plan)?)
}

/// Returns name, and value or `None`, of every raw value of the resampling components (RAT-3, RAT-4).
///
/// # Errors
/// `data.shape`, `config.plan`, `engine.overflow`.
pub fn rate(
    trades: &RecordBatch,
    equity: &RecordBatch,
    calendar: &RecordBatch,
    plan: &str,
) -> Result<Vec<RawRow>> {
    let columns = read_columns(trades, equity, calendar)?;
    rating::rate(&columns.trades(), &columns.equity(), &columns.calendar(), &Plan::parse(plan)?)
}

/// Returns the columns that statistics read; equity with its `time` column, and a `benchmark` if it has one.
fn read_columns(trades: &RecordBatch, equity: &RecordBatch, calendar: &RecordBatch) -> Result<Columns> {
    let deals = Table::read(trades, schema::TRADES, "trades")?;
    let marks = Table::read(equity, schema::EQUITY, "equity")?;
    let mark_time = marks.times("time")?;
    let days = Table::read(calendar, schema::CALENDAR, "calendar")?;
    Ok(Columns {
        symbol: deals.column::<Int16Type>("symbol")?,
        times: ["entry_time", "exit_time"]
            .map(|name| deals.column::<TimestampMicrosecondType>(name))
            .into_iter()
            .collect::<Result<_>>()?,
        integers: INTEGERS.map(|name| deals.column::<Int64Type>(name)).into_iter().collect::<Result<_>>()?,
        r_multiple: deals.optional::<Float64Type>("r_multiple")?.to_cells(),
        reason: deals.column::<Int8Type>("reason")?,
        ambiguous: deals.flags("ambiguous")?,
        equity: marks.column::<Int64Type>("equity")?,
        benchmark: marks.left_out::<Int64Type>("benchmark")?,
        equity_time: mark_time,
        rollover_time: days.column::<TimestampMicrosecondType>("rollover_time")?,
        weekday: days.column::<Int8Type>("weekday")?,
    })
}

/// Columns of trades that are plain int64, in the order of `Columns::integers`.
const INTEGERS: [&str; 10] = [
    "entry_bar_idx",
    "exit_bar_idx",
    "steps",
    "gross_cost_free",
    "slippage",
    "spread",
    "commission",
    "swap",
    "net",
    "bars_held",
];

/// What the borrowed structs borrow from. twin: none — Python's columns are lists.
struct Columns {
    symbol: ScalarBuffer<i16>,
    times: Vec<ScalarBuffer<i64>>,
    integers: Vec<ScalarBuffer<i64>>,
    r_multiple: Vec<Option<f64>>,
    reason: ScalarBuffer<i8>,
    ambiguous: Vec<bool>,
    equity: ScalarBuffer<i64>,
    benchmark: Option<ScalarBuffer<i64>>,
    equity_time: ScalarBuffer<i64>,
    rollover_time: ScalarBuffer<i64>,
    weekday: ScalarBuffer<i8>,
}

impl Columns {
    fn trades(&self) -> Trades<'_> {
        let [
            entry_bar_idx,
            exit_bar_idx,
            steps,
            gross_cost_free,
            slippage,
            spread,
            commission,
            swap,
            net,
            bars_held,
        ] = std::array::from_fn(|place| &self.integers[place][..]);
        Trades {
            symbol: &self.symbol,
            entry_bar_idx,
            entry_time: &self.times[0],
            exit_bar_idx,
            exit_time: &self.times[1],
            steps,
            gross_cost_free,
            slippage,
            spread,
            commission,
            swap,
            net,
            r_multiple: &self.r_multiple,
            bars_held,
            reason: &self.reason,
            ambiguous: &self.ambiguous,
        }
    }

    fn equity(&self) -> Equity<'_> {
        Equity { time: &self.equity_time, value: &self.equity, benchmark: self.benchmark.as_deref() }
    }

    fn calendar(&self) -> Calendar<'_> {
        Calendar { rollover_time: &self.rollover_time, weekday: &self.weekday }
    }
}
