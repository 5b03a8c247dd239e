"""From a folder or tables to `MarketData`: find, read, check, pair, cut.

Nothing is repaired unless asked for, and what was repaired is counted in the notes. The caller's
tables are never changed. One symbol per load.
"""

from __future__ import annotations

import difflib
import pathlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Literal, NamedTuple, Protocol

import numpy as np

from omega.data.cache import read_cache, write_cache
from omega.data.calendar import fx_calendar, instant_of, iso_text
from omega.data.checks import Floats, SideBars, check_prices, check_symbol
from omega.data.comparison import compare_resampled
from omega.data.market_data import MarketData
from omega.data.pairing import BaseBars, Note, Repairs, pair
from omega.data.reading import FORMATS, read_bars
from omega.data.sessions import session_of
from omega.data.sources import find_series
from omega.data.time_checks import check_time, refuse_duplicates
from omega.data.timeframes import MINUTES, divides, timeframe_named
from omega.errors import OmegaError, error_for

__all__ = ["load"]

_SIDES = ("bid", "ask")


class HasDigits(Protocol):
    """The part of a symbol spec that loading needs."""

    @property
    def digits(self) -> int: ...


class Traded(NamedTuple):
    """What a spec says about the symbol of a load."""

    name: str
    digits: int
    session: str


class Span(NamedTuple):
    """Which part of the data is wanted: first step, last close, step bars before the start."""

    start_us: int | None
    end_us: int | None
    warmup_bars: int

    def __str__(self) -> str:
        parts = (("from", self.start_us), ("closing by", self.end_us))
        return " ".join(f"{word} {iso_text(moment)}" for word, moment in parts if moment is not None)


def load(  # noqa: PLR0913 - the public call; everything after `path` is named
    path: object,
    *,
    symbols: str | Sequence[str],
    timeframe: str,
    higher_timeframes: Sequence[str] = (),
    start: object = None,
    end: object = None,
    warmup_bars: int = 0,
    source: str | None = None,
    specs: Mapping[str, HasDigits] | str | pathlib.Path | None = None,
    crossed: Literal["refuse", "drop", "widen"] = "refuse",
    max_unpaired: float = 0.001,
    snap: bool = False,
    duplicates: Literal["refuse", "keep_first", "keep_last"] = "refuse",
) -> MarketData:
    """Load, check and pair the bars of one symbol.

    If `timeframe` is not stored, it is made from the coarsest stored one that divides it and all
    higher timeframes.

    Args:
        path: Folder with files named like ``EURUSD_M1_bid.parquet`` (.feather, .arrow, .csv), searched with
            its subfolders; or such a bid file, whose ask is taken from beside it; or a mapping with
            ``"bid"`` and, if there is one, ``"ask"`` to tables (anything that exports Arrow, pandas frames)
            or file paths. Its ``"timeframe"`` names the timeframe of the tables if it is finer than the
            one asked for.
        symbols: The symbol, as text or a list of one.
        timeframe: Step timeframe, for example ``"M15"``.
        higher_timeframes: Coarser timeframes for indicators.
        start: First step: a date (17:00 New York of the day before) or a date-time with a zone. Without it
            the first step follows the warm-up at the beginning of the data.
        end: No bar that closes after it is loaded; same forms as `start`.
        warmup_bars: Bars of the step timeframe before the first step.
        source: Folder below `path` to take the files from, if several hold the series.
        specs: Symbol spec file, or specs by name; by default those that come with omega.
        crossed: What to do with bid above ask: ``"refuse"``, ``"drop"`` the bar, ``"widen"`` the ask.
        max_unpaired: Largest tolerated share of bars with one side only.
        snap: Move prices to the grid of the symbol instead of refusing them.
        duplicates: What to do with a time that appears twice.

    Raises:
        DataError: A file, column or value is not as it must be; every fault has its own code.
        ConfigError: An argument makes no sense.
    """
    symbol = _one_symbol(symbols)
    wanted = _timeframes(timeframe, higher_timeframes)
    repairs = Repairs(crossed, duplicates, max_unpaired, snap)
    _check_repairs(repairs)
    span = _span(start, end, warmup_bars)
    traded = _traded(symbol, specs)
    base_timeframe, sides, described = _sources(path, symbol, wanted, source)
    tables, notes = _read_sides(sides, traded, base_timeframe, repairs)
    where = f"{symbol} {base_timeframe} ({described})"
    base, pair_notes = pair(tables["bid"], tables.get("ask"), where=where, digits=traded.digits, repairs=repairs)
    if not isinstance(sides["bid"][0], str | pathlib.Path):
        # Arrow shares memory with the caller's frame, who may go on writing to it.
        base = replace(base, time=base.time.copy(), volume=_owned(base.volume))
    given_notes = _compare_given(base, base_timeframe, wanted, sides, (traded, repairs))
    base, first_us, step_us = _cut(base, (base_timeframe, traded.session), wanted, span, where)
    return MarketData(
        symbol=symbol,
        digits=traded.digits,
        session=traded.session,
        timeframe=timeframe,
        higher_timeframes=wanted[1:],
        base_timeframe=base_timeframe,
        base=_frozen(base),
        first_time_us=first_us,
        first_step_us=step_us,
        source=described,
        notes=(*notes, *pair_notes, *given_notes),
    )


