"""Keys of indicator columns: what a column is, and how it is written.

    EMA_20_M15                            EMA of period 20 of the M15 bid closes
    EMA_20_H1_ask                         of the H1 ask closes
    RSI_14_H1_ask_hl2                     of the H1 ask mid-range
    BBANDS_20_2_H1_ask_upper              one output of several
    SMA_5_M15(RSI_14_M15)                 of another indicator
    CORRELATION_50_M15(close,EMA_20_H1)   of two series

Name, parameters and timeframe always stand; side and price only where they are not bid and close.
One column has one key, and no two columns share one.
"""

from __future__ import annotations

import decimal
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from omega.errors import error_for
from omega.indicators.catalogue import CATALOGUE, PRICES, SIDES, Indicator, find_indicator, resolve

__all__ = ["Key", "Keys", "Place"]

_NUMBER = re.compile(r"[0-9]{1,18}(\.[0-9]{1,340})?")
DEPTH_MAX = 8
"""Indicators of indicators of indicators; the backends read no more."""


@dataclass(frozen=True, slots=True)
class Key:
    """One indicator column; `str()` is its canonical key.

    Attributes:
        name: Name of the catalogue, lower case.
        parameters: Names and values in the order of the catalogue.
        timeframe: As the market names it.
        side: ``"bid"`` or ``"ask"``.
        source: Price of the bar, or key of another column; ``"close"`` where none is read.
        other: The same for the second series, None where there is none.
        output: One of several outputs, None where there is one.
    """

    name: str
    parameters: tuple[tuple[str, float], ...]
    timeframe: str
    side: str
    source: str | Key
    other: str | Key | None
    output: str | None

    def __str__(self) -> str:
        parts = [self.name.upper(), *(_digits(value) for _, value in self.parameters), self.timeframe]
        parts += [self.side] if self.side != "bid" else []
        parts += [self.source] if self.other is None and self.source != "close" and isinstance(self.source, str) else []
        parts += [self.output] if self.output is not None else []
        inputs = [self.source] if self.other is None else [self.source, self.other]
        has_inputs = self.other is not None or isinstance(self.source, Key)
        return "_".join(parts) + (f"({','.join(map(str, inputs))})" if has_inputs else "")

    @property
    def depth(self) -> int:
        """How deep indicators read indicators; 0 for one of prices."""
        return max([0, *(one.depth + 1 for one in (self.source, self.other) if isinstance(one, Key))])


class Place(NamedTuple):
    """Where a column comes from and which it is, as people say it; attributes as those of `Key`."""

    timeframe: str | None = None
    side: str = "bid"
    source: str = "close"
    other: str | None = None
    output: str | None = None


