"""The twin: what it must not use, and that it mirrors the core."""

from __future__ import annotations

import ast
import pathlib
import re
from typing import NamedTuple

import pytest

BANNED_MODULES = {
    *("numpy", "pandas", "polars", "random", "secrets", "statistics"),
    *("datetime", "time", "zoneinfo", "os", "sys", "threading", "multiprocessing"),
}
ONLY_IN_FRAME = {"pyarrow"}
BANNED_MATH = {
    *("exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "pow", "cbrt", "fsum", "sumprod", "prod", "fma"),
    *("erf", "erfc", "gamma", "lgamma", "sin", "cos", "tan", "hypot", "dist"),
}
BANNED_CALLS = {"sum", "round", "pow"}
NO_TWIN = re.compile(r"twin: none — \S+")


def offences(source: str, *, is_frame: bool = False) -> list[str]:
    """Return what a twin module uses although both halves must not (ARCHITECTURE, "The twin")."""
    banned = BANNED_MODULES if is_frame else BANNED_MODULES | ONLY_IN_FRAME
    found = []
    tree = ast.parse(source)
    tree.body = [node for node in tree.body if not is_for_types_only(node)]
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                found += [f"import {name.name}" for name in names if name.name.split(".")[0] in banned]
            case ast.ImportFrom(module=str(module), names=names):
                found += [f"import {module}"] * (module.split(".")[0] in banned)
                found += [f"math.{name.name}" for name in names if module == "math" and name.name in BANNED_MATH]
            case ast.Attribute(value=ast.Name(id="math"), attr=attr) if attr in BANNED_MATH:
                found.append(f"math.{attr}")
            case ast.Call(func=ast.Name(id=name)) if name in BANNED_CALLS:
                found.append(f"{name}()")
            case ast.BinOp(op=ast.Pow(), left=base) | ast.AugAssign(op=ast.Pow(), target=base):
                if not (isinstance(base, ast.Constant) and type(base.value) is int):
                    found.append("** with a base that may be a float")
    return found


def is_for_types_only(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


class Pair(NamedTuple):
    """A stem, and its file on either side; None where a side has none and says no reason."""

    stem: str
    python: pathlib.Path | None
    rust: pathlib.Path | None


def twin_pairs(python: pathlib.Path, rust: pathlib.Path) -> list[Pair]:
    """Return all stems of both trees, without modules that say `twin: none — reason`."""
    halves = {file_stem(file, python): file for file in sorted(python.rglob("*.py"))}
    others = {file_stem(file, rust): file for file in sorted(rust.rglob("*.rs"))}
    pairs = [Pair(stem, halves.get(stem), others.get(stem)) for stem in sorted({*halves, *others})]
    return [pair for pair in pairs if not any(file and NO_TWIN.search(module_doc(file)) for file in pair[1:])]


def module_doc(file: pathlib.Path) -> str:
    """Return what a module says of itself; a marker further down speaks of one function."""
    text = file.read_text()
    if file.suffix == ".rs":
        return "\n".join(line for line in text.splitlines() if line.startswith("//!"))
    return ast.get_docstring(ast.parse(text)) or ""


def file_stem(file: pathlib.Path, tree: pathlib.Path) -> str:
    path = file.relative_to(tree).with_suffix("")
    return (path.parent if path.name in ("__init__", "mod", "lib") else path).as_posix()


def shared_functions(pair: Pair) -> tuple[list[str], list[str]]:
    """Return the functions both halves of a pair have at the top level, in the order of each."""
    assert pair.python and pair.rust
    ours = [node.name for node in ast.parse(pair.python.read_text()).body if isinstance(node, ast.FunctionDef)]
    code = pair.rust.read_text().split("#[cfg(test)]")[0]
    theirs = re.findall(r"^(?:pub(?:\([a-z]+\))? )?(?:const )?fn (\w+)", code, re.MULTILINE)
    ours = [name.removeprefix("_") for name in ours]
    return [name for name in ours if name in theirs], [name for name in theirs if name in ours]


@pytest.fixture(scope="module")
def pairs(root) -> list[Pair]:
    return twin_pairs(root / "python/omega/backends/python", root / "rust/omega-core/src")


def test_the_twin_uses_nothing_that_rounds_differently_or_knows_the_world(root):
    tree = root / "python/omega/backends/python"
    files = sorted(tree.rglob("*.py"))
    found = {file_stem(file, tree): offences(file.read_text(), is_frame=file.name == "frame.py") for file in files}

    assert len(files) >= 20
    assert {name: uses for name, uses in found.items() if uses} == {}


@pytest.mark.parametrize(
    "line",
    [
        *("import numpy as np", "from datetime import date", "import os.path", "import pyarrow as pa"),
        *(
            "math.exp(x)",
            "from math import log",
            "math.fsum(x)",
            "sum(x)",
            "round(x)",
            "pow(x, 2)",
            "x ** 2",
            "2.0 ** x",
        ),
    ],
)
def test_the_guard_of_the_twin_notices(line):
    assert offences(f"def leaf(x):\n    {line}\n") != []


def test_the_guard_of_the_twin_allows_exact_powers_and_shared_arithmetic():
    assert offences("import math\n10 ** digits\nmath.sqrt(x) + math.ldexp(x, 2)\n") == []
    assert offences("import pyarrow as pa\n", is_frame=True) == []
    assert offences("if TYPE_CHECKING:\n    from datetime import datetime\n") == []


def test_every_module_of_either_half_has_its_twin(pairs):
    assert len(pairs) >= 20
    assert [pair.stem for pair in pairs if not pair.rust] == []
    assert [pair.stem for pair in pairs if not pair.python] == []


def test_the_map_notices_a_missing_module_on_either_side(tmp_path):
    (tmp_path / "py/portfolio").mkdir(parents=True)
    (tmp_path / "rs/portfolio").mkdir(parents=True)
    (tmp_path / "py/portfolio/margin.py").touch()
    (tmp_path / "py/portfolio/columns.py").write_text('"""Columns. twin: none — storage."""')
    (tmp_path / "rs/portfolio/books.rs").write_text("/// twin: none — a loop.\nfn one_function() {}\n")
    (tmp_path / "rs/arrays.rs").write_text("//! Arrays. twin: none — storage.\n")

    pairs = twin_pairs(tmp_path / "py", tmp_path / "rs")

    assert [pair.stem for pair in pairs if not pair.rust] == ["portfolio/margin"]
    assert [pair.stem for pair in pairs if not pair.python] == ["portfolio/books"]


def test_shared_functions_stand_in_the_same_order(pairs):
    orders = {pair.stem: shared_functions(pair) for pair in pairs if pair.python and pair.rust}

    assert len([order for order in orders.values() if order[0]]) >= 10
    assert {stem: order for stem, order in orders.items() if order[0] != order[1]} == {}


def test_the_guard_of_the_order_notices_a_swap(tmp_path):
    pair = Pair("fills", tmp_path / "fills.py", tmp_path / "fills.rs")
    pair.python.write_text("def stop_price(): ...\ndef target_price(): ...\ndef only_here(): ...\n")
    pair.rust.write_text("pub(crate) fn target_price() {}\npub fn stop_price() {}\nfn only_there() {}\n")

    assert shared_functions(pair) == (["stop_price", "target_price"], ["target_price", "stop_price"])
