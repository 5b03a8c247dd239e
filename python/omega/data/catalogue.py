"""What a data folder holds (CAT), and the audit of all of it.

A file is known by its name: `EURUSD_M1_bid.parquet`, `EURUSD_ticks.parquet`. Everything is read and hashed
again; manifests and caches are not taken at their word.
"""

from __future__ import annotations

import pathlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from omega.data.audit import Audit, audit_bars, cache_is_damaged, refused
from omega.data.calendar import fx_calendar
from omega.data.comparison import compare_resampled
from omega.data.findings import Finding
from omega.data.loading import load
from omega.data.pairing import BaseBars
from omega.data.reading import FORMATS, read_table
from omega.data.sessions import session_of
from omega.data.store import facts_of, file_hash, verify
from omega.data.ticks import bars_of_ticks, read_ticks
from omega.data.timeframes import MINUTES, divides
from omega.errors import DataError, error_for

__all__ = ["CatalogueRow", "StoredSeries", "check_data", "list_data", "read_stored", "stored_series"]

_NAME = re.compile(r"(?P<symbol>[A-Za-z0-9.]+)_(?:(?P<timeframe>[A-Z]+[0-9]+)_(?P<side>bid|ask)|ticks)")
OnSeries = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class StoredSeries:
    """The files of one symbol and timeframe in one folder; `timeframe` is `ticks` for ticks."""

    symbol: str
    timeframe: str
    files: Mapping[str, pathlib.Path]

    @property
    def where(self) -> str:
        return " and ".join(str(file) for file in self.files.values())


@dataclass(frozen=True, slots=True)
class CatalogueRow:
    """One file of a data folder.

    Attributes:
        symbol: Symbol name.
        timeframe: Of its bars, or `ticks`.
        side: `bid`, `ask`, or `both` for ticks.
        rows: Bars or ticks.
        first_us: First time.
        last_us: Last time.
        missing: Bars missing inside sessions; None for ticks.
        size: Bytes.
        sha256: Hash of the file.
        path: The file.
    """

    symbol: str
    timeframe: str
    side: str
    rows: int
    first_us: int
    last_us: int
    missing: int | None
    size: int
    sha256: str
    path: pathlib.Path


def stored_series(path: pathlib.Path) -> list[StoredSeries]:
    """Return the series of a folder with its subfolders, or that of one file and its other side.

    Raises:
        DataError: ``data.not_found``.
    """
    if path.is_file():
        match = _NAME.fullmatch(path.stem)
        if match is None or path.suffix.lower() not in FORMATS:
            hint = " Import it first, or name it like EURUSD_M1_bid.parquet."
            raise error_for("data.not_found", where=str(path), wanted="series omega knows by this name", hint=hint)
        return [series for series in _series_in(path.parent, [*path.parent.iterdir()]) if path in series.files.values()]
    if not path.is_dir():
        raise error_for("data.not_found", where=str(path), wanted="such file or folder", hint="")
    folders = sorted({file.parent for file in path.rglob("*") if file.is_file()})
    found = [series for folder in folders for series in _series_in(folder, [*folder.iterdir()])]
    if not found:
        hint = " Files are named like EURUSD_M1_bid.parquet."
        raise error_for("data.not_found", where=str(path), wanted="series", hint=hint)
    return found


def _series_in(folder: pathlib.Path, files: list[pathlib.Path]) -> list[StoredSeries]:
    found: dict[tuple[str, int, str, str], dict[str, pathlib.Path]] = {}
    for file in sorted(files):
        match = _NAME.fullmatch(file.stem)
        if match is None or file.suffix.lower() not in FORMATS or folder.name == ".cache":
            continue
        timeframe = match["timeframe"] or "ticks"
        if timeframe == "ticks" or timeframe in MINUTES:
            key = (match["symbol"], MINUTES.get(timeframe, 0), timeframe, file.suffix)
            found.setdefault(key, {})[match["side"] or "both"] = file
    sides = ("bid", "ask", "both")
    return [
        StoredSeries(symbol, timeframe, {side: files[side] for side in sides if side in files})
        for (symbol, _, timeframe, _), files in sorted(found.items())
    ]


def read_stored(series: StoredSeries, digits: int | None = None, **repairs: Any) -> tuple[BaseBars, int, list[Finding]]:
    """Read and check a series; ticks become M1 bars.

    Args:
        series: What to read.
        digits: Decimals, if neither file nor symbol spec tells.
        repairs: `crossed`, `duplicates`, `max_unpaired`, `snap` of `omega.load`.

    Returns:
        Bars, digits, and what was repaired or differs from other files.

    Raises:
        DataError: What a load refuses.
    """
    first = next(iter(series.files.values()))
    known = digits if digits is not None else _digits(series.symbol, first)
    for file in series.files.values():
        verify(file)
    if series.timeframe == "ticks":
        return bars_of_ticks(read_ticks(first, series.symbol, known), "M1", series.symbol), known, []
    # A lone ask is looked at as if it were the bid.
    sides = series.files if "bid" in series.files else {"bid": first}
    specs = {series.symbol: SimpleNamespace(digits=known)}
    data = load(dict(sides), symbols=series.symbol, timeframe=series.timeframe, specs=specs, **repairs)
    notes = [Finding(note.code, "info", note.count, None, None, "", note.detail) for note in data.notes]
    return data.base, known, notes


