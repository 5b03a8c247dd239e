"""Worked scenarios, one file per topic: what a broker's statement would say, in numbers of README.md.

Every case is run on both backends and compared to the cell. The files have the format of `tests/vectors`, whose
README holds the plan of a case that changes nothing.
"""

from __future__ import annotations

import copy
import json
import pathlib
import re
from typing import Any

import pytest

from omega.backends.protocol import Backend
from omega.testing.worked import find_differences

FOLDER = pathlib.Path(__file__).parent
VECTORS = FOLDER.parent / "vectors" / "README.md"
DEFAULTS = VECTORS.read_text().split("```json\n", 1)[1].split("```", 1)[0]
TOPICS = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}
CASES = {f"{topic}-{case['name']}": case for topic, file in TOPICS.items() for case in file["cases"]}


@pytest.mark.parametrize("name", CASES)
def test_a_scenario_ends_as_it_was_worked_by_hand(backend: Backend, name: str) -> None:
    """FIL, MGT, SWP-1, CUR, MRG, POS, LED: each case names its rules and says its arithmetic."""
    case = CASES[name]

    assert find_differences(backend, case, DEFAULTS) == [], case["note"]


def test_the_readme_says_every_number() -> None:
    """Every topic is a heading of README.md, every case stands below it with the words of its note, and no more."""
    sections = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", (FOLDER / "README.md").read_text(), re.S | re.M))
    told = {topic: sections.get(file["topic"].capitalize(), "") for topic, file in TOPICS.items()}

    assert len(TOPICS) >= 11
    for topic, file in TOPICS.items():
        lines = [f"- **{case['name']}** {case['note']}" for case in file["cases"]]
        assert [line for line in told[topic].splitlines() if line.startswith("- **")] == lines, topic


@pytest.mark.parametrize(("table", "column"), [("fills", "price"), ("trades", "net"), ("ledger", "amount")])
def test_a_changed_number_is_noticed(backend: Backend, table: str, column: str) -> None:
    """Canary: one point or cent off is one difference."""
    case: dict[str, Any] = copy.deepcopy(CASES["weekend_gap_through_a_stop-long"])
    case["expect"][table][-1][column] += 1

    assert len(find_differences(backend, case, DEFAULTS)) == 1
