"""Where the guards look."""

from __future__ import annotations

import os
import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]

if os.environ.get("OMEGA_BUILD", "").lower() == "pure":
    collect_ignore = ["test_crates.py"]  # asks cargo, which a pure build does without


@pytest.fixture(scope="session")
def root() -> pathlib.Path:
    return ROOT
