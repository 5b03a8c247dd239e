"""What is public: `__all__` is true, and the front page stays small."""

from __future__ import annotations

import ast
import importlib
import pathlib
import pkgutil
import sys

import omega
from omega.backends import describe_backends

FRONT_PAGE = {
    *("load", "backtest", "rate", "Strategy", "Signal", "MarketData", "BacktestResult", "RatingResult"),
    *("OmegaError", "__version__"),
    *("EventEngine", "CrossSymbolEventEngine", "ExecutionSimulator", "IndicatorCache", "Portfolio"),
    *("BacktestRunner", "RatingPipeline"),
}
PUBLIC_PACKAGES = ("config", "backends", "strategy", "indicators", "execution", "errors", "testing")
SCRIPT_FOLDERS = ("python", "tools", "benchmarks", "examples", "tests")


def untrue_names(module: object) -> list[str]:
    """Return names that `__all__` promises and the module does not have, or lists twice."""
    names = list(getattr(module, "__all__", ()))
    return [name for name in names if not hasattr(module, name) or names.count(name) > 1]


def shadowing(folder: pathlib.Path) -> list[str]:
    """Return modules directly in a folder that would hide one of the standard library."""
    stems = [path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()]
    return sorted(set(stems) & sys.stdlib_module_names)


def test_the_front_page_shows_the_agreed_names_and_no_others():
    assert set(omega.__all__) <= FRONT_PAGE
    assert {"load", "backtest", "rate", "Strategy", "OmegaError", "__version__"} <= set(omega.__all__)


def test_every_all_in_the_package_is_true():
    names = [module.name for module in pkgutil.walk_packages(omega.__path__, "omega.")]
    if describe_backends()["rust"] is None:
        names.remove("omega.backends.native")
    modules = [importlib.import_module(name) for name in names if name != "omega._native"]

    assert len([module for module in modules if hasattr(module, "__all__")]) >= 5
    assert {module.__name__: found for module in modules if (found := untrue_names(module))} == {}


def test_every_public_package_that_exists_says_what_is_public(root):
    folder = root / "python/omega"
    for name in PUBLIC_PACKAGES:
        file = folder / name / "__init__.py" if (folder / name).is_dir() else folder / f"{name}.py"
        if file.exists():
            assert getattr(importlib.import_module(f"omega.{name}"), "__all__", ()), name
        else:
            assert not (folder / name).exists(), f"omega.{name} has no __init__.py"


def test_the_guard_of_names_notices_a_name_that_is_not_there():
    class Module:
        __all__ = ("here", "gone", "here")
        here = 1

    assert untrue_names(Module) == ["here", "gone", "here"]


def test_no_module_hides_one_of_the_standard_library(root):
    folders = [root / name for name in SCRIPT_FOLDERS if (root / name).is_dir()]

    assert len(folders) >= 4
    assert {folder.name: found for folder in folders if (found := shadowing(folder))} == {}


def test_the_guard_of_the_standard_library_notices_a_profile_module(tmp_path):
    (tmp_path / "profile.py").touch()

    assert shadowing(tmp_path) == ["profile"]


def test_public_functions_and_classes_have_docstrings(root):
    """A name in an `__all__` is explained where it is defined."""
    missing = []
    for file in (root / "python/omega").rglob("*.py"):
        tree = ast.parse(file.read_text())
        missing += [f"{file.name}: module"] * (ast.get_docstring(tree) is None)
    assert missing == []
