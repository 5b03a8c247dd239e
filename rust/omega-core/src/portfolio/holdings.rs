//! What an account holds: open positions, books and last prices, fed deal by deal.
//!
//! The engine owns positions inside its loop. `Holdings` owns them for whoever brings executions of their
//! own: a broker's statement, another executor. It keeps the books by the same rules (POS-1, SWP-1, LED-1,
//! LED-2), and neither decides, nor fills, nor charges; it trusts no caller with its invariants, though.

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::execution::swap::{Night, SwapTable, nightly_amount, swap_table};
use crate::market::as_i64;
use crate::plan::{MAX_STEPS, PortfolioPlan, parse_portfolio_plan};
use crate::portfolio::books::{self, Books};
use crate::portfolio::currency::SAME;
use crate::portfolio::money::{Rates, check_balance, minor_rate};
use crate::portfolio::position::{
    BLANK, DealPrices, Position, add_fill, close_part, open_profit, settle_swap,
};
use crate::schema::LedgerKind;

/// Row of the `ledger` table: time, equity row, kind, symbol, position, amount.
pub type LedgerRow = (i64, i64, i8, Option<i16>, Option<i64>, i64);

/// Row of the `swaps` table: rollover, FX day, position, symbol, multiplier, amount, equity row.
pub type SwapRow = (i64, i32, i64, i16, i32, i64, i64);

/// Open position: id, symbol, direction, magic, entry time, steps, k, accrued swap, open profit.
pub type Held = (i64, i16, i64, i64, i64, i64, i64, i64, i64);

/// One deal: time, volume in steps, price in points.
#[derive(Clone, Copy, Debug)]
pub struct Deal {
    /// When it happened.
    pub time_us: i64,
    /// Volume.
    pub steps: i64,
    /// Price.
    pub price: i64,
}

/// Positions of one account with their books. Prices are points, volumes steps, money minor units.
#[derive(Clone, Debug)]
pub struct Holdings {
    rates: Vec<Rates>,
    swap_tables: Vec<Option<SwapTable>>,
    marks: Vec<Option<(i64, i64)>>,
    books: Books,
    equity_times_us: Vec<i64>,
    open_positions: Vec<Position>,
    opened: BTreeMap<i64, i16>,
    swap_rows: Vec<SwapRow>,
    now_us: i64,
}

impl Holdings {
    /// Empty holdings with a first deposit.
    ///
    /// # Errors
    /// `config.plan` if a rate has more than 18 significant digits.
    pub fn new(plan: &PortfolioPlan) -> Result<Self> {
        let digits = plan.account_digits;
        let rate =
            |value| minor_rate(value, (1, 1), digits, 1).map(|value| Rates { credit: value, debit: value });
        Ok(Self {
            rates: plan.symbols.iter().map(|symbol| rate(symbol.value)).collect::<Result<_>>()?,
            swap_tables: plan
                .symbols
                .iter()
                .map(|symbol| swap_table(symbol, digits))
                .collect::<Result<_>>()?,
            marks: vec![None; plan.symbols.len()],
            books: Books::new(plan.balance, plan.start_us, 1),
            equity_times_us: vec![plan.start_us],
            open_positions: Vec::new(),
            opened: BTreeMap::new(),
            swap_rows: Vec::new(),
            now_us: plan.start_us,
        })
    }

    /// Opens a position with one deal.
    ///
    /// # Errors
    /// `position.duplicate_id`, `portfolio.time_back`.
    pub fn open(&mut self, id: i64, symbol: i16, direction: i64, magic: i64, deal: Deal) -> Result<()> {
        self.move_to(deal.time_us)?;
        if self.opened.contains_key(&id) {
            return Err(Error::DuplicateId { position_id: id });
        }
        self.see_deal(symbol, direction, deal.price);
        self.opened.insert(id, symbol);
        self.open_positions.push(position(id, symbol, direction, magic, deal));
        Ok(())
    }

