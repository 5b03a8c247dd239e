//! What a run writes down: rows of every result table, turned into columns at the end (`tables`).
//!
//! Codes and integers only; words, prices and lots are made on demand above the seam.

use crate::engine::signals::SignalRows;
use crate::growing::rows;
use crate::schema::Direction;

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
    /// What the closed trades add up to. twin: none — replays there read the tables.
    pub closed: Closed,
}

/// Trades and their net: all that a replay wants to know of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Closed {
    /// How many.
    pub trades: i64,
    /// Net of all, in minor units.
    pub net: i64,
}

impl RecordedSignals {
    /// Makes room for the numbers and rows of `count` more signals, which themselves come as columns.
    pub fn reserve(&mut self, count: usize) {
        self.number.reserve(count);
        self.row.reserve(count);
    }

    /// Takes over the signals from `first` on; their numbers and rows are there.
    pub fn append(&mut self, signals: SignalRows, first: usize) {
        if first == 0 && self.signals.is_empty() {
            self.signals = signals;
        } else {
            (first..signals.len()).for_each(|row| self.signals.push(signals.at(row)));
        }
    }

    /// Returns the signals from `first` on.
    pub(crate) fn since(&self, first: usize) -> Self {
        Self {
            number: self.number.get(first..).unwrap_or_default().to_vec(),
            row: self.row.get(first..).unwrap_or_default().to_vec(),
            signals: self.signals.since(first),
        }
    }
}

impl Records {
    /// Stops keeping orders, fills and trades; what they add up to is still counted.
    pub fn mute(&mut self) {
        self.orders.mute();
        self.fills.mute();
        self.trades.mute();
    }

    /// Makes room for what `count` orders leave behind.
    pub fn reserve(&mut self, count: usize) {
        self.signals.reserve(count);
        self.orders.reserve(count);
        self.fills.reserve(2 * count);
        self.trades.reserve(count);
    }
}

/// The code of a direction held as +1 or -1.
#[must_use]
pub fn direction_code(direction: i64) -> i8 {
    if direction > 0 { Direction::Long.code() } else { Direction::Short.code() }
}