def check_data(
    path: pathlib.Path,
    *,
    digits: int | None = None,
    against: pathlib.Path | None = None,
    on_series: OnSeries | None = None,
    **repairs: Any,
) -> list[Audit]:
    """Return the audits of everything below a path, one per series.

    Args:
        path: File or folder.
        digits: Decimals of symbols without a spec.
        against: A file of the same market from another source, to tell open from close times.
        on_series: Called with how many series are done, and how many there are.
        repairs: As in `read_stored`.
    """
    neighbour = None
    if against is not None:
        other = stored_series(against)[0]
        neighbour = (read_stored(other, digits)[0], "M1" if other.timeframe == "ticks" else other.timeframe)
    audits, finer = [], dict[tuple[str, pathlib.Path], tuple[BaseBars, str]]()
    wanted = stored_series(path)
    for idx, series in enumerate(wanted):
        try:
            audits.append(_audited(series, digits, neighbour, finer, **repairs))
        except DataError as error:
            audits.append(refused(error, symbol=series.symbol, timeframe=series.timeframe, where=series.where))
        if on_series is not None:
            on_series(idx + 1, len(wanted))
    return audits


def _audited(
    series: StoredSeries,
    digits: int | None,
    neighbour: tuple[BaseBars, str] | None,
    finer: dict[tuple[str, pathlib.Path], tuple[BaseBars, str]],
    **repairs: Any,
) -> Audit:
    findings = []
    for file in series.files.values():
        if cache_is_damaged(file):
            text = f"The cache of {file.name} was damaged and has been removed."
            findings.append(Finding("data.damaged", "info", 1, None, None, "", text))
    bars, known, notes = read_stored(series, digits, **repairs)
    timeframe = "M1" if series.timeframe == "ticks" else series.timeframe
    audit = audit_bars(
        bars,
        timeframe,
        symbol=series.symbol,
        digits=known,
        where=series.where,
        neighbour=neighbour,
    )
    audit = replace(audit, timeframe=series.timeframe)
    if "bid" not in series.files and series.timeframe != "ticks":
        kept = [finding for finding in audit.findings if finding.code != "data.one_sided"]
        text = "There is only an ask side: put the bid file beside it."
        lone = Finding("data.one_sided", "warning", len(bars.time), None, None, "ask only", text)
        audit = replace(audit, sides="ask", findings=(lone, *kept))
    key = (series.symbol, next(iter(series.files.values())).parent)
    if key in finer and divides(finer[key][1], timeframe) and finer[key][1] != timeframe:
        findings += _against_finer(finer[key], (bars, timeframe), series)
    else:
        finer.setdefault(key, (bars, timeframe))
    order = {"error": 0, "warning": 1, "info": 2}
    together = sorted([*audit.findings, *findings, *notes], key=lambda finding: order[finding.severity])
    return replace(audit, findings=tuple(together))


def _against_finer(finer: tuple[BaseBars, str], given: tuple[BaseBars, str], series: StoredSeries) -> list[Finding]:
    """Return what bars of a file and those made of the finest file beside it do not share (RES-3)."""
    base, bars = finer[0], given[0]
    first, last = min(int(base.time[0]), int(bars.time[0])), max(int(base.time[-1]), int(bars.time[-1]))
    calendar = fx_calendar(first, last, session_of(series.symbol))
    found = compare_resampled(base, finer[1], (bars.time, bars.bid), given[1], calendar)
    if found.is_equal:
        return []
    count = found.differing + found.only_made + found.only_given
    text = f"Compared with bars made of {finer[1]}: {found}."
    return [Finding("data.resample_differs", "info", count, None, None, f"{found.worst_points} points", text)]


def list_data(folder: pathlib.Path) -> Iterator[CatalogueRow]:
    """Yield what is in a data folder, file by file.

    Raises:
        DataError: ``data.not_found``, and what reading a file raises.
    """
    for series in stored_series(folder):
        times = None
        if _is_known(series):
            one = replace(series, files=_one(series))
            times = read_stored(one, crossed="widen", max_unpaired=1.0, duplicates="keep_first")[0].time
        for side, file in series.files.items():
            yield _row(series, side, file, times)


def _one(series: StoredSeries) -> dict[str, pathlib.Path]:
    side = next(iter(series.files))
    return {side: series.files[side]}


def _is_known(series: StoredSeries) -> bool:
    try:
        _digits(series.symbol, next(iter(series.files.values())))
    except ValueError:
        return False
    return series.timeframe != "ticks"


def _row(series: StoredSeries, side: str, file: pathlib.Path, times: Any) -> CatalogueRow:
    missing = None
    if times is None:
        times = read_table(file, str(file))["time"].cast("int64").to_numpy()
    else:
        calendar = fx_calendar(int(times[0]), int(times[-1]), session_of(series.symbol))
        _, close_us = calendar.intervals(times, series.timeframe)
        length_us = MINUTES[series.timeframe] * 60_000_000
        absent = np.maximum(calendar.session_us(times[1:]) - calendar.session_us(close_us[:-1]), 0)
        missing = int((absent // length_us).sum())
    return CatalogueRow(
        symbol=series.symbol,
        timeframe=series.timeframe,
        side=side,
        rows=len(times),
        first_us=int(times[0]),
        last_us=int(times[-1]),
        missing=missing,
        size=file.stat().st_size,
        sha256=file_hash(file),
        path=file,
    )


def _digits(symbol: str, file: pathlib.Path) -> int:
    from omega.config import load_specs

    if file.suffix == ".parquet":
        try:
            facts = facts_of(pq.read_schema(file))
        except (OSError, ValueError):
            facts = None  # reading it will say what is wrong
        if facts is not None:
            return facts.digits
    specs = load_specs()
    if symbol not in specs:
        expected = f"the decimals of {symbol} (--digits), which has no symbol spec"
        raise error_for(
            "config.invalid", file="omega data", line="", key="digits", expected=expected, value="nothing", hint=""
        )
    return int(specs[symbol].digits)
