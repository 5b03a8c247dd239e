"""Checked series of a store as memory-mapped Arrow IPC, so that loading them again costs next to nothing (CAT).

A cache belongs to one state of its source: size, modification time and the digest of the footer are in its
metadata, with the result of the checks and the SHA-256 of its columns. One that is stale, truncated or
otherwise not as it should be is not read; it is written anew. Only stores have caches: folders of others
are left alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import pathlib

import numpy as np
import pyarrow as pa

from omega.data.checks import SideBars
from omega.data.store import MANIFEST

__all__ = ["cache_path", "is_sound", "read_cache", "write_cache"]

_VERSION = 1
_TAIL = 8
_PRICES = ("open", "high", "low", "close")


def cache_path(source: pathlib.Path) -> pathlib.Path:
    """Return where the cache of a file is, whether there is one or not."""
    return source.parent / ".cache" / f"{source.name}.cache"


def read_cache(source: pathlib.Path, digits: int) -> SideBars | None:
    """Return the checked bars of a file from its cache, or None if there is none of this state of the file.

    The arrays lie in the mapped file: nothing is copied.
    """
    try:
        facts, record = _opened(cache_path(source))
        if facts.get("key") != _key(source) or facts.get("digits") != digits or facts.get("rows") != record.num_rows:
            return None
        columns = {name: record.column(name).to_numpy() for name in record.schema.names}
    except (OSError, pa.ArrowException, ValueError, KeyError):
        return None
    open_, high, low, close = (columns[name] for name in _PRICES)
    volume = columns.get("volume", np.broadcast_to(np.float64(np.nan), record.num_rows))
    return SideBars(columns["time"], (open_, high, low, close), volume, columns.get("spread"), 0)


def write_cache(source: pathlib.Path, bars: SideBars, digits: int) -> None:
    """Keep the checked bars of a file, if it lies in a store that can be written to."""
    if not (source.parent / MANIFEST).is_file():
        return
    columns = {"time": bars.time, **dict(zip(_PRICES, bars.prices, strict=True))}
    if not np.isnan(bars.volume).all():
        columns["volume"] = bars.volume
    if bars.spread is not None:
        columns["spread"] = bars.spread
    record = pa.record_batch({name: pa.array(np.ascontiguousarray(values)) for name, values in columns.items()})
    facts = {"version": _VERSION, "key": _key(source), "digits": digits, "rows": record.num_rows}
    facts |= {"checks": "passed", "sha256": _content_hash(record)}
    record = record.replace_schema_metadata({b"omega": json.dumps(facts, sort_keys=True).encode()})
    target = cache_path(source)
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    with contextlib.suppress(OSError):
        target.parent.mkdir(exist_ok=True)
        with pa.OSFile(str(part), "wb") as sink, pa.ipc.new_file(sink, record.schema) as writer:
            writer.write_batch(record)
        os.replace(part, target)


def is_sound(source: pathlib.Path) -> bool:
    """Return whether the columns of a file's cache still have the hash that its footer holds."""
    try:
        facts, record = _opened(cache_path(source))
        return bool(facts["sha256"] == _content_hash(record))
    except (OSError, pa.ArrowException, ValueError, KeyError):
        return False


def _opened(path: pathlib.Path) -> tuple[dict[str, object], pa.RecordBatch]:
    reader = pa.ipc.open_file(pa.memory_map(str(path)))
    if reader.num_record_batches != 1:
        raise ValueError("a cache has one batch")
    facts = json.loads((reader.schema.metadata or {})[b"omega"])
    if facts.get("version") != _VERSION:
        raise ValueError("another version")
    return facts, reader.get_batch(0)


def _key(source: pathlib.Path) -> str:
    state = source.stat()
    with source.open("rb") as file:
        file.seek(max(0, state.st_size - _TAIL))
        length = int.from_bytes(file.read(4), "little")
        file.seek(max(0, state.st_size - _TAIL - min(length, state.st_size)))
        footer = hashlib.sha256(file.read()).hexdigest()
    return f"{state.st_size} {state.st_mtime_ns} {footer}"


def _content_hash(record: pa.RecordBatch) -> str:
    digest = hashlib.sha256()
    for name, column in zip(record.schema.names, record.columns, strict=True):
        digest.update(f"{name} {column.type} {len(column)}\n".encode())
        digest.update(np.ascontiguousarray(column.to_numpy()).data)
    return digest.hexdigest()
