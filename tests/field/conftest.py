"""Tests on real files of other people, which are not part of the repository.

They run where the folder lies beside it; elsewhere nothing is collected.
"""

from __future__ import annotations

import pathlib

SHARED = pathlib.Path(__file__).resolve().parents[2].parent / "shared" / "data"

if not SHARED.is_dir():
    collect_ignore_glob = ["test_*.py"]
