"""The books of one run: every change of the balance is one ledger row.

Balance is the sum of the rows, exactly; a zero amount writes no row. Rules LED-1 and LED-5 in
`docs/spec/engine.md`.
"""

from __future__ import annotations

from omega.backends.python.portfolio.money import check_balance
from omega.schema import LedgerKind


class Books:
    """Ledger, balance and equity of one run."""

    def __init__(self, balance: int, time_us: int) -> None:
        self.balance = 0
        self.equity: list[int] = [balance]
        self.ledger: dict[str, list[int | None]] = {
            name: [] for name in ("time", "equity_row", "kind", "symbol", "position_id", "amount")
        }
        self.write(LedgerKind.DEPOSIT, balance, time_us, None, None, 0)
        self.equity_row = 1

    def write(
        self,
        kind: LedgerKind,
        amount: int,
        time_us: int,
        symbol: int | None,
        position_id: int | None,
        equity_row: int | None = None,
    ) -> None:
        """Change the balance by `amount` and write the row; nothing happens for 0."""
        if amount == 0:
            return
        row = self.equity_row if equity_row is None else equity_row
        self.balance = check_balance(self.balance + amount, "the balance")
        values = (time_us, row, int(kind), symbol, position_id, amount)
        for column, value in zip(self.ledger.values(), values, strict=True):
            column.append(value)

    def mark(self, open_profit: int) -> None:
        """Write the equity row of this step: balance plus open profit."""
        self.equity.append(self.equity_with(open_profit))
        self.equity_row += 1

    def equity_with(self, open_profit: int) -> int:
        """Return balance plus open profit."""
        return check_balance(self.balance + open_profit, "equity")
