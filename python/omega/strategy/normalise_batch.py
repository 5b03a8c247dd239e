"""From a table of many signals to the `signals` table, column by column.

Accepted: anything that exports Arrow (pyarrow, polars, duckdb), pandas, NumPy record arrays, a mapping of
columns (scalars are repeated), and a list of signals that carry `bar_idx`. A null means "not given".
NaN is a value, and the backends refuse it, except in pandas, where it is how a missing number is written.
Times need a zone; those of NumPy arrays are UTC, as the times of a `Batch` are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from omega.errors import OmegaError, error_for
from omega.schema import TABLES, Direction, OrderType, SignalKind
from omega.strategy.columns import TIME, Columns
from omega.strategy.fields import (
    DIRECTIONS,
    FLOATS,
    INTEGERS,
    KINDS,
    TEXTS,
    TIFS,
    TYPES,
    misplaced_fields,
    misplacement,
)
from omega.strategy.normalise import DATE_UNITS, Moment, Normaliser, Texts, bad_row, canonical, fault
from omega.strategy.signal import ALIASES, Signal

__all__ = ["SIGNALS", "BatchNormaliser", "table_of_rows"]

ARROW_TYPES = {
    "int8": pa.int8(),
    "int16": pa.int16(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "timestamp": TIME,
}
SIGNALS = pa.schema([pa.field(c.name, ARROW_TYPES[c.type], nullable=c.null) for c in TABLES["signals"]])
"""Arrow schema of the `signals` table."""


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
        kept = _kept_cells(answer) if isinstance(answer, Mapping) else []
        arrow = self._arrow(answer)
        return self._columns(arrow, kept) if arrow.num_rows else table_of_rows([])

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
                return _table_of_columns({name: cells for name, cells in answer.items() if not _is_kept(name, cells)})
            if hasattr(answer, "__arrow_c_stream__") or isinstance(answer, pa.Table | pa.RecordBatch):
                return pa.table(answer)
        except (pa.ArrowException, ValueError, TypeError) as error:
            raise self._refusal(f"its table cannot be read: {error}") from error
        raise self._refusal(f"returned {type(answer).__name__}; expected a table of signals, a list of them, or None")

    def _refusal(self, reason: str) -> OmegaError:
        return error_for("strategy.batch", strategy=self._strategy, reason=reason)

    def _columns(self, arrow: pa.Table, kept: list[tuple[str, Any]]) -> pa.Table:
        given = self._by_name(arrow, kept)
        bars = self._bar_idx(given.pop("bar_idx", None))
        reader = Columns(bars, self._now_of, reject=self._reject)
        words: dict[str, tuple[Mapping[Any, int], str, int]] = {
            "kind": (KINDS, "signal.unknown_kind", int(SignalKind.ORDER)),
            "direction": (DIRECTIONS, "signal.unknown_direction", int(Direction.NONE)),
            "type": (TYPES, "signal.unknown_type", int(OrderType.MARKET)),
            "symbol": (self._symbols, "signal.unknown_symbol", 0),
            "tif": (TIFS, "signal.unknown_tif", TIFS["gtc"]),
        }
        columns: dict[str, Any] = {"bar_idx": bars}
        for name, (codes, error, missing) in words.items():
            columns[name] = reader.codes(given.get(name), codes, error, missing=missing)
        for name in INTEGERS:
            columns[name] = reader.numbers(given.get(name), name, pa.int64(), "a whole number")
        for name in FLOATS:
            columns[name] = reader.numbers(given.get(name), name, pa.float64(), "a number")
        columns["expiry"] = reader.times(given.get("expiry"), "expiry")
        columns["oco"] = reader.groups(given.get("oco"), self._rows.group)
        _check_kinds(reader, columns, [name for name in given if name not in TEXTS])
        texts = {name: _cells(given[name]) for name in (*TEXTS, "metadata") if name in given}
        self.texts.update(reader.texts(texts))
        return _signals_of(columns, reader.faults)

    def _by_name(self, arrow: pa.Table, kept: list[tuple[str, Any]]) -> dict[str, Any]:
        """Return the columns by own name: Arrow, or lists where Arrow would change what was written."""
        given: dict[str, Any] = {}
        pairs = list(zip(arrow.column_names, arrow.columns, strict=True))
        pairs += [(name, cells if isinstance(cells, list) else [cells] * arrow.num_rows) for name, cells in kept]
        for name, column in pairs:
            known = canonical(name, Moment(-1, None))
            if known is None:
                continue
            if len(column) != arrow.num_rows:
                raise self._refusal(f"column {name} has {len(column)} rows, the others {arrow.num_rows}")
            if known in given and known != "meta":
                raise fault("signal.two_levels", Moment(-1, None), field=known)
            given["metadata" if known in given else known] = column
        return given

    def _bar_idx(self, column: pa.ChunkedArray | None) -> npt.NDArray[np.int64]:
        if column is None or column.null_count or not pa.types.is_integer(column.type):
            raise self._refusal("the table needs a column bar_idx of whole numbers without nulls")
        rows: npt.NDArray[np.int64] = column.cast(pa.int64()).to_numpy()
        return rows


def _check_kinds(reader: Columns, columns: Mapping[str, Any], given: Sequence[str]) -> None:
    """Refuse orders without a side, and fields that do not belong to the kind of their row."""
    kinds, types = columns["kind"], columns["type"]
    is_order = kinds == SignalKind.ORDER
    reader.refuse((columns["direction"] == Direction.NONE) & is_order, "signal.unknown_direction", value="None")
    for kind in set(np.unique(kinds).tolist()) - {SignalKind.BAD}:
        of_kind = kinds == kind
        for code in np.unique(types[of_kind]).tolist() if kind == SignalKind.ORDER else [0]:
            word = OrderType(code).name.lower() if code else None
            rows = of_kind & (types == code) if code else of_kind
            for name in given:
                if name in misplaced_fields(kind, word):
                    facts = misplacement(kind, word, name)
                    reader.refuse(rows & _is_given(name, columns[name]), "signal.misplaced_field", **facts)


def _is_given(name: str, column: Any) -> Any:
    """Return where a field says something: codes that are not the default, values that are not null."""
    default = {"type": int(OrderType.MARKET), "tif": TIFS["gtc"], "direction": int(Direction.NONE)}.get(name)
    return column.is_valid().to_numpy(zero_copy_only=False) if default is None else column != default


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
    if not _has_cells(value):
        return None
    if isinstance(value, np.ndarray) and value.dtype.kind == "M":
        return _array_of_times(value)
    if isinstance(value, np.ma.MaskedArray):
        return pa.array(value.data, mask=np.ma.getmaskarray(value), from_pandas=False)
    return pa.array(value, from_pandas=_is_pandas(value))


def _array_of_times(value: npt.NDArray[np.datetime64]) -> pa.Array:
    """Return times of NumPy, which are UTC, or its dates."""
    is_date = np.datetime_data(value.dtype)[0] in DATE_UNITS
    array = pa.array(np.asarray(value).astype("datetime64[D]" if is_date else "datetime64[us]"))
    return array if is_date else array.cast(TIME)


def _own_name(name: Any) -> Any:
    return ALIASES.get(name, name) if isinstance(name, str) else name


def _is_kept(name: Any, cells: Any) -> bool:
    """Return whether a column stays as it was given, cells in a list.

    An Arrow struct would give the meta of every row the keys of all rows, and an Arrow column of times one zone.
    """
    own = _own_name(name)
    is_typed = _has_cells(cells) and (hasattr(cells, "type") or str(getattr(cells, "dtype", "object")) != "object")
    return own == "meta" or (own == "expiry" and not is_typed)


def _kept_cells(columns: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return the columns that stay as they were given; one value for all rows is not in a list."""
    return [(name, _listed(cells)) for name, cells in columns.items() if _is_kept(name, cells)]


