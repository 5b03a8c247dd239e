"""Parameters of a strategy: typed class attributes, checked when the class is written and when it is built.

Rule API-3. Supported types: bool, int, float, str, None, `Literal`, and unions of these. An int is
accepted for a float (and becomes one); a bool is not accepted for an int.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import types
import typing
from collections.abc import Collection, Mapping
from typing import Any

from omega.errors import error_for

__all__ = ["REQUIRED", "Parameter", "bind", "collect"]

REQUIRED: Any = object()
_SCALARS = (bool, int, float, str, types.NoneType)


@dataclasses.dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: its annotation and its default, `REQUIRED` where it has none."""

    name: str
    annotation: Any
    default: Any


def collect(cls: type, reserved: Collection[str]) -> dict[str, Parameter]:
    """Return the parameters of a class, inherited ones first.

    Names that begin with an underscore and `ClassVar` annotations are not parameters.

    Raises:
        StrategyError: ``strategy.reserved_name``, or ``strategy.bad_parameter`` for an annotation that
            is not supported or a default that does not fit it.
    """
    parameters: dict[str, Parameter] = {}
    for base in reversed(cls.__mro__):
        parameters.update(vars(base).get("_parameter_table", {}))
    own = vars(cls).get("__annotations__", {})
    hints = _hints(cls) if own else {}
    for name in own:
        annotation = hints[name]
        if name.startswith("_") or typing.get_origin(annotation) is typing.ClassVar or annotation is typing.ClassVar:
            continue
        if name in reserved:
            raise error_for("strategy.reserved_name", strategy=cls.__name__, name=name, mend="Choose another.")
        if not _is_supported(annotation):
            expected = "bool, int, float, str, None, Literal or a union of them (ClassVar for anything else)"
            raise _bad(cls, name, _wording(annotation), expected)
        default = vars(cls).get(name, REQUIRED)
        parameters[name] = Parameter(name, annotation, default)
    for name, parameter in list(parameters.items()):
        default = vars(cls).get(name, parameter.default)
        if default is not REQUIRED:
            default = _checked(cls, parameter, default)
        parameters[name] = dataclasses.replace(parameter, default=default)
    return parameters


def bind(cls: type, parameters: Mapping[str, Parameter], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return every parameter's value.

    Raises:
        StrategyError: ``strategy.unknown_parameter``, ``strategy.bad_parameter``, ``strategy.missing_parameter``.
    """
    for name in given:
        if name not in parameters:
            close = difflib.get_close_matches(name, parameters, n=1)
            known = ", ".join(parameters) or "none"
            hint = f" Did you mean {close[0]!r}?" if close else f" It has: {known}."
            raise error_for("strategy.unknown_parameter", strategy=cls.__name__, name=name, hint=hint)
    values = {}
    for name, parameter in parameters.items():
        if name in given:
            values[name] = _checked(cls, parameter, given[name])
        elif parameter.default is REQUIRED:
            raise error_for("strategy.missing_parameter", strategy=cls.__name__, name=name)
        else:
            values[name] = parameter.default
    return values


def _hints(cls: type) -> dict[str, Any]:
    try:
        return typing.get_type_hints(cls, include_extras=False)
    except (NameError, TypeError, SyntaxError) as error:
        raise _bad(cls, "an annotation", str(error), "a name that can be resolved") from error


def _is_supported(annotation: Any) -> bool:
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return all(_is_supported(part) for part in typing.get_args(annotation))
    return annotation in _SCALARS or typing.get_origin(annotation) is typing.Literal


def _checked(cls: type, parameter: Parameter, value: Any) -> Any:
    fits, converted = _fit(parameter.annotation, value)
    if not fits:
        raise _bad(cls, parameter.name, f"{value!r} ({type(value).__name__})", _wording(parameter.annotation))
    return converted


def _fit(annotation: Any, value: Any) -> tuple[bool, Any]:
    """Return whether a value fits, and the value as the annotation's type."""
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType):
        members = typing.get_args(annotation)
        exact = [part for part in members if type(value) is part]
        for part in exact or members:
            fits, converted = _fit(part, value)
            if fits:
                return True, converted
        return False, value
    if origin is typing.Literal:
        same = any(value == choice and type(value) is type(choice) for choice in typing.get_args(annotation))
        return same, value
    if annotation is float and isinstance(value, int | float) and not isinstance(value, bool):
        return (True, float(value)) if _is_finite(value) else (False, value)
    return type(value) is annotation, value


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def _wording(annotation: Any) -> str:
    if annotation is float:
        return "a finite float"
    return annotation.__name__ if isinstance(annotation, type) else str(annotation).replace("typing.", "")


def _bad(cls: type, name: str, value: str, expected: str) -> Exception:
    return error_for("strategy.bad_parameter", strategy=cls.__name__, name=name, value=value, expected=expected)
