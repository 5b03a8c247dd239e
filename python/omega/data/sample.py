"""The bundled real data, copied to where the user wants it (`omega data sample`)."""

from __future__ import annotations

import pathlib
import shutil

from omega.errors import error_for

__all__ = ["bundled_folder", "write_sample"]


def bundled_folder() -> pathlib.Path:
    """Return the repository's data folder.

    Raises:
        DataError: ``data.no_sample``: omega runs without its repository; wheels carry no data.
    """
    folder = pathlib.Path(__file__).resolve().parents[3] / "data"
    if not (folder / "README.md").is_file():
        raise error_for("data.no_sample", where=str(folder))
    return folder


def write_sample(folder: str | pathlib.Path) -> list[pathlib.Path]:
    """Copy the bundled data below `folder` and return the files written.

    Raises:
        DataError: ``data.no_sample``, or ``data.sample_exists`` if a file is there already; nothing is written then.
    """
    source, target = bundled_folder(), pathlib.Path(folder)
    files = sorted(path for path in source.rglob("*") if path.is_file())
    copies = [target / path.relative_to(source) for path in files]
    for copy in copies:
        if copy.exists():
            raise error_for("data.sample_exists", where=str(copy))
    for path, copy in zip(files, copies, strict=True):
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    return copies
