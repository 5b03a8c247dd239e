"""From whatever a strategy returned to rows of the `signals` table.

Only names and texts are judged here. Numbers travel as they are: both backends check them alike
(finite, above 0, given once, on the volume grid). Texts never enter a backend; `Normaliser.texts` keeps
them by signal row and they are joined to the results afterwards.

Rules SIG and SIG-1 in `docs/spec/engine.md`. Tables of many signals are read by `normalise_batch`.
"""

from __future__ import annotations

import datetime
import difflib
import functools
import json
import numbers
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from omega.error_catalogue import CATALOGUE
from omega.errors import OmegaError, error_for
from omega.schema import Direction, OrderType, SignalKind
from omega.strategy.fields import (
    DIRECTIONS,
    FLOATS,
    INTEGERS,
    KINDS,
    PLACES,
    TEXTS,
    TIFS,
    TYPES,
    is_default,
    misplaced_fields,
    misplacement,
)
from omega.strategy.signal import ALIASES, IGNORED, Signal, hint_for, merged, names
from omega.strategy.snapshots import Order, Position
from omega.values import INSTANT, instant_us

__all__ = ["TEXTS", "Normaliser", "Row", "Texts", "bad_row"]

Row = tuple[Any, ...]

_ORDER, _MARKET, _NO_SIDE = int(SignalKind.ORDER), int(OrderType.MARKET), int(Direction.NONE)
_DIRECTION, _TYPE, _ENTRY = PLACES["direction"], PLACES["type"], PLACES["entry"]
_EMPTY = {"direction": _NO_SIDE, "type": _MARKET, "symbol": 0, "tif": TIFS["gtc"]}
_BLANK = tuple(_EMPTY.get(name) for name in PLACES)
_SPELLINGS = (*names, *ALIASES)
_INT64_MAX = 2**63 - 1
_ABSENT: Any = object()
GROUP = "the name of a group or its number, 0 or above"
DATE_UNITS = ("Y", "M", "W", "D")
"""Units of NumPy times that name a date."""


class Texts(NamedTuple):
    """What a signal says besides numbers; `tags` and `meta` as JSON."""

    reason: str | None
    tags: str | None
    scenario: str | None
    meta: str | None


class Moment(NamedTuple):
    """Bar and decision time of the signal being read, for its error message."""

    bar_idx: int
    now_us: int | None


Reader = Callable[[Any, str, Moment], Any]
"""From value, field and moment to what stands in the row."""


class Normaliser:
    """Turns answers into rows, in the order given.

    Attributes:
        texts: Texts by signal row (the row's number in everything the strategy gave, from 0).
        count: Rows made so far; whoever has rows made elsewhere, too, sets it.
        group_names: Names of the OCO groups by number.
    """

    def __init__(self, symbols: tuple[str, ...], *, reject: bool = False) -> None:
        """Read signals for `symbols`; with `reject`, unreadable ones become rows of kind bad."""
        symbol_codes = {name: index for index, name in enumerate(symbols)}
        self._reject = reject
        self._groups: dict[str, int] = {}
        self._readers: Mapping[str, Reader] = {
            **READERS,
            "symbol": functools.partial(_code, symbol_codes, "signal.unknown_symbol"),
            "oco": self.group,
        }
        self.texts: dict[int, Texts] = {}
        self.count = 0
        self.group_names: dict[int, str] = {}

    def rows(self, answer: Any, bar_idx: int, now_us: int | None) -> list[Row]:
        """Return the rows of one answer: None, one signal, or an iterable of signals.

        Args:
            answer: What the strategy returned.
            bar_idx: The completed bar it was asked about.
            now_us: Decision time of that bar.

        Raises:
            SignalError: for a signal that cannot be read, unless bad signals are rejected.
        """
        if answer is None:
            return []
        moment = Moment(bar_idx, now_us)
        return [self._row(signal, moment) for signal in each_signal(answer)]

    def _row(self, signal: Any, moment: Moment) -> Row:
        try:
            fields = read_fields(signal, moment)
            row, texts = self._convert(fields, moment)
        except OmegaError as error:
            if not self._reject or error.code == "signal.bar_idx":
                raise
            row, texts = bad_row(moment.bar_idx, CATALOGUE[error.code].number), None
        if texts is not None:
            self.texts[self.count] = texts
        self.count += 1
        return row

    def _convert(self, fields: Mapping[str, Any], moment: Moment) -> tuple[Row, Texts | None]:
        given = fields.get("bar_idx")
        if given is not None and given != moment.bar_idx:
            reason = f"was given on bar {moment.bar_idx}; leave bar_idx out in on_bar"
            raise error_for("signal.bar_idx", row=self.count, bar_idx=_shown(given), reason=reason)
        kind = code_of(fields.get("kind", "order"), KINDS, "signal.unknown_kind", moment)
        row: list[Any] = [moment.bar_idx, kind, *_BLANK, 0]
        for name, value in fields.items():
            if name in PLACES:
                row[PLACES[name]] = self._readers[name](value, name, moment)
        check_kind(kind, fields, moment)
        if kind == _ORDER:
            if row[_DIRECTION] == _NO_SIDE:
                raise fault("signal.unknown_direction", moment, value="None")
            if row[_TYPE] == _MARKET:
                row[_ENTRY] = None
        return tuple(row), read_texts(fields, moment)

    def group(self, value: Any, name: str, moment: Moment) -> int:
        """Return the number of an OCO group: the one given, or -1, -2, … for names in order of first use."""
        if isinstance(value, str) and value and _is_unicode(value):
            number = self._groups.setdefault(value, -1 - len(self._groups))
            self.group_names[number] = value
            return number
        given = -1 if isinstance(value, str) else integer(value, name, moment, expected=GROUP)
        if given < 0:
            raise fault("signal.wrong_type", moment, field=name, value=_shown(value), expected=GROUP)
        return given


