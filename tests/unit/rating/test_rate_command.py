"""`omega rate RUN`: a stored run, rated again."""

from __future__ import annotations

import json
import pathlib

import pytest

from omega.cli import main

EXAMPLE = pathlib.Path(__file__).parents[3] / "examples/eurusd_ema_cross.json"
SETTINGS = ("data.end=2010-05-01", "rating.data_samples=1", "rating.parameter_samples=1", "rating.samples=40")


@pytest.fixture
def stored(tmp_path, monkeypatch, capsys):
    """A short run of the example, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    options = [word for setting in SETTINGS for word in ("--set", setting)]
    assert main(["run", str(EXAMPLE), "--backend", "python", *options, "--out", "runs", "--run-id", "mine"]) == 0
    capsys.readouterr()
    return pathlib.Path("runs/mine")


def test_a_stored_run_gets_the_rating_it_had(stored, capsys):
    """RAT-6: the same seed makes the same bytes, from the stored config alone."""
    before = {path.name: path.read_bytes() for path in stored.iterdir()}

    assert main(["rate", str(stored), "--json"]) == 0

    assert json.loads(capsys.readouterr().out) == json.loads((stored / "rating.json").read_text())
    assert {path.name: path.read_bytes() for path in stored.iterdir()} == before


def test_weights_and_samples_of_the_command_count(stored, capsys):
    """RAT-5: a weight of the file replaces its default, and --samples the resamples."""
    pathlib.Path("weights.toml").write_text("base = 3.0\n")

    assert main(["rate", str(stored), "--json", "--weights", "weights.toml", "--samples", "25"]) == 0

    parts = json.loads(capsys.readouterr().out)["components"]
    assert (parts["base"]["weight"], parts["monte_carlo"]["weight"]) == (3.0, 0.12)
    assert parts["monte_carlo"]["raw"]["monte_carlo_samples"] == 25


def test_the_command_explains_in_plain_words(stored, capsys):
    """RAT-6: the table of scores, then the verdict."""
    assert main(["rate", str(stored)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Rating  ")
    assert "Would it have earned without its luckiest trades?" in out


@pytest.mark.parametrize(
    ("damage", "exit_code", "code"),
    [
        (lambda folder: (folder / "manifest.json").unlink(), 2, "rating.no_run"),
        (lambda folder: (folder / "manifest.json").write_text("{}"), 2, "rating.no_run"),
        (lambda folder: (folder / "config.json").unlink(), 2, "rating.no_run"),
        (
            lambda folder: (folder / "config.json").write_text(
                (folder / "config.json").read_text().replace('"stop_pips": 40', '"stop_pips": 41')
            ),
            3,
            "rating.changed",
        ),
    ],
)
def test_a_folder_that_is_no_run_or_another_run_is_refused(stored, capsys, damage, exit_code, code):
    """RAT-1: what cannot be made again bit for bit is not stressed."""
    damage(stored)
    assert main(["rate", str(stored)]) == exit_code
    assert f"[{code}]" in capsys.readouterr().err


def test_weights_that_make_no_sense_are_refused(stored, capsys):
    """RAT-5: the file and the key are named."""
    pathlib.Path("weights.json").write_text('{"base": -1, "luck": 2}')
    assert main(["rate", str(stored), "--weights", "weights.json"]) == 2
    assert "weights.json" in capsys.readouterr().err
