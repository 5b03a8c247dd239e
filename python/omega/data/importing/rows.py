"""Rows of a source, brought to UTC, checked and put into points, batch by batch.

What a load would refuse is refused here, with the row of the source file. Repairs happen only when they were
asked for, and are counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from omega.data import checks, time_checks
from omega.data.calendar import FxCalendar, Int64s, fx_calendar
from omega.data.checks import Floats, Int32s, SideBars
from omega.data.importing.openings import Openings
from omega.data.importing.sources import Batch, Source
from omega.data.reading import PRICES, RawBars
from omega.data.time_checks import Flags
from omega.data.timeframes import duration_us
from omega.data.zones import Zone
from omega.errors import DataError, error_for

__all__ = ["REPAIRS", "NormalTicks", "Stream", "normal_bars", "normal_ticks"]

REPAIRS = {
    "sort": "sort the rows by time",
    "drop_duplicates": "keep the first of several bars of one time",
    "drop_weekend": "drop rows outside the sessions of the symbol",
    "drop_empty": "drop flat bars without volume",
    "drop_off_grid": "drop bars that do not open on the grid of the timeframe",
    "floor_times": "name bars by the opening of the interval that holds their time",
    "widen_range": "raise high and lower low to hold open and close",
    "snap": "round prices to the grid of the symbol",
    "drop_crossed": "drop rows with bid above ask",
    "widen_crossed": "raise asks below their bid to the bid",
}
"""Repairs on request (CHK-3) and what they do."""

_REPAIR_OF = {
    "data.time_off_grid": "--repair floor_times (or drop_off_grid)",
    "data.high_below": "--repair widen_range",
    "data.low_above": "--repair widen_range",
    "data.off_grid": "--repair snap",
}
_TICK_COLUMNS = ("bid_volume", "ask_volume", "flags")
_LAST_US = 9_214_646_400_000_000


@dataclass(slots=True, kw_only=True)
class Stream:
    """What is wanted of a series, and what its rows have shown so far.

    Attributes:
        symbol: Symbol name.
        digits: Decimals of its prices.
        session: Name of its session.
        timeframe: Of its bars.
        zone: Clock of the source.
        prices: `points` if the source counts prices in points, `units` if it says they are right, else `auto`.
        label: Whether the source names bars by their open or close time.
        repairs: Repairs that were asked for.
        counts: What each repair did.
        openings: Week-ends, in UTC.
        last_us: Last time that was kept.
    """

    symbol: str
    digits: int
    session: str
    timeframe: str
    zone: Zone
    prices: Literal["auto", "units", "points"] = "auto"
    label: Literal["open", "close"] = "open"
    repairs: frozenset[str] = frozenset()
    counts: Counter[str] = field(default_factory=Counter)
    openings: Openings = field(default_factory=Openings)
    last_us: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class NormalTicks:
    """Checked ticks: time, bid and ask in points, and what else the source has."""

    time: Int64s
    bid: Int32s
    ask: Int32s
    extra: dict[str, Floats]

    def rows(self, kept: Flags) -> NormalTicks:
        """Return the ticks of a mask."""
        return NormalTicks(
            self.time[kept], self.bid[kept], self.ask[kept], {name: values[kept] for name, values in self.extra.items()}
        )


def normal_bars(source: Source, stream: Stream, side: str | None) -> Iterator[tuple[dict[str, SideBars], int]]:
    """Yield the bars of a source by side, and the bytes read.

    Raises:
        DataError: What CHK-1 refuses, with the row of the file.
    """
    for batch in _batches(source, stream):
        with _row_of(batch):
            time_us, kept = _bar_times(batch, source, stream)
            sides = ("bid", "ask") if "bid_open" in batch.columns else (side or "bid",)
            bars = {}
            for name in sides:
                raw = _raw(batch, source, name if len(sides) == 2 else "")
                checks.check_symbol(raw, stream.symbol)
                raw = _widened(_scaled(raw, stream, PRICES), stream)
                bars[name] = checks.check_prices(raw, time_us, digits=stream.digits, snap="snap" in stream.repairs)
                stream.counts["snap"] += bars[name].snapped
            if "drop_empty" in stream.repairs:
                kept &= _count(stream, "drop_empty", kept, _empty(bars[sides[0]]))
            if len(sides) == 2:
                bars = _uncrossed_bars(bars, batch, source, stream, kept)
            done = {name: one.rows(kept) for name, one in bars.items()}
        yield done, batch.done


def normal_ticks(source: Source, stream: Stream) -> Iterator[tuple[NormalTicks, int]]:
    """Yield the ticks of a source, and the bytes read; ticks of one time keep their order.

    Raises:
        DataError: What CHK-1 refuses, with the row of the file.
    """
    carried: dict[str, float] = {}
    for batch in _batches(source, stream):
        with _row_of(batch):
            time_us, kept = _tick_times(batch, source, stream)
            if source.format == "MetaTrader 5":
                kept &= _carry(batch, carried)
            raw = _scaled(_raw(batch, source, ""), stream, ("bid", "ask"))
            checks.check_symbol(raw, stream.symbol)
            if not kept.all():
                raw = RawBars(raw.where, {name: column.filter(kept) for name, column in raw.columns.items()}, raw.names)
                time_us = time_us[kept]
            if len(time_us) == 0:
                continue
            snap = "snap" in stream.repairs
            (bid, ask), _, snapped = checks.convert_prices(raw, ("bid", "ask"), digits=stream.digits, snap=snap)
            stream.counts["snap"] += snapped
            extra = {
                name: np.asarray(checks.numbers_of(raw, name).to_numpy(), np.float64)
                for name in _TICK_COLUMNS
                if name in raw.columns
            }
            ticks = _uncrossed_ticks(NormalTicks(time_us, bid, ask, extra), raw, stream)
        yield ticks, batch.done


# ---------------------------------------------------------------- times


class _row_of:
    """Turns rows of a batch into rows of the file in the errors raised inside."""

    def __init__(self, batch: Batch) -> None:
        self._first = batch.first_row

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if not isinstance(error, DataError):
            return
        facts = dict(error.context)
        for name in ("row", "bar_idx"):
            if isinstance(facts.get(name), int):
                facts[name] = int(facts[name] or 0) + self._first
        moved = error_for(error.code, **facts)
        if error.code in _REPAIR_OF:
            moved.add_note(f"Or import with {_REPAIR_OF[error.code]}.")
        raise moved from None


def _batches(source: Source, stream: Stream) -> Iterator[Batch]:
    if "sort" not in stream.repairs:
        yield from source.read()
        return
    parts = list(source.read())
    if not parts:
        return
    time_us = np.concatenate([part.time_us for part in parts])
    order = np.argsort(time_us, kind="stable")
    moved = int((order != np.arange(len(order))).sum())
    stream.counts["sort"] += moved
    columns: dict[str, pa.Array[Any]] = {}
    for name in parts[0].columns:
        columns[name] = pa.chunked_array([part.columns[name] for part in parts]).take(pa.array(order)).combine_chunks()
    yield Batch(0, time_us[order], columns, parts[-1].done)


def _utc(batch: Batch, source: Source, stream: Stream) -> Int64s:
    where, name = str(source.path), source.names.get("time", source.names.get("date", "time"))
    time_us, doubtful = stream.zone.to_utc(batch.time_us)
    if doubtful.any():
        row = int(np.argmax(doubtful))
        shown = str(np.datetime64(int(batch.time_us[row]), "us")).replace("T", " ").removesuffix(".000000")
        raise error_for("data.clock_change", where=where, row=row, value=shown, zone=stream.zone.name)
    outside = (time_us < 0) | (time_us >= _LAST_US)
    if outside.any():
        row = int(np.argmax(outside))
        shown = f"{int(time_us[row])} us since 1970"
        raise error_for("data.year_out_of_range", where=where, row=row, column=name, value=shown)
    return time_us


def _bar_times(batch: Batch, source: Source, stream: Stream) -> tuple[Int64s, Flags]:
    """Return open times in UTC, and which rows are kept."""
    time_us = _utc(batch, source, stream)
    if stream.label == "close":
        time_us = time_us - duration_us(stream.timeframe)
    calendar = fx_calendar(int(time_us.min()), int(time_us.max()), stream.session)
    starts, _ = calendar.intervals(time_us, stream.timeframe)
    off = starts != time_us
    kept = np.ones(len(time_us), np.bool_)
    if "floor_times" in stream.repairs:
        stream.counts["floor_times"] += int(off.sum())
        time_us = starts
    elif "drop_off_grid" in stream.repairs:
        kept &= _count(stream, "drop_off_grid", kept, off)
    else:
        time_checks.refuse_off_grid_time(_raw(batch, source, ""), time_us, starts, off, stream.timeframe)
    _keep_in_order(time_us, kept, batch, source, stream)
    _drop_weekend(calendar, time_us, kept, stream)
    stream.openings.see(time_us[kept])
    return time_us, kept


def _tick_times(batch: Batch, source: Source, stream: Stream) -> tuple[Int64s, Flags]:
    time_us = _utc(batch, source, stream)
    kept = np.ones(len(time_us), np.bool_)
    previous = int(time_us[0]) if stream.last_us is None else stream.last_us
    steps = np.diff(time_us, prepend=previous)
    if steps.min() < 0:
        row = int(np.argmax(steps < 0))
        before = previous if row == 0 else int(time_us[row - 1])
        mend = "Sort the ticks: --repair sort."
        time_checks.refuse_order(_raw(batch, source, ""), int(time_us[row]), before, row=row, mend=mend)
    stream.last_us = int(time_us[-1])
    _drop_weekend(fx_calendar(int(time_us[0]), int(time_us[-1]), stream.session), time_us, kept, stream)
    stream.openings.see(time_us[kept])
    return time_us, kept


def _keep_in_order(time_us: Int64s, kept: Flags, batch: Batch, source: Source, stream: Stream) -> None:
    """Refuse times that go back or repeat, or unmark the rows that repeat."""
    rows = np.flatnonzero(kept)
    if len(rows) == 0:
        return
    times = time_us[rows]
    first_previous = int(times[0]) - 1 if stream.last_us is None else stream.last_us
    steps = np.diff(times, prepend=first_previous)
    if steps.min() <= 0:
        is_repeat = steps == 0
        bad = steps < 0 if "drop_duplicates" in stream.repairs else steps <= 0
        if bad.any():
            at = int(np.argmax(bad))
            before = first_previous if at == 0 else int(times[at - 1])
            mend = "Remove one of the rows: --repair drop_duplicates." if is_repeat[at] else "Sort: --repair sort."
            time_checks.refuse_order(_raw(batch, source, ""), int(times[at]), before, row=int(rows[at]), mend=mend)
        stream.counts["drop_duplicates"] += int(is_repeat.sum())
        kept[rows[is_repeat]] = False
    stream.last_us = int(times[-1])


def _drop_weekend(calendar: FxCalendar, time_us: Int64s, kept: Flags, stream: Stream) -> None:
    if "drop_weekend" in stream.repairs:
        kept &= _count(stream, "drop_weekend", kept, ~calendar.is_in_session(time_us))


def _count(stream: Stream, repair: str, kept: Flags, dropped: Flags) -> Flags:
    """Count the kept rows that a repair drops; return the mask of the others."""
    stream.counts[repair] += int((kept & dropped).sum())
    return ~dropped


# ---------------------------------------------------------------- values


def _raw(batch: Batch, source: Source, side: str) -> RawBars:
    """Return the rows as the checks take them; of two sides, one with the names of bars."""
    columns = {name: pa.chunked_array([column]) for name, column in batch.columns.items()}
    columns["time"] = pa.chunked_array([pa.array(batch.time_us)])
    names = {"time": "time", **source.names}
    if side:
        columns = {"time": columns["time"], **{name: columns[f"{side}_{name}"] for name in PRICES}}
        names |= {name: names[f"{side}_{name}"] for name in PRICES}
    return RawBars(str(source.path), columns, names)


def _scaled(raw: RawBars, stream: Stream, names: tuple[str, ...]) -> RawBars:
    """Divide prices in points by 10^digits; refuse prices that look like points unless they are said to be right."""
    if stream.prices == "units":
        return raw
    if stream.prices == "points":
        scale = float(10**stream.digits)
        numbers = {name: checks.numbers_of(raw, name) for name in names}
        scaled = {name: pc.divide(column, pa.scalar(scale)) for name, column in numbers.items()}
        return RawBars(raw.where, raw.columns | scaled, raw.names)
    if stream.digits >= 2 and len(raw.columns[names[0]]) >= 10:
        head = checks.numbers_of(raw, names[0]).slice(0, 1_000).to_numpy()
        if np.isfinite(head).all() and bool((np.abs(head - np.rint(head)) < 1e-6).all()):
            column, value = raw.names[names[0]], repr(float(head[0]))
            digits = stream.digits
            raise error_for("data.price_scale", where=raw.where, row=0, column=column, value=value, digits=digits)
    return raw


def _widened(raw: RawBars, stream: Stream) -> RawBars:
    if "widen_range" not in stream.repairs:
        return raw
    numbers = [checks.numbers_of(raw, name) for name in PRICES]
    high, low = pc.max_element_wise(*numbers, skip_nulls=False), pc.min_element_wise(*numbers, skip_nulls=False)
    changed = pc.or_(pc.not_equal(high, numbers[1]), pc.not_equal(low, numbers[2]))
    stream.counts["widen_range"] += int(pc.sum(changed).as_py() or 0)
    return RawBars(raw.where, raw.columns | {"high": high, "low": low}, raw.names)


def _empty(bars: SideBars) -> Flags:
    _, high, low, _ = bars.prices
    return np.asarray((high == low) & (bars.volume == 0))


def _carry(batch: Batch, carried: dict[str, float]) -> Flags:
    """Fill quotes that MetaTrader leaves empty because they did not change; drop rows before both are known."""
    known = np.ones(len(batch.time_us), np.bool_)
    for name in ("bid", "ask"):
        values = batch.columns[name].to_numpy(zero_copy_only=False).astype(np.float64)
        empty = batch.columns[name].is_null().to_numpy(zero_copy_only=False)
        if empty.any() or name in carried:
            last = np.maximum.accumulate(np.where(empty, -1, np.arange(len(values))))
            values = np.where(last >= 0, values[last], carried.get(name, np.nan))
        known &= ~np.isnan(values) | ~empty
        carried[name] = float(values[-1])
        batch.columns[name] = pa.array(values)
    return known


def _uncrossed_ticks(ticks: NormalTicks, raw: RawBars, stream: Stream) -> NormalTicks:
    crossed = ticks.bid > ticks.ask
    if not crossed.any():
        return ticks
    if "drop_crossed" in stream.repairs:
        stream.counts["drop_crossed"] += int(crossed.sum())
        return ticks.rows(~crossed)
    if "widen_crossed" in stream.repairs:
        stream.counts["widen_crossed"] += int(crossed.sum())
        return NormalTicks(ticks.time, ticks.bid, np.maximum(ticks.bid, ticks.ask), ticks.extra)
    raise _crossed(raw.where, int(np.argmax(crossed)), ticks.time, (ticks.bid, ticks.ask), stream.digits)


def _uncrossed_bars(
    bars: dict[str, SideBars], batch: Batch, source: Source, stream: Stream, kept: npt.NDArray[np.bool_]
) -> dict[str, SideBars]:
    bid, ask = bars["bid"], bars["ask"]
    masks = [one > other for one, other in zip(bid.prices, ask.prices, strict=True)]
    crossed = np.logical_or.reduce(masks)
    if not crossed.any():
        return bars
    if "drop_crossed" in stream.repairs:
        kept &= _count(stream, "drop_crossed", kept, crossed)
        return bars
    if "widen_crossed" in stream.repairs:
        stream.counts["widen_crossed"] += int(crossed.sum())
        raised = [np.maximum(one, other) for one, other in zip(bid.prices, ask.prices, strict=True)]
        prices = (raised[0], raised[1], raised[2], raised[3])
        return {"bid": bid, "ask": SideBars(ask.time, prices, ask.volume, ask.spread, ask.snapped)}
    row = int(np.argmax(crossed))
    column = next(idx for idx, mask in enumerate(masks) if mask[row])
    raise _crossed(str(source.path), row, bid.time, (bid.prices[column], ask.prices[column]), stream.digits)


def _crossed(where: str, row: int, time_us: Int64s, quote: Iterable[Int32s], digits: int) -> DataError:
    bid, ask = (f"{side[row] / 10**digits:.{digits}f}" for side in quote)
    error = error_for("data.crossed_ticks", where=where, row=row, time_us=int(time_us[row]), value=bid, other=ask)
    assert isinstance(error, DataError)
    return error
