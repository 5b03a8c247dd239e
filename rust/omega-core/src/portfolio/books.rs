//! The books of one run: every change of the balance is one ledger row.
//!
//! Balance is the sum of the rows, exactly; a zero amount writes no row. Rules LED-1 and LED-5 in
//! `docs/spec/engine.md`.

use crate::error::Result;
use crate::market::as_i64;
use crate::portfolio::money::check_balance;
use crate::schema::LedgerKind;

/// One change of the balance.
#[derive(Clone, Copy, Debug)]
pub struct LedgerRow {
    /// Time of the fill, or of the first step.
    pub time_us: i64,
    /// First equity row that contains it.
    pub equity_row: i64,
    /// What changed the balance.
    pub kind: LedgerKind,
    /// Symbol and position; `None` for deposits.
    pub position: Option<(i16, i64)>,
    /// Signed change, never 0.
    pub amount: i64,
}

/// Ledger, balance and equity of one run.
#[derive(Clone, Debug)]
pub struct Books {
    /// Sum of the ledger.
    pub balance: i64,
    /// One value per equity row so far.
    pub equity: Vec<i64>,
    /// Every change of the balance.
    pub ledger: Vec<LedgerRow>,
}

impl Books {
    /// Opens the books with a deposit; `rows` equity rows are expected.
    #[must_use]
    pub fn new(balance: i64, time_us: i64, rows: usize) -> Self {
        let deposit =
            LedgerRow { time_us, equity_row: 0, kind: LedgerKind::Deposit, position: None, amount: balance };
        let mut equity = Vec::with_capacity(rows);
        equity.push(balance);
        Self { balance, equity, ledger: vec![deposit] }
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
        let equity_row = as_i64(self.equity.len());
        let position = Some((symbol, position_id));
        self.ledger.push(LedgerRow { time_us, equity_row, kind, position, amount });
        Ok(())
    }

    /// Writes the equity row of this step: balance plus open profit.
    ///
    /// # Errors
    /// `engine.overflow` if equity leaves its range.
    pub fn mark(&mut self, open_profit: i128) -> Result<()> {
        self.equity.push(check_balance(i128::from(self.balance) + open_profit, "equity")?);
        Ok(())
    }

    /// Writes `count` equity rows without open positions. twin: none — `mark` with nothing open.
    pub(crate) fn hold(&mut self, count: usize) {
        self.equity.resize(self.equity.len() + count, self.balance);
    }
}
