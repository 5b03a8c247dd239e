"""Feature flags: switches of this process, read at each run (BKD-1). Safe to set from any thread."""

from __future__ import annotations

import threading

from omega.config.validation import nearest
from omega.errors import error_for

__all__ = ["FLAGS", "get_feature_flag", "set_feature_flag"]

FLAGS = (
    "use_rust_event_engine",
    "use_rust_execution",
    "use_rust_indicators",
    "use_rust_portfolio",
    "use_rust_rating",
)
_lock = threading.Lock()
_values: dict[str, bool] = {}


def set_feature_flag(name: str, value: bool | None) -> None:
    """Set a flag for the next runs of this process; None removes it.

    Raises:
        ConfigError: ``config.unknown_flag``; ``config.invalid`` for a value that is not True, False or None.
    """
    _check(name)
    if value is not None and not isinstance(value, bool):
        raise error_for(
            "config.invalid",
            file="set_feature_flag",
            line="",
            key=name,
            expected="expected True, False or None",
            value=repr(value),
            hint="",
        )
    with _lock:
        if value is None:
            _values.pop(name, None)
        else:
            _values[name] = value


def get_feature_flag(name: str) -> bool | None:
    """Return a flag, or None where it was not set."""
    _check(name)
    with _lock:
        return _values.get(name)


def _check(name: str) -> None:
    if name not in FLAGS:
        raise error_for("config.unknown_flag", name=name, hint=nearest(name, FLAGS))
