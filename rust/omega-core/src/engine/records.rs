//! What a run writes down: rows of every result table, turned into columns at the end.
//!
//! Codes and integers only; words, prices and lots are made on demand above the seam.

use arrow_array::RecordBatch;

use crate::engine::signals::SignalRows;
use crate::error::Result;
use crate::frame::{
    batch, flags, float64_of, int8_of, int16_of, int32_of, int64_of, optional_float64_of, optional_int8_of,
    optional_int16_of, optional_int64_of, optional_times_of, times_of,
};
use crate::growing::rows;
use crate::portfolio::books::{Books, LedgerRows};
use crate::schema::{self, Direction};

/// The rows of `recorded_signals`.
#[derive(Clone, Debug, Default)]
pub struct RecordedSignals {
    /// Signal numbers.
    pub number: Vec<i64>,
    /// Rows in what the strategy gave.
    pub row: Vec<i64>,
    /// The signals themselves.
    pub signals: SignalRows,
}

rows! {
    /// A row of `orders`.
    OrderRow => OrderRows {
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
        /// Order type.
        pub order_type: i8,
        /// Strategy tag.
        pub magic: i64,
        /// P of a pending order.
        pub entry: Option<i64>,
        /// L of a stop-limit order.
        pub limit: Option<i64>,
        /// Time in force.
        pub tif: i8,
        /// Time before which its bars open.
        pub expiry_us: Option<i64>,
        /// One-cancels-other group.
        pub oco: Option<i64>,
        /// Volume wanted.
        pub steps: i64,
        /// Volume filled.
        pub filled_steps: i64,
        /// Stop loss.
        pub sl: Option<i64>,
        /// Take profit.
        pub tp: Option<i64>,
        /// What became of it.
        pub status: i8,
        /// When.
        pub done_time_us: i64,
    }
}

rows! {
    /// A row of `fills`.
    FillRow => FillRows {
        /// Position.
        pub position_id: i64,
        /// Leg.
        pub leg: i32,
        /// Fill within the leg.
        pub fill_number: i32,
        /// Bar the fill is named after.
        pub bar_idx: i64,
        /// Time.
        pub time_us: i64,
        /// Symbol.
        pub symbol: i16,
        /// Direction of the deal.
        pub direction: i8,
        /// Quote side.
        pub side: i8,
        /// Rule that priced it.
        pub rule: i8,
        /// Why it closed; `None` for entries.
        pub reason: Option<i8>,
        /// Where in the bar.
        pub moment: i8,
        /// Leg of the bar's path.
        pub path_step: Option<i8>,
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
        /// Its part of market impact.
        pub slippage_impact_points: f64,
        /// Its part of volatility.
        pub slippage_volatility_points: f64,
        /// Spread memo.
        pub spread_points: i64,
        /// Commission.
        pub commission: i64,
        /// Account currency per unit of quote currency.
        pub conversion_rate: f64,
    }
}

rows! {
    /// A row of `trades`.
    TradeRow => TradeRows {
        /// Opening signal number.
        pub id: i64,
        /// Symbol.
        pub symbol: i16,
        /// Direction.
        pub direction: i8,
        /// Type of the opening order.
        pub order_type: i8,
        /// Strategy tag.
        pub magic: i64,
        /// Bar of the entry.
        pub entry_bar_idx: i64,
        /// Time of the entry.
        pub entry_time_us: i64,
        /// Mean entry price.
        pub entry_price: f64,
        /// Bar of the last close.
        pub exit_bar_idx: i64,
        /// Time of the last close.
        pub exit_time_us: i64,
        /// Mean exit price.
        pub exit_price: f64,
        /// Volume of all entries.
        pub steps: i64,
        /// Margin it held.
        pub margin: i64,
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
        /// Swap.
        pub swap: i64,
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
        pub reason: i8,
        /// Closing deals.
        pub closes: i32,
        /// Whether a bar left its order open.
        pub ambiguous: bool,
    }
}

