//! The state of one run and the loop over its steps.
//!
//! `Simulation` owns everything that changes: positions, books, records. `step` decides the order of
//! events inside a bar, the modules below it compute. `simulate` is a `Simulation` fed everything.
//!
//! Rules LOOP-1 to LOOP-4 in `docs/spec/engine.md`. Not here: prices of fills (`execution::fills`), sizes,
//! costs, and what a strategy may see (the bindings).

use std::sync::Arc;

use arrow_array::RecordBatch;

use crate::engine::fill_bar::FillBar;
use crate::engine::filters::Happened;
use crate::engine::latency::Latency;
use crate::engine::orders::Order;
use crate::engine::records::{
    DiagnosticRow, PositionRow, PositionRows, Records, RejectionRow, direction_code,
};
use crate::engine::signals::{Request, read_signals};
use crate::engine::tables::{Tables, write_tables};
use crate::engine::volatility::Volatility;
use crate::engine::{closing, management, orders, passes, quiet, rollover, stop_out};
use crate::error::{Error, Result};
use crate::execution::liquidity::Liquidity;
use crate::execution::slippage::Chance;
use crate::execution::swap::{SwapTable, swap_table};
use crate::market::{Market, Series, as_i64};
use crate::plan::{Intrabar, Plan, SymbolPlan, parse_plan};
use crate::portfolio::books::Books;
use crate::portfolio::currency::{Exchange, Worth};
use crate::portfolio::position::{Position, open_profit};
use crate::schema::number::{
    FILL_FINER_MISSING, LIQUIDITY_EXCEEDED, LIQUIDITY_UNKNOWN, ORDER_NO_MORE_BARS, SIGNAL_BEFORE_START,
    SIGNAL_TARGET_NEVER_OPENED,
};
use crate::strategies::native_signals;

/// Bars between two looks at the interrupt flag.
const INTERRUPT_STRIDE: usize = 65_536;
/// Bars of the next trade that memory is asked for before a request is worked through and after it: the processor keeps
/// few questions at a time, and waits with more (measured; asking at an exit too was slower).
const NEAR: usize = 32;
const FAR: usize = 16;

/// One run: state apart from the loop, so that it can be fed in pieces.
#[derive(Clone, Debug)]
pub struct Simulation {
    /// The market it runs on.
    pub market: Arc<Market>,
    /// The plan it follows.
    pub plan: Plan,
    /// What its money is worth, and its commission.
    pub exchange: Exchange,
    /// What it was worth at the last mark.
    pub marked: Worth,
    /// Swap of the symbol, if it is simulated.
    pub swaps: Option<SwapTable>,
    /// Ledger, balance, equity.
    pub books: Books,
    /// Result tables so far.
    pub records: Records,
    /// What the bars offer.
    pub liquidity: Liquidity,
    /// Open positions in order of id.
    pub positions: Vec<Position>,
    /// Orders that wait, in order of number.
    pub working: Vec<Order>,
    /// Ids of positions that a stop-out closes at the next open (MRG).
    pub stop_outs: Vec<i64>,
    /// Whether equity is at the margin call level.
    pub is_called: bool,
    /// Whether the balance is below zero.
    pub is_negative: bool,
    /// Numbers of every order that was accepted, ascending.
    pub accepted: Vec<i64>,
    /// Where the last position opened.
    pub last_entry: Option<Happened>,
    /// Where the last position was closed.
    pub last_exit: Option<Happened>,
    /// ATR of the step timeframe, if anything needs it.
    pub volatility: Volatility,
    /// The random part of slippage.
    pub chance: Arc<Chance>,
    /// Passes over bars so far.
    pub pass_number: u64,
    /// How late requests are (FIL-13).
    pub latency: Latency,
    /// Requests that arrive inside the bar of the step.
    pub arriving: Vec<Request>,
    /// Row of the calendar from which rollovers are still to come.
    pub rollover_row: usize,
    /// Signals numbered so far.
    pub signal_count: i64,
    /// Rows taken in so far.
    pub row_count: i64,
    /// Rows dropped because they would have worked before the start.
    pub before_start_count: i64,
    /// Closes dropped because their position never opened.
    pub target_never_opened_count: i64,
    /// Bars whose finer data missed a level.
    pub finer_missing_count: i64,
}

