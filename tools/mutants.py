"""Plant bugs, each in both halves at once, and see whether the suite notices without comparing the halves.

    python tools/mutants.py [--halves python|rust|both] [NAME ...]

`tools/mutants.toml` lists the bugs. One after the other is applied to a copy of the tree. The tests of the engine
then run against the twin alone, and against the rebuilt extension. Tests that compare the halves take no part:
both halves have the bug. Exit 1 if a bug survives, if it breaks the build instead
of a number, or if a test that noticed one fails without any bug, too.

Not here: bugs found by chance. Each of these is one that somebody could write.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterable, Iterator, Sequence

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIST = ROOT / "tools/mutants.toml"
WORKSHOP = ROOT / "target/mutants"
SOURCES = {"python": "python/omega/backends/python", "rust": "rust/omega-core/src"}
LEFT_OUT = (
    "target",
    ".git",
    ".venv",
    "var",
    ".bench",
    "build",
    "dist",
    "__pycache__",
    ".*_cache",
    ".hypothesis",
    "*.so",
)
VECTORS = "tests/spec/engine/test_hand_worked_vectors.py"
OTHERS = (
    *("tests/spec/money", "tests/golden", "tests/unit/engine", "tests/spec/portfolio", "tests/spec/engine"),
    *("tests/spec/execution", "tests/spec/strategy", "tests/property"),
)
CAUGHT = re.compile(r"^FAILED (\S+\.py::\S+)", re.MULTILINE)
# Links in seconds; the dependencies are compiled once, as for the real extension.
QUICK_BUILD = {
    "CARGO_PROFILE_RELEASE_LTO": "off",
    "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "16",
    "CARGO_INCREMENTAL": "1",
    "PYO3_PYTHON": sys.executable,
}
NOTHING_SELECTED = 5
CRATES = ("omega-core", "omega-py")


class MutantError(Exception):
    """A mutant cannot be applied, or says nothing."""


@dataclasses.dataclass(frozen=True)
class Edit:
    """A text that occurs exactly once in a file below one half's sources, and what takes its place."""

    half: str
    file: str
    text: str
    replacement: str