rows! {
    /// A row of `positions`.
    PositionRow => PositionRows {
        /// Opening signal number.
        pub id: i64,
        /// Symbol.
        pub symbol: i16,
        /// Direction.
        pub direction: i8,
        /// Strategy tag.
        pub magic: i64,
        /// Bar of the entry.
        pub entry_bar_idx: i64,
        /// Time of the entry.
        pub entry_time_us: i64,
        /// Mean entry price.
        pub entry_price: f64,
        /// Volume.
        pub steps: i64,
        /// Stop loss.
        pub sl: Option<i64>,
        /// Take profit.
        pub tp: Option<i64>,
        /// Margin it holds.
        pub margin: i64,
        /// Profit booked by partial closes.
        pub gross: i64,
        /// Commission so far.
        pub commission: i64,
        /// Swap booked by partial closes.
        pub swap: i64,
        /// Profit at the last mark.
        pub open_profit: i64,
        /// Swap accrued and not yet booked.
        pub accrued_swap: i64,
    }
}

rows! {
    /// A row of `swaps`.
    SwapRow => SwapRows {
        /// The rollover.
        pub time_us: i64,
        /// The FX day that ends there.
        pub fx_day: i32,
        /// Position.
        pub position_id: i64,
        /// Symbol.
        pub symbol: i16,
        /// Nights.
        pub multiplier: i32,
        /// Accrued amount, never 0.
        pub amount: i64,
        /// First equity row that contains it.
        pub equity_row: i64,
    }
}

rows! {
    /// A row of `rejections`.
    RejectionRow => RejectionRows {
        /// Time of the refusal.
        pub time_us: i64,
        /// Bar in which the signal would have worked.
        pub bar_idx: i64,
        /// Error number.
        pub code: i16,
        /// Signal number.
        pub signal: i64,
    }
}

rows! {
    /// A row of `diagnostics`.
    DiagnosticRow => DiagnosticRows {
        /// Error number.
        pub code: i16,
        /// Bar.
        pub bar_idx: Option<i64>,
        /// Signal number.
        pub signal: Option<i64>,
        /// How often.
        pub count: i64,
    }
}

/// The growing result tables of one run, apart from the books.
#[derive(Clone, Debug, Default)]
pub struct Records {
    /// Signals as numbered.
    pub signals: RecordedSignals,
    /// Accepted orders; they change until they end.
    pub orders: OrderRows,
    /// Fills.
    pub fills: FillRows,
    /// Closed trades.
    pub trades: TradeRows,
    /// Positions left open.
    pub positions: PositionRows,
    /// Swap that accrued.
    pub swaps: SwapRows,
    /// Refused signals.
    pub rejections: RejectionRows,
    /// What was tolerated.
    pub diagnostics: DiagnosticRows,
}

impl RecordedSignals {
    /// Makes room for `count` more signals.
    pub fn reserve(&mut self, count: usize) {
        self.number.reserve(count);
        self.row.reserve(count);
        self.signals.reserve(count);
    }

    /// Takes over the signals from `first` on; their numbers and rows are there.
    pub fn append(&mut self, signals: SignalRows, first: usize) {
        if first == 0 && self.signals.is_empty() {
            self.signals = signals;
        } else {
            (first..signals.len()).for_each(|row| self.signals.push(signals.at(row)));
        }
    }

    fn since(&self, first: usize) -> Self {
        Self {
            number: self.number.get(first..).unwrap_or_default().to_vec(),
            row: self.row.get(first..).unwrap_or_default().to_vec(),
            signals: self.signals.since(first),
        }
    }
}

impl Records {
    /// Makes room for what `count` orders leave behind.
    pub fn reserve(&mut self, count: usize) {
        self.signals.reserve(count);
        self.orders.reserve(count);
        self.fills.reserve(2 * count);
        self.trades.reserve(count);
    }
}

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

/// The code of a direction held as +1 or -1.
#[must_use]
pub fn direction_code(direction: i64) -> i8 {
    if direction > 0 { Direction::Long.code() } else { Direction::Short.code() }
}
