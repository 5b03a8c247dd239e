"""From whatever a strategy returned to rows of the `signals` table.

Only names and texts are judged here. Numbers travel as they are: both backends check them alike
(finite, above 0, given once, on the volume grid). Texts never enter a backend; `Normaliser.texts` keeps
them by signal row and they are joined to the results afterwards.

Rules SIG and SIG-1 in `docs/spec/engine.md`. Tables of many signals are read by `normalise_batch`.
"""

from __future__ import annotations

import json
import numbers
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from omega.error_catalogue import CATALOGUE
from omega.errors import OmegaError, error_for
from omega.schema import Direction, OrderType, SignalKind, Tif
from omega.strategy.signal import ALIASES, LATER, Signal, hint_for, names

__all__ = ["Normaliser", "Row", "Texts"]

Row = tuple[Any, ...]

KINDS = {"order": int(SignalKind.ORDER), "close": int(SignalKind.CLOSE)}
DIRECTIONS = {
    "long": int(Direction.LONG),
    "buy": int(Direction.LONG),
    "short": int(Direction.SHORT),
    "sell": int(Direction.SHORT),
    1: int(Direction.LONG),
    -1: int(Direction.SHORT),
}
LEVELS = ("sl", "tp", "sl_points", "tp_points", "sl_pips", "tp_pips")
FLOATS = ("size", *LEVELS)
TEXTS = ("reason", "tags", "scenario", "meta")
INT64_MAX = 2**63 - 1
_ABSENT: Any = object()
_ORDER, _MARKET = int(SignalKind.ORDER), int(OrderType.MARKET)
_SIDES = {"long": int(Direction.LONG), "short": int(Direction.SHORT)}
_AT_MARKET = (None, None, None, None, int(Tif.GTC), None, None, None)
_PLAIN = frozenset({float, type(None)})


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


class Normaliser:
    """Turns answers into rows, in the order given.

    Attributes:
        texts: Texts by signal row (the row's number in everything the strategy gave, from 0).
        count: Rows made so far.
    """

    def __init__(self, symbols: tuple[str, ...], *, reject: bool = False) -> None:
        """Read signals for `symbols`; with `reject`, unreadable ones become rows of kind bad."""
        self._symbols = {name: index for index, name in enumerate(symbols)}
        self._reject = reject
        self.texts: dict[int, Texts] = {}
        self.count = 0

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
        if type(answer) is Signal and (row := plain_row(answer, bar_idx)) is not None:
            self.count += 1
            return [row]
        moment = Moment(bar_idx, now_us)
        return [self._row(signal, moment) for signal in _each(answer)]

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
        check_kind(kind, [name for name, value in fields.items() if value is not None], moment)
        direction = fields.get("direction")
        wants_none = kind == SignalKind.CLOSE and direction is None
        side = 0 if wants_none else code_of(direction, DIRECTIONS, "signal.unknown_direction", moment)
        code_of(fields.get("type", "market"), {"market": 1}, "signal.unknown_type", moment)
        symbol = fields.get("symbol")
        symbol_idx = 0 if symbol is None else code_of(symbol, self._symbols, "signal.unknown_symbol", moment)
        whole = [integer(fields.get(name), name, moment) for name in ("magic", "target")]
        floats = [number(fields.get(name), name, moment) for name in FLOATS]
        texts = read_texts(fields, moment)
        return (moment.bar_idx, kind, side, int(OrderType.MARKET), symbol_idx, *whole, *floats, *_AT_MARKET, 0), texts


def plain_row(signal: Signal, bar_idx: int) -> Row | None:
    """Return the row of an order of which nothing has to be converted or refused, None for any other signal.

    Most signals are such orders; looking at every field by itself would cost a strategy several times its bar.
    """
    fields: tuple[Any, ...] = signal
    kind, direction, order_type, symbol, magic, target, *rest = fields
    *levels, reason, tags, scenario, meta, given = rest
    if not (symbol is magic is target is reason is tags is scenario is meta is given is None):
        return None
    if not (type(kind) is type(direction) is type(order_type) is str and _PLAIN.issuperset(map(type, levels))):
        return None
    if kind != "order" or order_type != "market" or direction not in _SIDES:
        return None
    return (bar_idx, _ORDER, _SIDES[direction], _MARKET, 0, None, None, *levels, *_AT_MARKET, 0)


