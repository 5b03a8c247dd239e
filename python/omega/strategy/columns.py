"""Columns of one table of signals, read whole: each becomes codes or numbers, and its wrong cells faults of rows."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from omega.error_catalogue import CATALOGUE
from omega.errors import OmegaError
from omega.strategy.normalise import Moment, Texts, code_of, fault, instant, read_texts
from omega.strategy.signal import merged
from omega.values import INSTANT

__all__ = ["TIME", "Columns"]

TIME = pa.timestamp("us", tz="UTC")
_NOWHERE = Moment(-1, None)


class Columns:
    """Reads the columns of one table and collects the faults of its rows.

    A column is a `pyarrow.ChunkedArray`, None where the table has none, and for times also a list as it was given.

    Attributes:
        faults: Error number per row, 0 for rows that are well so far.
    """

    def __init__(self, bars: npt.NDArray[np.int64], now_of: Callable[[int], int | None], *, reject: bool) -> None:
        """Read a table whose rows name `bars`; with `reject`, wrong rows are marked instead of raised."""
        self.faults = np.zeros(len(bars), dtype=np.int16)
        self._bars = bars
        self._now_of = now_of
        self._reject = reject

    def refuse(self, rows: Any, code: str, **facts: str) -> None:
        """Mark rows as bad, or raise for the first of them."""
        wrong = np.flatnonzero(rows & (self.faults == 0))
        if wrong.size and not self._reject:
            raise fault(code, self._moment(int(wrong[0])), **facts)
        self.faults[wrong] = CATALOGUE[code].number

    def codes(self, column: Any, codes: Mapping[Any, int], code: str, *, missing: int) -> Any:
        """Return one int16 code per row; nulls become `missing`."""
        if column is None:
            return np.full(len(self._bars), missing, dtype=np.int16)
        words, indices = _encoded(column)
        found = np.full(len(words) + 1, missing, dtype=np.int16)
        for position, word in enumerate(words):
            if word is not None:
                found[position] = self._word(position, indices, functools.partial(code_of, word, codes, code, _NOWHERE))
        return found[indices]

    def groups(self, column: Any, read: Callable[[Any, str, Moment], int]) -> pa.Array:
        """Return OCO groups as numbers with nulls; names are numbered by `read`, in order of first use."""
        if column is None or pa.types.is_null(column.type):
            return pa.nulls(len(self._bars), type=pa.int64())
        if pa.types.is_floating(column.type):  # whole numbers beside missing ones, as pandas writes them
            column = pa.chunked_array([self.numbers(column, "oco", pa.int64(), "a whole number")])
        words, indices = _encoded(column)
        usable = np.where(self.faults == 0, indices, len(words))
        used, first = np.unique(usable, return_index=True)
        found = np.zeros(len(words) + 1, dtype=np.int64)
        for position in used[np.argsort(first)].tolist():
            if position < len(words) and (word := words[position]) is not None:
                found[position] = self._word(position, indices, functools.partial(read, word, "oco", _NOWHERE))
        return pa.array(found[indices], mask=indices == len(words))

    def numbers(self, column: Any, name: str, kind: pa.DataType, expected: str) -> pa.Array:
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

    def times(self, column: Any, name: str) -> pa.Array:
        """Return a column of times with nulls."""
        if column is None:
            return pa.nulls(len(self._bars), type=TIME)
        if isinstance(column, pa.ChunkedArray) and pa.types.is_timestamp(column.type):
            if column.type.tz is not None:
                return column.cast(TIME, safe=False).combine_chunks()
            naive = column.is_valid().to_numpy()
            shown = str(column.drop_null()[0]) if naive.any() else ""
            self.refuse(naive, "signal.wrong_type", field=name, value=f"{shown!r}", expected=INSTANT)
            return pa.nulls(len(self._bars), type=TIME)
        cells: list[Any] = column.to_pylist() if isinstance(column, pa.ChunkedArray) else column
        read = [
            None if cell is None else self._try(row, functools.partial(_instant, cell, name))
            for row, cell in enumerate(cells)
        ]
        return pa.array(read, type=TIME)

    def texts(self, values: Mapping[str, list[Any]]) -> dict[int, Texts]:
        """Return the texts by row."""
        found: dict[int, Texts] = {}
        for row in range(len(self._bars) if values else 0):
            fields = {name: column[row] for name, column in values.items()}
            texts = self._try(row, functools.partial(_texts, fields))
            if texts is not None:
                found[row] = texts
        return found

    def _word(self, position: int, indices: Any, read: Callable[[], int]) -> int:
        try:
            return read()
        except OmegaError as error:
            facts = {name: str(value) for name, value in error.context.items() if name not in ("bar_idx", "time_us")}
            self.refuse(indices == position, error.code, **facts)
            return 0

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

    def _try(self, row: int, read: Callable[[Moment], Any]) -> Any:
        try:
            return read(_NOWHERE)
        except OmegaError as error:
            if not self._reject:
                return read(self._moment(row))
            self.faults[row] = self.faults[row] or CATALOGUE[error.code].number
            return None

    def _moment(self, row: int) -> Moment:
        bar_idx = int(self._bars[row])
        return Moment(bar_idx, self._now_of(bar_idx))


def _instant(cell: Any, name: str, moment: Moment) -> int | None:
    return instant(cell, name, moment)


def _texts(fields: dict[str, Any], moment: Moment) -> Texts | None:
    """Return the texts of a row whose `metadata` is still apart from its `meta`."""
    meta, metadata = fields.get("meta"), fields.get("metadata")
    if meta is not None and metadata is not None and (metadata := merged("meta", meta, metadata)) is None:
        raise fault("signal.two_levels", moment, field="meta")
    return read_texts({**fields, "meta": meta if metadata is None else metadata}, moment)


def _encoded(column: pa.ChunkedArray) -> tuple[Sequence[Any], Any]:
    """Return the distinct values of a column, and for every row the place of its own; nulls have the place after."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    encoded = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(encoded, pa.ChunkedArray):  # combine_chunks keeps zero or one chunk for some types
        encoded = encoded.chunk(0)
    words = encoded.dictionary.to_pylist()
    places = encoded.indices.fill_null(0).to_numpy(zero_copy_only=False)
    return words, np.where(encoded.is_null(), len(words), places)
