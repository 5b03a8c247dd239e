"""Who may import whom: the contracts of pyproject.toml, and who may touch the extension."""

from __future__ import annotations

import ast
import pathlib
import subprocess
import sys

import pytest

LINT = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-cache"]


def imported_names(source: str) -> set[str]:
    """Return every module a file imports; for `from a import b` both `a` and `a.b`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            found |= {module} | {f"{module}.{alias.name}" for alias in node.names}
    return found


def importers_of(module: str, package: pathlib.Path) -> list[str]:
    """Return the files of the package that import a module, absolutely or by a string."""
    return sorted(
        file.relative_to(package).as_posix()
        for file in package.rglob("*.py")
        if module in imported_names(file.read_text())
    )


def lint(folder: pathlib.Path, root: pathlib.Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*LINT, "--config", str(root / "pyproject.toml")],
        cwd=folder,
        env={"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
    )


def test_the_package_keeps_its_import_contracts(root):
    result = lint(root / "python", root)

    assert "Top imports below, never sideways or up KEPT" in result.stdout, result.stdout
    assert result.returncode == 0


@pytest.mark.parametrize(
    ("importer", "imported"),
    [("config", "backends"), ("backends", "engine"), ("strategy", "rating"), ("runner", "cli"), ("errors", "config")],
)
def test_the_contracts_notice_an_import_that_goes_up(tmp_path, root, importer, imported):
    package = tmp_path / "omega"
    for name in ("cli", "runner", "rating", "engine", "strategy", "backends", "config"):
        (package / name).mkdir(parents=True)
        (package / name / "__init__.py").touch()
    for name in ("__init__", "schema", "errors", "error_catalogue"):
        (package / f"{name}.py").touch()
    assert lint(tmp_path, root).returncode == 0

    file = package / importer / "__init__.py"
    (file if file.exists() else package / f"{importer}.py").write_text(f"import omega.{imported}\n")
    result = lint(tmp_path, root)

    assert "never sideways or up BROKEN" in result.stdout
    assert result.returncode != 0


def test_only_the_native_backend_imports_the_extension(root):
    assert importers_of("omega._native", root / "python/omega") == ["backends/native.py"]


@pytest.mark.parametrize(
    "line", ["import omega._native", "from omega import _native", "from omega._native import rate"]
)
def test_the_guard_of_the_extension_notices_another_importer(tmp_path, line):
    (tmp_path / "shortcut.py").write_text(f"def late():\n    {line}\n")

    assert importers_of("omega._native", tmp_path) == ["shortcut.py"]


def test_the_package_never_imports_an_oracle_or_a_test_tool(root):
    """Oracles are for tests only; what is compared must not be what is compared with."""
    oracles = ("talib", "empyrical", "arch", "scipy", "backtesting", "pandas_market_calendars", "pytest", "mpmath")

    assert {name: importers_of(name, root / "python/omega") for name in oracles} == {name: [] for name in oracles}