def _listed(cells: Any) -> Any:
    if not _has_cells(cells):
        return cells
    return [None if isinstance(cell, float) and cell != cell else cell for cell in cells]


def _has_cells(value: Any) -> bool:
    is_one = isinstance(value, str | bytes | Mapping) or getattr(value, "ndim", 1) == 0
    return hasattr(value, "__len__") and not is_one


def _cells(column: Any) -> list[Any]:
    return column if isinstance(column, list) else list(column.to_pylist())


def _is_pandas(value: Any) -> bool:
    return type(value).__module__.split(".")[0] == "pandas"


def _signals_of(columns: Mapping[str, Any], faults: npt.NDArray[np.int16]) -> pa.Table:
    """Return the table of columns by field; a market order has no entry, and unreadable rows only their fault."""
    has_entry = (columns["kind"] != SignalKind.ORDER) | (columns["type"] != OrderType.MARKET)
    cells = {**columns, "order_type": columns["type"], "fault": faults}
    cells["entry"] = pc.if_else(has_entry, columns["entry"], None)
    arrays = [pa.array(cells[field.name]).cast(field.type) for field in SIGNALS]
    if faults.any():
        blank = dict(zip(SIGNALS.names, bad_row(0, 0), strict=True))
        for place, field in enumerate(SIGNALS):
            if field.name not in ("bar_idx", "fault"):
                empty = pa.scalar(blank[field.name], type=field.type)
                arrays[place] = pc.if_else(faults == 0, arrays[place], empty)
    return pa.Table.from_arrays(arrays, schema=SIGNALS)