def bad_row(bar_idx: int, fault: int) -> Row:
    """Return the row of a signal that could not be read."""
    return (bar_idx, int(SignalKind.BAD), *_BLANK, fault)


def read_fields(signal: Any, moment: Moment) -> dict[str, Any]:
    """Return the given fields of a `Signal`, a mapping or an object by their own names.

    Raises:
        SignalError: ``signal.unknown_field``, ``signal.two_levels`` for a field under two names,
            ``signal.wrong_type`` for anything that is not a signal.
    """
    if isinstance(signal, Signal):
        return {name: value for name, value in zip(names, signal, strict=True) if value is not None}
    if isinstance(signal, Mapping):
        pairs: Iterable[tuple[Any, Any]] = signal.items()
    elif hasattr(signal, "direction") or hasattr(signal, "kind"):
        pairs = [(name, value) for name in _SPELLINGS if (value := getattr(signal, name, _ABSENT)) is not _ABSENT]
    else:
        expected = "what self.buy() and the like make, a mapping with a direction, or None"
        raise fault("signal.wrong_type", moment, field="the signal", value=_shown(signal), expected=expected)
    fields: dict[str, Any] = {}
    for name, value in pairs:
        known = canonical(name, moment)
        if known is None or value is None:
            continue
        if known in fields and (value := merged(known, fields[known], value)) is None:
            raise fault("signal.two_levels", moment, field=known)
        fields[known] = value
    return fields


def canonical(name: Any, moment: Moment) -> str | None:
    """Return the own name of a field, None for one that is not read."""
    known = ALIASES.get(name, name) if isinstance(name, str) else None
    if known in names:
        return known
    if known in IGNORED:
        return None
    raise fault("signal.unknown_field", moment, value=_shown(name), hint=hint_for(str(name)))


def check_kind(kind: int, fields: Mapping[str, Any], moment: Moment) -> None:
    """Refuse a field that does not belong to its kind of signal."""
    order_type = fields.get("type", "market")
    wrong = misplaced_fields(kind, order_type)
    if wrong.isdisjoint(fields):
        return
    for name, value in fields.items():
        if name in wrong and not is_default(name, value):
            raise fault("signal.misplaced_field", moment, **misplacement(kind, order_type, name))


def code_of(value: Any, codes: Mapping[Any, int], code: str, moment: Moment) -> int:
    """Return the code of a word, or raise the error `code`."""
    try:
        found = None if isinstance(value, bool | float) else codes.get(value)
    except TypeError:
        found = None
    if found is None:
        raise fault(code, moment, value=_shown(value) + _meant(value, codes))
    return found


def number(value: Any, name: str, moment: Moment) -> float:
    """Return a number as a float; whether it makes sense is for the backend to say."""
    if type(value) is float:
        return value
    if isinstance(value, numbers.Real) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            pass
    raise fault("signal.wrong_type", moment, field=name, value=_shown(value), expected="a number")


def integer(value: Any, name: str, moment: Moment, *, expected: str = "a whole number") -> int:
    """Return a whole number of 64 bits; a position or order stands for its id."""
    if isinstance(value, Position | Order) and name == "target":
        value = value.id
    if isinstance(value, numbers.Integral) and not isinstance(value, bool) and abs(int(value)) <= _INT64_MAX:
        return int(value)
    raise fault("signal.wrong_type", moment, field=name, value=_shown(value), expected=expected)


