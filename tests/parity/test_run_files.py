"""OUT-2c, BKD-5b: the files of a run are the same bytes whatever backend ran."""

from __future__ import annotations

import json

import pytest

from omega.runner import compare_backends, run_config

CONFIG = "examples/eurusd_ema_cross.json"
SHORT = [
    *("data.end=2010-07-01", "rating.samples=60", "rating.dropout_samples=20"),
    *("rating.data_samples=2", "rating.parameter_samples=2"),
]


@pytest.fixture(autouse=True)
def at_root(monkeypatch, request):
    monkeypatch.chdir(request.config.rootpath)


def test_both_backends_write_the_same_bytes(tmp_path):
    folders = {
        name: run_config(CONFIG, overrides=SHORT, backend=name, out=tmp_path / name).folder
        for name in ("rust", "python")
    }
    names = sorted(path.name for path in folders["rust"].iterdir())

    assert len(names) == 15
    for name, folder in folders.items():
        assert json.loads((folder / "manifest.json").read_text())["ran"]["engine"]["name"] == name
    for name in names:
        if name != "manifest.json":
            assert (folders["rust"] / name).read_bytes() == (folders["python"] / name).read_bytes(), name


def test_the_comparison_says_that_both_are_identical():
    comparison = compare_backends(CONFIG, overrides=SHORT)

    assert comparison.difference is None
    assert "identical, bit for bit" in str(comparison)
