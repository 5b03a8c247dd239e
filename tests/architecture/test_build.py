"""What the compiler is given: the caller's flags and the counts of the engine's branches (docs/decisions/0018)."""

from __future__ import annotations

import importlib.util
import os
import tomllib
from collections.abc import Callable
from types import ModuleType

import pytest


@pytest.fixture
def tool(root) -> Callable[[str], ModuleType]:
    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(name, root / f"tools/{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.mark.parametrize(
    ("environment", "given"),
    [
        ({}, []),
        ({"RUSTFLAGS": "-Cdebuginfo=1  -Copt-level=2"}, ["-Cdebuginfo=1", "-Copt-level=2"]),
        # Cargo does not look at RUSTFLAGS where there are encoded ones.
        ({"RUSTFLAGS": "-Copt-level=2", "CARGO_ENCODED_RUSTFLAGS": "-Clink-arg=a b"}, ["-Clink-arg=a b"]),
    ],
)
def test_the_profile_comes_after_the_flags_of_the_caller(tool, root, monkeypatch, environment, given) -> None:
    for name in ("RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    flags = tool("omega_build").rust_flags()

    assert flags.split("\x1f") == [*given, f"-Cprofile-use={root / 'rust/omega-core/engine.profdata'}"]


def test_flags_asked_for_twice_name_the_profile_once(tool, monkeypatch) -> None:
    builder = tool("omega_build")
    monkeypatch.setenv("CARGO_ENCODED_RUSTFLAGS", builder.rust_flags())

    assert builder.rust_flags() == os.environ["CARGO_ENCODED_RUSTFLAGS"]


def test_a_source_distribution_holds_its_own_build_backend(root) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text())
    (folder,) = project["build-system"]["backend-path"]
    backend = f"{folder}/{project['build-system']['build-backend']}.py"

    assert {"path": backend, "format": "sdist"} in project["tool"]["maturin"]["include"]
    assert (root / backend).is_file()


def test_the_profile_counts_one_build_of_the_core(tool) -> None:
    maker = tool("make_profile")

    assert len(maker.crates_of(maker.PROFILE)) == 1


@pytest.mark.parametrize("is_same", [True, False])
def test_a_build_that_the_profile_does_not_fit_is_refused(tool, monkeypatch, tmp_path, is_same) -> None:
    """Canary: a build under another name is told from one under the profile's."""
    maker = tool("make_profile")
    (name,) = maker.crates_of(maker.PROFILE)
    (tmp_path / "release/deps").mkdir(parents=True)
    library = tmp_path / "release/deps/libomega_core-1.rlib"
    library.write_bytes(b"omega_core." + (name if is_same else b"0" * 16) + b"-cgu.0.rcgu.o")
    monkeypatch.setenv("CARGO_TARGET_DIR", str(tmp_path))

    if is_same:
        maker.check()
    else:
        with pytest.raises(SystemExit, match="`make profile` counts anew"):
            maker.check()