def instant(value: Any, name: str, moment: Moment) -> int | None:
    """Return a time as UTC microseconds; None for NaT, which is how NumPy and pandas write a missing one."""
    if is_nat(value):
        return None
    time_us = numpy_instant_us(value) if isinstance(value, np.datetime64) else instant_us(value)
    if time_us is None:
        raise fault("signal.wrong_type", moment, field=name, value=_shown(value), expected=INSTANT)
    return time_us


def is_nat(value: Any) -> bool:
    """Return whether a value is NumPy's or pandas' missing time."""
    return isinstance(value, np.datetime64 | datetime.datetime) and bool(value != value)


def numpy_instant_us(value: np.datetime64) -> int | None:
    """Return a time of NumPy, which is UTC, or a date of NumPy as UTC microseconds."""
    if np.datetime_data(value)[0] in DATE_UNITS:
        return instant_us(value.astype("datetime64[D]").item())
    return int(value.astype("datetime64[us]").astype(np.int64))


def read_texts(fields: Mapping[str, Any], moment: Moment) -> Texts | None:
    """Return the texts of a signal, or None if it has none. They are copied: later changes have no effect."""
    reason, tags, scenario, meta = (fields.get(name) for name in TEXTS)
    if reason is None and tags is None and scenario is None and meta is None:
        return None
    return Texts(
        reason=_text(reason, "reason", moment),
        tags=_tags(tags, moment),
        scenario=_text(scenario, "scenario", moment),
        meta=_meta(meta, moment),
    )


def fault(code: str, moment: Moment, **facts: str) -> OmegaError:
    """Return the error of a signal, with its bar and decision time."""
    return error_for(code, bar_idx=moment.bar_idx, time_us=moment.now_us, **facts)


def _code(codes: Mapping[Any, int], code: str, value: Any, _name: str, moment: Moment) -> int:
    return code_of(value, codes, code, moment)


def each_signal(answer: Any) -> Iterable[Any]:
    """Return the signals of an answer, one after the other, those of lists in it included (`Strategy.reverse`).

    An iterable that is not itself a signal is a list of them.
    """
    is_one = isinstance(answer, Signal | Mapping | str | bytes) or hasattr(answer, "direction")
    if is_one or not isinstance(answer, Iterable):
        return [answer]
    parts = list(answer)
    if not any(type(part) in (list, tuple) for part in parts):
        return parts
    return [signal for part in parts for signal in (part if type(part) in (list, tuple) else [part])]


def _text(value: Any, name: str, moment: Moment) -> str | None:
    if value is None:
        return None
    if isinstance(value, str) and _is_unicode(value):
        return str(value)
    raise fault("signal.wrong_type", moment, field=name, value=_shown(value), expected="a text")


def _tags(value: Any, moment: Moment) -> str | None:
    if value is None:
        return None
    tags = [value] if isinstance(value, str) else value
    if isinstance(tags, list | tuple) and all(isinstance(tag, str) and _is_unicode(tag) for tag in tags):
        return json.dumps(list(tags), ensure_ascii=False)
    raise fault("signal.wrong_type", moment, field="tags", value=_shown(value), expected="a list of texts")


def _meta(value: Any, moment: Moment) -> str | None:
    if value is None:
        return None
    try:
        return json.dumps(value, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise fault("signal.bad_meta", moment, value=_shown(value)) from None


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _meant(value: Any, words: Iterable[Any]) -> str:
    """Return the closest of the words that would have been understood, in brackets; nothing where none is close."""
    if not isinstance(value, str):
        return ""
    known = {word.lower(): word for word in words if isinstance(word, str)}
    close = difflib.get_close_matches(value[:80].lower().replace("-", "_"), known, n=1)
    return f" (did you mean {known[close[0]]!r}?)" if close else ""


def _shown(value: Any) -> str:
    """Return a short text for an error message."""
    try:
        text = repr(value)
    except Exception:  # a stranger's __repr__ must not hide the signal's fault
        text = f"a {type(value).__name__}"
    return text if len(text) <= 80 else text[:77] + "..."


READERS: Mapping[str, Reader] = {
    "direction": functools.partial(_code, DIRECTIONS, "signal.unknown_direction"),
    "type": functools.partial(_code, TYPES, "signal.unknown_type"),
    "tif": functools.partial(_code, TIFS, "signal.unknown_tif"),
    "expiry": instant,
    **dict.fromkeys(FLOATS, number),
    **dict.fromkeys(INTEGERS, integer),
}
"""How the field of a row is read; symbols and groups belong to a run."""
