"""Which column of a file is what, from its titles or from a mapping."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping

from omega.data.reading import PRICES, SPELLINGS, plain_name
from omega.errors import OmegaError, error_for

__all__ = ["COLUMNS", "QUOTES", "column_positions"]

QUOTES = tuple(f"{side}_{price}" for side in ("bid", "ask") for price in PRICES)
COLUMNS = (*SPELLINGS, *QUOTES, "bid", "ask", "bid_volume", "ask_volume", "flags", "date", "clock")
"""omega's names of what a source may hold; `date` and `clock` are the two halves of a time."""

_TIMES = tuple(title for title in SPELLINGS["time"] if title not in ("time", "date"))
_SPELLED = {
    **SPELLINGS,
    "time": _TIMES,
    "date": ("date",),
    "clock": ("time",),
    "volume": ("volume", "vol"),
    "tickvolume": ("tickvolume", "tickvol"),
    "bid": ("bid", "bidprice"),
    "ask": ("ask", "askprice"),
    "bid_volume": ("bidvolume", "bidvol"),
    "ask_volume": ("askvolume", "askvol"),
    "flags": ("flags",),
    **{name: (name.replace("_", ""),) for name in QUOTES},
}


def column_positions(path: pathlib.Path, titles: list[str], mapping: Mapping[str, str]) -> dict[str, int]:
    """Return the position of every column omega uses; bars, bars of both sides, or ticks.

    Args:
        path: The file, for messages.
        titles: Its titles, empty ones where it has none.
        mapping: omega's names to titles or positions.

    Raises:
        DataError: ``data.missing_column``, ``data.ambiguous_column``.
    """
    found = _by_title(titles, mapping) | _by_mapping(path, titles, mapping)
    dates, times = found.pop("date", []), found.pop("clock", [])
    if dates and times and "time" not in found:
        found |= {"date": dates, "clock": times}
    elif "time" not in found and (dates or times):
        found["time"] = dates or times
    if "tickvolume" in found:  # MetaTrader 5: `volume` is the exchange's, 0 for FX
        found["volume"] = found.pop("tickvolume")
    is_ticks = "bid" in found and "open" not in found
    needed = ("bid", "ask") if is_ticks else QUOTES if any(name in found for name in QUOTES) else PRICES
    for name in needed if "date" in found else ("time", *needed):
        if name not in found:
            raise _missing(path, name, titles)
    wanted = ("time", "date", "clock", "symbol", *needed)
    wanted += ("bid_volume", "ask_volume", "flags") if is_ticks else ("volume", "spread")
    for name in wanted:
        if len(found.get(name, [])) > 1:
            listed = ", ".join(repr(titles[idx]) for idx in found[name])
            mend = "Say which one is meant with --columns."
            raise error_for("data.ambiguous_column", where=str(path), column=name, found=listed, mend=mend)
    return {name: found[name][0] for name in wanted if name in found}


def _by_title(titles: list[str], mapping: Mapping[str, str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for idx, title in enumerate(titles):
        for name, spellings in _SPELLED.items():
            if plain_name(title) in spellings and title not in mapping.values() and name not in mapping:
                found.setdefault(name, []).append(idx)
    return found


def _by_mapping(path: pathlib.Path, titles: list[str], mapping: Mapping[str, str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for name, title in mapping.items():
        if title and title in titles:
            found[name] = [idx for idx, other in enumerate(titles) if other == title]
        elif title.isdigit() and int(title) < len(titles):
            found[name] = [int(title)]
        else:
            raise _missing(path, title, titles)
    return found


def _missing(path: pathlib.Path, name: str, titles: list[str]) -> OmegaError:
    listed = ", ".join(map(repr, titles))
    error = error_for("data.missing_column", where=str(path), column=name, found=listed)
    error.add_note("Say which column is what: --columns time=Data,open=Otwarcie,…")
    return error
