//! What a run writes down: rows of every result table, turned into columns at the end.
//!
//! Codes and integers only; words, prices and lots are made on demand above the seam.

use arrow_array::RecordBatch;

use crate::engine::signals::Signal;
use crate::error::Result;
use crate::frame::{
    batch, flags, float64, int8, int16, int32, int64, int64_of, optional_float64, optional_int16,
    optional_int64, times,
};
use crate::portfolio::books::Books;
use crate::schema::{self, Direction, ExitReason, Moment, OrderStatus, OrderType, Rule, Side};

/// A row of `recorded_signals`.
#[derive(Clone, Debug)]
pub struct RecordedSignal {
    /// Signal number.
    pub number: i64,
    /// Row in what the strategy gave.
    pub row: i64,
    /// The signal itself.
    pub signal: Signal,
}

/// A row of `orders`.
#[derive(Clone, Copy, Debug)]
pub struct OrderRow {
    /// Opening signal number.
    pub id: i64,
    /// Bar of acceptance.
    pub bar_idx: i64,
    /// Time of acceptance.
    pub time_us: i64,
    /// Symbol.
    pub symbol: i16,
    /// Direction.
    pub direction: i8,
    /// Strategy tag.
    pub magic: i64,
    /// Volume.
    pub steps: i64,
    /// Stop loss after the fill.
    pub sl: Option<i64>,
    /// Take profit after the fill.
    pub tp: Option<i64>,
}

/// A row of `fills`.
#[derive(Clone, Copy, Debug)]
pub struct FillRow {
    /// Position.
    pub position_id: i64,
    /// Leg.
    pub leg: i32,
    /// Bar the fill is named after.
    pub bar_idx: i64,
    /// Time.
    pub time_us: i64,
    /// Symbol.
    pub symbol: i16,
    /// Direction of the deal.
    pub direction: i8,
    /// Quote side.
    pub side: Side,
    /// Rule that priced it.
    pub rule: Rule,
    /// Where in the bar.
    pub moment: Moment,
    /// Level that was reached.
    pub level: Option<i64>,
    /// Price before slippage.
    pub raw_price: i64,
    /// Price of the deal.
    pub price: i64,
    /// Volume.
    pub steps: i64,
    /// Slippage.
    pub slippage_points: i64,
    /// Its random part.
    pub slippage_random_points: i64,
    /// Spread memo.
    pub spread_points: i64,
    /// Commission.
    pub commission: i64,
}

/// A row of `trades`.
#[derive(Clone, Copy, Debug)]
pub struct TradeRow {
    /// Opening signal number.
    pub id: i64,
    /// Symbol.
    pub symbol: i16,
    /// Direction.
    pub direction: i8,
    /// Strategy tag.
    pub magic: i64,
    /// Bar and time of the entry.
    pub entry: (i64, i64),
    /// Mean entry price.
    pub entry_price: f64,
    /// Bar and time of the last close.
    pub exit: (i64, i64),
    /// Mean exit price.
    pub exit_price: f64,
    /// Volume.
    pub steps: i64,
    /// Profit without spread and slippage.
    pub gross_cost_free: i64,
    /// Slippage.
    pub slippage: i64,
    /// Spread.
    pub spread: i64,
    /// Profit at the actual fills.
    pub gross: i64,
    /// Commission.
    pub commission: i64,
    /// Net result.
    pub net: i64,
    /// Booked risk.
    pub risk: Option<i64>,
    /// Net over risk.
    pub r_multiple: Option<f64>,
    /// Maximum adverse excursion.
    pub mae_points: f64,
    /// Maximum favourable excursion.
    pub mfe_points: f64,
    /// Reason of the last close.
    pub reason: ExitReason,
    /// Whether a bar left its order open.
    pub ambiguous: bool,
}

/// A row of `positions`.
#[derive(Clone, Copy, Debug)]
pub struct PositionRow {
    /// Opening signal number.
    pub id: i64,
    /// Symbol.
    pub symbol: i16,
    /// Direction.
    pub direction: i8,
    /// Strategy tag.
    pub magic: i64,
    /// Bar and time of the entry.
    pub entry: (i64, i64),
    /// Mean entry price.
    pub entry_price: f64,
    /// Volume.
    pub steps: i64,
    /// Stop loss.
    pub sl: Option<i64>,
    /// Take profit.
    pub tp: Option<i64>,
    /// Commission so far.
    pub commission: i64,
    /// Profit at the last mark.
    pub open_profit: i64,
}

/// A row of `rejections`.
#[derive(Clone, Copy, Debug)]
pub struct RejectionRow {
    /// Time of the refusal.
    pub time_us: i64,
    /// Bar in which the signal would have worked.
    pub bar_idx: i64,
    /// Error number.
    pub code: i16,
    /// Signal number.
    pub signal: i64,
}

