"""The list of planted bugs fits the sources, and the tool that plants them tells noticed from unnoticed.

All of them run under `make mutants`; here three on the twin, and a change that is none.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from types import ModuleType

import pytest

SLICE = ("stop_loss_filled_at_its_price_through_a_gap", "missing_swap", "oco_not_cancelled")


@pytest.fixture(scope="module")
def tool(root) -> ModuleType:
    spec = importlib.util.spec_from_file_location("mutants", root / "tools/mutants.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["mutants"] = module  # dataclasses look for their module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def mutants(tool):
    return tool.read_mutants(tool.LIST)


def no_bug(tool):
    """A change of nothing: the same text again, in both halves."""
    edits = [
        tool.Edit("python", "execution/path.py", "return side.low, side.high", "return side.low, side.high"),
        tool.Edit("rust", "execution/path.rs", "[side.low, side.high", "[side.low, side.high"),
    ]
    return tool.Mutant("no_bug", "FIL-7", "None.", tuple(edits))


def test_every_text_of_the_list_occurs_exactly_once(tool, mutants, root):
    assert tool.find_faults(mutants, root) == []
    assert [path for path in (tool.VECTORS, *tool.OTHERS) if not (root / path).exists()] == []


def test_the_list_is_long_and_every_bug_breaks_a_rule(mutants, root):
    text = "".join((root / "docs/spec" / name).read_text() for name in ("engine.md", "api.md"))
    rules = set(re.findall(r"\*\*([A-Z]+-\d+)", text)) | set(re.findall(r"^\| (FIL-\d+)", text, re.MULTILINE))
    rules |= set(re.findall(r"^## ([A-Z]+) ", text, re.MULTILINE))

    assert len(mutants) >= 25
    assert len({mutant.name for mutant in mutants}) == len(mutants)
    assert [mutant.name for mutant in mutants if mutant.rule not in rules] == []
    assert [m.name for m in mutants if any(edit.text == edit.replacement for edit in m.edits)] == []


def test_a_text_that_is_gone_or_ambiguous_or_a_half_left_out_is_reported(tool, root):
    edits = (
        tool.Edit("python", "execution/path.py", "no such line", "x"),
        tool.Edit("python", "execution/path.py", "bid.open", "x"),
        tool.Edit("python", "execution/no_such_file.py", "x", "y"),
    )

    faults = tool.find_faults([tool.Mutant("wrong", "FIL-7", "", edits)], root)

    assert [fault.split(": ")[1] for fault in faults] == [
        "no edit of rust",
        "execution/path.py has 0 times 'no such line'",
        "execution/path.py has 3 times 'bid.open'",
        "execution/no_such_file.py has 0 times 'x'",
    ]


@pytest.mark.timeout(300)
def test_planted_bugs_are_noticed_and_a_change_of_nothing_survives_the_same_tests(tool, mutants, root, tmp_path):
    tree = tmp_path / "tree"
    tool.copy_tree(root, tree)
    chosen = [mutant for mutant in mutants if mutant.name in SLICE]
    before = [(tree / "rust/omega-core/src/engine" / name).read_text() for name in ("opening.rs", "closing.rs")]

    tests = [
        tool.try_mutant(mutant, tree, "python", tool.selections_for(mutant, "python")[:1]).test for mutant in chosen
    ]
    missed = tool.try_mutant(no_bug(tool), tree, "python", [tests])

    assert len(tests) == 3 and None not in tests
    assert missed.test is None
    assert before == [(tree / "rust/omega-core/src/engine" / name).read_text() for name in ("opening.rs", "closing.rs")]