# ---------------------------------------------------------------- arguments


def _invalid(key: str, expected: str, value: object) -> OmegaError:
    return error_for(
        "config.invalid", file="omega.load", line="", key=key, expected=expected, value=repr(value), hint=""
    )


def _one_symbol(symbols: str | Sequence[str]) -> str:
    names = [symbols] if isinstance(symbols, str) else list(symbols)
    if len(names) != 1 or not isinstance(names[0], str) or not names[0]:
        raise _invalid("symbols", "one symbol (a run of several is not possible yet)", symbols)
    return names[0]


def _timeframes(timeframe: str, higher: Sequence[str]) -> tuple[str, ...]:
    step = timeframe_named(timeframe)
    if isinstance(higher, str):
        raise _invalid("higher_timeframes", "a list of timeframes", higher)
    for idx, name in enumerate(higher):
        key = f"higher_timeframes[{idx}]"
        if MINUTES[timeframe_named(name, key)] <= MINUTES[step]:
            raise _invalid(key, f"a timeframe coarser than {step}", name)
        if name in higher[:idx]:
            raise _invalid(key, "every timeframe once", name)
    return (step, *higher)


def _check_repairs(repairs: Repairs) -> None:
    if repairs.crossed not in ("refuse", "drop", "widen"):
        raise _invalid("crossed", "refuse, drop or widen", repairs.crossed)
    if repairs.duplicates not in ("refuse", "keep_first", "keep_last"):
        raise _invalid("duplicates", "refuse, keep_first or keep_last", repairs.duplicates)
    if not 0.0 <= repairs.max_unpaired <= 1.0:
        raise _invalid("max_unpaired", "a share from 0 to 1", repairs.max_unpaired)


def _span(start: object, end: object, warmup_bars: int) -> Span:
    if isinstance(warmup_bars, bool) or not isinstance(warmup_bars, int) or warmup_bars < 0:
        raise _invalid("warmup_bars", "a whole number from 0", warmup_bars)
    start_us = None if start is None else instant_of(start, "start")
    end_us = None if end is None else instant_of(end, "end")
    if start_us is not None and end_us is not None and end_us <= start_us:
        raise _invalid("end", f"a time after the start {start}", end)
    return Span(start_us, end_us, warmup_bars)


