"""The Python blocks of the documentation run, top to bottom, each document in one namespace."""

from __future__ import annotations

import pathlib
import re

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

from omega.cli import main

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md") if (ROOT / name).exists()),
    *sorted((ROOT / "docs/guide").glob("*.md")),
]


def run_blocks(document: pathlib.Path) -> int:
    """Run every Python block of a document; return how many there were."""
    sybil = Sybil(parsers=[PythonCodeBlockParser()])
    examples = list(sybil.parse(document).examples())
    for example in examples:
        example.evaluate()
    return len(examples)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_python_block_runs(document, monkeypatch):
    monkeypatch.chdir(ROOT)
    blocks = len(re.findall(r"^ *```python$", document.read_text(), re.MULTILINE))

    assert run_blocks(document) == blocks


def test_the_readme_has_an_example():
    assert "```python" in (ROOT / "README.md").read_text()


def test_the_readme_shows_what_the_demo_prints(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    block = re.search(r"```text\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)[1]
    shown = [line for line in block.splitlines() if line not in ("", "…")]

    assert main(["run", "examples/eurusd_ema_cross.json", "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out.splitlines()

    assert len(shown) >= 12
    assert [line for line in shown if line not in printed] == []


def test_a_block_that_fails_is_noticed(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("```python\nx = 1\n```\n\n```python\nassert x == 2\n```\n")

    with pytest.raises(AssertionError):
        run_blocks(page)


def test_the_commands_of_the_readme_and_of_contributing_exist():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for name in ("README.md", "CONTRIBUTING.md"):
        named = set(re.findall(r"\bmake ([a-z]+)", (ROOT / name).read_text()))
        assert named, name
        assert named <= targets, name


def test_links_between_documents_lead_somewhere():
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    links = [
        (document, target)
        for document in documents
        for target in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", document.read_text())
    ]

    assert len(links) >= 5
    assert [f"{page.name} -> {target}" for page, target in links if not (page.parent / target).exists()] == []
