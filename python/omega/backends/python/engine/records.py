"""What a run writes down: one list per column of every result table.

Codes and integers only; words, prices and lots are made on demand above the seam.
"""

from __future__ import annotations

from typing import Any

from omega.schema import TABLES

RESULTS = ("recorded_signals", "orders", "fills", "trades", "positions", "swaps", "rejections", "diagnostics")


class Records:
    """The growing result tables of one run, apart from the books."""

    def __init__(self) -> None:
        self.columns: dict[str, dict[str, list[Any]]] = {
            name: {column.name: [] for column in TABLES[name]} for name in RESULTS
        }

    def write(self, table: str, *values: Any) -> None:
        """Append one row; values in column order."""
        for column, value in zip(self.columns[table].values(), values, strict=True):
            column.append(value)

    def count(self, table: str) -> int:
        """Return the rows of a table so far."""
        return len(next(iter(self.columns[table].values())))

    def update(self, table: str, row: int, **values: Any) -> None:
        """Change cells of a row that was written before."""
        for name, value in values.items():
            self.columns[table][name][row] = value
