"""From foreign files to the normalised store: detect, ask, stream, check, write (IMP).

One call imports one series, which may come in several files (hours of ticks) and on both sides. Memory is
bounded by the batch size, except for `sort`. Nothing appears under its name before it is complete.
"""

from __future__ import annotations

import contextlib
import pathlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from omega.data.checks import SideBars
from omega.data.importing.detection import detect
from omega.data.importing.openings import Openings, zone_question
from omega.data.importing.rows import REPAIRS, NormalTicks, Stream, normal_bars, normal_ticks
from omega.data.importing.sources import Source
from omega.data.sessions import session_of
from omega.data.store import SeriesFile, SeriesWriter, column_of, file_hash
from omega.data.timeframes import MINUTE_US, MINUTES, timeframe_named
from omega.data.zones import BROKER_ZONE, zone_named
from omega.errors import error_for

__all__ = ["ImportOptions", "Imported", "import_files"]

OnProgress = Callable[[int, int], None]
_WRONG_CLOCK = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """What the files do not say, or what is wanted otherwise.

    Attributes:
        timeframe: Of bars; None takes the most frequent step.
        side: `bid` or `ask`; None takes what format or name say.
        zone: Clock of the times (`omega.data.zones`); None takes what format or values say.
        columns: omega's column names to the file's, or to positions.
        digits: Decimals of the prices; None takes the symbol spec.
        prices: `points` if prices are counted in points; `units` if whole numbers are right.
        label: Whether bars are named by their open or close time.
        repairs: Names of `omega.data.REPAIRS`.
        force: Replace files that exist.
    """

    timeframe: str | None = None
    side: Literal["bid", "ask"] | None = None
    zone: str | None = None
    columns: Mapping[str, str] | None = None
    digits: int | None = None
    prices: Literal["auto", "units", "points"] = "auto"
    label: Literal["open", "close"] = "open"
    repairs: Sequence[str] = ()
    force: bool = False


@dataclass(frozen=True, slots=True)
class Imported:
    """One written file.

    Attributes:
        path: The file.
        rows: Its rows.
        first_us: First time.
        last_us: Last time.
        said: What was detected and what was done, in sentences.
        repairs: What each repair did.
    """

    path: pathlib.Path
    rows: int
    first_us: int
    last_us: int
    said: tuple[str, ...]
    repairs: dict[str, int]


def import_files(
    files: Sequence[str | pathlib.Path],
    *,
    symbol: str,
    out: str | pathlib.Path,
    options: ImportOptions | None = None,
    on_progress: OnProgress | None = None,
) -> list[Imported]:
    """Import the files of one symbol into the store at `out`.

    Args:
        files: Files of one kind: parts of one series, or its two sides.
        symbol: Symbol name of the series.
        out: Folder of the store; it is made.
        options: What the files do not say.
        on_progress: Called with bytes read and bytes in all.

    Raises:
        DataError: A file is not understood, does not say what must be known, or CHK-1 refuses a row.
        ConfigError: An option makes no sense.
    """
    options = options or ImportOptions()
    _check_options(options)
    digits = _digits(symbol, options)
    sources = [detect(pathlib.Path(file), options.columns) for file in files]
    if not sources:
        raise error_for("data.not_found", where=str(out), wanted="file to import", hint="")
    for source in sources[1:]:
        if source.kind != sources[0].kind:
            other = str(sources[0].path)
            raise error_for(
                "data.mixed_import", where=str(source.path), found=source.kind, other=other, expected=sources[0].kind
            )
    groups: dict[str, list[Source]] = {}
    for source in sources:
        groups.setdefault(options.side or source.side or "", []).append(source)
    meter = _Meter(sum(source.path.stat().st_size for source in sources), on_progress)
    done: list[Imported] = []
    for side, parts in groups.items():
        stream, ordered = _stream(parts, symbol, digits, options)
        done += _write(ordered, stream, side, pathlib.Path(out), options=options, meter=meter)
        meter.base += sum(source.path.stat().st_size for source in parts)
    return done


class _Meter:
    """Bytes read over several files."""

    def __init__(self, total: int, on_progress: OnProgress | None) -> None:
        self.base, self._total, self._on_progress = 0, total, on_progress

    def show(self, done: int) -> None:
        if self._on_progress is not None:
            self._on_progress(min(self.base + done, self._total), self._total)


