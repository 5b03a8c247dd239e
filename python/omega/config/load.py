"""Configs from files, with `--set` overrides, and their JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from omega.config.documents import document_of, leaf_keys, parse_scalar, read_document
from omega.config.models import RunConfig
from omega.config.validation import invalid
from omega.errors import OmegaError, error_for

__all__ = ["json_schema", "load_config"]

_REQUIRED = {
    "data": "market data: a table with path, symbols, timeframe and start",
    "strategy": "a table with class or native, and parameters",
}


def load_config(path: str | Path, overrides: Sequence[str] = ()) -> RunConfig:
    """Return the config of a JSON, TOML or YAML file.

    Args:
        path: The file; its suffix decides.
        overrides: Texts like ``"account.balance=50000"``; the value is JSON, or else plain text.

    Raises:
        ConfigError: ``config.*``: the first finding, all others as its notes.
    """
    document = read_document(Path(path))
    if not isinstance(document.tree, dict):
        raise invalid(document, (), "a table")
    origins = dict.fromkeys(leaf_keys(document.tree), "config file")
    for text in overrides:
        parts = _override(document.tree, text)
        document = replace(document, overridden=document.overridden | {parts})
        key = ".".join(parts)
        origins = {other: origin for other, origin in origins.items() if not f"{other}.".startswith(f"{key}.")}
        origins[key] = "--set"
    return RunConfig.checked(document, origins, required=_REQUIRED)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of config files, for editors."""
    schema = RunConfig.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["required"] = sorted({*schema["required"], *_REQUIRED})
    return schema


def _override(tree: dict[str, Any], text: str) -> tuple[str, ...]:
    key, equals, value = text.partition("=")
    parts = key.strip().split(".")
    if not equals or not all(parts):
        raise error_for("config.override", text=text, reason="write key.path=value.")
    table = tree
    for part in parts[:-1]:
        inner = table.setdefault(part, {})
        if not isinstance(inner, dict):
            raise error_for("config.override", text=text, reason=f"{part} is not a table.")
        table = inner
    table[parts[-1]] = _override_value(text, value)
    return tuple(parts)


def _override_value(text: str, value: str) -> Any:
    try:
        if value[:1] in ("[", "{", '"'):
            parsed = json.loads(value, parse_float=Decimal, parse_constant=parse_scalar)
        else:
            parsed = parse_scalar(value)
        return document_of(parsed).tree
    except (ValueError, OmegaError, RecursionError) as error:
        raise error_for("config.override", text=text, reason=f"{error}.") from None