DEFAULT = Place()


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys there can be in a market.

    Attributes:
        timeframes: Timeframes of the market, the step timeframe first.
    """

    timeframes: tuple[str, ...]

    def resolve(
        self,
        name: str,
        parameters: Mapping[str, object],
        place: Place = DEFAULT,
    ) -> Key:
        """Return the key of a column, defaults filled in and everything checked.

        Raises:
            ConfigError: ``indicator.unknown``, ``indicator.unknown_parameter``, ``indicator.parameter``;
                ``indicator.key`` for a source that is neither a price nor a key.
        """
        indicator = find_indicator(name)
        resolved = tuple(resolve(indicator, parameters).items())
        side, source, other, output = place.side, place.source, place.other, place.output
        timeframe = self.timeframes[0] if place.timeframe is None else place.timeframe
        self._check(indicator, "timeframe", timeframe, self.timeframes)
        self._check(indicator, "side", side, SIDES)
        if indicator.outputs or output is not None:
            self._check(indicator, "output", output, indicator.outputs)
        has_source, has_other = "source" in indicator.reads, "other" in indicator.reads
        first = self._source(indicator, "source", source) if has_source else source
        second = self._source(indicator, "other", other) if has_other or other is not None else None
        if not has_source:
            self._check(indicator, "source", source, ("close",))
        if not has_other:
            self._check(indicator, "other", other, (None,))
        key = Key(indicator.name, resolved, timeframe, side, first, second, output)
        for one in (first, second):
            if isinstance(one, Key) and one.timeframe != timeframe and timeframe != self.timeframes[0]:
                reason = f"{timeframe} cannot read {one.timeframe}; only {self.timeframes[0]} reads another timeframe"
                raise error_for("indicator.key", key=str(key), reason=reason)
        if key.depth > DEPTH_MAX:
            raise error_for("indicator.key", key=str(key), reason=f"more than {DEPTH_MAX} indicators read each other")
        return key

    def parse(self, text: str) -> Key:
        """Return the column that `text` names; side and price may be left out or written in full.

        Raises:
            ConfigError: ``indicator.key`` if the text is not a key; otherwise as `resolve`.
        """
        head, inputs = _split(text)
        indicator, rest = _named(head)
        count = len(indicator.parameters)
        values, tail = rest[:count], rest[count:]
        if len(values) < count or not all(_NUMBER.fullmatch(value) for value in values):
            names = ", ".join(parameter.name for parameter in indicator.parameters)
            raise error_for(
                "indicator.key", key=text, reason=f"after {indicator.name.upper()} comes {names} as a number"
            )
        if not tail:
            raise error_for("indicator.key", key=text, reason="the timeframe is missing")
        timeframe, *options = tail
        side = options.pop(0) if options and options[0] in SIDES else "bid"
        is_priced = "source" in indicator.reads and not inputs
        source = options.pop(0) if is_priced and options and options[0] in PRICES else "close"
        output = options.pop(0) if indicator.outputs and options else None
        if options:
            raise error_for("indicator.key", key=text, reason=f"{'_'.join(options)} is neither a side nor a source")
        parameters = {one.name: _number(value) for one, value in zip(indicator.parameters, values, strict=True)}
        expected = 2 if "other" in indicator.reads else min(len(inputs), 1)
        if len(inputs) != expected:
            raise error_for("indicator.key", key=text, reason=f"{indicator.name} reads {expected} series")
        place = Place(timeframe, side, inputs[0] if inputs else source, inputs[1] if expected == 2 else None, output)
        return self.resolve(indicator.name, parameters, place)

    def _source(self, indicator: Indicator, field: str, source: str | None) -> str | Key:
        """Return a price as it is, anything longer as the key it names."""
        if source is not None and "_" in source:
            return self.parse(source)
        self._check(indicator, field, source, PRICES)
        assert source is not None
        return source

    def _check(self, indicator: Indicator, field: str, value: str | None, known: Sequence[str | None]) -> None:
        if value not in known:
            names = [str(one) for one in known]
            expected = f"one of {', '.join(names)}" if len(names) > 1 else "".join(names) or "none"
            if field == "timeframe":
                expected += " (name others in higher_timeframes when loading)"
            raise error_for(
                "indicator.parameter", indicator=indicator.name, parameter=field, value=repr(value), expected=expected
            )


def _named(head: str) -> tuple[Indicator, list[str]]:
    """Return the indicator a key begins with, and its other parts; names may have underscores themselves."""
    parts = head.split("_")
    for count in range(len(parts), 0, -1):
        indicator = CATALOGUE.get("_".join(parts[:count]).lower())
        if indicator is not None:
            return indicator, parts[count:]
    return find_indicator(parts[0]), parts[1:]


def _split(text: str) -> tuple[str, list[str]]:
    """Return what stands before the brackets of a key, and the sources within."""
    head, bracket, rest = text.partition("(")
    if not bracket:
        return head, []
    if not rest.endswith(")"):
        raise error_for("indicator.key", key=text, reason="the closing bracket is missing")
    return head, list(_pieces(rest[:-1]))


def _pieces(text: str) -> Iterator[str]:
    """Yield the parts between commas that stand in no further brackets."""
    depth, begin = 0, 0
    for idx, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            yield text[begin:idx].strip()
            begin = idx + 1
    yield text[begin:].strip()


def _digits(value: float) -> str:
    """Return a parameter as digits without exponent; the text names this float and no other."""
    text = format(decimal.Decimal(repr(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _number(text: str) -> float:
    return float(text) if "." in text else int(text)