impl Simulation {
    /// Opens the books of a run.
    ///
    /// # Errors
    /// `config.plan` if plan and market do not fit.
    pub fn new(market: Arc<Market>, plan: Plan) -> Result<Self> {
        let series = &market.series[0];
        let symbol = &plan.symbols[0];
        if plan.first_step >= series.time_us.len() {
            return Err(Error::Plan { reason: "first_step lies behind the last bar".to_owned() });
        }
        if symbol.name != market.symbols[0] || symbol.digits != series.digits {
            return Err(Error::Plan { reason: "the plan's symbol is not the market's".to_owned() });
        }
        let exchange = Exchange::new(&plan, &market)?;
        let rows = series.time_us.len() - plan.first_step + 2;
        Ok(Self {
            marked: exchange.found(),
            exchange,
            swaps: swap_table(symbol, plan.account_digits)?,
            books: Books::new(plan.balance, series.time_us[plan.first_step], rows),
            records: Records::default(),
            liquidity: Liquidity::new(plan.max_participation, symbol, series.volume.clone()),
            positions: Vec::new(),
            working: Vec::new(),
            stop_outs: Vec::new(),
            is_called: false,
            is_negative: false,
            accepted: Vec::new(),
            last_entry: None,
            last_exit: None,
            volatility: Volatility::default(),
            chance: Arc::new(Chance::new(plan.seed, 0)),
            pass_number: 0,
            latency: Latency::new(&market, &plan),
            arriving: Vec::new(),
            rollover_row: 0,
            signal_count: 0,
            row_count: 0,
            before_start_count: 0,
            target_never_opened_count: 0,
            finer_missing_count: 0,
            market,
            plan,
        })
    }

    /// Makes room for the rows of this many signals. twin: none — lists grow there.
    pub(crate) fn reserve(&mut self, count: usize) {
        self.records.reserve(count);
        // Profit, swap and the commissions of both sides; the deposit is there.
        self.books.ledger.reserve(4 * count);
        self.accepted.reserve(count);
    }

    /// Bars of the step timeframe.
    #[must_use]
    pub fn series(&self) -> &Series {
        &self.market.series[0]
    }

    /// The traded symbol.
    #[must_use]
    pub fn symbol(&self) -> &SymbolPlan {
        &self.plan.symbols[0]
    }

    /// Runs the step of the bar opening at `time[bar_idx]` with the requests that work in it.
    ///
    /// # Errors
    /// `engine.overflow` if money leaves its range.
    pub fn step(&mut self, bar_idx: usize, requests: &[Request]) -> Result<()> {
        self.trade(bar_idx, requests)?;
        self.mark(bar_idx)
    }

    /// Runs the step up to its marks; a strategy that manages is asked between (LOOP steps 1 to 4).
    ///
    /// # Errors
    /// `engine.overflow` if money leaves its range.
    pub fn trade(&mut self, bar_idx: usize, requests: &[Request]) -> Result<()> {
        self.begin(bar_idx)?;
        self.enter(bar_idx, requests)?;
        self.run_bar(bar_idx)
    }

    /// Goes to the moment at which requests of the step fill (LOOP step 1).
    ///
    /// # Errors
    /// `engine.overflow` if money leaves its range.
    #[inline]
    pub fn begin(&mut self, bar_idx: usize) -> Result<()> {
        self.exchange.move_to(self.market.series[0].time_us[bar_idx]);
        if !self.positions.is_empty() && !self.plan.signal_close {
            rollover::accrue(self, self.series().time_us[bar_idx], bar_idx.checked_sub(1))?;
        }
        Ok(())
    }

