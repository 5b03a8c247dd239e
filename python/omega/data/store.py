"""The normalised store: Parquet files with integer points, and a manifest with their SHA-256.

One file per symbol, timeframe and side (or per symbol for ticks), zstd, page checksums. A file appears under
its name only when it is complete; the manifest is rewritten after it. What is read back is compared with the
manifest first: page checksums alone leave the headers and the footer of a Parquet file unprotected.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import pathlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from omega.errors import error_for

__all__ = ["MANIFEST", "SeriesFile", "SeriesWriter", "column_of", "facts_of", "file_hash", "manifest_of", "verify"]

MANIFEST = "manifest.json"
_VERSION = 1
_TIME = pa.field("time", pa.timestamp("us", tz="UTC"), nullable=False)
_BARS = (_TIME, *(pa.field(name, pa.int32(), nullable=False) for name in ("open", "high", "low", "close")))
_TICKS = (_TIME, *(pa.field(name, pa.int32(), nullable=False) for name in ("bid", "ask")))
_ROW_GROUP = 1 << 18


@dataclass(frozen=True, slots=True)
class SeriesFile:
    """What a normalised file holds.

    Attributes:
        symbol: Symbol name.
        timeframe: Of its bars, or `ticks`.
        side: `bid` or `ask`; empty for ticks.
        digits: Decimals of the prices; they are stored times 10^digits.
    """

    symbol: str
    timeframe: str
    side: str
    digits: int

    @property
    def file_name(self) -> str:
        return "_".join(part for part in (self.symbol, self.timeframe, self.side) if part) + ".parquet"

    def metadata(self) -> dict[bytes, bytes]:
        facts = {"version": _VERSION, "symbol": self.symbol, "timeframe": self.timeframe}
        facts |= {"side": self.side, "digits": self.digits}
        return {b"omega": json.dumps(facts, sort_keys=True).encode()}


def facts_of(schema: pa.Schema) -> SeriesFile | None:
    """Return what a file says it holds, or None if omega did not write it."""
    text = (schema.metadata or {}).get(b"omega")
    if text is None:
        return None
    facts = json.loads(text)
    return SeriesFile(facts["symbol"], facts["timeframe"], facts["side"], facts["digits"])


class SeriesWriter:
    """Writes one file of a store; `finish` gives it its name, leaving the block without it removes it."""

    def __init__(self, folder: pathlib.Path, series: SeriesFile, extra: tuple[pa.Field[Any], ...]) -> None:
        self.series, self._folder = series, folder
        columns = _TICKS if series.timeframe == "ticks" else _BARS
        self._schema = pa.schema([*columns, *extra], metadata=series.metadata())
        self._part = folder / f".{series.file_name}.{os.getpid()}.part"
        self._waiting: list[pa.Table] = []
        self._waiting_rows = 0
        self.rows, self.first_us, self.last_us = 0, 0, 0
        floats = [field.name for field in self._schema if pa.types.is_floating(field.type)]
        self._writer = pq.ParquetWriter(
            self._part,
            self._schema,
            compression="zstd",
            write_page_checksum=True,
            use_dictionary=floats,
            column_encoding={field.name: "DELTA_BINARY_PACKED" for field in self._schema if field.name not in floats},
        )

    def __enter__(self) -> SeriesWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()
        self._part.unlink(missing_ok=True)

    def write(self, columns: Mapping[str, pa.Array[Any]]) -> None:
        """Append rows; `columns` are those of the schema, times as int64 microseconds."""
        arrays = [columns[field.name].cast(field.type) for field in self._schema]
        table = pa.Table.from_arrays(arrays, schema=self._schema)
        if table.num_rows == 0:
            return
        times = columns["time"]
        self.first_us = self.first_us if self.rows else int(times[0].as_py())
        self.last_us = int(times[-1].as_py())
        self.rows += table.num_rows
        self._waiting.append(table)
        self._waiting_rows += table.num_rows
        if self._waiting_rows >= _ROW_GROUP:
            self._flush()

    def finish(self, provenance: Mapping[str, object]) -> pathlib.Path:
        """Complete the file, give it its name and enter it into the manifest."""
        self._flush()
        self._writer.close()
        with self._part.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            os.fsync(file.fileno())
        path = self._folder / self.series.file_name
        entry = {
            **{"symbol": self.series.symbol, "timeframe": self.series.timeframe, "side": self.series.side},
            **{"digits": self.series.digits, "rows": self.rows, "first_us": self.first_us, "last_us": self.last_us},
            **{"size": self._part.stat().st_size, "sha256": digest, **provenance},
        }
        os.replace(self._part, path)
        _enter(self._folder, path.name, entry)
        return path

    def _flush(self) -> None:
        if self._waiting:
            self._writer.write_table(pa.concat_tables(self._waiting), row_group_size=self._waiting_rows)
            self._waiting, self._waiting_rows = [], 0


# ---------------------------------------------------------------- manifest


def manifest_of(folder: pathlib.Path) -> dict[str, dict[str, Any]] | None:
    """Return the entries of a store's manifest by file name, or None if the folder is no store.

    Raises:
        DataError: ``data.bad_manifest``: it is not byte for byte what omega wrote.
    """
    path = folder / MANIFEST
    try:
        written = path.read_bytes()
    except FileNotFoundError:
        return None
    with contextlib.suppress(ValueError, KeyError, TypeError):
        files = json.loads(written)["files"]
        if written == _manifest_bytes(files):
            return dict(files)
    raise error_for("data.bad_manifest", where=str(path), reason="its text and its digest do not belong together")


def verify(path: pathlib.Path) -> dict[str, Any] | None:
    """Return the manifest's entry for a file after comparing its SHA-256; None if its folder is no store.

    Raises:
        DataError: ``data.damaged``, ``data.bad_manifest``.
    """
    entry = (manifest_of(path.parent) or {}).get(path.name)
    if entry is None:
        return None
    found = file_hash(path)
    if found != entry["sha256"]:
        expected = f"{entry['sha256'][:16]}…"
        raise error_for("data.damaged", where=str(path), found=f"{found[:16]}…", expected=expected)
    return dict(entry)


def file_hash(path: pathlib.Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _manifest_bytes(files: Mapping[str, Any]) -> bytes:
    digest = hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
    text = json.dumps({"version": _VERSION, "files": files, "digest": digest}, indent=2, sort_keys=True)
    return text.encode() + b"\n"


def _enter(folder: pathlib.Path, name: str, entry: Mapping[str, object]) -> None:
    with _locked(folder):
        files = (manifest_of(folder) or {}) | {name: dict(entry)}
        part = folder / f".{MANIFEST}.{os.getpid()}.part"
        part.write_bytes(_manifest_bytes(files))
        os.replace(part, folder / MANIFEST)


@contextlib.contextmanager
def _locked(folder: pathlib.Path) -> Iterator[None]:
    """Let one process at a time change a manifest, where the system can lock folders."""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def column_of(values: np.ndarray[Any, Any]) -> pa.Array[Any]:
    """Return a column; NaN becomes null."""
    if values.dtype.kind != "f":
        return pa.array(values)
    unknown = np.isnan(values)
    return pa.array(values, mask=unknown) if unknown.any() else pa.array(values)