# ---------------------------------------------------------------- what must be known


def _invalid(key: str, expected: str, value: object) -> Exception:
    where = "omega data import"
    return error_for("config.invalid", file=where, line="", key=key, expected=expected, value=repr(value), hint="")


def _check_options(options: ImportOptions) -> None:
    if options.timeframe is not None:
        timeframe_named(options.timeframe)
    for repair in options.repairs:
        if repair not in REPAIRS:
            raise _invalid("repair", "one of " + ", ".join(REPAIRS), repair)
    for key, value, known in (
        ("side", options.side, (None, "bid", "ask")),
        ("prices", options.prices, ("auto", "units", "points")),
        ("label", options.label, ("open", "close")),
    ):
        if value not in known:
            raise _invalid(key, "one of " + ", ".join(filter(None, known)), value)
    if options.digits is not None and not 0 <= options.digits <= 8:
        raise _invalid("digits", "a whole number from 0 to 8", options.digits)


def _digits(symbol: str, options: ImportOptions) -> int:
    if options.digits is not None:
        return options.digits
    from omega.config import load_specs

    specs = load_specs()
    if symbol not in specs:
        raise _invalid("digits", f"the decimals of {symbol} (--digits), which has no symbol spec", None)
    return int(specs[symbol].digits)


def _stream(
    parts: list[Source], symbol: str, digits: int, options: ImportOptions
) -> tuple[Stream, list[tuple[int, Source]]]:
    """Return what the rows are checked against, and the files in the order of their times."""
    session = session_of(symbol)
    firsts = []
    for source in parts:
        batch = next(iter(source.read()), None)
        if batch is not None:
            firsts.append((int(batch.time_us.min()), batch, source))
    if not firsts:
        raise error_for("data.empty", where=", ".join(str(source.path) for source in parts))
    firsts.sort(key=lambda each: each[0])
    first = firsts[0][2]
    timeframe = options.timeframe or first.timeframe
    if first.kind == "bars" and timeframe is None:
        timeframe = _timeframe(str(first.path), firsts[0][1].time_us)
    if options.label == "close" and timeframe in ("D1", "W1", "MN1"):
        raise _invalid("label", f"open for {timeframe}", options.label)
    zone = options.zone or first.zone
    if zone is None:
        raise _question([source for *_, source in firsts], session, timeframe)
    stream = Stream(
        symbol=symbol,
        digits=digits,
        session=session,
        timeframe="ticks" if first.kind == "ticks" else timeframe or "",
        zone=zone_named(zone),
        prices="units" if first.format == "Dukascopy .bi5" else options.prices,
        label=options.label,
        repairs=frozenset(options.repairs),
    )
    return stream, [(time_us, source) for time_us, _, source in firsts]


def _timeframe(where: str, time_us: np.ndarray[Any, np.dtype[np.int64]]) -> str:
    steps, counts = np.unique(np.diff(np.sort(time_us)), return_counts=True)
    steps, counts = steps[steps > 0], counts[steps > 0]
    if len(steps) == 0:
        raise error_for("data.timeframe_unknown", where=where, saw="nothing (one bar)")
    step = int(steps[np.argmax(counts)])
    nominal = {**{minutes * MINUTE_US: name for name, minutes in MINUTES.items()}, 7 * 1440 * MINUTE_US: "W1"}
    if 28 * 1440 * MINUTE_US <= step <= 31 * 1440 * MINUTE_US:
        return "MN1"
    if step not in nominal or step in (5 * 1440 * MINUTE_US, 22 * 1440 * MINUTE_US):
        raise error_for("data.timeframe_unknown", where=where, saw=f"{step / MINUTE_US:g} minutes")
    return nominal[step]


def _question(sources: list[Source], session: str, timeframe: str | None) -> Exception:
    """Return the error that asks for the clock."""
    where = str(sources[0].path)
    if timeframe in ("D1", "W1", "MN1"):
        saw = f"its {timeframe} bars have a date; usually that is the FX day that ends on it at 17:00 New York"
        return error_for("data.zone_unknown", where=where, saw=saw, proposal=BROKER_ZONE, others="")
    openings = Openings()
    for source in sources:
        for batch in source.read():
            openings.see(np.sort(batch.time_us))
    return zone_question(openings, where=where, session=session, timeframe=timeframe)