    /// Lets the bar do what it does to positions and orders (LOOP steps 3 and 4).
    ///
    /// # Errors
    /// `engine.overflow` if money leaves its range.
    #[inline]
    pub fn run_bar(&mut self, bar_idx: usize) -> Result<()> {
        self.let_act(bar_idx, false)
    }

    /// `run_bar` for a bar that is known to reach something, or is not. twin: none — it does not look ahead.
    #[inline]
    fn let_act(&mut self, bar_idx: usize, is_reached: bool) -> Result<()> {
        if !self.positions.is_empty() && self.plan.signal_close {
            rollover::accrue(self, self.series().time_us[bar_idx], bar_idx.checked_sub(1))?;
        }
        let is_open = !self.positions.is_empty() || !self.working.is_empty();
        let is_cut = !self.arriving.is_empty();
        if is_cut || (is_open && (is_reached || !quiet::see_bar(self, bar_idx))) {
            passes::run(self, bar_idx)?;
        }
        if !self.positions.is_empty() && !self.plan.position_rules.is_empty() {
            management::manage(self, bar_idx)?;
        }
        Ok(())
    }

    /// Values what is open at the close of the bar (LOOP step 5).
    ///
    /// # Errors
    /// `engine.overflow` if money leaves its range.
    pub fn mark(&mut self, bar_idx: usize) -> Result<()> {
        if let Some(levels) = self.plan.margin {
            stop_out::test(self, levels, bar_idx)?;
        }
        let open_profit = self.open_profit(bar_idx)?;
        self.books.mark(open_profit)
    }

    /// Runs the steps `from..to`, in which no request works.
    ///
    /// # Errors
    /// `engine.overflow` if money leaves its range.
    pub fn advance(&mut self, from: usize, to: usize) -> Result<()> {
        self.advance_from(from, to, false)
    }

    /// `advance`, where the first step has begun and its requests were worked through if `is_entered`.
    ///
    /// twin: none — steps are run one by one there.
    fn advance_from(&mut self, from: usize, to: usize, mut is_entered: bool) -> Result<()> {
        let mut bar_idx = from;
        while bar_idx < to {
            if self.positions.is_empty() && self.working.is_empty() {
                self.books.hold(to - bar_idx);
                return Ok(());
            }
            let first = bar_idx;
            let rollover_step = rollover::next_rollover_step(self, first + usize::from(is_entered), to);
            bar_idx = quiet::run(self, first, rollover_step)?;
            if bar_idx < to {
                if !is_entered || bar_idx > first {
                    self.begin(bar_idx)?;
                    self.enter(bar_idx, &[])?;
                }
                self.let_act(bar_idx, bar_idx < rollover_step)?;
                self.mark(bar_idx)?;
                bar_idx += 1;
            }
            is_entered = false;
        }
        Ok(())
    }

    /// Whether the bar of a fill at its open is to what is open then as any later one. twin: none — see above.
    fn may_stride_from_entry(&self) -> bool {
        let plan = &self.plan;
        let is_plain = plan.position_rules.is_empty() && plan.margin.is_none() && !plan.signal_close;
        is_plain && !self.latency.looks_inside()
    }

    /// Whether a trade sees the bars of its life when it ends, and not each as it passes. twin: none — see above.
    ///
    /// Nobody asks before: there are no position rules. Every bar between entry and exit was lived from its open to its
    /// close, and is the bar that the passes look at.
    pub(crate) fn sees_late(&self) -> bool {
        self.may_stride_from_entry() && self.plan.intrabar != Intrabar::Finer
    }

    /// Closes the books after the last step and returns all result tables (LOOP-3).
    ///
    /// # Errors
    /// `engine.overflow` if money leaves its range.
    pub fn finish(self, requests: &[Request]) -> Result<Tables> {
        let ended = self.close_books(requests)?;
        write_tables(ended.records, ended.books)
    }

