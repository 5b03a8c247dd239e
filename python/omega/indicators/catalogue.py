"""The indicators there are: names, parameters, what they read, and how long they warm up.

No arithmetic; formulas stand in `docs/spec/indicators.md`.
"""

from __future__ import annotations

import difflib
import operator
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, SupportsIndex

from omega.errors import error_for

__all__ = ["CATALOGUE", "SIDES", "SOURCES", "Indicator", "Parameter", "find_indicator", "hint", "lookback"]

SIDES = ("bid", "ask")
SOURCES = ("close", "open", "high", "low", "hl2", "hlc3", "ohlc4")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One whole-number parameter of an indicator.

    Attributes:
        name: As written in calls.
        default: Used when it is left out.
        minimum: Least value allowed.
        maximum: Greatest value allowed.
    """

    name: str
    default: int
    minimum: int
    maximum: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One indicator as the catalogue knows it.

    Attributes:
        name: Name in calls and, in capitals, in keys.
        title: Name in prose.
        parameters: In the order in which a key shows them.
        inputs: ``"price"`` reads one price per bar (`source`), ``"bar"`` reads high, low and close.
        changes: Whether it needs the bar before the first of its `period` (differences, true ranges).
    """

    name: str
    title: str
    parameters: tuple[Parameter, ...]
    inputs: Literal["price", "bar"]
    changes: bool

    def resolve(self, given: Mapping[str, object]) -> dict[str, int]:
        """Return all parameters, defaults filled in, in the order of the key.

        Raises:
            ConfigError: ``indicator.unknown_parameter``, or ``indicator.parameter`` for a value that is
                no whole number within the bounds.
        """
        names = [parameter.name for parameter in self.parameters]
        for name in given:
            if name not in names:
                raise error_for(
                    "indicator.unknown_parameter", indicator=self.name, parameter=name, hint=hint(name, names)
                )
        return {one.name: self._check(one, given.get(one.name, one.default)) for one in self.parameters}

    def _check(self, parameter: Parameter, value: object) -> int:
        number = _whole(value)
        if number is not None and parameter.minimum <= number <= parameter.maximum:
            return number
        raise error_for(
            "indicator.parameter",
            indicator=self.name,
            parameter=parameter.name,
            value=repr(value),
            expected=f"a whole number from {parameter.minimum} to {parameter.maximum}",
        )


def _whole(value: object) -> int | None:
    """Return `value` as an int if it is a whole-number type, numpy's included; a bool is none."""
    if isinstance(value, bool) or not isinstance(value, SupportsIndex):
        return None
    return operator.index(value)


def _period(default: int) -> tuple[Parameter, ...]:
    """Bounds as TA-Lib's, from 1 for all four."""
    return (Parameter(name="period", default=default, minimum=1, maximum=100_000),)


CATALOGUE: dict[str, Indicator] = {
    indicator.name: indicator
    for indicator in (
        Indicator(name="atr", title="Average true range", parameters=_period(14), inputs="bar", changes=True),
        Indicator(
            name="ema", title="Exponential moving average", parameters=_period(30), inputs="price", changes=False
        ),
        Indicator(name="rsi", title="Relative strength index", parameters=_period(14), inputs="price", changes=True),
        Indicator(name="sma", title="Simple moving average", parameters=_period(30), inputs="price", changes=False),
    )
}


def find_indicator(name: str) -> Indicator:
    """Return the catalogue's entry for `name`, capitals or not.

    Raises:
        ConfigError: ``indicator.unknown``, with close matches.
    """
    try:
        return CATALOGUE[name.lower()]
    except KeyError:
        raise error_for("indicator.unknown", name=name, hint=hint(name.lower(), CATALOGUE)) from None


def lookback(name: str, **parameters: int) -> int:
    """Return how many leading values are NaN: the index of the first finite one.

    Example: ``lookback("ema", period=20)`` is 19, ``lookback("rsi", period=14)`` is 14.

    Raises:
        ConfigError: as `find_indicator` and `Indicator.resolve`.
    """
    indicator = find_indicator(name)
    period = indicator.resolve(parameters)["period"]
    return period if indicator.changes else period - 1


def hint(name: str, known: Iterable[str]) -> str:
    """Return what to try instead of `name`: close matches, or else everything there is."""
    known = list(known)
    close = difflib.get_close_matches(name, known, n=2)
    if close:
        return f" Did you mean {' or '.join(close)}?"
    return f" Known: {', '.join(known)}."
