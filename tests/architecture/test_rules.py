"""Every rule of docs/spec/engine.md is named by a test, or is listed here as absent from this version."""

from __future__ import annotations

import ast
import json
import pathlib
import re

import pytest

# Rules whose feature this version does not have. The guard fails when one of them gets a test: then its line goes.
ABSENT = {
    "EVT": "the event log and public event queue are not there; fills, ledger and rejections say what happened",
    "LOOP-5": "no streams and no checkpoints; a run is one batch",
    "FIL-14": "ticks are resampled into bars; none is a step of its own",
}
NUMBERED = re.compile(r"\b([A-Z]{3,4}-\d+[a-z]?)\b")
STATED = re.compile(r"^- \*\*([A-Z]{3,4}-\d+[a-z]?)\b|^\| ([A-Z]{3,4}-\d+) \|", re.M)
SECTION = re.compile(r"^## ([A-Z]{3,4}) .*?\n(.*?)(?=^## |\Z)", re.M | re.S)


def rules_of(text: str) -> set[str]:
    """Return the ids of all rules that a text states: numbered ones, and sections that have none."""
    found = {first or second for first, second in STATED.findall(text)}
    return found | {name for name, body in SECTION.findall(text) if not STATED.search(body)}


def named_in_tests(folder: pathlib.Path) -> dict[str, set[str]]:
    """Return the ids and section names that docstrings of test functions and case files name, with their files."""
    found: dict[str, set[str]] = {}
    for file in sorted(folder.rglob("test_*.py")):
        if file.name == pathlib.Path(__file__).name:
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for rule in ids_in(ast.get_docstring(node) or ""):
                    found.setdefault(rule, set()).add(file.name)
    for file in sorted(folder.rglob("*.json")):
        content = json.loads(file.read_text())
        cases = content.get("cases", [content]) if isinstance(content, dict) else []
        for rule in {rule for case in cases if isinstance(case, dict) for rule in case.get("rules", [])}:
            found.setdefault(rule, set()).add(file.name)
    return found


def ids_in(text: str) -> set[str]:
    """Return numbered ids of a text, and the bare names of sections such as CUR."""
    return set(NUMBERED.findall(text)) | set(re.findall(r"\b(EVT|CUR|SIZ|MRG|DET)\b", text))


@pytest.fixture(scope="module")
def rules(root: pathlib.Path) -> set[str]:
    return rules_of((root / "docs" / "spec" / "engine.md").read_text())


@pytest.fixture(scope="module")
def named(root: pathlib.Path) -> dict[str, set[str]]:
    return named_in_tests(root / "tests")


def test_every_rule_is_named_by_a_test(rules, named):
    """What is written in engine.md is tested somewhere, or said to be absent."""
    assert len(rules) >= 59
    assert sorted(rules - set(named) - set(ABSENT)) == []


def test_absent_rules_are_rules_and_have_no_test(rules, named):
    """A rule that gets its first test leaves the list."""
    assert set(ABSENT) <= rules
    assert {rule: sorted(named[rule]) for rule in ABSENT if rule in named} == {}


def test_rules_are_found_in_every_form_that_the_page_has():
    """Canary: bullets, bold titles, table rows, and sections without numbers; a mention states nothing."""
    page = """## NUM Numbers
- **NUM-1** A. - **NUM-1b** no bullet.
- **NUM-3 Random numbers**: as TIM-2 says.
| FIL-2 | buy limit |
## CUR Currency
No number here, but FIL-9 is mentioned.
"""
    assert rules_of(page) == {"NUM-1", "NUM-3", "FIL-2", "CUR"}


def test_names_are_found_in_docstrings_of_tests_and_in_cases_only(tmp_path):
    """Canary: comments, helpers and other strings name nothing; without its only test a rule is missing."""
    (tmp_path / "test_a.py").write_text(
        'def test_one():\n    """MGT-2, FIL-5: text."""\n    # LED-1\n    assert "LED-2"\n\n\n'
        'def helper():\n    """LED-3"""\n'
    )
    (tmp_path / "case.json").write_text('{"rules": ["SWP-1"], "note": "LED-4"}')
    (tmp_path / "topic.json").write_text('{"topic": "LED-5", "cases": [{"rules": ["CUR"]}]}')

    assert set(named_in_tests(tmp_path)) == {"MGT-2", "FIL-5", "SWP-1", "CUR"}
    (tmp_path / "case.json").unlink()
    assert {"SWP-1"} - set(named_in_tests(tmp_path)) == {"SWP-1"}
