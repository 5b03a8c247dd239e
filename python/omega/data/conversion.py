"""Quotes of other symbols in a run's market, to convert money with (CUR).

The engine finds the close that is known at each moment by itself. What it cannot know is session time: when the
last close of a pair has become too old is worked out here, as spans of time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from omega.data.calendar import FxCalendar, Int64s, fx_calendar
from omega.data.market_data import MarketData, MarketTables
from omega.data.pairing import Note
from omega.data.timeframes import duration_us

__all__ = ["PairSeries", "stale_spans", "with_conversion"]

FOREVER_US = 2**62
TWO_DAYS_US = 2 * 86_400_000_000


@dataclass(frozen=True, slots=True)
class PairSeries:
    """Where the quotes of a pair are: index of the market's series, and the spans in which the last one is too old."""

    series: int
    stale: tuple[tuple[int, int], ...] = ()


def with_conversion(tables: MarketTables, pairs: Sequence[MarketData], stale_limit_bars: int | None) -> MarketTables:
    """Return the tables of a run with the quotes of other symbols behind its own series.

    Args:
        tables: Tables of the traded symbol.
        pairs: Loaded quotes. Without an ask side their bid counts for both, which a note tells.
        stale_limit_bars: Oldest close that converts, in bars of the pair; None = two days of session time.
    """
    if not pairs:
        return tables
    header = json.loads(tables.header)
    series, notes, found = list(tables.series), list(tables.notes), dict(tables.conversion)
    digest = hashlib.sha256(tables.data_hash.encode())
    for pair in pairs:
        quotes, note = _quotes_of(pair, tables)
        limit_us = TWO_DAYS_US if stale_limit_bars is None else stale_limit_bars * duration_us(pair.timeframe)
        closes_us = quotes.column("close_time").cast(pa.int64()).to_numpy()
        calendar = fx_calendar(int(closes_us[0]), int(closes_us[-1]) + 2 * limit_us, pair.session)
        found[pair.symbol] = PairSeries(len(series), stale_spans(closes_us, limit_us, calendar))
        header["symbols"].append({"name": pair.symbol, "digits": pair.digits})
        header["series"].append({"symbol": len(header["symbols"]) - 1, "timeframe": pair.timeframe})
        series.append(quotes)
        notes += note
        digest.update(f" {pair.data_hash}".encode())
    return replace(
        tables,
        header=json.dumps(header, separators=(",", ":")),
        series=tuple(series),
        visible=(*tables.visible, *[None] * len(pairs)),
        conversion=found,
        data_hash=digest.hexdigest(),
        notes=tuple(notes),
    )


def stale_spans(closes_us: Int64s, limit_us: int, calendar: FxCalendar) -> tuple[tuple[int, int], ...]:
    """Return the spans [from, until) in which the last close is older than a limit of session time.

    Args:
        closes_us: When each bar is known, ascending.
        limit_us: Largest age, session time.
        calendar: Covers the bars and the limit after the last.
    """
    lengths = calendar.closes_us - calendar.opens_us
    before = np.cumsum(lengths) - lengths
    oldest = calendar.session_us(closes_us) + limit_us
    session = np.searchsorted(before, oldest, side="right") - 1
    from_us = calendar.opens_us[session] + (oldest - before[session]) + 1
    until_us = np.append(closes_us[1:], FOREVER_US)
    rows = np.flatnonzero(from_us < until_us)
    return tuple((int(from_us[row]), int(until_us[row])) for row in rows)


def _quotes_of(pair: MarketData, tables: MarketTables) -> tuple[pa.Table, list[Note]]:
    """Return the bars of a pair that a run may look at, and a note if they have one side only."""
    notes: list[Note] = []
    if pair.base.ask is None:
        pair = replace(pair, base=replace(pair.base, ask=pair.base.bid))
        text = f"{pair.symbol} has no ask side: its bid converts credits and debits alike"
        notes.append(Note("data.one_sided", len(pair.base.time), text))
    bars = pair.resolve().series[0]
    closes_us = bars.column("close_time").cast(pa.int64()).to_numpy()
    own = tables.series[0]
    first_us, last_us = own.column("time")[0].value, own.column("close_time")[-1].value
    begin = max(0, int(np.searchsorted(closes_us, first_us, side="right")) - 1)
    end = max(begin + 1, int(np.searchsorted(closes_us, last_us, side="right")))
    return bars.slice(begin, end - begin), notes
