"""The folder of a run: named, filled beside its final place, made to appear at once.

Rules OUT-1, OUT-2 and OUT-2b. A killed run leaves at most a folder whose name begins with ``.partial-``.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

from omega.errors import error_for

__all__ = ["check_run_id", "check_target", "new_run_id", "run_folder"]

_ALLOWED = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")


def new_run_id(name: str, started: datetime.datetime, fingerprint: str) -> str:
    """Return ``<name>-<UTC start>-<fingerprint prefix>``; the name is reduced to ``[A-Za-z0-9._-]``."""
    reduced = re.sub(r"[^A-Za-z0-9._-]+", "_", name).lstrip(".")[:100] or "run"
    return f"{reduced}-{started.astimezone(datetime.UTC):%Y%m%dT%H%M%SZ}-{fingerprint[:8]}"


def check_run_id(run_id: str | None, *, force: bool) -> None:
    """Refuse what cannot name a folder, before anything runs.

    Raises:
        ConfigError: ``run.bad_id``, ``run.force_needs_id``.
    """
    if force and run_id is None:
        raise error_for("run.force_needs_id")
    if run_id is not None and (not _ALLOWED.fullmatch(run_id) or len(run_id) > 200):
        raise error_for("run.bad_id", value=repr(run_id))


def check_target(out: Path, run_id: str | None, *, force: bool) -> None:
    """Refuse a place that could not be written, before anything runs; `run_folder` asks again.

    Raises:
        ConfigError: ``run.exists``.
        EngineError: ``run.not_written``.
    """
    if run_id is not None and not force and (out / run_id).exists():
        raise error_for("run.exists", folder=str(out / run_id))
    place = out.absolute()
    nearest = next(folder for folder in (place, *place.parents) if folder.exists())
    if not nearest.is_dir():
        raise error_for("run.not_written", folder=str(out), reason=f"{nearest} is not a folder")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise error_for("run.not_written", folder=str(out), reason=f"no permission to write in {nearest}")


@contextlib.contextmanager
def run_folder(out: Path, run_id: str, *, explicit: bool, force: bool) -> Iterator[PartialFolder]:
    """Give a folder to write into; it gets its final name when the block ends without an exception.

    Args:
        out: Folder of all runs; made if missing.
        run_id: Its name. If it is taken, an id of our own ends in -2, -3 and so on.
        explicit: Whether the caller chose the name; it is then refused if taken.
        force: Replace what has the name.

    Raises:
        ConfigError: ``run.exists``.
        EngineError: ``run.not_written``: disk full, no permission; nothing is left behind.
    """
    if explicit and not force and (out / run_id).exists():
        raise error_for("run.exists", folder=str(out / run_id))
    partial = out / f".partial-{uuid.uuid4().hex}"
    folder = PartialFolder(partial)
    try:
        partial.mkdir(parents=True)
        yield folder
        _sync(partial)
        folder.final = _appear(partial, out, run_id, explicit=explicit, force=force)
    except OSError as error:
        raise error_for("run.not_written", folder=str(out / run_id), reason=error.strerror or str(error)) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


class PartialFolder:
    """Where a run is being written (`path`), and where it is once done (`final`)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.final = path


def _appear(partial: Path, out: Path, run_id: str, *, explicit: bool, force: bool) -> Path:
    final = out / run_id
    if force and final.exists():
        previous = out / f".partial-{uuid.uuid4().hex}"
        final.rename(previous)
        partial.rename(final)
        shutil.rmtree(previous)
    elif explicit:
        if final.exists():
            raise error_for("run.exists", folder=str(final))
        partial.rename(final)
    else:
        final = _rename_to_free(partial, final)
    _sync_one(out)
    return final


def _rename_to_free(partial: Path, wanted: Path) -> Path:
    final, number = wanted, 1
    while True:
        try:
            if not final.exists():
                partial.rename(final)
                return final
        except FileExistsError:  # somebody else took the name between the question and the rename
            pass
        except OSError as error:
            if not final.exists():
                raise error
        number += 1
        final = wanted.with_name(f"{wanted.name}-{number}")


def _sync(folder: Path) -> None:
    for path in sorted(folder.iterdir()):
        _sync_one(path)
    _sync_one(folder)


def _sync_one(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
