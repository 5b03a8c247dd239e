"""Comparison of two sets of result tables, bit for bit (BKD-5b)."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

__all__ = ["RESULT_TABLES", "Difference", "find_difference", "same_bits"]

RESULT_TABLES = (
    "recorded_signals",
    "orders",
    "fills",
    "trades",
    "positions",
    "ledger",
    "equity",
    "rejections",
    "diagnostics",
)
"""Result tables in the order in which a difference is looked for: causes before consequences."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The first place where two results differ; `column` and `row` are None where the shape differs."""

    table: str
    column: str | None
    row: int | None
    left: Any
    right: Any

    def __str__(self) -> str:
        place = self.table if self.column is None else f"{self.table}.{self.column}"
        return f"{place}{'' if self.row is None else f', row {self.row}'}: {self.left!r} against {self.right!r}"


def find_difference(left: Mapping[str, Any], right: Mapping[str, Any]) -> Difference | None:
    """Return the first difference of two sets of result tables, None if every bit is equal.

    Within a table the smallest row counts, then the order of the columns.
    """
    names = [name for name in RESULT_TABLES if name in left or name in right]
    names += sorted((set(left) | set(right)) - set(names))
    for name in names:
        if name not in left or name not in right:
            return Difference(name, None, None, name in left, name in right)
        found = _table_difference(name, left[name], right[name])
        if found is not None:
            return found
    return None


def same_bits(left: Any, right: Any) -> bool:
    """Return whether two values are the same, floats by their bits: 0.0 is not -0.0, and NaN equals itself."""
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        return struct.pack("<d", left) == struct.pack("<d", right)
    return bool(left == right)


def _table_difference(name: str, left: Any, right: Any) -> Difference | None:
    if not left.schema.equals(right.schema, check_metadata=True):
        return Difference(name, None, None, left.schema.to_string(), right.schema.to_string())
    found = [d for d in _column_differences(name, left, right) if d.row is not None]
    if found:
        return min(found, key=lambda difference: difference.row or 0)
    if left.num_rows != right.num_rows:
        return Difference(name, None, None, f"{left.num_rows} rows", f"{right.num_rows} rows")
    return None


def _column_differences(name: str, left: Any, right: Any) -> Iterable[Difference]:
    for column in left.column_names:
        ours, theirs = left.column(column), right.column(column)
        if not pa.types.is_floating(ours.type) and ours.equals(theirs):
            continue
        pairs = zip(ours.to_pylist(), theirs.to_pylist(), strict=False)
        row = next((row for row, (a, b) in enumerate(pairs) if not same_bits(a, b)), None)
        if row is not None:
            yield Difference(name, column, row, ours[row].as_py(), theirs[row].as_py())
