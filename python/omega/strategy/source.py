"""Where a strategy class comes from: found by its path, hashed by its source text."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import json
from typing import Any

from omega.errors import error_for
from omega.strategy.strategy import Strategy

__all__ = ["find_strategy", "strategy_hash"]


def find_strategy(path: str) -> type[Strategy]:
    """Return the class that ``"module:Name"`` names.

    Raises:
        StrategyError: ``strategy.not_found``. An exception raised by the module itself comes through.
    """
    module_name, colon, class_name = path.partition(":")
    if not (module_name and colon and class_name):
        raise error_for("strategy.not_found", path=path, reason='expected "module:Name"')
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not (module_name == error.name or module_name.startswith(error.name + ".")):
            raise
        raise error_for("strategy.not_found", path=path, reason=f"there is no module {error.name!r}") from None
    found: Any = module
    for part in class_name.split("."):
        found = getattr(found, part, None)
    if not (isinstance(found, type) and issubclass(found, Strategy)):
        reason = f"{module_name} has no subclass of omega.Strategy named {class_name!r}"
        raise error_for("strategy.not_found", path=path, reason=reason)
    return found


def strategy_hash(strategy: Strategy) -> str | None:
    """Return the SHA-256 of source text and parameters, None where there is no source text.

    The text of every class between the strategy and `Strategy` is included, not what they import.
    """
    classes = [cls for cls in type(strategy).__mro__ if issubclass(cls, Strategy) and cls is not Strategy]
    try:
        texts = [inspect.getsource(cls) for cls in classes]
    except (OSError, TypeError):
        return None
    parameters = json.dumps(dict(strategy.parameters), sort_keys=True)
    return hashlib.sha256("\0".join([*texts, parameters]).encode()).hexdigest()
