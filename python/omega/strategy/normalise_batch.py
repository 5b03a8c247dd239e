"""From a table of many signals to the `signals` table, column by column.

Accepted: anything that exports Arrow (pyarrow, polars, duckdb), pandas, NumPy record arrays, a mapping of
columns (scalars are repeated), and a list of signals that carry `bar_idx`. A null means "not given".
NaN is a value, and the backends refuse it, except in pandas, where it is how a missing number is written.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from omega.error_catalogue import CATALOGUE
from omega.errors import OmegaError, error_for
from omega.schema import TABLES, SignalKind, Tif
from omega.strategy.normalise import (
    DIRECTIONS,
    FLOATS,
    KINDS,
    TEXTS,
    Moment,
    Normaliser,
    Texts,
    bad_row,
    canonical,
    check_kind,
    code_of,
    fault,
    read_texts,
)
from omega.strategy.signal import ALIASES, Signal

__all__ = ["SIGNALS", "BatchNormaliser", "table_of_rows"]

ARROW_TYPES = {
    "timestamp": pa.timestamp("us", tz="UTC"),
    "int8": pa.int8(),
    "int16": pa.int16(),
    "int64": pa.int64(),
    "float64": pa.float64(),
}
SIGNALS = pa.schema([pa.field(c.name, ARROW_TYPES[c.type], nullable=c.null) for c in TABLES["signals"]])
"""Arrow schema of the `signals` table."""

_PENDING = {
    name: SIGNALS.field(name).type for name in ("entry", "limit", "expiry", "expiry_bars", "oco", "share", "sl_atr")
}


def table_of_rows(rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    """Return the `signals` table of rows in column order."""
    columns = zip(*rows, strict=True) if rows else ((),) * len(SIGNALS)
    arrays = [pa.array(column, type=field.type) for column, field in zip(columns, SIGNALS, strict=True)]
    return pa.Table.from_arrays(arrays, schema=SIGNALS)


class BatchNormaliser:
    """Turns the answer of `on_batch` into the `signals` table; `texts` as in `Normaliser`."""

    def __init__(
        self, symbols: tuple[str, ...], *, strategy: str, now_of: Callable[[int], int | None], reject: bool = False
    ) -> None:
        """Read signals for `symbols`.

        Args:
            symbols: Names of the run's symbols, in the order of their codes.
            strategy: Name of the strategy, for messages.
            now_of: Decision time of a bar by its index, None outside the data.
            reject: Make unreadable signals rows of kind bad instead of raising.
        """
        self._symbols = {name: index for index, name in enumerate(symbols)}
        self._rows = Normaliser(symbols, reject=reject)
        self._strategy = strategy
        self._now_of = now_of
        self._reject = reject
        self.texts: dict[int, Texts] = self._rows.texts

    def table(self, answer: Any) -> pa.Table:
        """Return the `signals` table of an answer.

        Raises:
            SignalError: for a signal that cannot be read, unless bad signals are rejected.
            StrategyError: ``strategy.batch`` for an answer that is no table, or lacks ``bar_idx``.
        """
        if answer is None:
            return table_of_rows([])
        if isinstance(answer, list | tuple) and not isinstance(answer, Signal):
            return table_of_rows([row for signal in answer for row in self._signal_rows(signal)])
        if isinstance(answer, np.ndarray) and answer.dtype.names:
            answer = {name: answer[name] for name in answer.dtype.names}
        if _is_pandas(answer) and hasattr(answer, "columns"):
            if not answer.columns.is_unique:
                raise self._refusal(f"two columns have one name: {', '.join(map(str, answer.columns))}")
            answer = {name: answer[name] for name in answer.columns}
        meta = _take_meta(answer) if isinstance(answer, Mapping) else None
        arrow = self._arrow(answer)
        return self._columns(arrow, meta) if arrow.num_rows else table_of_rows([])

    def _signal_rows(self, signal: Any) -> list[tuple[Any, ...]]:
        if isinstance(signal, list | tuple) and not isinstance(signal, Signal):  # what `Strategy.reverse` returns
            return [row for part in signal for row in self._signal_rows(part)]
        bar_idx = signal.get("bar_idx") if isinstance(signal, Mapping) else getattr(signal, "bar_idx", None)
        if not isinstance(bar_idx, int | np.integer) or isinstance(bar_idx, bool):
            raise self._refusal(f"a signal has no bar_idx: {signal!r:.80}")
        return self._rows.rows(signal, int(bar_idx), self._now_of(int(bar_idx)))

    def _arrow(self, answer: Any) -> pa.Table:
        try:
            if isinstance(answer, Mapping):
                return _table_of_columns({name: cells for name, cells in answer.items() if not _is_meta(name)})
            if hasattr(answer, "__arrow_c_stream__") or isinstance(answer, pa.Table | pa.RecordBatch):
                return pa.table(answer)
        except (pa.ArrowException, ValueError, TypeError) as error:
            raise self._refusal(f"its table cannot be read: {error}") from error
        raise self._refusal(f"returned {type(answer).__name__}; expected a table of signals, a list of them, or None")

    def _refusal(self, reason: str) -> OmegaError:
        return error_for("strategy.batch", strategy=self._strategy, reason=reason)

    def _columns(self, arrow: pa.Table, meta: Any) -> pa.Table:
        given = self._by_name(arrow)
        bars = self._bar_idx(given.pop("bar_idx", None))
        faults = np.zeros(len(bars), dtype=np.int16)
        reader = _Columns(bars, faults, self._now_of, self._reject)
        kind = reader.codes(given.get("kind"), KINDS, "signal.unknown_kind", missing=int(SignalKind.ORDER))
        closes = kind == SignalKind.CLOSE
        direction = reader.codes(given.get("direction"), DIRECTIONS, "signal.unknown_direction", missing=0)
        reader.refuse((direction == 0) & ~closes, "signal.unknown_direction", value="None")
        reader.codes(given.get("type"), {"market": 1}, "signal.unknown_type", missing=1)
        symbol = reader.codes(given.get("symbol"), self._symbols, "signal.unknown_symbol", missing=0)
        columns: dict[str, Any] = {"bar_idx": bars, "kind": kind, "direction": direction, "symbol": symbol}
        columns["order_type"] = np.ones(len(bars), dtype=np.int8)
        for name in ("magic", "target"):
            columns[name] = reader.numbers(given.get(name), name, pa.int64(), "a whole number")
        for name in FLOATS:
            columns[name] = reader.numbers(given.get(name), name, pa.float64(), "a number")
        columns |= {name: pa.nulls(len(bars), type) for name, type in _PENDING.items()}
        columns["tif"] = np.full(len(bars), int(Tif.GTC), dtype=np.int8)
        for name in ("target", *FLOATS):
            wrong = closes if name != "target" else ~closes
            reader.refuse_kind(wrong, columns[name], name)
        values = {name: given[name].to_pylist() for name in TEXTS if name in given}
        if meta is not None:
            values["meta"] = meta if isinstance(meta, list) else [meta] * len(bars)
        self.texts.update(reader.texts(values))
        return _blank_bad_rows(columns, faults)

    def _by_name(self, arrow: pa.Table) -> dict[str, pa.ChunkedArray]:
        """Return the columns by own name; a column of a later version must be all null."""
        given: dict[str, pa.ChunkedArray] = {}
        for name, column in zip(arrow.column_names, arrow.columns, strict=True):
            known = canonical(name, Moment(-1, None), given=column.null_count < len(column))
            if known is None:
                continue
            if known in given:
                raise fault("signal.two_levels", Moment(-1, None), field=known)
            given[known] = column
        return given

    def _bar_idx(self, column: pa.ChunkedArray | None) -> np.ndarray[Any, np.dtype[np.int64]]:
        if column is None or column.null_count or not pa.types.is_integer(column.type):
            raise self._refusal("the table needs a column bar_idx of whole numbers without nulls")
        rows: np.ndarray[Any, np.dtype[np.int64]] = column.cast(pa.int64()).to_numpy()
        return rows


class _Columns:
    """Reads the columns of one table and collects the faults of its rows."""

    def __init__(self, bars: Any, faults: Any, now_of: Callable[[int], int | None], reject: bool) -> None:
        self._bars = bars
        self._faults = faults
        self._now_of = now_of
        self._reject = reject

    def refuse(self, rows: Any, code: str, **facts: str) -> None:
        """Mark rows as bad, or raise for the first of them."""
        wrong = np.flatnonzero(rows & (self._faults == 0))
        if wrong.size and not self._reject:
            raise fault(code, self._moment(int(wrong[0])), **facts)
        self._faults[wrong] = CATALOGUE[code].number

    def refuse_kind(self, rows: Any, column: pa.Array, name: str) -> None:
        """Refuse a field that the kind of its row does not take."""
        wrong = np.flatnonzero(rows & (self._faults == 0) & column.is_valid().to_numpy(zero_copy_only=False))
        for row in wrong[: None if self._reject else 1].tolist():
            kind = SignalKind.ORDER if name == "target" else SignalKind.CLOSE
            self._try(row, functools.partial(check_kind, kind, [name]))

    def codes(self, column: pa.ChunkedArray | None, codes: Mapping[Any, int], code: str, *, missing: int) -> Any:
        """Return one int16 code per row; nulls become `missing`."""
        if column is None:
            return np.full(len(self._bars), missing, dtype=np.int16)
        if not pa.types.is_dictionary(column.type):
            column = column.dictionary_encode()
        encoded = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        if isinstance(encoded, pa.ChunkedArray):  # combine_chunks keeps zero or one chunk for some types
            encoded = encoded.chunk(0)
        words = encoded.dictionary.to_pylist()
        found = np.full(len(words) + 1, missing, dtype=np.int16)
        indices = np.where(encoded.is_null(), len(words), encoded.indices.fill_null(0).to_numpy(zero_copy_only=False))
        for position, word in enumerate(words):
            if word is None:
                continue
            try:
                found[position] = code_of(word, codes, code, Moment(-1, None))
            except OmegaError as error:
                self.refuse(indices == position, code, value=str(error.context["value"]))
        return found[indices]

    def numbers(self, column: pa.ChunkedArray | None, name: str, kind: pa.DataType, expected: str) -> pa.Array:
        """Return a column of numbers with nulls."""
        if column is None or pa.types.is_null(column.type):
            return pa.nulls(len(self._bars), type=kind)
        types = pa.types
        numeric = types.is_integer(column.type) or types.is_floating(column.type) or types.is_decimal(column.type)
        try:
            if not numeric:
                raise pa.ArrowInvalid("not a number")
            checked = pc.cast(column, kind, safe=kind == pa.int64())
        except pa.ArrowInvalid:
            checked = self._one_by_one(column, name, kind, expected)
        return checked.combine_chunks() if isinstance(checked, pa.ChunkedArray) else checked

    def _one_by_one(self, column: pa.ChunkedArray, name: str, kind: pa.DataType, expected: str) -> pa.Array:
        """Read a column that cannot be cast as a whole, to find the rows that are wrong."""
        values: list[Any] = column.to_pylist()
        for row, value in enumerate(values):
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if value is None or (is_number and (kind == pa.float64() or value == int(value))):
                continue
            wrong = np.arange(len(values)) == row
            self.refuse(wrong, "signal.wrong_type", field=name, value=f"{value!r:.80}", expected=expected)
            values[row] = None
        return pa.array([None if v is None else v if kind == pa.float64() else int(v) for v in values], type=kind)

    def texts(self, values: Mapping[str, list[Any]]) -> dict[int, Texts]:
        """Return the texts by row."""
        found: dict[int, Texts] = {}
        for row in range(len(self._bars) if values else 0):
            fields = {name: column[row] for name, column in values.items()}
            texts = self._try(row, functools.partial(read_texts, fields))
            if texts is not None:
                found[row] = texts
        return found

    def _try(self, row: int, read: Callable[[Moment], Any]) -> Any:
        try:
            return read(self._moment(row))
        except OmegaError as error:
            if not self._reject:
                raise
            self._faults[row] = self._faults[row] or CATALOGUE[error.code].number
            return None

    def _moment(self, row: int) -> Moment:
        bar_idx = int(self._bars[row])
        return Moment(bar_idx, self._now_of(bar_idx))


def _table_of_columns(columns: Mapping[str, Any]) -> pa.Table:
    """Return the table of a mapping; scalars are repeated to the length of the columns."""
    arrays = {name: _array(value) for name, value in columns.items()}
    lengths = {len(array) for array in arrays.values() if array is not None}
    if len(lengths) != 1:
        raise ValueError(f"columns of lengths {sorted(lengths)}")
    count = lengths.pop()
    repeated = {name: pa.array([columns[name]] * count) if array is None else array for name, array in arrays.items()}
    return pa.table(repeated)


def _array(value: Any) -> pa.Array | pa.ChunkedArray | None:
    """Return one column as Arrow, None for a scalar. NaN stays NaN, except in pandas."""
    if isinstance(value, str | bytes | Mapping) or not hasattr(value, "__len__") or getattr(value, "ndim", 1) == 0:
        return None
    if isinstance(value, np.ma.MaskedArray):
        return pa.array(value.data, mask=np.ma.getmaskarray(value), from_pandas=False)
    return pa.array(value, from_pandas=_is_pandas(value))


def _is_meta(name: Any) -> bool:
    return isinstance(name, str) and ALIASES.get(name, name) == "meta"


def _take_meta(columns: Mapping[str, Any]) -> Any:
    """Return meta as it was given, cells in a list: an Arrow struct would give every row the keys of all rows."""
    found = next((cells for name, cells in columns.items() if _is_meta(name)), None)
    if found is None or isinstance(found, str | Mapping) or not hasattr(found, "__len__"):
        return found
    return [None if isinstance(cell, float) and cell != cell else cell for cell in found]


def _is_pandas(value: Any) -> bool:
    return type(value).__module__.split(".")[0] == "pandas"


def _blank_bad_rows(columns: Mapping[str, Any], faults: Any) -> pa.Table:
    """Return the table with unreadable rows reduced to their fault."""
    arrays = []
    blank = dict(zip(SIGNALS.names, bad_row(0, 0), strict=True))
    for field in SIGNALS:
        if field.name == "fault":
            arrays.append(pa.array(faults, type=field.type))
            continue
        column = pa.array(columns[field.name]).cast(field.type)
        if field.name != "bar_idx" and faults.any():
            column = pc.if_else(faults == 0, column, pa.scalar(blank[field.name], type=field.type))
        arrays.append(column)
    return pa.Table.from_arrays(arrays, schema=SIGNALS)
