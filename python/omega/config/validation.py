"""From a document to a checked value, and from pydantic's findings to errors people can act on.

Validation goes through pydantic's JSON mode: strict about types, yet at home with text documents.
All findings of one document (at most 20) are told together: the first is the error, the others are its notes.
"""

from __future__ import annotations

import difflib
import functools
import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from omega.config.documents import Document, Key
from omega.config.exact import mark
from omega.errors import OmegaError, error_for

__all__ = ["invalid", "nearest", "raise_all", "validate"]

Value = TypeVar("Value")
MAX_FINDINGS = 20
_adapter_of: Callable[[Any], TypeAdapter[Any]] = functools.cache(TypeAdapter)

_EXPECTED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "string_type": "text",
    "bool_type": "true or false",
    "model_type": "a table",
    "dataclass_type": "a table",
    "dict_type": "a table",
    "tuple_type": "a list",
    "list_type": "a list",
    "finite_number": "a finite number",
}
_CODES_BELOW = {
    "slippage": "costs.invalid_slippage_model",
    "commission": "costs.invalid_fee_config",
    "swap": "costs.invalid_swap",
}


def validate(kind: type[Value], document: Document) -> Value:
    """Return the document as a value of `kind`, a pydantic model or dataclass.

    Unknown keys are told first: a misspelt key is missing, too, and only the unknown one says what was meant.

    Raises:
        ConfigError: ``config.unknown_key``, ``config.missing_key``, ``config.invalid``, ``config.too_precise``,
            ``costs.invalid_slippage_model``, ``costs.invalid_fee_config``, ``costs.invalid_swap``, with file, line
            where known, key path, expectation and the nearest known key.
    """
    text = json.dumps(document.tree, default=_encode)
    try:
        value: Value = _adapter_of(kind).validate_json(text)
        return value
    except ValidationError as error:
        findings = error.errors(include_url=False, include_context=True)
        errors = [_translate(kind, document, finding) for finding in findings[:MAX_FINDINGS]]
        raise_all(sorted(errors, key=lambda error: error.code != "config.unknown_key"))
        raise


def raise_all(errors: Sequence[OmegaError]) -> None:
    """Raise the first error with the others as its notes; nothing if there is none."""
    if not errors:
        return
    first, *others = errors
    for other in others:
        first.add_note(f"also {other}")
    raise first


def invalid(document: Document, key: Key, expected: str, hint: str = "") -> OmegaError:
    """Return ``config.invalid`` for a key of the document."""
    return error_for(
        "config.invalid",
        **document.place(key),
        expected=f"expected {expected}",
        value=_show(_value_at(document.tree, key)),
        hint=hint,
    )


def nearest(name: str, known: Sequence[str]) -> str:
    """Return ' Did you mean "x"?' for the closest known name, or the known names."""
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return f' Did you mean "{close[0]}"?'
    return f" Known: {', '.join(known)}." if known else ""


def _translate(kind: Any, document: Document, finding: Any) -> OmegaError:
    key: Key = finding["loc"]
    place = document.place(key)
    fields = _fields_at(kind, key[:-1])
    if finding["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        return error_for("config.unknown_key", **place, hint=nearest(str(key[-1]), sorted(fields)))
    if finding["type"] in ("missing", "missing_argument"):
        wanted = fields[str(key[-1])].description if str(key[-1]) in fields else None
        return error_for("config.missing_key", **place, expected=(wanted or "a value").rstrip("."))
    if finding["type"] == "too_precise":
        return error_for("config.too_precise", **place, value=_show(_value_at(document.tree, key)))
    value = _value_at(document.tree, key)
    expected = _expectation(finding)
    for part, code in _CODES_BELOW.items():
        if part in key:
            reason = f"expected {expected}; got {_show(value)}."
            return error_for(code, **place, reason=reason)
    hint = _nearest_choice(finding, value)
    return invalid(document, key, expected, hint)


def _expectation(finding: Any) -> str:
    kind: str = finding["type"]
    if kind in _EXPECTED:
        return _EXPECTED[kind]
    words: str = finding["msg"].removeprefix("Input should be ")
    if kind.startswith(("greater_than", "less_than")):
        return f"a value {words}"
    return f"text that matches {finding['ctx']['pattern']}" if kind == "string_pattern_mismatch" else words


def _nearest_choice(finding: Any, value: Any) -> str:
    if finding["type"] != "literal_error" or not isinstance(value, str):
        return ""
    choices = [part.strip(" '") for part in finding["ctx"]["expected"].replace(" or ", ", ").split(",")]
    return nearest(value, choices) if difflib.get_close_matches(value, choices, n=1) else ""


def _fields_at(kind: Any, key: Key) -> dict[str, FieldInfo]:
    """Return the fields of the model that stands at a key path, by the names users write."""
    for part in key:
        known = _fields(kind)
        if isinstance(part, str) and part in known:
            kind = _model_in(known[part].annotation)
        elif kind is not None and not known:
            return {}
    return _fields(kind)


def _fields(kind: Any) -> dict[str, FieldInfo]:
    fields: dict[str, FieldInfo] = {}
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        fields = kind.model_fields
    elif kind is not None:
        fields = getattr(kind, "__pydantic_fields__", {})
    return {field.alias or name: field for name, field in fields.items()}


def _model_in(annotation: Any) -> Any:
    """Return the model inside Optional[...] or dict[str, ...]."""
    if hasattr(annotation, "__pydantic_fields__"):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _model_in(inner)
        if found is not None:
            return found
    return None


def _value_at(tree: Any, key: Key) -> Any:
    for part in key:
        try:
            tree = tree[part]
        except (KeyError, IndexError, TypeError):
            return tree
    return tree


def _show(value: Any) -> str:
    if isinstance(value, Decimal | Fraction):
        return str(value)
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 80 else text[:77] + "..."


def _encode(value: Any) -> str:
    if isinstance(value, Decimal):
        return mark(value)
    raise TypeError(f"{type(value).__name__} cannot stand in a document")
