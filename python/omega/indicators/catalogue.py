"""The indicators there are: names, parameters, what they read, and how long they warm up.

The table is generated (`omega.indicator_catalogue`); here stands what people's arguments go through. No
arithmetic; formulas stand in `docs/spec/indicators.md`.
"""

from __future__ import annotations

import difflib
import math
import operator
from collections.abc import Iterable, Mapping
from typing import SupportsFloat, SupportsIndex

from omega.errors import error_for
from omega.indicator_catalogue import CATALOGUE, PRICES, Indicator, Parameter

__all__ = [
    "CATALOGUE",
    "PRICES",
    "SIDES",
    "Indicator",
    "Parameter",
    "find_indicator",
    "hint",
    "lookback",
    "resolve",
]

SIDES = ("bid", "ask")


def find_indicator(name: str) -> Indicator:
    """Return the catalogue's entry for `name`, capitals or not.

    Raises:
        ConfigError: ``indicator.unknown``, with close matches.
    """
    try:
        return CATALOGUE[name.lower()]
    except KeyError:
        raise error_for("indicator.unknown", name=name, hint=hint(name.lower(), CATALOGUE)) from None


def resolve(indicator: Indicator, given: Mapping[str, object]) -> dict[str, float]:
    """Return all parameters, defaults filled in, in the order of the key.

    Raises:
        ConfigError: ``indicator.unknown_parameter``, or ``indicator.parameter`` for a value that is not a
            number within the bounds, or not whole where it has to be.
    """
    names = [parameter.name for parameter in indicator.parameters]
    for name in given:
        if name not in names:
            raise error_for(
                "indicator.unknown_parameter", indicator=indicator.name, parameter=name, hint=hint(name, names)
            )
    resolved = {one.name: _check(indicator, one, given.get(one.name, one.default)) for one in indicator.parameters}
    persistence = resolved.get("alpha", 0.0) + resolved.get("beta", 0.0)
    if persistence >= 1.0:
        raise error_for(
            "indicator.parameter",
            indicator=indicator.name,
            parameter="alpha + beta",
            value=persistence,
            expected="less than 1",
        )
    return resolved


def lookback(name: str, **parameters: float) -> int | None:
    """Return how many leading values are NaN, or None where that depends on the data (pivot points).

    Example: ``lookback("ema", period=20)`` is 19, ``lookback("rsi", period=14)`` is 14.

    Raises:
        ConfigError: as `find_indicator` and `resolve`.
    """
    indicator = find_indicator(name)
    resolved = resolve(indicator, parameters)
    return None if indicator.lookback is None else indicator.lookback(**resolved)


def hint(name: str, known: Iterable[str]) -> str:
    """Return what to try instead of `name`: close matches, or else everything there is."""
    known = list(known)
    close = difflib.get_close_matches(name, known, n=2)
    if close:
        return f" Did you mean {' or '.join(close)}?"
    return f" Known: {', '.join(known)}." if known else " There is none."


def _check(indicator: Indicator, parameter: Parameter, value: object) -> float:
    number = _whole(value) if isinstance(parameter.default, int) else _real(value)
    if number is not None and parameter.minimum <= number <= parameter.maximum:
        return number
    raise error_for(
        "indicator.parameter",
        indicator=indicator.name,
        parameter=parameter.name,
        value=repr(value),
        expected=parameter.expected,
    )


def _whole(value: object) -> int | None:
    """Return `value` as an int if it is a whole-number type, numpy's included; a bool is none."""
    if isinstance(value, bool) or not isinstance(value, SupportsIndex):
        return None
    return operator.index(value)


def _real(value: object) -> float | None:
    """Return `value` as a finite float; a bool or a text is none. -0.0 comes back as 0.0."""
    if isinstance(value, bool | str) or not isinstance(value, SupportsFloat):
        return None
    number = float(value)
    return number + 0.0 if math.isfinite(number) else None
