//! Records and books as the result tables that leave the core.
//!
//! twin: none — the twin's records are columns from the start. Column by column in the order of the schema.

use arrow_array::RecordBatch;

use crate::engine::records::{
    DiagnosticRows, FillRows, OrderRows, PositionRows, RecordedSignals, Records, RejectionRows, SwapRows,
    TradeRows,
};
use crate::error::Result;
use crate::frame::{
    batch, flags, float64_of, int8_of, int16_of, int32_of, int64_of, optional_float64_of, optional_int8_of,
    optional_int16_of, optional_int64_of, optional_times_of, times_of,
};
use crate::portfolio::books::{Books, LedgerRows};
use crate::schema;

/// Result tables by name.
pub type Tables = Vec<(&'static str, RecordBatch)>;

/// Turns records and books into the result tables.
///
/// # Errors
/// `data.shape` if a table does not fit its schema: a defect of the engine.
pub fn write_tables(records: Records, books: Books) -> Result<Tables> {
    Ok(vec![
        ("recorded_signals", signals_batch(records.signals)?),
        ("orders", orders_batch(records.orders)?),
        ("fills", fills_batch(records.fills)?),
        ("trades", trades_batch(records.trades)?),
        ("positions", positions_batch(records.positions)?),
        ("swaps", swaps_batch(records.swaps)?),
        ("rejections", rejections_batch(records.rejections)?),
        ("diagnostics", diagnostics_batch(records.diagnostics)?),
        ("ledger", ledger_batch(books.ledger)?),
        ("equity", batch(schema::EQUITY, vec![int64_of(books.equity)])?),
    ])
}

/// Turns the rows of one growing table from `first` on into that table; `None` is no such table.
///
/// twin: none — slices of lists there.
///
/// # Errors
/// `data.shape` if a table does not fit its schema: a defect of the engine.
pub fn write_since(
    records: &Records,
    books: &Books,
    name: &str,
    first: usize,
) -> Result<Option<RecordBatch>> {
    let batch = match name {
        "recorded_signals" => signals_batch(records.signals.since(first))?,
        "orders" => orders_batch(records.orders.since(first))?,
        "fills" => fills_batch(records.fills.since(first))?,
        "trades" => trades_batch(records.trades.since(first))?,
        "swaps" => swaps_batch(records.swaps.since(first))?,
        "rejections" => rejections_batch(records.rejections.since(first))?,
        "ledger" => ledger_batch(books.ledger.since(first))?,
        _ => return Ok(None),
    };
    Ok(Some(batch))
}

fn signals_batch(recorded: RecordedSignals) -> Result<RecordBatch> {
    let signals = recorded.signals.whole();
    batch(
        schema::RECORDED_SIGNALS,
        vec![
            int64_of(recorded.number),
            int64_of(recorded.row),
            int64_of(signals.bar_idx),
            int8_of(signals.kind),
            int8_of(signals.direction),
            int8_of(signals.order_type),
            int16_of(signals.symbol),
            optional_int64_of(signals.magic),
            optional_int64_of(signals.target),
            optional_float64_of(signals.size),
            optional_float64_of(signals.sl),
            optional_float64_of(signals.tp),
            optional_float64_of(signals.sl_points),
            optional_float64_of(signals.tp_points),
            optional_float64_of(signals.sl_pips),
            optional_float64_of(signals.tp_pips),
            optional_float64_of(signals.entry),
            optional_float64_of(signals.limit),
            optional_times_of(signals.expiry),
            optional_int64_of(signals.expiry_bars),
            int8_of(signals.tif),
            optional_int64_of(signals.oco),
            optional_float64_of(signals.share),
            optional_float64_of(signals.sl_atr),
            int16_of(signals.fault),
        ],
    )
}

fn orders_batch(rows: OrderRows) -> Result<RecordBatch> {
    let rows = rows.whole();
    batch(
        schema::ORDERS,
        vec![
            int64_of(rows.id),
            int64_of(rows.bar_idx),
            times_of(rows.time_us),
            int16_of(rows.symbol),
            int8_of(rows.direction),
            int8_of(rows.order_type),
            int64_of(rows.magic),
            optional_int64_of(rows.entry),
            optional_int64_of(rows.limit),
            int8_of(rows.tif),
            optional_times_of(rows.expiry_us),
            optional_int64_of(rows.oco),
            int64_of(rows.steps),
            int64_of(rows.filled_steps),
            optional_int64_of(rows.sl),
            optional_int64_of(rows.tp),
            int8_of(rows.status),
            times_of(rows.done_time_us),
        ],
    )
}

fn fills_batch(rows: FillRows) -> Result<RecordBatch> {
    let rows = rows.whole();
    batch(
        schema::FILLS,
        vec![
            int64_of(rows.position_id),
            int32_of(rows.leg),
            int32_of(rows.fill_number),
            int64_of(rows.bar_idx),
            times_of(rows.time_us),
            int16_of(rows.symbol),
            int8_of(rows.direction),
            int8_of(rows.side),
            int8_of(rows.rule),
            optional_int8_of(rows.reason),
            int8_of(rows.moment),
            optional_int8_of(rows.path_step),
            optional_int64_of(rows.level),
            int64_of(rows.raw_price),
            int64_of(rows.price),
            int64_of(rows.steps),
            int64_of(rows.slippage_points),
            int64_of(rows.slippage_random_points),
            float64_of(rows.slippage_impact_points),
            float64_of(rows.slippage_volatility_points),
            int64_of(rows.spread_points),
            int64_of(rows.commission),
            float64_of(rows.conversion_rate),
        ],
    )
}

fn trades_batch(rows: TradeRows) -> Result<RecordBatch> {
    let rows = rows.whole();
    let bars_held =
        rows.exit_bar_idx.iter().zip(&rows.entry_bar_idx).map(|(exit, entry)| exit - entry).collect();
    batch(
        schema::TRADES,
        vec![
            int64_of(rows.id),
            int16_of(rows.symbol),
            int8_of(rows.direction),
            int8_of(rows.order_type),
            int64_of(rows.magic),
            int64_of(rows.entry_bar_idx),
            times_of(rows.entry_time_us),
            float64_of(rows.entry_price),
            int64_of(rows.exit_bar_idx),
            times_of(rows.exit_time_us),
            float64_of(rows.exit_price),
            int64_of(rows.steps),
            int64_of(rows.margin),
            int64_of(rows.gross_cost_free),
            int64_of(rows.slippage),
            int64_of(rows.spread),
            int64_of(rows.gross),
            int64_of(rows.commission),
            int64_of(rows.swap),
            int64_of(rows.net),
            optional_int64_of(rows.risk),
            optional_float64_of(rows.r_multiple),
            float64_of(rows.mae_points),
            float64_of(rows.mfe_points),
            int64_of(bars_held),
            int8_of(rows.reason),
            int32_of(rows.closes),
            flags(rows.ambiguous.into_iter()),
        ],
    )
}

pub(crate) fn positions_batch(rows: PositionRows) -> Result<RecordBatch> {
    let rows = rows.whole();
    batch(
        schema::POSITIONS,
        vec![
            int64_of(rows.id),
            int16_of(rows.symbol),
            int8_of(rows.direction),
            int64_of(rows.magic),
            int64_of(rows.entry_bar_idx),
            times_of(rows.entry_time_us),
            float64_of(rows.entry_price),
            int64_of(rows.steps),
            optional_int64_of(rows.sl),
            optional_int64_of(rows.tp),
            int64_of(rows.margin),
            int64_of(rows.gross),
            int64_of(rows.commission),
            int64_of(rows.swap),
            int64_of(rows.open_profit),
            int64_of(rows.accrued_swap),
        ],
    )
}

fn swaps_batch(rows: SwapRows) -> Result<RecordBatch> {
    let rows = rows.whole();
    batch(
        schema::SWAPS,
        vec![
            times_of(rows.time_us),
            int32_of(rows.fx_day),
            int64_of(rows.position_id),
            int16_of(rows.symbol),
            int32_of(rows.multiplier),
            int64_of(rows.amount),
            int64_of(rows.equity_row),
        ],
    )
}

fn rejections_batch(rows: RejectionRows) -> Result<RecordBatch> {
    let rows = rows.whole();
    batch(
        schema::REJECTIONS,
        vec![times_of(rows.time_us), int64_of(rows.bar_idx), int16_of(rows.code), int64_of(rows.signal)],
    )
}

fn diagnostics_batch(rows: DiagnosticRows) -> Result<RecordBatch> {
    let rows = rows.whole();
    batch(
        schema::DIAGNOSTICS,
        vec![
            int16_of(rows.code),
            optional_int64_of(rows.bar_idx),
            optional_int64_of(rows.signal),
            int64_of(rows.count),
        ],
    )
}

fn ledger_batch(rows: LedgerRows) -> Result<RecordBatch> {
    let rows = rows.whole();
    batch(
        schema::LEDGER,
        vec![
            times_of(rows.time_us),
            int64_of(rows.equity_row),
            int8_of(rows.kind),
            optional_int16_of(rows.symbol),
            optional_int64_of(rows.position_id),
            int64_of(rows.amount),
        ],
    )
}
