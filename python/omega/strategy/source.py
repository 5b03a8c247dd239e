"""Where a strategy class comes from: found by its path, hashed by its source text."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import inspect
import json
import sys
import weakref
from pathlib import Path
from types import ModuleType

from omega.errors import error_for
from omega.strategy.strategy import Strategy

__all__ = ["find_strategy", "strategy_hash"]

_TEXTS: weakref.WeakKeyDictionary[type, str] = weakref.WeakKeyDictionary()
"""Source texts of classes, as they were when first asked for."""


def find_strategy(path: str, *, base_dir: Path = Path()) -> type[Strategy]:
    """Return the class that ``"module:Name"`` or ``"file.py:Name"`` names; files are relative to `base_dir`.

    Raises:
        StrategyError: ``strategy.not_found``. An exception raised by the module itself comes through.
    """
    place, _, class_name = path.rpartition(":")
    if not (place and class_name):
        raise error_for("strategy.not_found", path=path, reason='expected "module:Name" or "file.py:Name"')
    module = _load_file(path, base_dir / place) if place.endswith(".py") else _load_module(path, place, base_dir)
    found = getattr(module, class_name, None)
    if not (isinstance(found, type) and issubclass(found, Strategy)):
        reason = f"{place} has no subclass of omega.Strategy named {class_name!r}"
        raise error_for("strategy.not_found", path=path, reason=reason)
    return found


def _load_module(path: str, name: str, base_dir: Path) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not (name == error.name or name.startswith(error.name + ".")):
            raise
        is_file = (base_dir / f"{name}.py").is_file()
        mend = f'; for the file beside the config write "{name}.py:…"' if is_file else ""
        reason = f"there is no module {error.name!r}{mend}"
        raise error_for("strategy.not_found", path=path, reason=reason) from None


def _load_file(path: str, file: Path) -> ModuleType:
    """Run a file as a module of its own. It stays in `sys.modules`, where `inspect` finds its source."""
    if not file.is_file():
        raise error_for("strategy.not_found", path=path, reason=f"there is no file {file}")
    name = f"omega_strategy_{hashlib.sha256(str(file.resolve()).encode()).hexdigest()[:16]}"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def strategy_hash(strategy: Strategy) -> str | None:
    """Return the SHA-256 of source text and parameters, None where there is no source text.

    The text of every class between the strategy and `Strategy` is included, not what they import.
    """
    classes = [cls for cls in type(strategy).__mro__ if issubclass(cls, Strategy) and cls is not Strategy]
    try:
        texts = [_source_text(cls) for cls in classes]
    except (OSError, TypeError):
        return None
    parameters = json.dumps(dict(strategy.parameters), sort_keys=True)
    return hashlib.sha256("\0".join([*texts, parameters]).encode()).hexdigest()


def _source_text(cls: type) -> str:
    """Return the source text of a class, found once: its whole file is parsed for it, which takes longer than a run."""
    text = _TEXTS.get(cls)
    if text is None:
        text = _TEXTS[cls] = inspect.getsource(cls)
    return text
