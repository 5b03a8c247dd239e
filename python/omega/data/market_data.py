"""Loaded market data, and the tables a run needs of it.

`MarketData` is what a load produced: the finest bars, checked, in points. `MarketTables` is what
crosses the seam: both sides of the quote on every timeframe, and what may be seen of them when.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from omega.data.alignment import Alignment, decision_times, visible_bars
from omega.data.calendar import CALENDAR_VERSION, FxCalendar, Int64s, fx_calendar, iso_text
from omega.data.pairing import BaseBars, Note
from omega.data.resampling import bars_table, resample
from omega.data.spreads import SpreadModel, ask_from_model
from omega.errors import error_for

__all__ = ["MarketData", "MarketTables"]

_CARRY_FORWARD = Alignment()


@dataclass(frozen=True, slots=True, eq=False)
class MarketTables:
    """What `open_market` takes, and what the result says about it.

    Attributes:
        header: JSON text naming symbols and series.
        series: `bars` tables; the first is the step timeframe.
        timeframes: Timeframe of each series; of another symbol's ``"GBPUSD:H1"``.
        visible: Per series the visible bar at each step bar's decision (int32); None for the first.
        calendar: `calendar` table.
        first_step: Index of the first bar that is a step; bars before it are warm-up.
        symbol: Symbol name.
        digits: Decimals of its prices.
        data_hash: SHA-256 of the loaded bars.
        notes: What was tolerated or repaired.
        spread_note: What the reader must know about the spread, or None.
        spread_facts: What the ask side was made of, as plain values.
        calendar_version: Version of the FX calendar, and the session of the symbol.
        at_close: `visible` at the close of each step bar, for strategies that are asked there; None as `visible`.
        conversion: Where the quotes of other symbols are in `series`, by name (`omega.data.conversion`).
    """

    header: str
    series: tuple[pa.Table, ...]
    timeframes: tuple[str, ...]
    visible: tuple[pa.Int32Array | None, ...]
    calendar: pa.Table
    first_step: int
    symbol: str
    digits: int
    data_hash: str
    notes: tuple[Note, ...]
    spread_note: str | None
    spread_facts: Sequence[object] = ()
    calendar_version: str = CALENDAR_VERSION
    at_close: Callable[[], tuple[pa.Int32Array | None, ...]] | None = None
    conversion: Mapping[str, Any] = field(default_factory=dict)

    @property
    def finer(self) -> pa.Table | None:
        """The series that lets the engine look into bars of the step timeframe, None if none does (FIL-7, FIL-13)."""
        entries = json.loads(self.header)["series"]
        return next((table for entry, table in zip(entries, self.series, strict=True) if entry.get("finer")), None)

    def visible_at_close(self) -> tuple[pa.Int32Array | None, ...]:
        """Return per series the visible bar at each step bar's close (int32), None for the first (TIM-7)."""
        return self.visible if self.at_close is None else self.at_close()


def _visible_at(
    times_us: Int64s, *, closes: list[tuple[str, Int64s]], calendar: FxCalendar, alignment: Alignment
) -> tuple[pa.Int32Array | None, ...]:
    """Return the visible bar of every series at given times, one per step bar; None for the step bars themselves."""
    shown = [visible_bars(times_us, close_us, timeframe, calendar, alignment) for timeframe, close_us in closes]
    return (None, *(pa.array(rows, pa.int32()) for rows in shown))


class _Further(NamedTuple):
    """A series that only indicators read: of which symbol, how it is called, what it is."""

    owner_idx: int
    name: str
    timeframe: str
    table: pa.Table
    close_us: Int64s


