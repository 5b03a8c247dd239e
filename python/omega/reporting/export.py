"""The one exporter: result tables and documents as files, the same bytes whatever backend ran.

Rules OUT-2c, OUT-3 and OUT-4. Files are written into a folder that somebody else makes appear
(`omega.runner.folder`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from omega.engine import BacktestResult
from omega.schema import TABLES

__all__ = ["TABLE_FILES", "csv_text", "json_text", "write_tables"]

TABLE_FILES = ("trades", "fills", "orders", "signals", "ledger", "swaps", "equity", "rejections", "positions")
"""Tables written as parquet."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_tables(result: BacktestResult, folder: Path) -> None:
    """Write every table as parquet, and the trades as CSV besides."""
    for name in TABLE_FILES:
        table = getattr(result, name).to_arrow()
        pq.write_table(table, folder / f"{name}.parquet", compression="zstd", write_page_checksum=True)
    text = csv_text(result.trades.to_arrow(), _money_cells(result))
    (folder / "trades.csv").write_text(text, encoding="utf-8", newline="")


def json_text(document: Any) -> str:
    """Return JSON with sorted keys, repr floats and a final newline; nan and inf are refused."""
    return json.dumps(document, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def csv_text(table: Any, money: Mapping[str, Iterable[str]]) -> str:
    """Return a table as CSV.

    Args:
        table: A presented table.
        money: Ready cells of the columns that hold money, written at account digits.
    """
    columns = [money.get(name) or map(_cell_of(column.type), column.to_pylist()) for name, column in _columns(table)]
    rows = [",".join(table.column_names)]
    rows += [",".join(cells) for cells in zip(*columns, strict=True)]
    return "\n".join(rows) + "\n"


def _columns(table: Any) -> Iterable[tuple[str, Any]]:
    return zip(table.column_names, table.columns, strict=True)


def _money_cells(result: BacktestResult) -> dict[str, list[str]]:
    """Return the money columns of the trades from their minor units: no float takes part."""
    digits = result.plan["account"]["digits"]
    names = [column.name for column in TABLES["trades"] if column.unit == "minor"]
    return {name: [_money(cell, digits) for cell in result.raw["trades"].column(name).to_pylist()] for name in names}


def _money(minor: int | None, digits: int) -> str:
    if minor is None:
        return ""
    whole, part = divmod(abs(minor), 10**digits)
    sign = "-" if minor < 0 else ""
    return f"{sign}{whole}.{part:0{digits}d}" if digits else f"{sign}{whole}"


def _cell_of(kind: Any) -> Callable[[Any], str]:
    if pa.types.is_timestamp(kind):
        return _time_cell
    if pa.types.is_string(kind):
        return _text_cell
    return _number_cell


def _time_cell(value: Any) -> str:
    return "" if value is None else str(value.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))


def _number_cell(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else repr(value)


def _text_cell(value: str | None) -> str:
    """Return a text cell; a spreadsheet must not take it for a formula (OUT-3)."""
    if value is None:
        return ""
    safe = f"'{value}" if value.startswith(_FORMULA) else value
    needs_quotes = any(mark in safe for mark in ',"\n\r')
    return '"' + safe.replace('"', '""') + '"' if needs_quotes else safe