/// A row of `diagnostics`.
#[derive(Clone, Copy, Debug)]
pub struct DiagnosticRow {
    /// Error number.
    pub code: i16,
    /// Bar.
    pub bar_idx: Option<i64>,
    /// Signal number.
    pub signal: Option<i64>,
    /// How often.
    pub count: i64,
}

/// The growing result tables of one run, apart from the books.
#[derive(Clone, Debug, Default)]
pub struct Records {
    /// Signals as numbered.
    pub signals: Vec<RecordedSignal>,
    /// Accepted orders.
    pub orders: Vec<OrderRow>,
    /// Fills.
    pub fills: Vec<FillRow>,
    /// Closed trades.
    pub trades: Vec<TradeRow>,
    /// Positions left open.
    pub positions: Vec<PositionRow>,
    /// Refused signals.
    pub rejections: Vec<RejectionRow>,
    /// What was tolerated.
    pub diagnostics: Vec<DiagnosticRow>,
}

/// Result tables by name.
pub type Tables = Vec<(&'static str, RecordBatch)>;

/// Turns records and books into the result tables.
///
/// # Errors
/// `data.shape` if a table does not fit its schema: a defect of the engine.
pub fn write_tables(records: &Records, books: Books) -> Result<Tables> {
    Ok(vec![
        ("recorded_signals", signals_batch(&records.signals)?),
        ("orders", orders_batch(&records.orders)?),
        ("fills", fills_batch(&records.fills)?),
        ("trades", trades_batch(&records.trades)?),
        ("positions", positions_batch(&records.positions)?),
        ("rejections", rejections_batch(&records.rejections)?),
        ("diagnostics", diagnostics_batch(&records.diagnostics)?),
        ("ledger", ledger_batch(&books)?),
        ("equity", batch(schema::EQUITY, vec![int64_of(books.equity)])?),
    ])
}

fn signals_batch(rows: &[RecordedSignal]) -> Result<RecordBatch> {
    let signals = || rows.iter().map(|row| &row.signal);
    batch(
        schema::RECORDED_SIGNALS,
        vec![
            int64(rows.iter().map(|row| row.number)),
            int64(rows.iter().map(|row| row.row)),
            int64(signals().map(|signal| signal.bar_idx)),
            int8(signals().map(|signal| signal.kind)),
            int8(signals().map(|signal| signal.direction)),
            int8(signals().map(|signal| signal.order_type)),
            int16(signals().map(|signal| signal.symbol)),
            optional_int64(signals().map(|signal| signal.magic)),
            optional_int64(signals().map(|signal| signal.target)),
            optional_float64(signals().map(|signal| signal.size)),
            optional_float64(signals().map(|signal| signal.sl)),
            optional_float64(signals().map(|signal| signal.tp)),
            optional_float64(signals().map(|signal| signal.sl_points)),
            optional_float64(signals().map(|signal| signal.tp_points)),
            optional_float64(signals().map(|signal| signal.sl_pips)),
            optional_float64(signals().map(|signal| signal.tp_pips)),
            int16(signals().map(|signal| signal.fault)),
        ],
    )
}

fn orders_batch(rows: &[OrderRow]) -> Result<RecordBatch> {
    batch(
        schema::ORDERS,
        vec![
            int64(rows.iter().map(|row| row.id)),
            int64(rows.iter().map(|row| row.bar_idx)),
            times(rows.iter().map(|row| row.time_us)),
            int16(rows.iter().map(|row| row.symbol)),
            int8(rows.iter().map(|row| row.direction)),
            int8(rows.iter().map(|_| OrderType::Market.code())),
            int64(rows.iter().map(|row| row.magic)),
            int64(rows.iter().map(|row| row.steps)),
            optional_int64(rows.iter().map(|row| row.sl)),
            optional_int64(rows.iter().map(|row| row.tp)),
            int8(rows.iter().map(|_| OrderStatus::Filled.code())),
        ],
    )
}

fn fills_batch(rows: &[FillRow]) -> Result<RecordBatch> {
    batch(
        schema::FILLS,
        vec![
            int64(rows.iter().map(|row| row.position_id)),
            int32(rows.iter().map(|row| row.leg)),
            int32(rows.iter().map(|_| 0)),
            int64(rows.iter().map(|row| row.bar_idx)),
            times(rows.iter().map(|row| row.time_us)),
            int16(rows.iter().map(|row| row.symbol)),
            int8(rows.iter().map(|row| row.direction)),
            int8(rows.iter().map(|row| row.side.code())),
            int8(rows.iter().map(|row| row.rule.code())),
            int8(rows.iter().map(|row| row.moment.code())),
            optional_int64(rows.iter().map(|row| row.level)),
            int64(rows.iter().map(|row| row.raw_price)),
            int64(rows.iter().map(|row| row.price)),
            int64(rows.iter().map(|row| row.steps)),
            int64(rows.iter().map(|row| row.slippage_points)),
            int64(rows.iter().map(|row| row.slippage_random_points)),
            int64(rows.iter().map(|row| row.spread_points)),
            int64(rows.iter().map(|row| row.commission)),
        ],
    )
}

fn trades_batch(rows: &[TradeRow]) -> Result<RecordBatch> {
    batch(
        schema::TRADES,
        vec![
            int64(rows.iter().map(|row| row.id)),
            int16(rows.iter().map(|row| row.symbol)),
            int8(rows.iter().map(|row| row.direction)),
            int8(rows.iter().map(|_| OrderType::Market.code())),
            int64(rows.iter().map(|row| row.magic)),
            int64(rows.iter().map(|row| row.entry.0)),
            times(rows.iter().map(|row| row.entry.1)),
            float64(rows.iter().map(|row| row.entry_price)),
            int64(rows.iter().map(|row| row.exit.0)),
            times(rows.iter().map(|row| row.exit.1)),
            float64(rows.iter().map(|row| row.exit_price)),
            int64(rows.iter().map(|row| row.steps)),
            int64(rows.iter().map(|row| row.gross_cost_free)),
            int64(rows.iter().map(|row| row.slippage)),
            int64(rows.iter().map(|row| row.spread)),
            int64(rows.iter().map(|row| row.gross)),
            int64(rows.iter().map(|row| row.commission)),
            int64(rows.iter().map(|_| 0)),
            int64(rows.iter().map(|row| row.net)),
            optional_int64(rows.iter().map(|row| row.risk)),
            optional_float64(rows.iter().map(|row| row.r_multiple)),
            float64(rows.iter().map(|row| row.mae_points)),
            float64(rows.iter().map(|row| row.mfe_points)),
            int64(rows.iter().map(|row| row.exit.0 - row.entry.0)),
            int8(rows.iter().map(|row| row.reason.code())),
            int32(rows.iter().map(|_| 1)),
            flags(rows.iter().map(|row| row.ambiguous)),
        ],
    )
}

fn positions_batch(rows: &[PositionRow]) -> Result<RecordBatch> {
    batch(
        schema::POSITIONS,
        vec![
            int64(rows.iter().map(|row| row.id)),
            int16(rows.iter().map(|row| row.symbol)),
            int8(rows.iter().map(|row| row.direction)),
            int64(rows.iter().map(|row| row.magic)),
            int64(rows.iter().map(|row| row.entry.0)),
            times(rows.iter().map(|row| row.entry.1)),
            float64(rows.iter().map(|row| row.entry_price)),
            int64(rows.iter().map(|row| row.steps)),
            optional_int64(rows.iter().map(|row| row.sl)),
            optional_int64(rows.iter().map(|row| row.tp)),
            int64(rows.iter().map(|row| row.commission)),
            int64(rows.iter().map(|row| row.open_profit)),
        ],
    )
}

fn rejections_batch(rows: &[RejectionRow]) -> Result<RecordBatch> {
    batch(
        schema::REJECTIONS,
        vec![
            times(rows.iter().map(|row| row.time_us)),
            int64(rows.iter().map(|row| row.bar_idx)),
            int16(rows.iter().map(|row| row.code)),
            int64(rows.iter().map(|row| row.signal)),
        ],
    )
}

fn diagnostics_batch(rows: &[DiagnosticRow]) -> Result<RecordBatch> {
    batch(
        schema::DIAGNOSTICS,
        vec![
            int16(rows.iter().map(|row| row.code)),
            optional_int64(rows.iter().map(|row| row.bar_idx)),
            optional_int64(rows.iter().map(|row| row.signal)),
            int64(rows.iter().map(|row| row.count)),
        ],
    )
}

fn ledger_batch(books: &Books) -> Result<RecordBatch> {
    let rows = &books.ledger;
    batch(
        schema::LEDGER,
        vec![
            times(rows.iter().map(|row| row.time_us)),
            int64(rows.iter().map(|row| row.equity_row)),
            int8(rows.iter().map(|row| row.kind.code())),
            optional_int16(rows.iter().map(|row| row.position.map(|position| position.0))),
            optional_int64(rows.iter().map(|row| row.position.map(|position| position.1))),
            int64(rows.iter().map(|row| row.amount)),
        ],
    )
}

/// The code of a direction held as +1 or -1.
#[must_use]
pub fn direction_code(direction: i64) -> i8 {
    if direction > 0 { Direction::Long.code() } else { Direction::Short.code() }
}
