"""Every exception of omega.

    OmegaError
    ├── ConfigError(ValueError)      what the user configured
    ├── DataError(ValueError)        market data
    ├── SignalError(ValueError)      what a strategy asked for
    ├── StrategyError                how a strategy is written
    ├── EngineError(RuntimeError)    a run that cannot go on
    └── BackendError(RuntimeError)   which backend runs
        ├── BackendMissing
        └── BackendMismatch

An error is class, stable dotted code, number, context (facts as a mapping) and a message that says
where, what, and what now. The catalogue is `schema/errors.toml`; `docs/errors.md` lists it.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping

from omega.error_catalogue import CATALOGUE

__all__ = [
    "BackendError",
    "BackendMismatch",
    "BackendMissing",
    "ConfigError",
    "DataError",
    "EngineError",
    "OmegaError",
    "SignalError",
    "StrategyError",
]

type_of_fact = str | int | float | bool | None
_NO_BAR = re.compile(r"^Bar (?:-1|None) \(None\): ")
"""Where there is no one bar, as with a column of a table of signals, none is named."""
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


class OmegaError(Exception):
    """Base of all errors raised by omega.

    Attributes:
        code: Stable dotted code, for example ``"data.time_not_increasing"``.
        number: Stable number of the code.
        context: The facts of the message.
    """

    def __init__(self, code: str, **context: type_of_fact) -> None:
        entry = CATALOGUE[code]
        self.code = code
        self.number = entry.number
        self.context: Mapping[str, type_of_fact] = context
        shown = _Facts({name: _show(name, value) for name, value in context.items()})
        super().__init__(f"[{code}] {_NO_BAR.sub('', entry.message.format_map(shown))}")

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (self.code, dict(self.context), self.__notes__ if hasattr(self, "__notes__") else [])


class ConfigError(OmegaError, ValueError):
    """The configuration is wrong; nothing was run."""


class DataError(OmegaError, ValueError):
    """Market data is refused."""


class SignalError(OmegaError, ValueError):
    """A strategy asked for something that cannot be."""


class StrategyError(OmegaError):
    """A strategy is written in a way that cannot run."""


class EngineError(OmegaError, RuntimeError):
    """A run cannot go on."""


class BackendError(OmegaError, RuntimeError):
    """The backend asked for cannot run."""


class BackendMissing(BackendError):
    """The Rust extension is not installed."""


class BackendMismatch(BackendError):
    """The Rust extension was built for another version of the package."""


_CLASSES: dict[str, type[OmegaError]] = {
    kind.__name__: kind
    for kind in (
        ConfigError,
        DataError,
        SignalError,
        StrategyError,
        EngineError,
        BackendError,
        BackendMissing,
        BackendMismatch,
    )
}


class _Facts(dict[str, type_of_fact]):
    """Facts of a message; one that the raiser does not know is left blank rather than hiding the error."""

    def __missing__(self, name: str) -> str:
        return ""


def error_for(code: str, **context: type_of_fact) -> OmegaError:
    """Return the exception that the catalogue names for `code`, to be raised by the caller."""
    return _CLASSES[CATALOGUE[code].class_name](code, **context)


def _rebuild(code: str, context: dict[str, type_of_fact], notes: list[str]) -> OmegaError:
    error = error_for(code, **context)
    for note in notes:
        error.add_note(note)
    return error


def _show(name: str, value: type_of_fact) -> type_of_fact:
    """Times are stored as microseconds and shown as ISO 8601."""
    if name.endswith("_us") and isinstance(value, int):
        moment = _EPOCH + datetime.timedelta(microseconds=value)
        return moment.isoformat().replace("+00:00", "Z")
    return value
