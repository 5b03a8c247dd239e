"""OUT-1, OUT-2, OUT-2b: a run's folder appears at once, under a safe name, and is never overwritten by accident."""

from __future__ import annotations

import datetime
import os

import pytest

from omega.errors import ConfigError, EngineError
from omega.runner.folder import check_run_id, check_target, new_run_id, run_folder

STARTED = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)


def write(out, run_id, text, *, explicit=False, force=False):
    with run_folder(out, run_id, explicit=explicit, force=force) as folder:
        (folder.path / "a.txt").write_text(text)
    return folder.final


def test_the_name_of_a_run_is_never_a_path():
    assert new_run_id("my run/../x", STARTED, "abcdef0123") == "my_run_.._x-20260102T030405Z-abcdef01"
    assert new_run_id("../..", STARTED, "abcdef0123") == "_..-20260102T030405Z-abcdef01"
    assert new_run_id("…", STARTED, "abcdef0123").startswith("_-")


@pytest.mark.parametrize("run_id", ["", ".", "..", "a/b", "/a", ".hidden", "a b", "ä", "x" * 300, "a\n"])
def test_an_id_that_is_no_plain_name_is_refused(run_id):
    with pytest.raises(ConfigError) as caught:
        check_run_id(run_id, force=False)
    assert caught.value.code == "run.bad_id"


def test_force_needs_an_explicit_id():
    with pytest.raises(ConfigError) as caught:
        check_run_id(None, force=True)
    assert caught.value.code == "run.force_needs_id"
    check_run_id("a", force=True)


def test_a_taken_id_of_our_own_ends_in_a_number(tmp_path):
    folders = [write(tmp_path, "run", text) for text in ("1", "2", "3")]

    assert [folder.name for folder in folders] == ["run", "run-2", "run-3"]
    assert [(folder / "a.txt").read_text() for folder in folders] == ["1", "2", "3"]


def test_a_taken_id_of_the_caller_is_refused_unless_forced(tmp_path):
    write(tmp_path, "mine", "1", explicit=True)

    with pytest.raises(ConfigError) as caught:
        write(tmp_path, "mine", "2", explicit=True)
    assert caught.value.code == "run.exists"
    assert (tmp_path / "mine/a.txt").read_text() == "1"

    assert write(tmp_path, "mine", "3", explicit=True, force=True) == tmp_path / "mine"
    assert (tmp_path / "mine/a.txt").read_text() == "3"
    assert os.listdir(tmp_path) == ["mine"]


def test_while_a_run_is_written_its_name_is_not_there(tmp_path):
    with run_folder(tmp_path, "run", explicit=False, force=False) as folder:
        assert not (tmp_path / "run").exists()
        assert folder.path.name.startswith(".partial-")
    assert (tmp_path / "run").is_dir()


def test_a_run_that_fails_leaves_nothing_behind(tmp_path):
    with pytest.raises(KeyError), run_folder(tmp_path, "run", explicit=False, force=False) as folder:
        (folder.path / "a.txt").write_text("half")
        raise KeyError
    assert os.listdir(tmp_path) == []


def test_a_full_disk_is_an_engine_error_and_leaves_nothing_behind(tmp_path):
    with pytest.raises(EngineError) as caught, run_folder(tmp_path, "run", explicit=False, force=False):
        raise OSError(28, "No space left on device")
    assert caught.value.code == "run.not_written"
    assert "No space left" in str(caught.value)
    assert os.listdir(tmp_path) == []


def test_a_place_that_cannot_be_written_is_refused_before_the_run(tmp_path, monkeypatch):
    check_target(tmp_path / "new" / "deeper", None, force=False)
    assert os.listdir(tmp_path) == []

    (tmp_path / "mine").mkdir()
    with pytest.raises(ConfigError) as caught:
        check_target(tmp_path, "mine", force=False)
    assert caught.value.code == "run.exists"
    check_target(tmp_path, "mine", force=True)

    (tmp_path / "file").touch()
    with pytest.raises(EngineError, match="file is not a folder"):
        check_target(tmp_path / "file" / "runs", None, force=False)

    monkeypatch.setattr(os, "access", lambda folder, mode: False)
    with pytest.raises(EngineError, match="no permission to write in") as refused:
        check_target(tmp_path / "runs", None, force=False)
    assert refused.value.code == "run.not_written"