def bad_row(bar_idx: int, fault: int) -> Row:
    """Return the row of a signal that could not be read."""
    empty = (None,) * (2 + len(FLOATS))
    return (bar_idx, int(SignalKind.BAD), int(Direction.NONE), int(OrderType.MARKET), 0, *empty, *_AT_MARKET, fault)


def read_fields(signal: Any, moment: Moment) -> dict[str, Any]:
    """Return the fields of a `Signal`, a mapping or an object by their own names.

    Raises:
        SignalError: ``signal.unknown_field``, ``signal.two_levels`` for a field under two names,
            ``signal.wrong_type`` for anything that is not a signal.
    """
    if isinstance(signal, Signal):
        return signal._asdict()
    if isinstance(signal, Mapping):
        pairs: Iterable[tuple[Any, Any]] = signal.items()
    elif hasattr(signal, "direction") or hasattr(signal, "kind"):
        every = (*names, *ALIASES, *LATER)
        pairs = [(name, value) for name in every if (value := getattr(signal, name, _ABSENT)) is not _ABSENT]
    else:
        expected = "what self.buy() and the like make, a mapping with a direction, or None"
        raise fault("signal.wrong_type", moment, field="the signal", value=_shown(signal), expected=expected)
    fields: dict[str, Any] = {}
    for name, value in pairs:
        known = canonical(name, moment, given=value is not None)
        if known is None or value is None:
            continue
        if known in fields:
            raise fault("signal.two_levels", moment, field=known)
        fields[known] = value
    return fields


def canonical(name: Any, moment: Moment, *, given: bool = True) -> str | None:
    """Return the own name of a field, None for one of a later version that is not given."""
    known = ALIASES.get(name, name) if isinstance(name, str) else None
    if known in names:
        return known
    if known in LATER and not given:
        return None
    raise fault("signal.unknown_field", moment, value=_shown(name), hint=hint_for(str(name)))


def check_kind(kind: int, given: Iterable[str], moment: Moment) -> None:
    """Refuse a target on an order, and a size or a level on a close."""
    wrong = ("target",) if kind == SignalKind.ORDER else FLOATS
    for name in given:
        if name in wrong:
            mend = " An order opens a new position." if kind == SignalKind.ORDER else " A close takes whole positions."
            raise fault("signal.unknown_field", moment, value=repr(name), hint=mend)


def code_of(value: Any, codes: Mapping[Any, int], code: str, moment: Moment) -> int:
    """Return the code of a name, or raise the error `code`."""
    try:
        found = None if isinstance(value, bool | float) else codes.get(value)
    except TypeError:
        found = None
    if found is None:
        raise fault(code, moment, value=_shown(value))
    return found


def number(value: Any, name: str, moment: Moment) -> float | None:
    """Return a number as a float; whether it makes sense is for the backend to say."""
    if value is None or type(value) is float:
        return value
    if isinstance(value, numbers.Real) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            pass
    raise fault("signal.wrong_type", moment, field=name, value=_shown(value), expected="a number")


def integer(value: Any, name: str, moment: Moment) -> int | None:
    """Return a whole number of 64 bits."""
    if value is None:
        return None
    if isinstance(value, numbers.Integral) and not isinstance(value, bool) and -INT64_MAX <= int(value) <= INT64_MAX:
        return int(value)
    raise fault("signal.wrong_type", moment, field=name, value=_shown(value), expected="a whole number")


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


def _each(answer: Any) -> Iterable[Any]:
    """Return the signals of an answer: an iterable that is not itself a signal is a list of them."""
    is_one = isinstance(answer, Signal | Mapping | str | bytes) or hasattr(answer, "direction")
    return [answer] if is_one or not isinstance(answer, Iterable) else answer


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


def _shown(value: Any) -> str:
    """Return a short text for an error message."""
    try:
        text = repr(value)
    except Exception:  # a stranger's __repr__ must not hide the signal's fault
        text = f"a {type(value).__name__}"
    return text if len(text) <= 80 else text[:77] + "..."