@dataclass(frozen=True, eq=False)
class MarketData:
    """Bars of one symbol, checked and in points. Made by `omega.load`.

    Attributes:
        symbol: Symbol name.
        digits: Decimals of its prices.
        timeframe: Step timeframe.
        higher_timeframes: Timeframes for indicators, coarser than the step timeframe.
        base_timeframe: Timeframe of `base`; finer bars are resampled on demand.
        base: The finest loaded bars.
        first_time_us: Open time of the first step bar, warm-up included.
        first_step_us: Open time of the first bar that is a step.
        source: Where the bars came from.
        notes: What was tolerated or repaired.
        session: Name of the session the symbol trades in (`omega.data.sessions`).
        others: Data of other symbols, for indicators only; see `beside`.
    """

    symbol: str
    digits: int
    timeframe: str
    higher_timeframes: tuple[str, ...]
    base_timeframe: str
    base: BaseBars
    first_time_us: int
    first_step_us: int
    source: str
    notes: tuple[Note, ...]
    session: str = "fx"
    others: tuple[MarketData, ...] = ()
    _kept: list[tuple[tuple[SpreadModel, Alignment, bool], MarketTables]] = field(
        default_factory=list, init=False, repr=False
    )

    def beside(self, *others: MarketData) -> MarketData:
        """Return the same data with other symbols beside it, for indicators to read (TIM-6).

        Their series are named by symbol and timeframe, and seen as any other timeframe is: the last bar that
        is complete when a decision is made. Trading stays with this symbol.

        Example:
            ``euro.beside(pound)``, then ``indicators.ema(20, timeframe="GBPUSD:H1")`` and
            ``indicators.correlation("SMA_1_GBPUSD:H1", 50)``.

        Raises:
            ConfigError: ``config.invalid`` for a symbol that is there already or cannot be part of a key.
        """
        names = [one.symbol for one in (self, *self.others, *others)]
        odd = [name for idx, name in enumerate(names) if name in names[:idx] or set(name) & set("_(),")]
        if odd:
            raise error_for(
                "config.invalid",
                file="MarketData.beside",
                line="",
                key="others",
                expected="symbols that are not there yet and have no _ ( ) or comma",
                value=repr(odd[0]),
                hint="",
            )
        return replace(self, others=(*self.others, *others))

    def __repr__(self) -> str:
        first, last = (iso_text(int(moment)) for moment in self.base.time[[0, -1]])
        sides = "bid and ask" if self.base.ask is not None else "bid"
        return (
            f"MarketData({self.symbol} {self.timeframe}, {sides}, {len(self.base.time)} bars of "
            f"{self.base_timeframe} from {first} to {last}, {self.source})"
        )

    @functools.cached_property
    def data_hash(self) -> str:
        """SHA-256 over symbol, timeframes, digits, step range and the bars as little-endian integers and floats."""
        facts = [self.symbol, self.digits, self.timeframe, self.higher_timeframes, self.base_timeframe]
        digest = hashlib.sha256(json.dumps([*facts, self.first_time_us, self.first_step_us]).encode())
        # One bit pattern for "no volume", whatever made the NaN.
        volume = np.where(np.isnan(self.base.volume), np.nan, self.base.volume)
        columns: dict[str, tuple[npt.NDArray[Any], ...]] = {
            "time": (self.base.time,),
            "bid": self.base.bid,
            "ask": self.base.ask or (),
            "spread": () if self.base.spread is None else (self.base.spread,),
            "volume": (volume,),
        }
        for name, arrays in columns.items():
            digest.update(f"{name} {len(arrays)}\n".encode())
            for array in arrays:
                digest.update(np.ascontiguousarray(array, array.dtype.newbyteorder("<")).data)
        for other in self.others:
            digest.update(other.data_hash.encode())
        return digest.hexdigest()

    def resolve(
        self,
        spread: SpreadModel | None = None,
        *,
        alignment: Alignment = _CARRY_FORWARD,
        looks_inside: bool = False,
    ) -> MarketTables:
        """Return the tables of a run: ask side, resampled series, alignment, calendar.

        They depend on nothing else, so those of the last call are kept for a call with the same arguments.

        Args:
            spread: Where the ask side comes from. None takes the ask that was loaded.
            alignment: What a decision sees of a higher timeframe whose latest bar is missing (TIM-4).
            looks_inside: Whether the loaded bars, finer than the steps, go along to look into them (FIL-7, FIL-13).

        Raises:
            ConfigError: ``costs.spread_undefined``; ``config.invalid`` where nothing finer was loaded.
        """
        wanted = (spread or SpreadModel(), alignment, looks_inside)
        for arguments, tables in self._kept:
            if arguments == wanted:
                return tables
        tables = self._resolve(*wanted)
        self._kept[:] = [(wanted, tables)]
        return tables

    def _resolve(self, spread: SpreadModel, alignment: Alignment, looks_inside: bool) -> MarketTables:
        base, notes = self._with_ask(spread)
        ends = [int(one.base.time[idx]) for one in (self, *self.others) for idx in (0, -1)]
        calendar = fx_calendar(min(ends), max(ends), self.session)
        step, step_close = resample(base, self.base_timeframe, self.timeframe, calendar)
        begin = int(np.searchsorted(step.time, self.first_time_us))
        step, step_close = step.rows(slice(begin, None)), step_close[begin:]
        decisions = step_close if alignment.at_close else decision_times(step.time, step_close)
        further, other_notes = self._further(base, spread)
        if looks_inside:
            further.append(self._inside(base))
        closes = [(one.timeframe, one.close_us) for one in further]
        visible_at = functools.partial(_visible_at, closes=closes, calendar=calendar, alignment=alignment)
        timeframes = (self.timeframe, *(one.name for one in further))
        owners = (0, *(one.owner_idx for one in further))
        header: dict[str, list[dict[str, Any]]] = {
            "symbols": [{"name": one.symbol, "digits": one.digits} for one in (self, *self.others)],
            "series": [{"symbol": idx, "timeframe": name} for idx, name in zip(owners, timeframes, strict=True)],
        }
        if looks_inside:
            header["series"][-1]["finer"] = True
        return MarketTables(
            header=json.dumps(header, separators=(",", ":")),
            series=(bars_table(step, step_close), *(one.table for one in further)),
            timeframes=timeframes,
            visible=visible_at(decisions),
            at_close=functools.partial(visible_at, step_close),
            calendar=calendar.table(int(base.time[0]), int(decisions[-1])),
            first_step=int(np.searchsorted(step.time, self.first_step_us)),
            symbol=self.symbol,
            digits=self.digits,
            data_hash=self.data_hash,
            notes=self.notes + notes + other_notes,
            spread_note=" ".join(note.detail for note in notes) or None,
            spread_facts=spread.facts(),
            calendar_version=f"{CALENDAR_VERSION}/{self.session}",
        )

    def _further(self, base: BaseBars, spread: SpreadModel) -> tuple[list[_Further], tuple[Note, ...]]:
        """Return the series that only indicators read, and what must be noted about other symbols."""
        found = [self._series(base, timeframe, 0) for timeframe in self.higher_timeframes]
        notes: tuple[Note, ...] = ()
        for idx, other in enumerate(self.others):
            other_base, ask_notes = other._with_ask(spread)
            notes += other.notes + ask_notes
            found += [other._series(other_base, one, idx + 1) for one in (other.timeframe, *other.higher_timeframes)]
        return found, notes

    def _inside(self, base: BaseBars) -> _Further:
        """Return the loaded bars as a series of their own, if they are finer than the steps."""
        if self.base_timeframe == self.timeframe:
            raise error_for(
                "config.invalid",
                file="config",
                line="",
                key="execution.intrabar",
                expected=f"another rule: finer needs bars finer than {self.timeframe}, and {self.source} has none",
                value="'finer'",
                hint="",
            )
        return self._series(base, self.base_timeframe, 0)

    def _series(self, base: BaseBars, timeframe: str, owner_idx: int) -> _Further:
        calendar = fx_calendar(int(base.time[0]), int(base.time[-1]), self.session)
        bars, close_us = resample(base, self.base_timeframe, timeframe, calendar)
        name = timeframe if owner_idx == 0 else f"{self.symbol}:{timeframe}"
        return _Further(owner_idx, name, timeframe, bars_table(bars, close_us), close_us)

    def _with_ask(self, spread: SpreadModel) -> tuple[BaseBars, tuple[Note, ...]]:
        """Return the base bars with both sides, and what must be noted about an ask that was made."""
        reason = self._why_not(spread)
        if reason is not None:
            raise error_for("costs.spread_undefined", symbol=self.symbol, reason=reason)
        if spread.source == "data":
            return self.base, ()
        calendar = fx_calendar(int(self.base.time[0]), int(self.base.time[-1]), self.session)
        close_us = calendar.intervals(self.base.time, self.base_timeframe)[1]
        ask, news_count = ask_from_model(self.base, close_us, spread, calendar, symbol=self.symbol)
        notes = []
        if spread.source == "column":
            note = (
                f"{self.symbol}: ask = bid + stored spread + {_decimal(Fraction(spread.add_points or 0))} points. "
                f"The stored spread is the minimum of its {self.base_timeframe} bar, so costs are a lower bound."
            )
            notes.append(Note("data.spread_lower_bound", len(self.base.time), note))
        if spread.news:
            note = f"{self.symbol}: times {_decimal(spread.multiplier)} inside {spread.news}."
            notes.append(Note("data.spread_in_news", news_count, note))
        return replace(self.base, ask=ask), tuple(notes)

    def _why_not(self, spread: SpreadModel) -> str | None:
        """Return why the ask side cannot be made this way, or None."""
        has_ask, has_column = self.base.ask is not None, self.base.spread is not None
        source = spread.source
        hint = "use source: column with add_points" if has_column else "load an ask side"
        if source not in ("data", "column", "hour_of_week", "constant"):
            return f"source is {source!r}; expected data, column, hour_of_week or constant."
        if source == "data" and not has_ask:
            return f"the data has no ask side: {hint}, or give a spread: source hour_of_week or constant."
        if source == "column" and not has_column:
            return "the data has no spread column: use source: " + ("data." if has_ask else "hour_of_week or constant.")
        if source == "data" and (spread.add_points is not None or spread.windows):
            return "add_points and news belong to bid-only data; the ask side of the data is taken as it is."
        return None


def _decimal(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else f"{float(value):g}"