@dataclasses.dataclass(frozen=True)
class Mutant:
    """A planted bug."""

    name: str
    rule: str
    bug: str
    edits: tuple[Edit, ...]


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What became of a mutant in one half: the test that caught it, or None."""

    mutant: Mutant
    half: str
    test: str | None
    seconds: float


def read_mutants(path: pathlib.Path) -> list[Mutant]:
    """Return the mutants of a list, each with edits of both halves."""
    rows = tomllib.loads(path.read_text())["mutant"]
    return [
        Mutant(row["name"], row["rule"], row["bug"], tuple(Edit(half, *edit) for half in SOURCES for edit in row[half]))
        for row in rows
    ]


def find_faults(mutants: Iterable[Mutant], root: pathlib.Path) -> list[str]:
    """Return what is wrong with a list: texts that do not occur exactly once, halves without an edit."""
    faults = []
    for mutant in mutants:
        faults += [
            f"{mutant.name}: no edit of {half}" for half in SOURCES if half not in {e.half for e in mutant.edits}
        ]
        for edit in mutant.edits:
            path = root / SOURCES[edit.half] / edit.file
            count = path.read_text().count(edit.text) if path.is_file() else 0
            if count != 1:
                faults.append(f"{mutant.name}: {edit.file} has {count} times {edit.text!r}")
    return faults


def copy_tree(root: pathlib.Path, tree: pathlib.Path) -> None:
    """Copy the project, without what was built, with new times: cargo and Python compare them."""
    shutil.rmtree(tree, ignore_errors=True)
    shutil.copytree(root, tree, ignore=shutil.ignore_patterns(*LEFT_OUT), copy_function=shutil.copy)


@contextlib.contextmanager
def planted(mutant: Mutant, tree: pathlib.Path) -> Iterator[None]:
    """Apply a mutant to a tree for as long as the block runs."""
    faults = find_faults([mutant], tree)
    if faults:
        raise MutantError("; ".join(faults))
    paths = {tree / SOURCES[edit.half] / edit.file for edit in mutant.edits}
    before = {path: path.read_text() for path in paths}
    try:
        for edit in mutant.edits:
            path = tree / SOURCES[edit.half] / edit.file
            rewrite(path, path.read_text().replace(edit.text, edit.replacement))
        yield
    finally:
        for path, text in before.items():
            rewrite(path, text)


def rewrite(path: pathlib.Path, text: str) -> None:
    """Write a source file; its byte code would survive a change of equal length within the same second."""
    path.write_text(text)
    for compiled in path.parent.glob(f"__pycache__/{path.stem}.*"):
        compiled.unlink()


def run_tests(tree: pathlib.Path, half: str, tests: Sequence[str]) -> str | None:
    """Return the first test that fails in a tree, or None.

    Raises:
        MutantError: if the tests could not run at all.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "OMEGA_", "COV_"))}
    env = {**kept, "PYTHONPATH": str(tree / "python")}
    if half == "python":
        env["OMEGA_BUILD"] = "pure"
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--no-header", *tests]
    done = subprocess.run(command, cwd=tree, env=env, capture_output=True, text=True, check=False)
    caught = CAUGHT.search(done.stdout)
    if done.returncode == 1 and caught:
        return caught[1]
    if done.returncode not in (0, NOTHING_SELECTED):
        raise MutantError(f"the tests did not run:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return None


def build(tree: pathlib.Path) -> None:
    """Build the extension of a tree and put it where Python finds it."""
    target = WORKSHOP / "build"
    env = {**os.environ, **QUICK_BUILD, "CARGO_TARGET_DIR": str(target)}
    quick = [option for crate in CRATES for option in ("--config", f"profile.release.package.{crate}.opt-level=1")]
    command = ["cargo", "build", "--release", "--quiet", "--locked", *quick]
    done = subprocess.run(command, cwd=tree, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise MutantError(f"the extension did not build:\n{done.stderr[-2000:]}")
    library = next(path for path in (target / "release").glob("*omega_native.*") if path.suffix in {".so", ".dylib"})
    shutil.copy(library, tree / "python/omega/_native.so")


def selections_for(mutant: Mutant, half: str) -> list[list[str]]:
    """Return what to run, one after the other: the vectors of the rule, all vectors, the other tests of the engine."""
    letters, rule = mutant.rule.partition("-")[0].lower(), mutant.rule.replace("-", "").lower()
    half_only = "not python" if half == "rust" else "not rust"
    return [
        [VECTORS, "-k", f"({rule}_ or {letters}_) and {half_only}"],
        [VECTORS, "-k", half_only],
        [*OTHERS, f"--ignore={VECTORS}", "-k", half_only],
    ]


def try_mutant(mutant: Mutant, tree: pathlib.Path, half: str, selections: Sequence[Sequence[str]]) -> Outcome:
    """Run selections of tests, one after the other, against a planted mutant until one notices it."""
    start = time.monotonic()
    with planted(mutant, tree):
        if half == "rust":
            build(tree)
        found = (run_tests(tree, half, tests) for tests in selections)
        test = next((test for test in found if test is not None), None)
    (tree / "python/omega/_native.so").unlink(missing_ok=True)
    return Outcome(mutant, half, test, time.monotonic() - start)


def find_false(outcomes: Iterable[Outcome], tree: pathlib.Path, half: str) -> str | None:
    """Return a test that noticed a mutant and fails without one, too."""
    tests = sorted({outcome.test for outcome in outcomes if outcome.half == half and outcome.test is not None})
    if not tests:
        return None
    if half == "rust":
        build(tree)
    return run_tests(tree, half, tests)


def line_of(outcome: Outcome) -> str:
    """Return one row of the report."""
    test = "SURVIVED" if outcome.test is None else outcome.test.removeprefix("tests/")
    return f"{outcome.mutant.name:<48} {outcome.mutant.rule:<7} {outcome.half:<6} {outcome.seconds:6.1f} s  {test}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the mutants, print a line for each, and return the exit code."""
    parser = argparse.ArgumentParser(description="Does the suite notice planted bugs?")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these; default: all")
    parser.add_argument(
        "--halves", choices=("python", "rust", "both"), default="both", help="which half the tests run on"
    )
    options = parser.parse_args(arguments)
    mutants = [mutant for mutant in read_mutants(LIST) if not options.names or mutant.name in options.names]
    if not mutants:
        parser.error(f"no such mutant: {' '.join(options.names)}")
    halves = ["python", "rust"] if options.halves == "both" else [options.halves]
    tree = WORKSHOP / options.halves
    copy_tree(ROOT, tree)
    outcomes = []
    try:
        for mutant in mutants:
            for half in halves:
                outcomes.append(try_mutant(mutant, tree, half, selections_for(mutant, half)))
                print(line_of(outcomes[-1]), flush=True)
        false = [test for half in halves if (test := find_false(outcomes, tree, half)) is not None]
    except MutantError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(tree)
    survived = [outcome for outcome in outcomes if outcome.test is None]
    print(f"{len(mutants)} planted bugs, {len(survived)} survived")
    for test in false:
        print(f"{test} fails without a bug, too", file=sys.stderr)
    return 1 if survived or false else 0


if __name__ == "__main__":
    sys.exit(main())