    /// Adds a deal to an open position: its entry is the exact sum of all of them.
    ///
    /// # Errors
    /// `position.not_held`, `portfolio.time_back`, `engine.overflow`.
    pub fn add(&mut self, id: i64, deal: Deal) -> Result<()> {
        self.move_to(deal.time_us)?;
        let idx = self.find(id)?;
        let position = &self.open_positions[idx];
        if position.entered.steps + deal.steps > MAX_STEPS {
            return Err(Error::Overflow { what: "a position" });
        }
        self.see_deal(position.symbol, position.direction, deal.price);
        let position = &mut self.open_positions[idx];
        add_fill(position, prices_of(deal), deal.steps);
        Ok(())
    }

    /// Closes volume of a position and returns what was booked: profit and swap (POS-1, SWP-1).
    ///
    /// # Errors
    /// `position.not_held`, `position.volume`, `portfolio.time_back`, `engine.overflow`.
    pub fn close(&mut self, id: i64, deal: Deal) -> Result<(i64, i64)> {
        let Deal { time_us, steps, price } = deal;
        self.move_to(time_us)?;
        let idx = self.find(id)?;
        let held = self.open_positions[idx].steps;
        if steps > held {
            return Err(Error::ClosedVolume { position_id: id, steps, held });
        }
        let (symbol, direction) = (self.open_positions[idx].symbol, self.open_positions[idx].direction);
        self.see_deal(symbol, -direction, price);
        let rate = self.rates[index(symbol)];
        let position = &mut self.open_positions[idx];
        let swap = settle_swap(position, steps, held);
        let profit = close_part(position, steps, prices_of(deal), rate)?.booked;
        self.books.write(LedgerKind::Profit, profit, time_us, symbol, id)?;
        self.books.write(LedgerKind::Swap, swap, time_us, symbol, id)?;
        if held == steps {
            self.open_positions.remove(idx);
        }
        Ok((profit, swap))
    }

    /// Changes the balance by something that is no deal: a commission, a swap, a deposit.
    ///
    /// It belongs to a position, open or closed, or to the account.
    ///
    /// # Errors
    /// `position.not_held`, `portfolio.time_back`, `engine.overflow`.
    pub fn book(
        &mut self,
        kind: LedgerKind,
        amount: i64,
        time_us: i64,
        position_id: Option<i64>,
    ) -> Result<()> {
        self.move_to(time_us)?;
        let Some(id) = position_id else { return self.books.write_unowned(kind, amount, time_us) };
        let symbol = *self.opened.get(&id).ok_or(Error::NotHeld { position_id: id })?;
        self.books.write(kind, amount, time_us, symbol, id)
    }

    /// Accrues the night that ends at a rollover on every open position; its mark is the last price (SWP-1).
    ///
    /// # Errors
    /// `portfolio.time_back`, `engine.overflow`.
    pub fn accrue(&mut self, rollover_us: i64, fx_day: i32, weekday: usize) -> Result<()> {
        self.move_to(rollover_us)?;
        let row = as_i64(self.books.equity.len());
        for position in &mut self.open_positions {
            let Some(table) = &self.swap_tables[index(position.symbol)] else { continue };
            let multiplier = table.multipliers[weekday];
            let mark = closing_mark(&self.marks, position);
            let amount = nightly_amount(table, position, mark, Night { fx_day, multiplier }, SAME)?;
            if amount == 0 {
                continue;
            }
            position.accrued_swap += amount;
            self.swap_rows.push((rollover_us, fx_day, position.id, position.symbol, multiplier, amount, row));
        }
        Ok(())
    }

    /// Says what a symbol is quoted at.
    pub fn mark(&mut self, symbol: i16, bid: i64, ask: i64) {
        self.marks[index(symbol)] = Some((bid, ask));
    }

    /// Writes the equity row of a moment and returns it: balance, accrued swap and open profit (LED-2).
    ///
    /// # Errors
    /// `portfolio.time_back`, `engine.overflow`.
    pub fn update(&mut self, time_us: i64) -> Result<i64> {
        self.move_to(time_us)?;
        let open_money = self.open_money()?;
        self.books.mark(open_money)?;
        self.equity_times_us.push(time_us);
        check_balance(i128::from(self.books.balance) + open_money, "equity")
    }

    /// Returns balance, accrued swap and open profit at the last prices, without writing a row.
    ///
    /// # Errors
    /// `engine.overflow`.
    pub fn equity(&self) -> Result<i64> {
        check_balance(i128::from(self.books.balance) + self.open_money()?, "equity")
    }

