"""Reading what the user wrote: JSON, TOML or guarded YAML, decimals kept as decimals.

A `Document` is a plain tree (dict, list, str, bool, int, Decimal, None) with the line of every key. What this
module does not do: judge keys and values (`validation`), or follow references to other files.

Refused: files above 256 KiB, duplicate keys, nan and inf, control characters, nesting deeper than 32 levels;
in YAML also aliases, anchors and tags (306 bytes of aliases unfold into 387 million leaves).
"""

from __future__ import annotations

import copy
import datetime
import functools
import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn

import yaml

from omega.errors import error_for

__all__ = [
    "MAX_BYTES",
    "MAX_DEPTH",
    "Document",
    "Key",
    "document_of",
    "dotted",
    "leaf_keys",
    "parse_scalar",
    "read_document",
]

MAX_BYTES = 1 << 18
MAX_DEPTH = 32
_MAX_LINED = 1 << 16
Key = tuple[str | int, ...]

_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_DECIMAL = re.compile(r"[+-]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
_NOT_FINITE = re.compile(r"[+-]?\.?(nan|inf|infinity)", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class Unreadable(ValueError):
    """The text is not a document; the message says why, `line` where (0 = unknown)."""

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.line = line


@dataclass(frozen=True, slots=True)
class Document:
    """One parsed file.

    Attributes:
        file: The file as the user named it; "arguments" for values from Python code.
        tree: Its content.
        lines: Line of each key path, from 1, where the reader knows it.
        prefix: Key path that leads to the tree, for tables inside another file.
        overridden: Key paths that `--set` replaced.
    """

    file: str
    tree: Any
    lines: Mapping[Key, int] = field(default_factory=dict)
    prefix: Key = ()
    overridden: frozenset[Key] = frozenset()

    def at(self, *prefix: str | int) -> Document:
        """Return the table under `prefix` as a document of its own."""
        tree = self.tree
        for part in prefix:
            tree = tree[part]
        return replace(self, tree=tree, prefix=self.prefix + prefix)

    def with_tree(self, tree: Any) -> Document:
        """Return the same place with another content."""
        return replace(self, tree=tree)

    def where(self, key: Key) -> dict[str, str]:
        """Return file and line (" line 14", or "") of a key, or of the nearest table above it."""
        full = self.prefix + key
        while full:
            if full in self.overridden:
                return {"file": "--set", "line": ""}
            if full in self.lines:
                return {"file": self.file, "line": f" line {self.lines[full]}"}
            full = full[:-1]
        return {"file": self.file, "line": ""}

    def place(self, key: Key) -> dict[str, str]:
        """Return file, line and dotted key path, the facts of most config errors."""
        return self.where(key) | {"key": dotted(self.prefix + key)}


def read_document(path: Path, *, shown_as: str | None = None) -> Document:
    """Return a JSON, TOML or YAML file as a `Document`; the suffix decides.

    Raises:
        ConfigError: ``config.unreadable`` with file, line where known, and reason.
    """
    file = shown_as or str(path)
    readers = {".json": _read_json, ".toml": _read_toml, ".yaml": _read_yaml, ".yml": _read_yaml}
    try:
        reader = readers.get(path.suffix.lower())
        if reader is None:
            raise Unreadable(f"the suffix {path.suffix!r} is none of .json, .toml, .yaml")
        text = _read_text(path)
        tree, lines = reader(text)
        _check_tree(tree)
    except RecursionError:
        raise error_for("config.unreadable", file=file, line="", reason=_too_deep()) from None
    except Unreadable as error:
        line = f" line {error.line}" if error.line else ""
        raise error_for("config.unreadable", file=file, line=line, reason=str(error)) from None
    return Document(file, tree, lines)


def document_of(value: Any, *, prefix: Key = (), file: str = "arguments") -> Document:
    """Return values from Python code as a document: floats by their repr, tuples as lists, paths as text.

    Raises:
        ConfigError: ``config.unreadable`` for a value that a document cannot hold.
    """
    try:
        tree = _to_tree(value, 0)
        _check_tree(tree)
    except Unreadable as error:
        raise error_for("config.unreadable", file=file, line="", reason=str(error)) from None
    return Document(file, tree, {}, prefix)


def dotted(key: Key) -> str:
    """Return a key path as people write it: data.symbols[0]."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in key)
    return text.lstrip(".") or "the document"


def leaf_keys(tree: Any, prefix: str = "") -> list[str]:
    """Return the dotted keys of all values that are not tables."""
    if not isinstance(tree, dict) or not tree:
        return [prefix] if prefix else []
    return [key for name in tree for key in leaf_keys(tree[name], f"{prefix}.{name}" if prefix else str(name))]


def parse_scalar(text: str) -> Any:
    """Return what a plain YAML word means: null, true, false, an integer, a decimal, or text."""
    if text in ("", "~", "null"):
        return None
    if text in ("true", "false"):
        return text == "true"
    if _INTEGER.fullmatch(text):
        return _to_int(text)
    if _DECIMAL.fullmatch(text):
        return Decimal(text)
    if _NOT_FINITE.fullmatch(text):
        raise Unreadable(f"{text} is not a number this program takes")
    return text


def _to_tree(value: Any, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise Unreadable(_too_deep())
    if isinstance(value, Mapping):
        return {str(name): _to_tree(item, depth + 1) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_to_tree(item, depth + 1) for item in value]
    if isinstance(value, Fraction):
        return str(value) if value.denominator == 1 else str(Decimal(value.numerator) / Decimal(value.denominator))
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, os.PathLike):
        return str(value)
    item = getattr(value, "item", None)  # numpy scalars
    if callable(item) and not isinstance(value, str | int | float | Decimal):
        value = item()
    if isinstance(value, float):
        if value - value != 0.0:
            raise Unreadable(f"{value} is not a number this program takes")
        return Decimal(repr(float(value)))
    return value


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror}") from None
    if len(raw) > MAX_BYTES:
        raise Unreadable(f"larger than {MAX_BYTES} bytes")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable("not UTF-8 text", raw[: error.start].count(b"\n") + 1) from None


def _read_json(text: str) -> tuple[Any, Mapping[Key, int]]:
    try:
        tree = json.loads(
            text,
            parse_float=Decimal,
            parse_int=_to_int,
            parse_constant=_refuse_constant,
            object_pairs_hook=_refuse_duplicates,
        )
    except json.JSONDecodeError as error:
        raise Unreadable(f"not JSON: {error.msg}", error.lineno) from None
    if len(text) > _MAX_LINED:
        return tree, {}
    try:  # JSON is YAML as well, and that parser knows its lines; it is slow, so long files go without.
        return tree, _read_yaml(text)[1]
    except Unreadable:
        return tree, {}


def _read_toml(text: str) -> tuple[Any, Mapping[Key, int]]:
    try:
        return tomllib.loads(text, parse_float=_toml_decimal), {}
    except tomllib.TOMLDecodeError as error:
        raise Unreadable(f"not TOML: {error}") from None
    except ValueError as error:
        raise Unreadable(str(error)) from None


class _Composer(yaml.SafeLoader):
    """YAML nodes without aliases; no value is ever constructed by the library."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise Unreadable("anchors and aliases are refused", line)
        if getattr(event, "tag", None) is not None:
            raise Unreadable("tags are refused", line)
        return super().compose_node(parent, index)


def _read_yaml(text: str) -> tuple[Any, Mapping[Key, int]]:
    tree, lines = _parse_yaml(text)
    return copy.deepcopy(tree), lines


@functools.lru_cache(maxsize=16)
def _parse_yaml(text: str) -> tuple[Any, Mapping[Key, int]]:
    """Parse once per text: the same cost file is read for every run of a study."""
    try:
        node = yaml.compose(text, Loader=_Composer)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise Unreadable(f"not YAML: {error.problem}", line) from None
    except yaml.YAMLError as error:
        raise Unreadable(f"not YAML: {error}") from None
    lines: dict[Key, int] = {}
    return (None if node is None else _tree_of(node, (), lines)), lines


def _tree_of(node: yaml.Node, key: Key, lines: dict[Key, int]) -> Any:
    lines.setdefault(key, node.start_mark.line + 1)
    if len(key) > MAX_DEPTH:
        raise Unreadable(_too_deep(), node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        return [_tree_of(item, (*key, index), lines) for index, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        tree: dict[str, Any] = {}
        for name_node, item in node.value:
            line = name_node.start_mark.line + 1
            if not isinstance(name_node, yaml.ScalarNode):
                raise Unreadable("a key must be text", line)
            if name_node.value in tree:
                raise Unreadable(f"the key {name_node.value!r} appears twice", line)
            lines[(*key, name_node.value)] = line
            tree[name_node.value] = _tree_of(item, (*key, name_node.value), lines)
        return tree
    try:
        return node.value if getattr(node, "style", None) is not None else parse_scalar(node.value)
    except Unreadable as error:
        raise Unreadable(str(error), node.start_mark.line + 1) from None


def _check_tree(tree: Any, depth: int = 0) -> None:
    if depth > MAX_DEPTH:
        raise Unreadable(_too_deep())
    if isinstance(tree, str) and _CONTROL.search(tree):
        raise Unreadable(f"text with control characters: {tree[:40]!r}")
    for name, item in _items(tree):
        _check_tree(name, depth + 1)
        _check_tree(item, depth + 1)
    if not isinstance(tree, dict | list | str | bool | int | Decimal | None):
        raise Unreadable(f"a {type(tree).__name__} stands where text or a number is expected: quote {tree}")


def _items(tree: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(tree, dict):
        yield from tree.items()
    elif isinstance(tree, list):
        yield from ((None, item) for item in tree)


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for name, value in pairs:
        if name in tree:
            raise Unreadable(f"the key {name!r} appears twice")
        tree[name] = value
    return tree


def _refuse_constant(name: str) -> NoReturn:
    raise Unreadable(f"{name} is not a number this program takes")


def _toml_decimal(text: str) -> Decimal:
    if _NOT_FINITE.fullmatch(text):
        _refuse_constant(text)
    return Decimal(text)


def _to_int(text: str) -> int:
    if len(text) > 40:
        raise Unreadable(f"a number of {len(text)} digits")
    return int(text)


def _too_deep() -> str:
    return f"nested deeper than {MAX_DEPTH} levels"
