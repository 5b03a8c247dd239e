"""Fixtures of all layers: which backends are under test, and how Hypothesis draws.

A missing extension is a failure, not a skip; only a build that left it out on purpose
(OMEGA_BUILD=pure) has one backend to test.
"""

from __future__ import annotations

import os

import hypothesis
import pytest

from omega.backends import get_backend
from omega.backends.protocol import Backend

IS_PURE = os.environ.get("OMEGA_BUILD", "").lower() == "pure"
BACKENDS = ["python"] if IS_PURE else ["python", "rust"]
collect_ignore = ["parity"] if IS_PURE else []  # comparing takes two
SWITCHES = [name for name in os.environ if name == "OMEGA_BACKEND" or name.startswith("OMEGA_USE_RUST_")]

# Deadlines measure the machine, not the code. The blob of a failing draw is printed, so that it can be replayed.
hypothesis.settings.register_profile("omega", deadline=None, print_blob=True)
hypothesis.settings.register_profile("deep", deadline=None, print_blob=True, max_examples=2_000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "omega"))

for _name in SWITCHES:  # tests choose their backend themselves
    del os.environ[_name]


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> Backend:
    """Each backend in turn."""
    return get_backend(request.param)
