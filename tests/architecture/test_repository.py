"""The repository as text: sizes, versions, and what must not be said."""

from __future__ import annotations

import ast
import pathlib
import re
import tomllib

import pytest

import omega

GENERATED = {"schema.py", "error_catalogue.py", "schema.rs", "indicator_catalogue.py", "indicator_methods.py"}
FOLDERS = (".ci", "benchmarks", "docs", "examples", "python", "requirements", "rust", "schema", "tests", "tools")
TEXT = {".py", ".pyi", ".rs", ".md", ".toml", ".txt", ".json", ".yaml", ".sh", ".html", ".csv", ""}
# Spelled so that this file does not find itself.
MACHINE_PATHS = re.compile("/" + "(?:root|home|work|Users|opt|mnt|tmp/[a-z_]+[.]\\d+)/" + "[A-Za-z.]")


def long_functions(source: str, limit: int) -> list[str]:
    """Return functions longer than `limit` lines, their docstring not counted."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            text = first.end_lineno - first.lineno + 1 if ast.get_docstring(node) is not None else 0
            length = node.end_lineno - node.lineno + 1 - text
            if length > limit:
                found.append(f"{node.name} ({length})")
    return found


def long_files(folder: pathlib.Path, pattern: str, limit: int) -> list[str]:
    """Return files longer than `limit` lines, generated ones left out."""
    counts = {file: len(file.read_text().splitlines()) for file in folder.rglob(pattern) if file.name not in GENERATED}
    return sorted(f"{file.relative_to(folder)} ({count})" for file, count in counts.items() if count > limit)


def machine_paths(folder: pathlib.Path) -> list[str]:
    """Return lines of text files that name a place on somebody's machine."""
    found = []
    for file in [folder] if folder.is_file() else sorted(folder.rglob("*")):
        if file.is_file() and file.suffix in TEXT and "__pycache__" not in file.parts:
            lines = file.read_text(errors="replace").splitlines()
            found += [
                f"{file.name}:{i}: {line.strip()[:80]}" for i, line in enumerate(lines, 1) if MACHINE_PATHS.search(line)
            ]
    return found


def test_no_function_of_the_package_is_beyond_the_hard_stop(root):
    files = [file for file in (root / "python").rglob("*.py") if file.name not in GENERATED]

    assert len(files) >= 20
    assert {str(file): found for file in files if (found := long_functions(file.read_text(), 70))} == {}


def test_no_file_is_beyond_its_size(root):
    assert long_files(root / "python", "*.py", 400) == []
    assert long_files(root / "rust", "*.rs", 600) == []
    assert long_files(root / "tests", "*.py", 600) == []


def test_the_guards_of_size_notice_a_long_function_and_a_long_file(tmp_path):
    body = "def loop():\n" + "    x = 1\n" * 70
    (tmp_path / "a.py").write_text(body)

    assert long_functions(body, 70) == ["loop (71)"]
    assert long_files(tmp_path, "*.py", 70) == ["a.py (71)"]


def test_one_version_everywhere(root):
    package = tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]
    crates = tomllib.loads((root / "Cargo.toml").read_text())["workspace"]["package"]["version"]

    assert crates == package == omega.__version__


def test_no_text_names_a_place_on_somebodys_machine(root):
    places = [root / name for name in FOLDERS if (root / name).exists()]
    places += [file for file in root.iterdir() if file.is_file() and file.suffix in TEXT]

    assert len(places) >= 12
    assert [line for place in places for line in machine_paths(place)] == []


@pytest.mark.parametrize("place", ["home/me", "root/.cargo", "work/x"])
def test_the_guard_of_places_notices(tmp_path, place):
    (tmp_path / "note.md").write_text(f"see /{place}/file\n")

    assert machine_paths(tmp_path) == [f"note.md:1: see /{place}/file"]


def test_the_constraints_pin_every_requirement_exactly(root):
    lines = (root / "requirements/constraints.txt").read_text().splitlines()
    pins = {line.split("==")[0].lower().replace("_", "-") for line in lines if "==" in line}
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    wanted = [*project["dependencies"], *(line for extra in extras for line in extra)]
    names = {re.split(r"[\[<>=~! ]", line)[0].lower().replace("_", "-") for line in wanted} - {project["name"]}

    assert len(names) >= 25
    assert names - pins == set()
