"""The frozen market of one run: bars of every series, alignments, calendar.

Built once by `open_market`, replayed often. Prices are integer points; the first series is the step
timeframe. Rules TIM and LOOP-4 in `docs/spec/engine.md`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from omega.backends.python import frame
from omega.errors import error_for

MAX_POINTS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Prices:
    """Open, high, low, close of one quote side, in points."""

    open: list[int]
    high: list[int]
    low: list[int]
    close: list[int]


@dataclass(frozen=True, slots=True)
class Ohlc:
    """The four prices of one bar on one quote side, in points."""

    open: int
    high: int
    low: int
    close: int


def ohlc_at(prices: Prices, bar_idx: int) -> Ohlc:
    """Return the prices of one bar."""
    return Ohlc(prices.open[bar_idx], prices.high[bar_idx], prices.low[bar_idx], prices.close[bar_idx])


@dataclass(frozen=True, slots=True)
class Series:
    """Bars of one symbol and timeframe."""

    symbol: int
    timeframe: str
    digits: int
    time_us: list[int]
    close_time_us: list[int]
    bid: Prices
    ask: Prices
    volume: list[float | None]
    visible: list[int] | None


@dataclass(frozen=True, slots=True)
class Market:
    """All series of one run; `series[0]` is the step timeframe, `finer` the one that looks into its bars."""

    symbols: tuple[str, ...]
    series: tuple[Series, ...]
    finer: Series | None
    calendar: frame.Columns

    @property
    def bar_count(self) -> int:
        """Bars of the step timeframe, warm-up included."""
        return len(self.series[0].time_us)


def open_market(header: str, series: Sequence[Any], visible: Sequence[Any | None], calendar: Any) -> Market:
    """Return the market of a run (the seam's `open_market`).

    Raises:
        DataError: ``data.shape`` for tables that do not fit the schema or each other,
            ``data.time_not_increasing`` for bars out of order (LOOP-4).
    """
    names = json.loads(header)
    symbols = names["symbols"]
    if not (len(series) == len(visible) == len(names["series"])) or not series:
        raise error_for("data.shape", where="header", reason="series, visible and header differ in length")
    opened: list[Series] = []
    for entry, table, rows in zip(names["series"], series, visible, strict=True):
        symbol = symbols[entry["symbol"]]
        place = f"{symbol['name']} {entry['timeframe']}"
        step_count = len(opened[0].time_us) if opened else 0
        shown = None if rows is None else frame.read_visible(rows, place, step_count)
        opened.append(_open_series(entry, symbol["digits"], place, frame.read_table(table, "bars"), shown))
    return Market(
        symbols=tuple(symbol["name"] for symbol in symbols),
        series=tuple(opened),
        finer=_finer_of(names["series"], opened),
        calendar=frame.read_table(calendar, "calendar"),
    )


def _finer_of(entries: list[dict[str, Any]], opened: list[Series]) -> Series | None:
    """Return the series marked as finer data of the traded symbol, if there is one (FIL-7)."""
    marked = [series for entry, series in zip(entries, opened, strict=True) if entry.get("finer")]
    return marked[0] if marked else None


def _open_series(
    entry: dict[str, Any], digits: int, place: str, columns: frame.Columns, visible: list[int] | None
) -> Series:
    if not columns["time"]:
        raise error_for("data.shape", where=place, reason="there are no bars")
    opened = Series(
        symbol=entry["symbol"],
        timeframe=entry["timeframe"],
        digits=digits,
        time_us=columns["time"],
        close_time_us=columns["close_time"],
        bid=Prices(columns["bid_open"], columns["bid_high"], columns["bid_low"], columns["bid_close"]),
        ask=Prices(columns["ask_open"], columns["ask_high"], columns["ask_low"], columns["ask_close"]),
        volume=columns["volume"],
        visible=visible,
    )
    check_ascending(opened.time_us, place)
    check_prices(opened.bid, place, "bid")
    check_prices(opened.ask, place, "ask")
    return opened


def check_ascending(time_us: list[int], place: str) -> None:
    """Refuse bars that are out of order or share one open time (LOOP-4)."""
    for bar_idx in range(1, len(time_us)):
        if time_us[bar_idx] <= time_us[bar_idx - 1]:
            raise error_for(
                "data.time_not_increasing",
                where=place,
                bar_idx=bar_idx,
                time_us=time_us[bar_idx],
                previous_us=time_us[bar_idx - 1],
                mend="Sort the bars and drop duplicates.",
            )


def check_prices(prices: Prices, place: str, side: str) -> None:
    """Refuse prices outside 1 … MAX_POINTS and bars that do not contain their open and close."""
    rows = zip(prices.open, prices.high, prices.low, prices.close, strict=True)
    for bar_idx, (open_, high, low, close) in enumerate(rows):
        if not 1 <= low <= min(open_, close) <= max(open_, close) <= high <= MAX_POINTS:
            reason = f"the {side} prices of row {bar_idx} are not 1 <= low <= open, close <= high <= {MAX_POINTS}"
            raise error_for("data.shape", where=place, reason=reason)
