"""Exact numbers: decimals as they stand in the text, never through a float (NUM-1b).

A reader keeps each decimal number as `decimal.Decimal`. On its way through pydantic's JSON mode, which
knows floats only, it travels as marked text (`mark`); text of users never holds the mark, because
readers refuse control characters. Fields of type `Exact` take the number apart again.

Limits (they make overflow of the engine's 128-bit products impossible, docs/spec/config.md):
at most 12 decimals; numerator and denominator of the reduced fraction at most 10^15.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

__all__ = ["DECIMALS", "LIMIT", "Count", "Exact", "Number", "as_pair", "as_text", "mark", "to_fraction", "unmark"]

DECIMALS = 12
LIMIT = 10**15
_MARK = "\0"
_DECIMAL = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,2})?", re.ASCII)


class TooPrecise(ValueError):
    """A number has more than 12 decimals."""


def to_fraction(value: object) -> Fraction:
    """Return a number exactly: text digit by digit, a float by its repr.

    Raises:
        TooPrecise: More than 12 decimals (trailing zeros do not count).
        ValueError: Not a decimal number, not finite, or beyond 10^15.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal | Fraction):
        raise ValueError("a number")
    if isinstance(value, Fraction | int):
        number = Fraction(value)
    else:
        text = repr(value) if isinstance(value, float) else str(value)
        if _DECIMAL.fullmatch(text) is None:
            raise ValueError("a finite decimal number")
        number = Fraction(text)
    if 10**DECIMALS % number.denominator:
        raise TooPrecise
    if abs(number.numerator) > LIMIT:
        raise ValueError(f"a number of at most {len(str(LIMIT)) - 1} digits in all")
    return number


def mark(value: Decimal) -> str:
    """Return a decimal as marked text, the form in which it passes pydantic's JSON mode."""
    return f"{_MARK}{value}"


def unmark(value: Any) -> Any:
    """Return a value with every marked decimal in it as a float (strategy parameters, statistics)."""
    return _replace_marked(value, float)


def as_text(value: Any) -> Any:
    """Return a value with every marked decimal in it as plain text, still exact."""
    return _replace_marked(value, str)


def as_pair(number: Fraction) -> list[int]:
    """Return the reduced `[numerator, denominator]` of the plan."""
    return [number.numerator, number.denominator]


def _replace_marked(value: Any, kind: Callable[[str], float | str]) -> Any:
    if isinstance(value, str) and value.startswith(_MARK):
        return kind(value[1:])
    if isinstance(value, dict):
        return {key: _replace_marked(item, kind) for key, item in value.items()}
    if isinstance(value, list):
        return [_replace_marked(item, kind) for item in value]
    return value


def _parse(value: Any) -> Fraction:
    try:
        return to_fraction(value[1:] if isinstance(value, str) and value.startswith(_MARK) else value)
    except TooPrecise:
        raise PydanticCustomError("too_precise", "a number with at most 12 decimals") from None
    except ValueError as reason:
        raise PydanticCustomError("exact", "{reason}", {"reason": str(reason)}) from None


def show_exact(number: Fraction) -> int | str:
    """Return a fraction with at most 12 decimals as people write it: an integer, or decimal text."""
    if number.denominator == 1:
        return number.numerator
    return format(Decimal(number.numerator) / Decimal(number.denominator), "f")


Exact = Annotated[
    Fraction,
    PlainValidator(_parse),
    PlainSerializer(show_exact),
    WithJsonSchema({"type": ["number", "string"], "pattern": r"^[+-]?[0-9]+(\.[0-9]{1,12})?$"}),
]
"""An exact number: a JSON number or decimal text."""

Number = Annotated[float, BeforeValidator(unmark)]
"""A float (statistics and strategy parameters); finite."""

Count = Annotated[int, Field(ge=0, le=2**53 - 1)]
"""A whole number >= 0 that every JSON reader keeps."""
