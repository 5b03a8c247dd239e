//! A portfolio on its own: holdings that Python feeds deal by deal.

use omega_core::error::Error;
use omega_core::portfolio::holdings::{Deal, Held, LedgerRow, SwapRow};
use omega_core::schema::LedgerKind;
use pyo3::prelude::*;

use crate::errors::call_attached;

/// Open positions, books and last prices of one account.
#[pyclass(module = "omega._native")]
pub(crate) struct Holdings {
    core: omega_core::portfolio::holdings::Holdings,
}

/// Opens the empty holdings of a portfolio plan.
#[pyfunction]
#[allow(clippy::needless_pass_by_value, reason = "PyO3 hands over owned arguments")]
pub(crate) fn open_portfolio(py: Python<'_>, plan: String) -> PyResult<Holdings> {
    let core = call_attached(py, || omega_core::portfolio::holdings::open_portfolio(&plan))?;
    Ok(Holdings { core })
}

#[pymethods]
impl Holdings {
    /// Opens a position with one deal.
    #[allow(clippy::too_many_arguments, reason = "the interpreter's token is one of them")]
    fn open(
        &mut self,
        py: Python<'_>,
        position_id: i64,
        symbol: i16,
        direction: i64,
        magic: i64,
        deal: (i64, i64, i64),
    ) -> PyResult<()> {
        call_attached(py, || self.core.open(position_id, symbol, direction, magic, deal_of(deal)))
    }

    /// Adds a deal to an open position.
    fn add(&mut self, py: Python<'_>, position_id: i64, deal: (i64, i64, i64)) -> PyResult<()> {
        call_attached(py, || self.core.add(position_id, deal_of(deal)))
    }

    /// Closes volume of a position; returns profit and swap.
    fn close(&mut self, py: Python<'_>, position_id: i64, deal: (i64, i64, i64)) -> PyResult<(i64, i64)> {
        call_attached(py, || self.core.close(position_id, deal_of(deal)))
    }

    /// Changes the balance by something that is no deal.
    #[pyo3(signature = (kind, amount, time_us, position_id))]
    fn book(
        &mut self,
        py: Python<'_>,
        kind: i8,
        amount: i64,
        time_us: i64,
        position_id: Option<i64>,
    ) -> PyResult<()> {
        call_attached(py, || {
            let kind = LedgerKind::from_code(kind)
                .ok_or_else(|| Error::Plan { reason: format!("{kind} is no kind of ledger row") })?;
            self.core.book(kind, amount, time_us, position_id)
        })
    }

    /// Accrues the night that ends at a rollover.
    fn accrue(&mut self, py: Python<'_>, rollover_us: i64, fx_day: i32, weekday: usize) -> PyResult<()> {
        call_attached(py, || self.core.accrue(rollover_us, fx_day, weekday))
    }

    /// Says what a symbol is quoted at.
    fn mark(&mut self, symbol: i16, bid: i64, ask: i64) {
        self.core.mark(symbol, bid, ask);
    }

    /// Writes the equity row of a moment and returns it.
    fn update(&mut self, py: Python<'_>, time_us: i64) -> PyResult<i64> {
        call_attached(py, || self.core.update(time_us))
    }

    /// Returns balance, accrued swap and open profit at the last prices.
    fn equity(&self, py: Python<'_>) -> PyResult<i64> {
        call_attached(py, || self.core.equity())
    }

    /// Returns the sum of all ledger rows.
    fn balance(&self) -> i64 {
        self.core.balance()
    }

    /// Returns every open position in order of opening.
    fn positions(&self, py: Python<'_>) -> PyResult<Vec<Held>> {
        call_attached(py, || self.core.positions())
    }

    /// Returns the rows of the `ledger` table.
    fn ledger(&self) -> Vec<LedgerRow> {
        self.core.ledger()
    }

    /// Returns the rows of the `swaps` table.
    fn swaps(&self) -> Vec<SwapRow> {
        self.core.swaps()
    }

    /// Returns time and equity of every update.
    fn equity_rows(&self) -> Vec<(i64, i64)> {
        self.core.equity_rows()
    }
}

/// Time, steps and price as one deal.
fn deal_of((time_us, steps, price): (i64, i64, i64)) -> Deal {
    Deal { time_us, steps, price }
}
