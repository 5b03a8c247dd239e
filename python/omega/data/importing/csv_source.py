"""CSV files, streamed by pyarrow's reader.

Only the shape of the file is decided here (delimiter, header, encoding, which column is what); values
are converted by pyarrow. When it refuses a value, the file is read once more as text to name the row.
"""

from __future__ import annotations

import contextlib
import pathlib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv

from omega.data.calendar import Int64s
from omega.data.importing.layouts import BadTime, layout_of, parse_times
from omega.data.importing.sources import BATCH_BYTES, Batch, bad_time, read_times
from omega.errors import OmegaError, error_for

__all__ = ["CsvShape", "csv_batches", "first_lines", "head_of"]

_HEAD_BYTES = 1 << 16
_TIMES = ("time", "date", "clock")
_TEXT = ("symbol", *_TIMES)


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvShape:
    """How a CSV file is laid out.

    Attributes:
        delimiter: Between two cells.
        has_header: Whether the first line names the columns.
        width: How many columns there are.
        columns: Position of each column by omega's names (`time`, or `date` and `clock`; prices; …).
        encoding: Of the text.
        decimal_point: In numbers.
        unix_time: Whether `time` is a whole number.
        midnight_us: Times are milliseconds since this moment (LEAN), or None.
    """

    delimiter: str
    has_header: bool
    width: int
    columns: dict[str, int]
    encoding: str = "utf8"
    decimal_point: str = "."
    unix_time: bool = False
    midnight_us: int | None = None


def head_of(path: pathlib.Path) -> tuple[bytes, bool]:
    """Return the first bytes of a file, unpacked, and whether the file ends with a line break.

    Raises:
        DataError: ``data.unreadable``.
    """
    try:
        with _opened(path) as stream:
            head = stream.read(_HEAD_BYTES)
        if path.suffix.lower() in (".zip", ".gz"):
            return bytes(head), True
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 4))
            tail = file.read()
    except (OSError, zipfile.BadZipFile, pa.ArrowException, EOFError, RuntimeError) as reason:
        raise _unreadable(path, reason) from reason
    return bytes(head), tail.rstrip(b"\0").endswith((b"\n", b"\r"))


