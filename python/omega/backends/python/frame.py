"""Arrow tables to columns and back: the only module of the twin that knows Arrow.

Every table is checked against `omega.schema` on the way in (names, types, nulls), so that nothing
behind this module has to ask again. Rule NUL in `docs/spec/backends.md`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from omega.errors import error_for
from omega.schema import TABLES

Columns = dict[str, list[Any]]

ARROW_TYPES: dict[str, pa.DataType] = {
    "timestamp": pa.timestamp("us", tz="UTC"),
    "int8": pa.int8(),
    "int16": pa.int16(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
}


def read_table(table: Any, name: str, *, extra: Sequence[str] = ()) -> Columns:
    """Return the columns of `table` as lists; times are int microseconds.

    Args:
        table: Anything that exports an Arrow stream.
        name: Table of `omega.schema` it must match; column order does not matter.
        extra: Names of int64-like time columns read besides (equity's `time`).

    Raises:
        DataError: ``data.shape`` names the table, the column and the first null row.
    """
    arrow = pa.table(table)
    columns: Columns = {}
    for column in TABLES[name]:
        columns[column.name] = _read_column(arrow, name, column.name, column.type, column.null)
    for time_name in extra:
        columns[time_name] = _read_column(arrow, name, time_name, "timestamp", False)
    return columns


def read_optional(table: Any, name: str, kind: str) -> list[Any] | None:
    """Return a column without nulls that a table may leave out, None where it does."""
    arrow = pa.table(table)
    return _read_column(arrow, "equity", name, kind, False) if name in arrow.column_names else None


def read_float64(values: Any) -> list[float]:
    """Return one float64 array as a list."""
    array = _as_array(values)
    if array.type != pa.float64() or array.null_count:
        raise error_for("data.shape", where="indicator column", reason="expected float64 without nulls")
    return list(array.to_pylist())


def read_visible(values: Any, place: str, count: int) -> list[int]:
    """Return one alignment array (int32, one entry per step-timeframe bar)."""
    array = _as_array(values)
    if array.type != pa.int32() or array.null_count or len(array) != count:
        raise error_for("data.shape", where=place, reason=f"expected int32 without nulls, {count} rows")
    return list(array.to_pylist())


def write_tables(tables: Mapping[str, Columns]) -> dict[str, pa.Table]:
    """Return Arrow tables in the schema of their names, without metadata."""
    return {name: write_table(columns, name) for name, columns in tables.items()}


def write_table(columns: Columns, name: str) -> pa.Table:
    """Return one Arrow table in the schema of its name."""
    fields = [pa.field(column.name, ARROW_TYPES[column.type], nullable=column.null) for column in TABLES[name]]
    arrays = [pa.array(columns[field.name], type=field.type) for field in fields]
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def write_float64(values: Sequence[float]) -> pa.Array:
    """Return a float64 Arrow array without validity bitmap (NaN is warm-up, not null)."""
    return pa.array(values, type=pa.float64(), from_pandas=False)


def _as_array(values: Any) -> pa.Array:
    array = pa.array(values)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _read_column(table: pa.Table, place: str, name: str, kind: str, null: bool) -> list[Any]:
    if name not in table.column_names:
        raise error_for("data.shape", where=place, reason=f"column {name} is missing")
    column = table.column(name)
    if column.type != ARROW_TYPES[kind]:
        reason = f"column {name} is {column.type}, expected {ARROW_TYPES[kind]}"
        raise error_for("data.shape", where=place, reason=reason)
    if column.null_count and not null:
        row = column.is_null().to_pylist().index(True)
        raise error_for("data.shape", where=place, reason=f"column {name} is null in row {row}")
    if kind == "timestamp":
        column = column.cast(pa.int64())
    return list(column.to_pylist())