    /// The end of a run before its tables are written. twin: none — part of `finish`; replays want no tables.
    fn close_books(mut self, requests: &[Request]) -> Result<Self> {
        let last = self.market.bar_count() - 1;
        let time_us = self.series().close_time_us[last];
        self.exchange.move_to(time_us);
        for request in requests {
            let code = request.fault.unwrap_or(ORDER_NO_MORE_BARS);
            let row = RejectionRow { time_us, bar_idx: as_i64(last), code, signal: request.number };
            self.records.rejections.push(row);
        }
        if !self.positions.is_empty() {
            rollover::accrue(&mut self, time_us - 1, Some(last))?;
        }
        orders::end_all(&mut self, time_us);
        if self.plan.close_at_end {
            closing::close_at_end(&mut self)?;
        } else {
            self.records.positions = self.open_rows(last)?;
        }
        if self.plan.margin.is_some() {
            stop_out::note_negative_balance(&mut self, last);
        }
        let open_profit = self.open_profit(last)?;
        self.books.mark(open_profit)?;
        self.write_diagnostics();
        Ok(self)
    }

    /// Where the open position of a signal number is.
    #[must_use]
    pub fn find_position(&self, number: i64) -> Option<usize> {
        self.positions.binary_search_by_key(&number, |position| position.id).ok()
    }

    /// Whether a signal number ever became an order. twin: none — the twin asks a set.
    pub(crate) fn is_accepted(&self, number: i64) -> bool {
        self.accepted.binary_search(&number).is_ok()
    }

    /// Writes down that a signal was refused (SIG-4).
    pub(crate) fn reject(&mut self, fill_bar: &FillBar, code: i16, number: i64) {
        let (time_us, bar_idx) = (fill_bar.time_us, as_i64(fill_bar.bar_idx));
        self.records.rejections.push(RejectionRow { time_us, bar_idx, code, signal: number });
    }

    /// Returns the profit of everything open at the close of a bar, accrued swap included, in minor units.
    ///
    /// # Errors
    /// `engine.overflow` if money leaves its range.
    pub fn open_profit(&mut self, bar_idx: usize) -> Result<i128> {
        if self.positions.is_empty() {
            return Ok(0);
        }
        if self.exchange.fixed_worth().is_none() {
            self.exchange.move_to(self.market.series[0].close_time_us[bar_idx]);
            self.marked = *self.exchange.worth()?;
        }
        let mut total = 0;
        for position in &self.positions {
            let mark = i64::from(closing::closing_side(self.series(), position).close[bar_idx]);
            total += i128::from(open_profit(position, mark, self.marked.rates)?)
                + i128::from(position.accrued_swap);
        }
        Ok(total)
    }

    /// Returns the rows of `positions`, marked at the close of a bar; the exchange is there.
    ///
    /// # Errors
    /// `engine.overflow` if money leaves its range; those of the exchange.
    pub fn open_rows(&mut self, last: usize) -> Result<PositionRows> {
        let mut rows = PositionRows::default();
        if self.positions.is_empty() {
            return Ok(rows);
        }
        let rates = self.exchange.worth()?.rates;
        for position in &self.positions {
            let mark = i64::from(closing::closing_side(self.series(), position).close[last]);
            rows.push(PositionRow {
                id: position.id,
                symbol: position.symbol,
                direction: direction_code(position.direction),
                magic: position.magic,
                entry_bar_idx: as_i64(position.entry_bar_idx),
                entry_time_us: position.entry_time_us,
                entry_price: closing::price_of_sum(
                    self.symbol().digits,
                    position.entered.points,
                    position.entered.steps,
                ),
                steps: position.steps,
                sl: position.sl,
                tp: position.tp,
                margin: position.margin,
                gross: position.settled.gross,
                commission: position.commission,
                swap: position.settled.swap,
                open_profit: open_profit(position, mark, rates)?,
                accrued_swap: position.accrued_swap,
            });
        }
        Ok(rows)
    }

