"""Choosing a backend: what decides, and what a missing, broken or stale extension leads to."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import omega.backends
from omega.backends import COMPONENTS, describe_backends, get_active_backend, get_backend
from omega.config.flags import set_feature_flag
from omega.errors import BackendMissing, ConfigError
from omega.schema import SCHEMA_HASH

PACKAGE = pathlib.Path(omega.backends.__file__).parent.parent
WORKING = f"""
class CoreError(Exception): ...
def describe():
    return {{"name": "rust", "version": "0", "schema_hash": "{SCHEMA_HASH}", "profile": "release"}}
"""


@pytest.fixture(autouse=True)
def no_flags() -> Iterator[None]:
    yield
    for component in ("event_engine", *COMPONENTS[1:]):
        set_feature_flag(f"use_rust_{component}", None)


@pytest.fixture
def extension_is(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let the extension look installed and working, or absent."""

    def pretend(state: str) -> None:
        monkeypatch.setattr(omega.backends, "_is_absent", lambda: state == "absent")
        monkeypatch.setattr(omega.backends, "_load_extension", lambda: None)

    return pretend


def test_rust_runs_by_default_where_it_is_installed(extension_is):
    """BKD-1: the default is auto."""
    extension_is("installed")

    assert {component: get_active_backend(component) for component in COMPONENTS} == dict.fromkeys(COMPONENTS, "rust")
    assert get_active_backend() == "rust"


def test_argument_beats_flag_beats_component_variable_beats_general_variable(extension_is, monkeypatch):
    """BKD-1: the order of decision."""
    extension_is("installed")

    monkeypatch.setenv("OMEGA_BACKEND", "python")
    assert get_active_backend("rating") == "python"
    monkeypatch.setenv("OMEGA_USE_RUST_RATING", "1")
    assert get_active_backend("rating") == "rust"
    set_feature_flag("use_rust_rating", False)
    assert get_active_backend("rating") == "python"
    assert get_active_backend("rating", name="rust") == "rust"
    assert get_active_backend("rating", name="auto") == "python"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("AUTO", "rust"), ("1", "rust"), ("True", "rust"), ("tRUE", "rust"), ("0", "python"), ("FALSE", "python")],
)
def test_component_variable_is_read_at_each_call_in_any_case(extension_is, monkeypatch, text, expected):
    """BKD-2: auto, 1, true, 0, false, compared case-insensitively."""
    extension_is("installed")
    monkeypatch.setenv("OMEGA_USE_RUST_INDICATORS", text)

    assert get_active_backend("indicators") == expected


@pytest.mark.parametrize(
    ("variable", "text"),
    [("OMEGA_BACKEND", "fast"), ("OMEGA_BACKEND", "true"), ("OMEGA_USE_RUST_EXECUTION", "yes")],
)
def test_other_values_in_the_environment_are_refused_by_name(monkeypatch, variable, text):
    """BKD-2: any other value is a ConfigError."""
    monkeypatch.setenv(variable, text)

    with pytest.raises(ConfigError, match=f"{variable}.*auto.*got {text}") as refused:
        get_active_backend("execution")

    assert refused.value.code == "config.invalid"


def test_unknown_names_of_backends_and_components_are_refused():
    """BKD-1: nothing is guessed."""
    with pytest.raises(ConfigError, match="expected auto, rust, python; got numba"):
        get_backend("numba")
    with pytest.raises(ConfigError, match=r"expected engine, execution, .*; got engines"):
        get_active_backend("engines")


@pytest.mark.parametrize("switched", ["engine", "execution", "portfolio"])
def test_engine_execution_and_portfolio_share_one_backend(extension_is, switched):
    """BKD-3: they share one state; if one is switched to Python, the run is, and the reason says which."""
    extension_is("installed")
    flag = "use_rust_event_engine" if switched == "engine" else f"use_rust_{switched}"
    set_feature_flag(flag, False)

    chosen = {component: omega.backends._choose(component, None) for component in COMPONENTS}

    assert [chosen[one].backend for one in ("engine", "execution", "portfolio")] == ["python"] * 3
    assert {chosen[one].reason for one in ("engine", "execution", "portfolio")} == {
        f'chosen by set_feature_flag("{flag}", False)'
    }
    assert chosen["indicators"].backend == chosen["rating"].backend == "rust"


def test_one_python_switch_outweighs_one_rust_switch_among_those_that_share(extension_is):
    """BKD-3: if any of the three is switched to Python, the run is."""
    extension_is("installed")
    set_feature_flag("use_rust_event_engine", True)
    set_feature_flag("use_rust_portfolio", False)

    assert get_active_backend("engine") == "python"


