"""Which file holds a series: names like EURUSD_M1_bid.parquet, anywhere below a folder (CAT)."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Mapping, Sequence

from omega.data.reading import FORMATS
from omega.data.timeframes import MINUTES, divides
from omega.errors import error_for

__all__ = ["SeriesFiles", "find_series"]

SeriesFiles = Mapping[str, pathlib.Path]
"""Files of one symbol and timeframe by side: `bid`, and `ask` where there is one."""

_NAME = re.compile(r"(?P<symbol>[A-Za-z0-9.]+)_(?P<timeframe>[A-Z]+[0-9]+)_(?P<side>bid|ask)")


def find_series(
    root: pathlib.Path, symbol: str, timeframes: Sequence[str], source: str | None
) -> tuple[str, SeriesFiles]:
    """Return the coarsest stored timeframe that divides all of `timeframes`, and its files.

    Args:
        root: Folder to search, subfolders included; or the bid file, whose ask is looked for beside it.
        symbol: Symbol as the files name it.
        timeframes: What is wanted; the first is the step timeframe.
        source: Folder to take the files from, as a path below `root` or its last part.

    Raises:
        DataError: ``data.not_found``, ``data.ambiguous_source``.
    """
    if root.is_file():
        stored = _beside(root, symbol)
    elif root.is_dir():
        stored = _stored(root, symbol, source)
    else:
        raise error_for("data.not_found", where=str(root), wanted="such file or folder", hint="")
    usable = [name for name in stored if "bid" in stored[name] and all(divides(name, wanted) for wanted in timeframes)]
    if not usable:
        raise error_for(
            "data.not_found",
            where=str(root),
            wanted=f"{symbol} data from which {', '.join(timeframes)} can be made",
            hint=_hint(root if root.is_dir() else root.parent, stored, source),
        )
    timeframe = max(usable, key=lambda name: MINUTES[name])
    sides = stored[timeframe]
    folders = {path.parent for paths in sides.values() for path in paths}
    if len(folders) > 1 or any(len(paths) > 1 for paths in sides.values()):
        places = sorted(path.relative_to(root).as_posix() for paths in sides.values() for path in paths)
        raise error_for("data.ambiguous_source", wanted=f"{root}: {symbol} {timeframe}", places=", ".join(places))
    return timeframe, {side: paths[0] for side, paths in sides.items()}


def _beside(bid: pathlib.Path, symbol: str) -> dict[str, dict[str, list[pathlib.Path]]]:
    """Return a bid file and the ask file of the same name."""
    match = _NAME.fullmatch(bid.stem)
    if not match or match["symbol"] != symbol or match["side"] != "bid" or match["timeframe"] not in MINUTES:
        return {}
    ask = bid.with_name(f"{symbol}_{match['timeframe']}_ask{bid.suffix}")
    return {match["timeframe"]: {"bid": [bid]} | ({"ask": [ask]} if ask.is_file() else {})}


def _stored(root: pathlib.Path, symbol: str, source: str | None) -> dict[str, dict[str, list[pathlib.Path]]]:
    """Return all files of the symbol by timeframe and side."""
    stored: dict[str, dict[str, list[pathlib.Path]]] = {}
    for path in sorted(root.rglob("*")):
        match = _NAME.fullmatch(path.stem)
        if not match or path.suffix.lower() not in FORMATS or match["timeframe"] not in MINUTES:
            continue
        folder = path.parent.relative_to(root).as_posix()
        if match["symbol"] != symbol or (source is not None and source not in (folder, path.parent.name)):
            continue
        stored.setdefault(match["timeframe"], {}).setdefault(match["side"], []).append(path)
    return stored


def _hint(root: pathlib.Path, stored: Mapping[str, object], source: str | None) -> str:
    if stored:
        return f" Stored are {', '.join(sorted(stored, key=lambda name: MINUTES[name]))}."
    below = f" in source {source!r}" if source is not None else ""
    names = (_NAME.fullmatch(path.stem) for path in root.rglob("*") if path.suffix.lower() in FORMATS)
    symbols = sorted({match["symbol"] for match in names if match})
    if not symbols:
        return " Files are named like EURUSD_M1_bid.parquet."
    return f" Nothing found{below}; the folder holds {', '.join(symbols)}."
