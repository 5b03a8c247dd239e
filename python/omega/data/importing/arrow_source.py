"""Parquet, Feather and Arrow IPC files, streamed in record batches."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from omega.data.importing.columns import column_positions
from omega.data.importing.sources import Batch, Source, read_times
from omega.data.store import facts_of
from omega.errors import error_for

__all__ = ["arrow_source"]


def arrow_source(path: pathlib.Path, mapping: Mapping[str, str]) -> Source:
    """Return the source that a Parquet, Feather or Arrow IPC file is.

    Raises:
        DataError: ``data.unreadable``, ``data.missing_column``, ``data.ambiguous_column``, ``data.unknown_format``
            for a file of a store: its prices are points already.
    """
    name = "Parquet" if path.suffix.lower() == ".parquet" else "Arrow IPC"
    try:
        with _opened(path) as (schema, _):
            titles, types, series = list(schema.names), list(schema.types), facts_of(schema)
    except (pa.ArrowException, OSError, ValueError) as reason:
        text = (str(reason).strip().splitlines() or [type(reason).__name__])[0]
        raise error_for("data.unreadable", where=str(path), format=name, reason=text.rstrip(".")) from reason
    if series is not None:
        saw = "a file of a store, imported already"
        raise error_for("data.unknown_format", where=str(path), saw=saw, hint="")
    positions = column_positions(path, titles, mapping)
    if "clock" in positions:
        mend = "Join them in one column of times, or name one with --columns."
        raise error_for("data.ambiguous_column", where=str(path), column="time", found="'date', 'time'", mend=mend)
    kind: Literal["bars", "ticks"] = "ticks" if "bid" in positions and "open" not in positions else "bars"
    time_type = types[positions["time"]]
    in_name = re.search(r"(?<![A-Za-z])(BID|ASK|bid|ask)(?![A-Za-z])", path.stem)
    spelled = {key: titles[idx] for key, idx in positions.items()}
    return Source(
        path=path,
        format=name,
        kind=kind,
        names=spelled,
        zone="UTC" if (pa.types.is_timestamp(time_type) and time_type.tz) or pa.types.is_integer(time_type) else None,
        side=in_name[0].lower() if in_name else None,
        said=(f"{path.name}: {name}, {kind}, times are {time_type}.",),
        read=lambda: _batches(path, name, spelled),
    )


class _opened:
    """Schema and record batches of a Parquet or Arrow IPC file; with each the share that is read by then."""

    def __init__(self, path: pathlib.Path, columns: list[str] | None = None) -> None:
        self._path, self._columns = path, columns

    def __enter__(self) -> tuple[Any, Iterator[Any]]:
        if self._path.suffix.lower() == ".parquet":
            self._file = pq.ParquetFile(self._path, page_checksum_verification=True)
            return self._file.schema_arrow, self._parquet(self._file)
        self._file = pa.memory_map(str(self._path))
        reader = pa.ipc.open_file(self._file)
        count = reader.num_record_batches
        return reader.schema, ((reader.get_batch(idx), (idx + 1) / count) for idx in range(count))

    def _parquet(self, file: Any) -> Iterator[tuple[Any, float]]:
        done = 0
        for record in file.iter_batches(1 << 17, columns=self._columns):
            done += record.num_rows
            yield record, done / file.metadata.num_rows

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _batches(path: pathlib.Path, format_name: str, names: dict[str, str]) -> Iterator[Batch]:
    row = 0
    try:
        with _opened(path, list(names.values())) as (_, records):
            for record, share in records:
                if record.num_rows == 0:
                    continue
                where = str(path)
                time_us, _ = read_times(record.column(names["time"]), where=where, name=names["time"], first_row=row)
                columns = {name: record.column(title) for name, title in names.items() if name != "time"}
                yield Batch(row, time_us, columns, int(share * path.stat().st_size))
                row += record.num_rows
    except (pa.ArrowException, OSError) as reason:
        text = (str(reason).strip().splitlines() or [type(reason).__name__])[0]
        raise error_for("data.unreadable", where=str(path), format=format_name, reason=text.rstrip(".")) from reason