def test_asking_for_rust_without_the_extension_raises_and_says_who_asked(extension_is, monkeypatch):
    """BKD-4: `true` without a working extension raises."""
    extension_is("absent")
    monkeypatch.setenv("OMEGA_USE_RUST_PORTFOLIO", "true")

    with pytest.raises(BackendMissing, match=r"OMEGA_USE_RUST_PORTFOLIO = true.*make setup") as missing:
        get_active_backend("engine")

    assert missing.value.code == "backend.missing"


def test_the_backends_name_themselves(backend):
    """BKD-5: a manifest takes name and schema from the backend that ran, not from a flag."""
    facts = backend.describe()

    assert facts["name"] == backend.name
    assert facts["schema_hash"] == SCHEMA_HASH
    assert describe_backends()[backend.name] == facts


@pytest.fixture
def ask(tmp_path: pathlib.Path) -> Callable[..., dict[str, Any]]:
    """Ask a fresh process, with a copy of the package whose extension is the given file or none."""

    def run(extension: dict[str, str | bytes], **environment: str) -> dict[str, Any]:
        copy = tmp_path / "omega"
        shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("_native*.so", "__pycache__"))
        for file, content in extension.items():
            (copy / file).write_bytes(content if isinstance(content, bytes) else content.encode())
        program = """
import json, omega.backends as b
try:
    answer = {"backend": [b.get_active_backend(), b.get_active_backend("rating")][0]}
    answer["reason"] = b._choose("engine", None).reason
except b.error_for.__globals__["OmegaError"] as error:
    answer = {"error": type(error).__name__, "code": error.code, "message": str(error)}
answer["from"] = b.__file__
print(json.dumps(answer))
"""
        environment = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1", **environment}
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
        )
        answer = json.loads(done.stdout)
        assert pathlib.Path(answer.pop("from")).is_relative_to(tmp_path)
        return {**answer, "log": done.stderr.strip().splitlines()}

    return run


def test_auto_falls_back_to_the_twin_once_and_visibly_when_nothing_is_installed(ask):
    """BKD-4: only an absent extension lets auto fall back; it says so once, however often it is asked."""
    assert ask({}) == {
        "backend": "python",
        "reason": "the Rust extension is not installed",
        "log": ["The Rust extension is not installed; the Python twin runs (same results, slower)."],
    }


def test_a_working_extension_runs_silently(ask):
    """BKD-4, the other way round: the stand-in of the tests below is good apart from its fault."""
    assert ask({"_native.py": WORKING}) == {"backend": "rust", "reason": "chosen by the default, auto", "log": []}


@pytest.mark.parametrize(
    "extension",
    [
        pytest.param({"_native.abi3.so": b"\x7fELF half a file"}, id="truncated"),
        pytest.param({"_native.cpython-310-x86_64-linux-gnu.so": b"\x7fELF"}, id="for another interpreter"),
        pytest.param({"_native.py": "import nothing_of_this_name"}, id="a library of it is missing"),
        pytest.param({"_native.py": WORKING.replace("describe", "describe_us")}, id="a call of it is missing"),
    ],
)
def test_a_broken_extension_is_an_error_and_never_a_reason_to_fall_back(ask, extension):
    """BKD-4: present but broken names the mend."""
    answer = ask(extension)

    assert (answer["error"], answer["code"]) == ("BackendError", "backend.broken")
    assert "make setup" in answer["message"]


def test_a_broken_extension_does_not_hinder_who_asks_for_the_twin(ask):
    """BKD-1: the extension is not even looked at when Python is chosen."""
    assert ask({"_native.py": "1 / 0"}, OMEGA_BACKEND="Python") == {
        "backend": "python",
        "reason": "chosen by OMEGA_BACKEND = Python",
        "log": [],
    }


def test_a_stale_extension_is_refused_with_both_hashes(ask):
    """BKD-4: built for another schema."""
    answer = ask({"_native.py": WORKING.replace(SCHEMA_HASH, "3f9c")})

    assert (answer["error"], answer["code"]) == ("BackendMismatch", "backend.schema")
    assert "3f9c" in answer["message"] and SCHEMA_HASH in answer["message"] and "make setup" in answer["message"]


def test_a_debug_build_runs_and_warns_once(ask):
    """BKD-4: a debug build warns."""
    answer = ask({"_native.py": WORKING.replace('"release"', '"debug"')})

    assert answer["backend"] == "rust"
    assert answer["log"] == ["The Rust extension is a debug build: right, but slow. Run `make setup`."]
