"""Result tables as people read them.

At the seam a price is points, money is minor units, a volume is steps and a word is a code. Here each
column is turned by its unit in `schema/tables.toml` into prices, account currency, lots and text: quotients
of integers, correctly rounded, the same for both backends.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from omega.error_catalogue import CODE_BY_NUMBER
from omega.schema import ENUMS, TABLES, Column
from omega.strategy.normalise import TEXTS, Texts

__all__ = ["Table", "Units", "present_equity", "present_table", "with_texts"]

IN_LOTS = {"steps": "size_lots", "filled_steps": "filled_lots"}

Ints = npt.NDArray[np.int64]


class Table:
    """One result table. Converts to Arrow, pandas or polars; any Arrow reader takes it as it is."""

    def __init__(self, arrow: Any) -> None:
        self._arrow = arrow

    def to_arrow(self) -> Any:
        """Return a `pyarrow.Table`."""
        return self._arrow

    def to_pandas(self) -> Any:
        """Return a `pandas.DataFrame`; needs pandas."""
        return self._arrow.to_pandas()

    def to_polars(self) -> Any:
        """Return a `polars.DataFrame`; needs polars."""
        import polars

        return polars.from_arrow(self._arrow)

    def to_ipc(self) -> bytes:
        """Return the bytes of an Arrow IPC stream."""
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, self._arrow.schema) as writer:
            writer.write_table(self._arrow)
        return bytes(sink.getvalue())

    @property
    def column_names(self) -> list[str]:
        """Names of the columns."""
        return list(self._arrow.column_names)

    def __getitem__(self, name: str) -> list[Any]:
        """Return one column as a list of Python values."""
        return list(self._arrow.column(name).to_pylist())

    def __len__(self) -> int:
        return int(self._arrow.num_rows)

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self._arrow.__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        return f"Table({len(self)} rows: {', '.join(self.column_names)})"


@dataclass(frozen=True, slots=True)
class Units:
    """What turns codes of one run into values for people.

    Attributes:
        digits: Price decimals by symbol.
        symbols: Names by symbol.
        volume_steps: Lots in a step by symbol, as fractions.
        account_digits: Decimals of the account currency.
    """

    digits: tuple[int, ...]
    symbols: tuple[str, ...]
    volume_steps: tuple[tuple[int, int], ...]
    account_digits: int

    @classmethod
    def of_plan(cls, plan: Mapping[str, Any]) -> Units:
        """Return the units of a plan."""
        symbols = plan["symbols"]
        return cls(
            digits=tuple(symbol["digits"] for symbol in symbols),
            symbols=tuple(symbol["name"] for symbol in symbols),
            volume_steps=tuple((symbol["volume_step"][0], symbol["volume_step"][1]) for symbol in symbols),
            account_digits=plan["account"]["digits"],
        )

    @property
    def money_scale(self) -> float:
        """Minor units of one unit of the account currency."""
        return float(10**self.account_digits)


def present_table(raw: Any, name: str, units: Units) -> Any:
    """Return a seam table as people read it, column by column in the order of the schema."""
    columns = {column.name: _present_column(raw, column, units) for column in TABLES[name]}
    renamed = {IN_LOTS.get(key, key): value for key, value in columns.items()}
    fields = [
        pa.field(key, array.type, nullable=column.null or column.name == "fault")
        for (key, array), column in zip(renamed.items(), TABLES[name], strict=True)
    ]
    return pa.Table.from_arrays(list(renamed.values()), schema=pa.schema(fields))


def present_equity(raw: Any, ledger: Any, times: Any, units: Units) -> Any:
    """Return equity with its times, the balance of the ledger, and the drawdown from the highest equity so far.

    Swap that has accrued and is not booked is part of the equity, not of the balance (SWP-1).

    Args:
        raw: `equity` table, n + 2 rows for n steps.
        ledger: `ledger` table.
        times: Times of the rows (timestamp[us, UTC]).
        units: Units of the run.
    """
    equity = raw.column("equity").to_numpy()
    booked = np.zeros(len(equity), dtype=np.int64)
    np.add.at(booked, ledger.column("equity_row").to_numpy(), ledger.column("amount").to_numpy())
    drawdown: Ints = np.maximum.accumulate(equity) - equity
    columns = {
        "balance": np.cumsum(booked) / units.money_scale,
        "equity": equity / units.money_scale,
        "drawdown": drawdown / units.money_scale,
        "drawdown_frac": drawdown / np.maximum.accumulate(equity),
    }
    fields = [pa.field("time", times.type, nullable=False)]
    fields += [pa.field(name, pa.float64(), nullable=False) for name in columns]
    return pa.Table.from_arrays([times, *map(pa.array, columns.values())], schema=pa.schema(fields))


def with_texts(table: Any, rows: Any, texts: Mapping[int, Texts]) -> Any:
    """Return a table with the texts of its signals: ``signal_reason``, ``tags``, ``scenario``, ``meta``.

    Args:
        table: A presented table.
        rows: Signal row of each of its rows.
        texts: Texts by signal row; `tags` and `meta` are JSON.
    """
    nothing = Texts(None, None, None, None)
    found = [texts.get(row, nothing) for row in rows] if texts else []
    for index, name in enumerate(TEXTS):
        values = [entry[index] for entry in found] if found else [None] * table.num_rows
        field = pa.field("signal_reason" if name == "reason" else name, pa.string(), nullable=True)
        table = table.append_column(field, pa.array(values, type=pa.string()))
    return table


def _present_column(raw: Any, column: Column, units: Units) -> Any:
    array = raw.column(column.name).combine_chunks()
    array = array.chunk(0) if isinstance(array, pa.ChunkedArray) else array
    if column.unit == "points":
        return _divide(array, [float(10 ** units.digits[s]) for s in _symbols(raw, units)])
    if column.unit == "minor":
        return _divide(array, [units.money_scale])
    if column.unit == "steps":
        return _lots(array, _symbols(raw, units), units)
    if column.unit == "symbol":
        return _words(array, dict(enumerate(units.symbols)))
    if column.unit == "error":
        return _words(array, CODE_BY_NUMBER)
    if column.unit == "days since 1970-01-01":
        return array.cast(pa.date32())
    if column.unit.startswith("enum:"):
        members: type[enum.IntEnum] = ENUMS[column.unit.removeprefix("enum:")]
        return _words(array, {int(member): member.name.lower() for member in members})
    return array


def _symbols(raw: Any, units: Units) -> list[int]:
    """Return the symbol of each row, or the one symbol there is."""
    return [0] if len(units.symbols) == 1 else list(raw.column("symbol").to_pylist())


def _divide(array: Any, scales: list[float]) -> Any:
    """Return integers as floats, divided by their scale; nulls stay."""
    missing = np.asarray(array.is_null())
    values = array.fill_null(0).to_numpy(zero_copy_only=False) / np.asarray(scales)
    return pa.array(values, mask=missing if missing.any() else None)


def _lots(array: Any, symbols: list[int], units: Units) -> Any:
    steps = array.to_pylist()
    fractions = [units.volume_steps[symbol] for symbol in symbols] * (len(steps) if len(symbols) == 1 else 1)
    lots = [count * top / bottom for count, (top, bottom) in zip(steps, fractions, strict=True)]
    return pa.array(lots, type=pa.float64())


def _words(array: Any, words: Mapping[int, str]) -> Any:
    """Return codes as text; a code without a word (error 0) and null become null."""
    known = {code: words.get(code) for code in array.unique().to_pylist()}
    return pa.array([known[code] for code in array.to_pylist()], type=pa.string())
