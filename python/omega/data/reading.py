"""Anything that holds bars, read as an Arrow table with omega's column names (DAT-2).

Accepts Parquet, Feather / Arrow IPC and CSV files, objects that export Arrow, and pandas frames.
Values are not looked at here: `omega.data.checks` does that.
"""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet

from omega.errors import error_for

__all__ = ["FORMATS", "RawBars", "read_bars"]

Column: TypeAlias = "pa.ChunkedArray[Any]"
PRICES = ("open", "high", "low", "close")
_SPELLINGS = {
    "time": ("time", "utctime", "datetime", "date", "timestamp", "gmttime", "opentime"),
    **{price: (price,) for price in PRICES},
    "volume": ("volume", "vol", "tickvolume", "tickvol"),
    "spread": ("spread",),
    "symbol": ("symbol", "ticker", "instrument"),
}


@dataclass(frozen=True, slots=True)
class RawBars:
    """One series as its source has it.

    Attributes:
        where: File name, or what the table is, for messages.
        columns: Arrow columns by omega's names; `time` and the prices are always there.
        names: The source's spelling of each.
    """

    where: str
    columns: dict[str, Column]
    names: dict[str, str]


def read_bars(source: object, where: str) -> RawBars:
    """Read a path or a table.

    Raises:
        DataError: ``data.unreadable``, ``data.not_a_table``, ``data.missing_column``, ``data.ambiguous_column``.
    """
    table = (
        _read_file(pathlib.Path(source), where) if isinstance(source, str | pathlib.Path) else _to_arrow(source, where)
    )
    found: dict[str, list[str]] = {}
    for name in table.column_names:
        plain = name.lower().strip("<> ").replace(" ", "").replace("_", "")
        for wanted, spellings in _SPELLINGS.items():
            if plain in spellings:
                found.setdefault(wanted, []).append(name)
    for wanted in ("time", *PRICES):
        if wanted not in found:
            listed = ", ".join(map(repr, table.column_names)) or "none"
            raise error_for("data.missing_column", where=where, column=wanted, found=listed)
    for wanted, names in found.items():
        if len(names) > 1:
            listed = ", ".join(map(repr, names))
            split = wanted == "time" and {"date", "time"} == {name.lower().strip("<> ") for name in names}
            mend = "Join them in one column of times with their zone." if split else "Keep one of them."
            raise error_for("data.ambiguous_column", where=where, column=wanted, found=listed, mend=mend)
    if table.num_rows == 0:
        raise error_for("data.empty", where=where)
    names_found = {wanted: names[0] for wanted, names in found.items()}
    return RawBars(where, {wanted: table.column(name) for wanted, name in names_found.items()}, names_found)


def _read_parquet(path: pathlib.Path) -> pa.Table:
    # Without page checksums, more than half of all single flipped bits go unnoticed.
    with pyarrow.parquet.ParquetFile(path, page_checksum_verification=True) as file:
        return file.read()


def _read_ipc(path: pathlib.Path) -> pa.Table:
    return pyarrow.feather.read_table(path, memory_map=False)


def _read_csv(path: pathlib.Path) -> pa.Table:
    return pyarrow.csv.read_csv(path)


FORMATS: dict[str, tuple[str, Callable[[pathlib.Path], pa.Table]]] = {
    ".parquet": ("Parquet", _read_parquet),
    ".feather": ("Feather", _read_ipc),
    ".arrow": ("Arrow IPC", _read_ipc),
    ".csv": ("CSV", _read_csv),
}
"""Readers by file suffix."""


def _read_file(path: pathlib.Path, where: str) -> pa.Table:
    if path.suffix.lower() not in FORMATS:
        wanted = f"file that omega reads ({', '.join(FORMATS)})"
        raise error_for("data.not_found", where=where, wanted=wanted, hint="")
    if not path.is_file():
        raise error_for("data.not_found", where=where, wanted="such file", hint="")
    name, read = FORMATS[path.suffix.lower()]
    try:
        return read(path)
    except (pa.ArrowException, OSError, ValueError) as reason:
        text = str(reason).strip().splitlines()[0] if str(reason).strip() else type(reason).__name__
        raise error_for("data.unreadable", where=where, format=name, reason=text.rstrip(".")) from reason


def _to_arrow(source: object, where: str) -> pa.Table:
    if isinstance(source, pa.Table):
        return source
    if type(source).__module__.partition(".")[0] == "pandas":
        return _from_pandas(source, where)
    if hasattr(source, "__arrow_c_stream__"):
        return pa.table(source)
    raise error_for("data.not_a_table", where=where, found=type(source).__name__)


def _from_pandas(frame: Any, where: str) -> pa.Table:
    if type(frame).__name__ != "DataFrame":
        raise error_for("data.not_a_table", where=where, found=type(frame).__name__)
    if type(frame.index).__name__ == "DatetimeIndex":
        frame = frame.reset_index(names=frame.index.name or "time")
    return pa.Table.from_pandas(frame, preserve_index=False)