# ---------------------------------------------------------------- writing


def _write(
    ordered: list[tuple[int, Source]],
    stream: Stream,
    side: str,
    out: pathlib.Path,
    *,
    options: ImportOptions,
    meter: _Meter,
) -> list[Imported]:
    first = ordered[0][1]
    has_both = first.kind == "bars" and "bid_open" in first.names
    if first.kind == "bars" and not side and not has_both:
        raise error_for("data.side_unknown", where=str(first.path))
    sides = [""] if first.kind == "ticks" else ["bid", "ask"] if has_both else [side]
    out.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        writers = {}
        for name in sides:
            series = SeriesFile(stream.symbol, stream.timeframe, name, stream.digits)
            if (out / series.file_name).exists() and not options.force:
                raise error_for("data.exists", where=str(out / series.file_name))
            writers[name] = stack.enter_context(SeriesWriter(out, series, _extra(first)))
        before = 0
        for _, source in ordered:
            if first.kind == "ticks":
                for ticks, done in normal_ticks(source, stream):
                    writers[""].write(_tick_columns(ticks))
                    meter.show(before + done)
            else:
                for bars, done in normal_bars(source, stream, side):
                    for name, one in bars.items():
                        writers[name].write(_bar_columns(one))
                    meter.show(before + done)
            before += source.path.stat().st_size
        repairs = {name: count for name, count in sorted(stream.counts.items()) if name in stream.repairs}
        said = _said([source for _, source in ordered], stream, options, repairs)
        if not writers[sides[0]].rows:
            raise error_for("data.no_rows_left", where=str(first.path), why=" after the repairs" if repairs else "")
        provenance = {
            "format": first.format,
            "zone": stream.zone.name,
            "repairs": repairs,
            "sources": [{"name": source.path.name, "sha256": file_hash(source.path)} for _, source in ordered],
        }
        return [
            Imported(writer.finish(provenance), writer.rows, writer.first_us, writer.last_us, said, repairs)
            for writer in writers.values()
        ]


def _extra(source: Source) -> tuple[pa.Field[Any], ...]:
    if source.kind == "ticks":
        floats = [pa.field(name, pa.float64()) for name in ("bid_volume", "ask_volume") if name in source.names]
        return (*floats, *([pa.field("flags", pa.int32())] if "flags" in source.names else []))
    spread = (pa.field("spread", pa.int32(), nullable=False),) if "spread" in source.names else ()
    return (pa.field("volume", pa.float64()), *spread)


def _bar_columns(bars: SideBars) -> dict[str, pa.Array[Any]]:
    columns = dict(zip(("open", "high", "low", "close"), map(pa.array, bars.prices), strict=True))
    spread = {} if bars.spread is None else {"spread": pa.array(bars.spread)}
    return {"time": pa.array(bars.time), **columns, "volume": column_of(bars.volume), **spread}


def _tick_columns(ticks: NormalTicks) -> dict[str, pa.Array[Any]]:
    extra = {name: column_of(values) for name, values in ticks.extra.items()}
    return {"time": pa.array(ticks.time), "bid": pa.array(ticks.bid), "ask": pa.array(ticks.ask), **extra}


def _said(sources: list[Source], stream: Stream, options: ImportOptions, repairs: dict[str, int]) -> tuple[str, ...]:
    said = [sentence for source in sources[:3] for sentence in source.said]
    if len(sources) > 3:
        said.append(f"… and {len(sources) - 3} more files like these.")
    clock = "as asked" if options.zone else "as the format says"
    said.append(f"Clock: {stream.zone.name} ({clock}). {stream.timeframe}, {stream.digits} digits.")
    late_us = 15 * MINUTE_US if stream.timeframe == "ticks" else min(MINUTES[stream.timeframe], 60) * MINUTE_US
    if stream.timeframe not in ("D1", "W1", "MN1"):
        fits = stream.openings.fits("UTC", stream.session, max(late_us, 15 * MINUTE_US))
        if len(fits):
            share = f"{int(fits.sum())} of {len(fits)} weekly openings are where session {stream.session!r} opens"
            said.append(f"{share}." if fits.mean() > _WRONG_CLOCK else f"Only {share}: is the clock right?")
    said += [f"{name}: {count} rows or values." for name, count in repairs.items()]
    return tuple(said)