    fn write_diagnostics(&mut self) {
        let counts = [
            (SIGNAL_BEFORE_START, self.before_start_count),
            (SIGNAL_TARGET_NEVER_OPENED, self.target_never_opened_count),
            (FILL_FINER_MISSING, self.finer_missing_count),
            (LIQUIDITY_UNKNOWN, self.liquidity.unknown_bars),
            (LIQUIDITY_EXCEEDED, self.liquidity.exceeded_exits),
        ];
        for (code, count) in counts {
            if count > 0 {
                self.records.diagnostics.push(DiagnosticRow { code, bar_idx: None, signal: None, count });
            }
        }
    }
}

/// Runs a signal table or the plan's native strategy (the seam's `simulate`).
///
/// # Errors
/// Whatever plan, signals or books refuse; `engine.interrupted` once `is_interrupted` says so.
pub fn simulate(
    market: &Arc<Market>,
    signals: Option<&RecordBatch>,
    plan: &str,
    is_interrupted: &dyn Fn() -> bool,
) -> Result<Tables> {
    let plan = parse_plan(plan)?;
    let bar_count = market.bar_count();
    let mut simulation = Simulation::new(Arc::clone(market), plan)?;
    let rows = match signals {
        None => native_signals(market, &simulation.plan)?,
        Some(batch) => read_signals(batch, bar_count)?,
    };
    simulation.reserve(rows.len());
    let taken = simulation.take_in(rows)?;
    drive(simulation, &taken, is_interrupted)
}

/// Runs every step with the requests that work in it, given in order of their bars, and closes the books.
///
/// # Errors
/// Whatever the books refuse; `engine.interrupted` once `is_interrupted` says so.
pub fn drive(simulation: Simulation, taken: &[Request], is_interrupted: &dyn Fn() -> bool) -> Result<Tables> {
    let ended = run_to_end(simulation, taken, is_interrupted)?;
    write_tables(ended.records, ended.books)
}

/// Runs every step and closes the books. twin: none — part of `drive`; replays want no tables.
///
/// # Errors
/// Whatever the books refuse; `engine.interrupted` once `is_interrupted` says so.
pub fn run_to_end(
    mut simulation: Simulation,
    taken: &[Request],
    is_interrupted: &dyn Fn() -> bool,
) -> Result<Simulation> {
    let bar_count = simulation.market.bar_count();
    let mut position = 0;
    let mut bar_idx = simulation.plan.first_step;
    while bar_idx < bar_count {
        let start = position;
        while position < taken.len() && taken[position].bar_idx < as_i64(bar_idx) {
            position += 1;
        }
        let next = taken.get(position).map_or(bar_count, |request| step_of(request).min(bar_count));
        simulation.series().prefetch(next, NEAR);
        let has_requests = position > start;
        let is_entered = has_requests && simulation.may_stride_from_entry();
        if is_entered {
            simulation.begin(bar_idx)?;
            simulation.enter(bar_idx, &taken[start..position])?;
        } else if has_requests {
            simulation.step(bar_idx, &taken[start..position])?;
            bar_idx += 1;
        }
        simulation.series().prefetch(next + NEAR, FAR);
        let stop = next.min(bar_idx + INTERRUPT_STRIDE).max(bar_idx);
        simulation.advance_from(bar_idx, stop, is_entered)?;
        if stop == bar_idx + INTERRUPT_STRIDE && is_interrupted() {
            return Err(Error::Interrupted);
        }
        bar_idx = stop;
    }
    simulation.close_books(&taken[position..])
}

/// The step a request works in. twin: none — part of the strides between requests.
fn step_of(request: &Request) -> usize {
    usize::try_from(request.bar_idx).map_or(usize::MAX, |bar_idx| bar_idx + 1)
}
