"""What a failure says on stderr, and its exit code. No tracebacks: class, code and message."""

from __future__ import annotations

import sysconfig
import traceback
from pathlib import Path

from omega.errors import ConfigError, DataError, OmegaError, StrategyError

__all__ = [
    "DONE",
    "FAILED",
    "INTERRUPTED",
    "NO_DATA",
    "USAGE",
    "describe_failure",
    "exit_code_of",
    "is_misnamed_strategy",
]

_MISNAMED = {
    "strategy.bad_parameter",
    "strategy.missing_parameter",
    "strategy.not_found",
    "strategy.unknown_parameter",
}
_LIBRARIES = (
    "<",
    str(Path(__file__).parents[1]),
    *(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")),
)
"""Where files begin that are not the user's own."""
DONE, FAILED, USAGE, NO_DATA, INTERRUPTED = 0, 1, 2, 3, 130


def exit_code_of(error: BaseException) -> int:
    """Return 2 for configs, 3 for data, 130 for interruptions, 1 for every other failure."""
    if isinstance(error, ConfigError) or is_misnamed_strategy(error):
        return USAGE
    if isinstance(error, DataError):
        return NO_DATA
    if isinstance(error, OmegaError) and error.code == "engine.interrupted":
        return INTERRUPTED
    return FAILED


def is_misnamed_strategy(error: BaseException) -> bool:
    """Whether the config names a strategy, or parameters of it, that do not exist."""
    return isinstance(error, StrategyError) and error.code in _MISNAMED


def describe_failure(error: BaseException) -> str:
    """Return class, code, message and notes; for an exception of the user's own code also its place."""
    lines = [f"{type(error).__name__} {error}".rstrip()]
    if not isinstance(error, OmegaError):
        lines = [f"{type(error).__name__}: {error}"]
        lines += _place(error)
    lines += [f"  {note}" for note in getattr(error, "__notes__", [])]
    return "\n".join(lines)


def _place(error: BaseException) -> list[str]:
    """Return where the user's own code failed: the innermost line that is neither omega's nor a library's."""
    if isinstance(error, SyntaxError) and error.filename:
        return [f"  in {error.filename}, line {error.lineno}"]
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(_LIBRARIES)] or frames
    return [f"  raised in {own[-1].filename}, line {own[-1].lineno}, in {own[-1].name}"] if own else []