def first_lines(head: bytes) -> tuple[list[str], str]:
    """Return the complete lines at the beginning of a file, blank ones left out, and its encoding."""
    encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf8"
    if encoding == "utf-16":
        head = head[: len(head) // 2 * 2]
    text = head.decode("utf-16" if encoding == "utf-16" else "utf-8-sig", errors="replace")
    lines = text.splitlines()
    complete = lines if len(head) < _HEAD_BYTES - 2 else lines[:-1]
    return [line for line in complete if line.strip()][:50], encoding


@contextlib.contextmanager
def _opened(path: pathlib.Path) -> Iterator[Any]:
    if path.suffix.lower() != ".zip":
        with pa.input_stream(str(path)) as stream:
            yield stream
        return
    with zipfile.ZipFile(path) as archive:
        members = [name for name in archive.namelist() if not name.endswith("/")]
        if len(members) != 1:
            raise zipfile.BadZipFile(f"it holds {len(members)} files; expected one")
        with archive.open(members[0]) as member:
            yield member


def csv_batches(path: pathlib.Path, shape: CsvShape, names: dict[str, str]) -> Iterator[Batch]:
    """Yield the rows of a file.

    Raises:
        DataError: ``data.ragged_row``, ``data.wrong_type``, ``data.unreadable``, ``data.bad_time``.
    """
    row, size = 0, path.stat().st_size
    try:
        with _opened(path) as stream, _reader(stream, shape, texts_only=False) as reader:
            for record in reader:
                if record.num_rows == 0:
                    continue
                columns = dict(zip(shape.columns, record.columns, strict=True))
                time_us = _times(columns, shape, where=str(path), names=names, first_row=row)
                for name in _TIMES:
                    columns.pop(name, None)
                done = stream.tell() if path.suffix.lower() not in (".zip", ".gz") else size
                yield Batch(row, time_us, columns, min(done, size))
                row += record.num_rows
    except (pa.ArrowInvalid, UnicodeError) as reason:
        raise _explained(path, shape, names, reason) from reason
    except (OSError, zipfile.BadZipFile, EOFError, pa.ArrowException) as reason:
        raise _unreadable(path, reason) from reason


def _reader(stream: Any, shape: CsvShape, *, texts_only: bool, handler: Any = None) -> Any:
    titles = [f"c{position}" for position in range(shape.width)]
    types = {}
    for name, position in shape.columns.items():
        if texts_only or (name in _TEXT and not (name == "time" and shape.unix_time)):
            types[titles[position]] = pa.string()
        else:
            types[titles[position]] = pa.int64() if name == "time" else pa.float64()
    return pcsv.open_csv(
        stream,
        read_options=pcsv.ReadOptions(
            column_names=titles,
            skip_rows=int(shape.has_header),
            encoding=shape.encoding,
            block_size=BATCH_BYTES,
            use_threads=not texts_only,
        ),
        parse_options=pcsv.ParseOptions(delimiter=shape.delimiter, invalid_row_handler=handler),
        convert_options=pcsv.ConvertOptions(
            column_types=types,
            include_columns=[titles[position] for position in shape.columns.values()],
            null_values=[""],
            strings_can_be_null=True,
            decimal_point=shape.decimal_point,
        ),
    )


def _times(
    columns: dict[str, pa.Array[Any]], shape: CsvShape, *, where: str, names: dict[str, str], first_row: int
) -> Int64s:
    if "time" in columns:
        column, name = columns["time"], names["time"]
        if shape.midnight_us is None:
            return read_times(column, where=where, name=name, first_row=first_row)[0]
        if column.null_count:
            row = int(np.argmax(column.is_null().to_numpy(zero_copy_only=False)))
            raise error_for("data.null", where=where, row=first_row + row, column=name, count=column.null_count)
        counted = column.to_numpy()
        bad = (counted < 0) | (counted >= 86_400_000)
        if bad.any():
            row = int(np.argmax(bad))
            reason = "it lies outside a day of milliseconds"
            raise bad_time(BadTime(row, str(int(counted[row])), reason), where=where, name=name, first_row=first_row)
        return np.asarray(counted * 1_000 + shape.midnight_us)
    day = _parts(columns["date"], where=where, name=names["date"], first_row=first_row, filler=("", " 00:00"))
    clock = _parts(columns["clock"], where=where, name=names["clock"], first_row=first_row, filler=("1970.01.01 ", ""))
    return day + clock


def _parts(column: pa.Array[Any], *, where: str, name: str, first_row: int, filler: tuple[str, str]) -> Int64s:
    """Return dates, or times of day; each distinct text is read once."""
    coded = column.dictionary_encode()
    if coded.null_count:
        row = int(np.argmax(coded.is_null().to_numpy(zero_copy_only=False)))
        raise error_for("data.null", where=where, row=first_row + row, column=name, count=coded.null_count)
    texts = coded.dictionary
    whole = pc.binary_join_element_wise(pa.scalar(filler[0]), texts, pa.scalar(filler[1]), "")
    try:
        values, _ = parse_times(whole)
    except BadTime as bad:
        text = texts[bad.row].as_py()
        row = int(np.argmax(coded.indices.to_numpy() == bad.row))
        shown = BadTime(
            row, text, f"it is not written like {texts[0].as_py()!r}" if bad.row else "it is not understood"
        )
        raise bad_time(shown, where=where, name=name, first_row=first_row) from bad
    return np.asarray(values[coded.indices.to_numpy()])


# ---------------------------------------------------------------- what went wrong


def _explained(path: pathlib.Path, shape: CsvShape, names: dict[str, str], reason: Exception) -> OmegaError:
    """Return the error that names the first row that cannot be read."""
    broken: list[Any] = []
    row = 0

    def note(invalid: Any) -> str:
        broken.append(invalid)
        return "error"

    try:
        with _opened(path) as stream, _reader(stream, shape, texts_only=True, handler=note) as reader:
            for record in reader:
                found = _first_non_number(record, shape, names, str(path), row)
                if found is not None:
                    return found
                row += record.num_rows
    except (pa.ArrowInvalid, UnicodeError):
        pass
    if not broken:
        return _unreadable(path, reason)
    first = broken[0]
    number = row if first.number is None else first.number - 1 - int(shape.has_header)
    return error_for(
        "data.ragged_row",
        where=str(path),
        row=number,
        found=first.actual_columns,
        expected=first.expected_columns,
        value=repr(first.text[:80]),
    )


def _first_non_number(
    record: Any, shape: CsvShape, names: dict[str, str], where: str, first_row: int
) -> OmegaError | None:
    found: tuple[int, str, str] | None = None
    for name, column in zip(shape.columns, record.columns, strict=True):
        if name in _TEXT and not (name == "time" and shape.unix_time):
            continue
        for row, text in enumerate(column.to_pylist()):
            if text is not None and not _is_number(text, shape.decimal_point):
                found = (row, name, text) if found is None or row < found[0] else found
                break
    if found is None:
        return None
    row, name, text = found
    is_time = name == "time" and layout_of(text) is not None
    return error_for(
        "data.wrong_type",
        where=where,
        row=first_row + row,
        column=names[name],
        found=f"{text!r} (text)",
        expected="a number in every row",
        hint=" The rows above it count time in numbers." if is_time else "",
    )


def _is_number(text: str, decimal_point: str) -> bool:
    try:
        float(text.replace(decimal_point, "."))
    except ValueError:
        return False
    return "_" not in text


def _unreadable(path: pathlib.Path, reason: Exception) -> OmegaError:
    text = (str(reason).strip().splitlines() or [type(reason).__name__])[0]
    return error_for("data.unreadable", where=str(path), format="CSV", reason=text.rstrip("."))
