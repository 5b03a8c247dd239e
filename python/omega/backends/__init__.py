"""Which backend runs (BKD-1 to BKD-5).

Two equal halves answer the calls of `protocol.py`: the Rust extension and the Python twin. The first of
these that has an opinion decides: the argument of the call, `omega.config.set_feature_flag`, the
environment (`OMEGA_USE_RUST_<COMPONENT>`, then `OMEGA_BACKEND`), the default `auto`. Everything is read
at each call. `auto` takes Rust, and the twin only where the extension was never installed; an extension
that is there but does not work is an error, never a reason to fall back.
"""

from __future__ import annotations

import functools
import importlib.util
import logging
import os
import pathlib
from typing import Any, Literal, NamedTuple

from omega.backends.protocol import Backend
from omega.config.flags import get_feature_flag
from omega.errors import error_for
from omega.schema import SCHEMA_HASH

__all__ = ["COMPONENTS", "Backend", "Choice", "describe_backends", "get_active_backend", "get_backend"]

COMPONENTS = ("engine", "execution", "indicators", "portfolio", "rating")
"""What can be switched: `use_rust_event_engine` switches `engine`, `use_rust_<component>` the others."""

Name = Literal["rust", "python"]

_ONE_STATE = ("engine", "execution", "portfolio")
_VALUES = {"auto": None, "": None, "1": True, "true": True, "0": False, "false": False}
_NAMES = {"auto": None, "": None, "rust": True, "python": False}
_MODULE = "omega._native"
_log = logging.getLogger("omega")


class Choice(NamedTuple):
    """Which backend answers for a component, and why."""

    component: str
    backend: Name
    reason: str


class _Opinion(NamedTuple):
    wants_rust: bool | None
    said_by: str


def get_backend(name: str | None = None, *, component: str = "engine") -> Backend:
    """Return the backend that answers for `component`.

    Args:
        name: ``"rust"`` or ``"python"``; None and ``"auto"`` leave it to flags and environment.
        component: One of `COMPONENTS`. Engine, execution and portfolio share one state and
            therefore one backend (BKD-3).

    Raises:
        ConfigError: ``config.invalid``: unknown name, component or environment value.
        BackendMissing: Rust is asked for and not installed.
        BackendError: ``backend.broken``: the extension is there but cannot be loaded.
        BackendMismatch: ``backend.schema``: it was built for another version of the package.
    """
    if _choose(component, name).backend == "rust":
        return _load_extension()
    from omega.backends import python

    return python


def get_active_backend(component: str | None = None, *, name: str | None = None) -> Name:
    """Return ``"rust"`` or ``"python"``: what `get_backend` would answer. Raises the same errors."""
    return _choose(component or "engine", name).backend


def describe_backends(name: str | None = None) -> dict[str, Any]:
    """Return what `omega backends` and the manifest show. Raises the same errors as a run would.

    Returns:
        ``{"components": {component: {"backend": …, "reason": …}}, "rust": …, "python": …}``; the
        last two are what each backend says of itself (`Backend.describe`), None where it is absent.
    """
    from omega.backends import python

    choices = [_choose(component, name) for component in COMPONENTS]
    return {
        "components": {choice.component: {"backend": choice.backend, "reason": choice.reason} for choice in choices},
        "rust": None if _is_absent() else dict(_load_extension().describe()),
        "python": dict(python.describe()),
    }


def _choose(component: str, name: str | None) -> Choice:
    if component not in COMPONENTS:
        raise _invalid("get_active_backend", "component", ", ".join(COMPONENTS), component)
    opinion = _opinion(component, name)
    if opinion.wants_rust is False:
        return Choice(component, "python", f"chosen by {opinion.said_by}")
    if not _is_absent():
        _load_extension()
        return Choice(component, "rust", f"chosen by {opinion.said_by}")
    if opinion.wants_rust:
        raise error_for("backend.missing", asked_by=opinion.said_by)
    _say_once("The Rust extension is not installed; the Python twin runs (same results, slower).")
    return Choice(component, "python", "the Rust extension is not installed")


def _opinion(component: str, name: str | None) -> _Opinion:
    argument = _parse("get_backend", "name", name or "", _NAMES)
    if argument is not None:
        return _Opinion(argument, f"backend = {name}")
    sharers = _ONE_STATE if component in _ONE_STATE else (component,)
    opinions = [_opinion_without_argument(sharer) for sharer in sharers]
    for verdict in (False, True):
        for opinion in opinions:
            if opinion.wants_rust is verdict:
                return opinion
    return _Opinion(None, "the default, auto")


def _opinion_without_argument(component: str) -> _Opinion:
    switch = "use_rust_event_engine" if component == "engine" else f"use_rust_{component}"
    variable = f"OMEGA_{switch.upper()}"
    own = _parse("environment", variable, os.environ.get(variable, ""), _VALUES)
    general = _parse("environment", "OMEGA_BACKEND", os.environ.get("OMEGA_BACKEND", ""), _NAMES)
    flag = get_feature_flag(switch)
    if flag is not None:
        return _Opinion(flag, f'set_feature_flag("{switch}", {flag})')
    if own is not None:
        return _Opinion(own, f"{variable} = {os.environ[variable]}")
    return _Opinion(general, f"OMEGA_BACKEND = {os.environ.get('OMEGA_BACKEND')}")


def _parse(place: str, key: str, text: str, meanings: dict[str, bool | None]) -> bool | None:
    try:
        return meanings[text.strip().lower()]
    except KeyError:
        raise _invalid(place, key, ", ".join(filter(None, meanings)), text) from None


def _invalid(place: str, key: str, expected: str, value: str) -> Exception:
    facts = {"file": place, "line": "", "key": key, "expected": f"expected {expected}", "value": value, "hint": ""}
    return error_for("config.invalid", **facts)


def _is_absent() -> bool:
    """Whether no extension was ever installed. One that another interpreter left behind is not absent."""
    package = pathlib.Path(__file__).parent.parent
    return importlib.util.find_spec(_MODULE) is None and not any(package.glob("_native*.so"))


def _load_extension() -> Backend:
    try:
        from omega.backends import native

        facts = native.describe()
    except Exception as error:  # whatever a half-built extension does while it loads
        raise error_for("backend.broken", reason=f"{type(error).__name__}: {error}") from error
    if facts["schema_hash"] != SCHEMA_HASH:
        raise error_for("backend.schema", built=facts["schema_hash"], expected=SCHEMA_HASH)
    if facts["profile"] != "release":
        _say_once(f"The Rust extension is a {facts['profile']} build: right, but slow. Run `make setup`.")
    return native


@functools.cache
def _say_once(message: str) -> None:
    _log.warning(message)
