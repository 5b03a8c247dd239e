"""Anything that holds bars, read as an Arrow table with omega's column names (DAT-2).

Accepts Parquet, Feather / Arrow IPC and CSV files, objects that export Arrow, and pandas frames.
Files of the normalised store are compared with its manifest first. Values are not looked at here:
`omega.data.checks` does that.
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

from omega.data.store import MANIFEST, SeriesFile, facts_of, verify
from omega.errors import DataError, error_for

__all__ = ["FORMATS", "PRICES", "SPELLINGS", "Column", "RawBars", "plain_name", "read_bars", "read_table"]

Column: TypeAlias = "pa.ChunkedArray[Any]"
PRICES = ("open", "high", "low", "close")
SPELLINGS = {
    "time": ("time", "utctime", "datetime", "date", "timestamp", "timestamputc", "gmttime", "localtime", "opentime"),
    **{price: (price,) for price in PRICES},
    "volume": ("volume", "vol", "tickvolume", "tickvol"),
    "spread": ("spread",),
    "symbol": ("symbol", "ticker", "instrument"),
}


def plain_name(title: str) -> str:
    """Return a column title without case, spaces, underlines and the brackets of MetaTrader."""
    return title.lower().strip("<> ").replace(" ", "").replace("_", "")


@dataclass(frozen=True, slots=True)
class RawBars:
    """One series as its source has it.

    Attributes:
        where: File name, or what the table is, for messages.
        columns: Arrow columns by omega's names; `time` and the prices are always there.
        names: The source's spelling of each.
        series: What a file of the normalised store says it holds: its prices are points. None for all others.
    """

    where: str
    columns: dict[str, Column]
    names: dict[str, str]
    series: SeriesFile | None = None


def read_bars(source: object, where: str) -> RawBars:
    """Read a path or a table.

    Raises:
        DataError: ``data.unreadable``, ``data.not_a_table``, ``data.missing_column``, ``data.ambiguous_column``.
    """
    table = (
        read_table(pathlib.Path(source), where) if isinstance(source, str | pathlib.Path) else _to_arrow(source, where)
    )
    found: dict[str, list[str]] = {}
    for name in table.column_names:
        for wanted, spellings in SPELLINGS.items():
            if plain_name(name) in spellings:
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
    columns = {wanted: table.column(name) for wanted, name in names_found.items()}
    series = facts_of(table.schema) if isinstance(source, str | pathlib.Path) else None
    return RawBars(where, columns, names_found, series)


def _read_parquet(path: pathlib.Path) -> pa.Table:
    entry = verify(path)
    # Without page checksums, more than half of all single flipped bits go unnoticed.
    with pyarrow.parquet.ParquetFile(path, page_checksum_verification=True) as file:
        if entry is None and facts_of(file.schema_arrow) is not None:
            reason = f"{path.name} belongs to a store and is not in it"
            raise error_for("data.bad_manifest", where=str(path.with_name(MANIFEST)), reason=reason)
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


def read_table(path: pathlib.Path, where: str) -> pa.Table:
    """Read a file as it is.

    Raises:
        DataError: ``data.not_found``, ``data.unreadable``, ``data.damaged``, ``data.bad_manifest``.
    """
    if path.suffix.lower() not in FORMATS:
        wanted = f"file that omega reads ({', '.join(FORMATS)})"
        raise error_for("data.not_found", where=where, wanted=wanted, hint="")
    if not path.is_file():
        raise error_for("data.not_found", where=where, wanted="such file", hint="")
    name, read = FORMATS[path.suffix.lower()]
    try:
        return read(path)
    except DataError:
        raise
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
