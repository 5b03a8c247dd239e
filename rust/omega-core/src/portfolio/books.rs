//! The books of one run: every change of the balance is one ledger row.
//!
//! Balance is the sum of the rows, exactly; a zero amount writes no row. Rules LED-1 and LED-5 in
//! `docs/spec/engine.md`.

use crate::error::Result;
use crate::growing::rows;
use crate::market::as_i64;
use crate::portfolio::money::check_balance;
use crate::schema::LedgerKind;

rows! {
    /// A row of `ledger`.
    LedgerRow => LedgerRows {
        /// Time of the fill, or of the first step.
        pub time_us: i64,
        /// First equity row that contains it.
        pub equity_row: i64,
        /// `LedgerKind` code.
        pub kind: i8,
        /// Symbol; `None` for deposits.
        pub symbol: Option<i16>,
        /// Position; `None` for deposits.
        pub position_id: Option<i64>,
        /// Signed change, never 0.
        pub amount: i64,
    }
}

/// Ledger, balance and equity of one run.
#[derive(Clone, Debug)]
pub struct Books {
    /// Sum of the ledger.
    pub balance: i64,
    /// One value per equity row so far.
    pub equity: Vec<i64>,
    /// Every change of the balance.
    pub ledger: LedgerRows,
}

impl Books {
    /// Opens the books with a deposit; `rows` equity rows are expected.
    #[must_use]
    pub fn new(balance: i64, time_us: i64, rows: usize) -> Self {
        let mut equity = Vec::with_capacity(rows);
        equity.push(balance);
        let mut books = Self { balance, equity, ledger: LedgerRows::default() };
        books.push(LedgerKind::Deposit, balance, time_us, 0, None);
        books
    }

    /// Changes the balance by `amount` and writes the row; nothing happens for 0.
    ///
    /// # Errors
    /// `engine.overflow` if the balance leaves its range.
    pub fn write(
        &mut self,
        kind: LedgerKind,
        amount: i64,
        time_us: i64,
        symbol: i16,
        position_id: i64,
    ) -> Result<()> {
        if amount == 0 {
            return Ok(());
        }
        self.balance = check_balance(i128::from(self.balance) + i128::from(amount), "the balance")?;
        self.push(kind, amount, time_us, as_i64(self.equity.len()), Some((symbol, position_id)));
        Ok(())
    }

    /// The same for a row that belongs to no position. twin: none — `write` takes None there.
    ///
    /// # Errors
    /// `engine.overflow` if the balance leaves its range.
    pub fn write_unowned(&mut self, kind: LedgerKind, amount: i64, time_us: i64) -> Result<()> {
        if amount == 0 {
            return Ok(());
        }
        self.balance = check_balance(i128::from(self.balance) + i128::from(amount), "the balance")?;
        self.push(kind, amount, time_us, as_i64(self.equity.len()), None);
        Ok(())
    }

    /// twin: none — the last line of `write`.
    fn push(&mut self, kind: LedgerKind, amount: i64, time_us: i64, row: i64, position: Option<(i16, i64)>) {
        let (symbol, position_id) = position.unzip();
        self.ledger.push_with(|| LedgerRow {
            time_us,
            equity_row: row,
            kind: kind.code(),
            symbol,
            position_id,
            amount,
        });
    }

    /// Writes the equity row of this step: balance plus open profit.
    ///
    /// # Errors
    /// `engine.overflow` if equity leaves its range.
    pub fn mark(&mut self, open_profit: i128) -> Result<()> {
        let equity = self.equity_with(open_profit)?;
        self.equity.push(equity);
        Ok(())
    }

    /// Returns balance plus open profit.
    ///
    /// # Errors
    /// `engine.overflow` if equity leaves its range.
    pub fn equity_with(&self, open_profit: i128) -> Result<i64> {
        check_balance(i128::from(self.balance) + open_profit, "equity")
    }

    /// Writes `count` equity rows without open positions. twin: none — `mark` with nothing open.
    pub(crate) fn hold(&mut self, count: usize) {
        self.equity.resize(self.equity.len() + count, self.balance);
    }
}
