"""The build backend: maturin, or setuptools when OMEGA_BUILD=pure.

One `[project]` table serves both. A pure build needs no Rust; the Python twin runs. The extension is
always built in the release profile (see `[tool.maturin]`), with the counts of `tools/make_profile.py` for the compiler
(docs/decisions/0018). Called as a program it prints the flags for that, for whoever calls cargo himself.
"""

from __future__ import annotations

import os
import pathlib
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parent.parent
MATURIN = "maturin>=1.9.4,<2"
SETUPTOOLS = "setuptools>=77.0.3"
PROFILE = ROOT / "rust/omega-core/engine.profdata"
ENCODED = "CARGO_ENCODED_RUSTFLAGS"


def is_pure() -> bool:
    """Whether to leave the Rust extension out."""
    asked = os.environ.get("OMEGA_BUILD", "").lower()
    if asked not in ("", "pure", "native"):
        raise SystemExit(f"OMEGA_BUILD is {asked!r}; expected pure or native")
    return asked == "pure"


def rust_flags() -> str:
    """Return the compiler's flags as CARGO_ENCODED_RUSTFLAGS has them: those of the caller, then the profile."""
    encoded = os.environ.get(ENCODED)
    given = os.environ.get("RUSTFLAGS", "").split() if encoded is None else encoded.split("\x1f")
    own = f"-Cprofile-use={PROFILE}"
    return "\x1f".join([*(flag for flag in given if flag and flag != own), own])


def _backend() -> Any:
    if is_pure():
        from setuptools import build_meta

        return build_meta
    import maturin

    os.environ[ENCODED] = rust_flags()
    return maturin


def _requires(_config_settings: Any = None) -> list[str]:
    return [SETUPTOOLS] if is_pure() else [MATURIN]


get_requires_for_build_wheel = get_requires_for_build_editable = get_requires_for_build_sdist = _requires


def build_wheel(wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None) -> str:
    """Build a wheel with the extension, or without it."""
    return str(_backend().build_wheel(wheel_directory, config_settings, metadata_directory))


def build_sdist(sdist_directory: str, config_settings: Any = None) -> str:
    """Build the source distribution."""
    return str(_backend().build_sdist(sdist_directory, config_settings))


def build_editable(wheel_directory: str, config_settings: Any = None, metadata_directory: str | None = None) -> str:
    """Build an editable install; a pure one removes an extension that an earlier build left in the tree."""
    if is_pure():
        for extension in (ROOT / "python/omega").glob("_native*.so"):
            extension.unlink()
    return str(_backend().build_editable(wheel_directory, config_settings, metadata_directory))


if __name__ == "__main__":
    print(rust_flags())
