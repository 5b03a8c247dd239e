"""The error catalogue: one table, and every use of it fits."""

from __future__ import annotations

import ast
import pathlib
import re
import string

import pytest

import omega.errors
from omega.error_catalogue import CATALOGUE, CODE_BY_NUMBER, Entry
from omega.errors import OmegaError, error_for

CLASSES_BY_RANGE = {
    1: {"ConfigError"},
    2: {"DataError", "ConfigError", "Note"},
    3: {"ConfigError", "DataError", "StrategyError", "Note"},
    4: {"EngineError", "SignalError", "Note"},
    5: {"ConfigError", "SignalError", "Note"},
    6: {"SignalError", "StrategyError", "Note"},
    7: {"EngineError", "ConfigError", "Note"},
    8: {"ConfigError", "DataError", "Note"},
    9: {"BackendError", "BackendMissing", "BackendMismatch"},
}


def placeholders(entry: Entry) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(entry.message) if name}


def misfits(catalogue: dict[str, Entry]) -> list[str]:
    """Return codes whose number repeats or whose class does not belong to the number's range."""
    numbers = [entry.number for entry in catalogue.values()]
    return [
        code
        for code, entry in catalogue.items()
        if numbers.count(entry.number) > 1 or entry.class_name not in CLASSES_BY_RANGE.get(entry.number // 1000, ())
    ]


def misuses(source: str) -> list[str]:
    """Return calls of `error_for` with an unknown code, or without a fact its message needs."""
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Call(func=ast.Name(id="error_for"), args=[ast.Constant(value=str(code))], keywords=keywords):
                if code not in CATALOGUE:
                    found.append(code)
                elif all(keyword.arg for keyword in keywords):
                    missing = placeholders(CATALOGUE[code]) - {keyword.arg for keyword in keywords}
                    found += [f"{code} without {name}" for name in sorted(missing)]
    return found


def test_numbers_are_unique_and_classes_belong_to_their_range():
    assert len(CATALOGUE) >= 30
    assert len(CODE_BY_NUMBER) == len(CATALOGUE)
    assert misfits(CATALOGUE) == []


def test_the_guard_of_the_catalogue_notices_a_double_number_and_a_wrong_class():
    entries = {
        "a.first": Entry(1001, "ConfigError", ""),
        "a.second": Entry(1001, "ConfigError", ""),
        "a.third": Entry(2001, "EngineError", ""),
    }

    assert misfits(entries) == ["a.first", "a.second", "a.third"]


@pytest.mark.parametrize("code", [code for code, entry in CATALOGUE.items() if entry.class_name != "Note"])
def test_every_error_can_be_raised_with_the_facts_its_message_names(code):
    facts = dict.fromkeys(placeholders(CATALOGUE[code]), 1)

    error = error_for(code, **facts)

    assert isinstance(error, OmegaError)
    assert type(error).__name__ == CATALOGUE[code].class_name
    assert (error.code, error.number, error.context) == (code, CATALOGUE[code].number, facts)
    assert str(error).startswith(f"[{code}] ")


def test_every_code_in_the_package_exists_and_has_its_facts(root):
    files = list((root / "python/omega").rglob("*.py"))
    found = {str(file): misuses(file.read_text()) for file in files}

    assert sum("error_for(" in file.read_text() for file in files) >= 5
    assert {file: codes for file, codes in found.items() if codes} == {}


def test_the_guard_of_uses_notices_an_unknown_code_and_a_missing_fact():
    assert misuses('raise error_for("data.typo", place=1)') == ["data.typo"]
    assert misuses('raise error_for("backend.schema", built=1)') == ["backend.schema without expected"]
    assert misuses('raise error_for("backend.schema", **facts)') == []


def test_both_languages_carry_the_same_catalogue(root):
    source = (root / "rust/omega-core/src/schema.rs").read_text()
    rust = re.findall(r'^    \("([a-z_.]+)", (\d+)\),$', source, re.MULTILINE)

    assert {code: int(number) for code, number in rust} == {code: entry.number for code, entry in CATALOGUE.items()}


def test_every_code_the_core_raises_is_in_the_catalogue(root: pathlib.Path):
    source = (root / "rust/omega-core/src/error.rs").read_text()
    codes = set(re.findall(r'"([a-z]+\.[a-z_]+)"', source))

    assert len(codes) >= 5
    assert codes - set(CATALOGUE) == set()


def test_the_exception_tree_is_complete():
    classes = {name for entry in CATALOGUE.values() if (name := entry.class_name) != "Note"}

    assert classes <= set(omega.errors.__all__)
    assert all(issubclass(getattr(omega.errors, name), OmegaError) for name in omega.errors.__all__)