def _traded(symbol: str, specs: Mapping[str, HasDigits] | str | pathlib.Path | None) -> Traded:
    file = "omega.load: specs" if isinstance(specs, Mapping) else str(specs or "symbol_specs.yaml")
    if not isinstance(specs, Mapping):
        from omega.config import load_specs

        specs = load_specs(specs)
    if symbol not in specs:
        close = difflib.get_close_matches(symbol.replace("/", "").upper(), specs, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else f" Known: {', '.join(sorted(specs))}."
        raise error_for("config.symbol_without_spec", file=file, symbol=symbol, hint=hint)
    # A spec without a session trades when symbols of its name do.
    session = getattr(specs[symbol], "session", None) or session_of(symbol)
    return Traded(symbol, specs[symbol].digits, session)


def _sources(
    path: object, symbol: str, wanted: tuple[str, ...], source: str | None
) -> tuple[str, dict[str, tuple[object, str]], str]:
    """Return base timeframe, source and name of each side, and a description of the whole."""
    if isinstance(path, str | pathlib.Path):
        root = pathlib.Path(path)
        base, files = find_series(root, symbol, wanted, source)
        folder = root if root.is_dir() else root.parent
        named = {side: (file, file.relative_to(folder).as_posix()) for side, file in files.items()}
        return (
            base,
            {side: (file, str(file)) for side, (file, _) in named.items()},
            " and ".join(named[side][1] for side in _SIDES if side in named),
        )
    if source is not None:
        raise _invalid("source", "nothing, because tables are given", source)
    given = dict(path) if isinstance(path, Mapping) else {"bid": path}
    base = timeframe_named(given.pop("timeframe", wanted[0]), 'path["timeframe"]')
    for name in wanted:
        if not divides(base, name):
            raise _invalid('path["timeframe"]', f"a timeframe that divides {name}", base)
    if "bid" not in given or not set(given) <= set(_SIDES):
        raise _invalid("path", 'a folder, or {"bid": table, "ask": table}', sorted(map(str, given)))
    tables = {side: (value, _name(symbol, base, side, value)) for side, value in given.items()}
    return base, tables, " and ".join(tables[side][1] for side in _SIDES if side in tables)


def _name(symbol: str, timeframe: str, side: str, value: object) -> str:
    return str(value) if isinstance(value, str | pathlib.Path) else f"{symbol} {timeframe} {side} table"


# ---------------------------------------------------------------- steps


def _read_sides(
    sides: Mapping[str, tuple[object, str]], traded: Traded, timeframe: str, repairs: Repairs
) -> tuple[dict[str, SideBars], list[Note]]:
    """Read and check both sides at the same time; if both are faulty, the bid is reported."""

    def one(side: str) -> tuple[SideBars, list[Note]]:
        table, where = sides[side]
        file = pathlib.Path(table) if isinstance(table, str | pathlib.Path) else None
        if file is not None and (cached := read_cache(file, traded.digits)) is not None:
            return cached, []
        raw = read_bars(table, where)
        check_symbol(raw, traded.name)
        time_us, repeated = check_time(raw, timeframe, traded.session)
        if repeated is not None and repairs.duplicates == "refuse":
            refuse_duplicates(raw, time_us, repeated)
        bars = check_prices(raw, time_us, digits=traded.digits, snap=repairs.snap)
        notes = [Note("data.snapped", bars.snapped, where)] if bars.snapped else []
        if repeated is not None:
            dropped = repeated if repairs.duplicates == "keep_first" else np.concatenate([repeated[1:], [False]])
            notes.append(Note("data.duplicates_dropped", int(dropped.sum()), where))
            bars = bars.rows(~dropped)
        if file is not None and raw.series is not None and not notes:
            write_cache(file, bars, traded.digits)
        return bars, notes

    names = [side for side in _SIDES if side in sides]
    # Files are read side by side; frames one after the other, so that their temporaries never add up.
    is_read = isinstance(sides[names[0]][0], str | pathlib.Path)
    with ThreadPoolExecutor(len(names) if is_read else 1) as pool:
        done = [task.result() for task in [pool.submit(one, side) for side in names]]
    tables = {side: bars for side, (bars, _) in zip(names, done, strict=True)}
    return tables, [note for _, notes in done for note in notes]


def _owned(volume: Floats) -> Floats:
    """Return the volume in memory of our own; "none" is one value, seen many times."""
    return volume if volume.strides == (0,) else volume.copy()


def _compare_given(
    base: BaseBars,
    base_timeframe: str,
    wanted: tuple[str, ...],
    sides: Mapping[str, tuple[object, str]],
    about: tuple[Traded, Repairs],
) -> list[Note]:
    """Return a note for every coarser bid file beside the base that its resampled bars do not equal (RES-3)."""
    traded, repairs = about
    source, notes = sides["bid"][0], []
    if not isinstance(source, str | pathlib.Path):
        return []
    for timeframe in wanted:
        files = [pathlib.Path(source).with_name(f"{traded.name}_{timeframe}_bid{suffix}") for suffix in FORMATS]
        for file in files if timeframe != base_timeframe else ():
            if file.is_file():
                read, _ = _read_sides({"bid": (file, str(file))}, traded, timeframe, repairs)
                given = read["bid"]
                first, last = (
                    min(int(base.time[0]), int(given.time[0])),
                    max(int(base.time[-1]), int(given.time[-1])),
                )
                calendar = fx_calendar(first, last, traded.session)
                found = compare_resampled(base, base_timeframe, (given.time, given.prices), timeframe, calendar)
                if not found.is_equal:
                    count = found.differing + found.only_made + found.only_given
                    notes.append(Note("data.resample_differs", count, f"{file.name}: {found}"))
    return notes


def _cut(
    base: BaseBars, made_of: tuple[str, str], wanted: tuple[str, ...], span: Span, where: str
) -> tuple[BaseBars, int, int]:
    """Return the bars of the span, the open time of the first step bar and that of the first step.

    The bars begin with the interval of the coarsest timeframe that holds the first step bar, so that
    no series opens with half a bar because of the cut. `made_of` is the base timeframe and the session.
    """
    if len(base.time) == 0:
        raise error_for("data.empty", where=where)
    base_timeframe, session = made_of
    first_us, last_us = int(base.time[0]), int(base.time[-1])
    calendar = fx_calendar(first_us, last_us, session)
    count = len(base.time)
    if base_timeframe == wanted[0]:
        opens = base.time
        if span.end_us is not None:
            closes = calendar.intervals(base.time, wanted[0])[1]
            count = int(np.searchsorted(closes, span.end_us, side="right"))
        opens = opens[:count]
    else:
        bar_open, bar_close = calendar.intervals(base.time, wanted[0])
        if span.end_us is not None:
            count = int(np.searchsorted(bar_close, span.end_us, side="right"))
        opens = bar_open[:count][np.diff(bar_open[:count], prepend=bar_open[0] - 1) != 0]
    begin = span.warmup_bars if span.start_us is None else int(np.searchsorted(opens, span.start_us))
    if len(opens) == 0 or (span.start_us is not None and begin == len(opens)):
        raise error_for("data.no_bars", where=where, range=str(span), first_us=first_us, last_us=last_us)
    if span.warmup_bars > begin or begin >= len(opens):
        raise error_for(
            "data.warmup_short",
            where=where,
            available=min(begin, len(opens)),
            timeframe=wanted[0],
            start_us=int(opens[-1]) if span.start_us is None else span.start_us,
            wanted=span.warmup_bars,
        )
    first = opens[begin - span.warmup_bars :][:1]
    earliest = min(int(calendar.intervals(first, name)[0][0]) for name in wanted)
    rows = slice(int(np.searchsorted(base.time, min(earliest, int(first[0])))), count)
    return base.rows(rows), int(first[0]), int(opens[begin])


def _frozen(base: BaseBars) -> BaseBars:
    """Make the arrays read-only: a `MarketData` is shared between runs."""
    for array in (base.time, *base.bid, *(base.ask or ()), base.spread, base.volume):
        if array is not None:
            array.flags.writeable = False
    return base