    /// Returns the sum of all ledger rows.
    #[must_use]
    pub fn balance(&self) -> i64 {
        self.books.balance
    }

    /// Returns every open position in order of opening.
    ///
    /// # Errors
    /// `engine.overflow`.
    pub fn positions(&self) -> Result<Vec<Held>> {
        let held = |position: &Position| {
            let profit = self.open_profit(position)?;
            let entry = (position.id, position.symbol, position.direction, position.magic);
            let (id, symbol, direction, magic) = entry;
            let (steps, k, accrued) = (position.steps, position.k, position.accrued_swap);
            Ok((id, symbol, direction, magic, position.entry_time_us, steps, k, accrued, profit))
        };
        self.open_positions.iter().map(held).collect()
    }

    /// Returns the rows of the `ledger` table.
    #[must_use]
    pub fn ledger(&self) -> Vec<LedgerRow> {
        let cells = |row: books::LedgerRow| {
            (row.time_us, row.equity_row, row.kind, row.symbol, row.position_id, row.amount)
        };
        self.books.ledger.iter().map(cells).collect()
    }

    /// Returns the rows of the `swaps` table.
    #[must_use]
    pub fn swaps(&self) -> Vec<SwapRow> {
        self.swap_rows.clone()
    }

    /// Returns time and equity of every update; the first row is the start.
    #[must_use]
    pub fn equity_rows(&self) -> Vec<(i64, i64)> {
        self.equity_times_us.iter().copied().zip(self.books.equity.iter().copied()).collect()
    }

    fn move_to(&mut self, time_us: i64) -> Result<()> {
        if time_us < self.now_us {
            return Err(Error::TimeBack { time_us, previous_us: self.now_us });
        }
        self.now_us = time_us;
        Ok(())
    }

    fn find(&self, id: i64) -> Result<usize> {
        let is_it = |position: &Position| position.id == id;
        self.open_positions.iter().position(is_it).ok_or(Error::NotHeld { position_id: id })
    }

    /// Lets a deal count as the last price of its side; of both sides where there was none.
    fn see_deal(&mut self, symbol: i16, direction: i64, price: i64) {
        let mark = &mut self.marks[index(symbol)];
        let (bid, ask) = mark.unwrap_or((price, price));
        *mark = Some(if direction > 0 { (bid, price) } else { (price, ask) });
    }

    fn open_money(&self) -> Result<i128> {
        let mut money = 0;
        for position in &self.open_positions {
            money += i128::from(self.open_profit(position)?) + i128::from(position.accrued_swap);
        }
        Ok(money)
    }

    fn open_profit(&self, position: &Position) -> Result<i64> {
        open_profit(position, closing_mark(&self.marks, position), self.rates[index(position.symbol)])
    }
}

/// Returns the empty holdings of a portfolio plan.
///
/// # Errors
/// `config.plan` with what does not fit.
pub fn open_portfolio(text: &str) -> Result<Holdings> {
    Holdings::new(&parse_portfolio_plan(text)?)
}

/// A position as its first deal makes it.
fn position(id: i64, symbol: i16, direction: i64, magic: i64, deal: Deal) -> Position {
    let (entry_time_us, entry_points) = (deal.time_us, deal.price);
    let mut position = Position { id, symbol, direction, magic, entry_time_us, entry_points, ..BLANK };
    add_fill(&mut position, prices_of(deal), deal.steps);
    position
}

/// A deal of a terminal tells one price.
fn prices_of(deal: Deal) -> DealPrices {
    DealPrices { price: deal.price, raw_price: deal.price, spread_points: 0 }
}

/// The last price of the closing side; every open position has seen its own deal. twin: none — a method there.
fn closing_mark(marks: &[Option<(i64, i64)>], position: &Position) -> i64 {
    let (bid, ask) = marks[index(position.symbol)].unwrap_or((0, 0));
    if position.direction > 0 { bid } else { ask }
}

/// A symbol as an index. twin: none — Python's integers are indices.
fn index(symbol: i16) -> usize {
    usize::from(symbol.unsigned_abs())
}
