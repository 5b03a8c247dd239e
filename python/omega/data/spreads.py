"""The ask side of bid-only data (CST-1): a stored spread column, a table by hour of the week, or a constant.

ask = bid + half_even((spread + add_points) · multiplier) on the finest loaded bars; the multiplier is 1 outside of
news windows. Inside one bar the spread may change: O has the spread of its first moment, C that of its last one,
H the largest and L the smallest in between. What this does not do: guess a spread that nobody gave.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from omega.data.calendar import FxCalendar, Int64s, iso_text
from omega.data.checks import MAX_POINTS, Int32s
from omega.data.findings import hours_of_week
from omega.data.pairing import BaseBars, Prices
from omega.data.timeframes import MINUTE_US
from omega.errors import OmegaError, error_for

if TYPE_CHECKING:
    import pathlib

    from omega.config.specs import SymbolSpec
    from omega.config.spread import Spread
    from omega.data.market_data import MarketData

__all__ = ["SpreadModel", "ask_from_model", "spread_hours", "spread_model", "spread_points"]

_HOUR_US = 60 * MINUTE_US
_CLOSED = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class SpreadModel:
    """Where the ask side comes from.

    Attributes:
        source: ``data`` (the ask that was loaded), ``column`` (the stored spread), ``hour_of_week`` or ``constant``.
        add_points: Points added to every other source than the data; required with the column (0 says it is enough).
        points: The constant spread in points.
        hours: Spreads in points by hour of the New York week, Sunday 00:00 first, 168; None where nothing trades.
        multiplier: Factor inside the windows.
        windows: News windows, half-open UTC microseconds, merged and ascending.
        news: Where the windows come from, in words.
    """

    source: str = "data"
    add_points: int | Fraction | None = None
    points: Fraction | None = None
    hours: tuple[Fraction | None, ...] = ()
    multiplier: Fraction = Fraction(1)
    windows: tuple[tuple[int, int], ...] = ()
    news: str = ""

    def facts(self) -> list[object]:
        """Return everything the ask depends on as plain values, for fingerprints."""
        exact = [self.add_points, self.points, *self.hours, self.multiplier]
        return [self.source, [None if value is None else str(Fraction(value)) for value in exact], self.windows]


def spread_model(spread: Spread, spec: SymbolSpec, base_dir: pathlib.Path) -> SpreadModel:
    """Return the spread of a config with its news windows computed.

    Args:
        spread: As written; the hours of a file are read already.
        spec: The symbol: news of its two currencies count unless the config names others.
        base_dir: Folder that the calendar file is relative to.

    Raises:
        DataError: ``data.news_format``, ``data.news_zone`` and others for the calendar file.
    """
    windows: list[tuple[int, int]] = []
    words = ""
    if spread.news is not None:
        from omega.data.news import load_news

        news = spread.news
        calendar = load_news(base_dir / news.file, zone=news.zone)
        currencies = news.currencies or (spec.base_currency, spec.quote_currency)
        windows = calendar.windows(currencies, news.minutes_before, news.minutes_after, news.min_impact)
        span = " to ".join(iso_text(int(time_us))[:10] for time_us in calendar.time_us[:: max(1, len(calendar) - 1)])
        words = f"{len(windows)} windows of {news.file} ({len(calendar)} events, {span or 'none'})"
    assert not isinstance(spread.hours, str)
    return SpreadModel(
        source=spread.source,
        add_points=spread.add_points,
        points=spread.points,
        hours=spread.hours or (),
        multiplier=spread.news_multiplier,
        windows=tuple(windows),
        news=words,
    )


def spread_hours(data: MarketData) -> list[list[float | None]] | None:
    """Return the mean spread at the close by hour of the New York week, seven rows of 24 points, Sunday first.

    What `hours` of a spread takes. Measured on the ask side, or on a stored spread column, which is a lower bound;
    None where the data has neither, and None in hours without a bar.
    """
    from omega.data.audit import spread_by_hour_of_week, week_table

    spread = spread_by_hour_of_week(data.base)
    return None if spread is None else week_table(spread)


def ask_from_model(
    bars: BaseBars, close_us: Int64s, model: SpreadModel, calendar: FxCalendar, *, symbol: str
) -> tuple[Prices, int]:
    """Return the ask prices of the finest loaded bars, and how many of them news windows touch.

    Args:
        bars: Bars of the bid; with a spread column where the model reads it.
        close_us: Their close times.
        model: Any source but ``data``.
        calendar: Covers the bars.
        symbol: For messages.

    Raises:
        ConfigError: ``costs.spread_undefined``: no `add_points` for a column, an hour without a spread, or a spread
            that is negative or too large.
    """
    first, last = _news_edges(bars.time, close_us, model)
    in_news = (first % 2 == 1) | (first < last)
    if model.source == "hour_of_week":
        spreads = _by_hour(bars.time, close_us, model, calendar, symbol)
    else:
        calm = _by_bar(bars, Fraction(1), model, symbol)
        spreads = calm, calm, calm, calm
        if in_news.any():
            loud = _by_bar(bars, model.multiplier, model, symbol)
            masks = (first % 2 == 1, in_news, (first % 2 == 1) & (first == last), last % 2 == 1)
            open_, top, bottom, close = (np.where(mask, loud, calm) for mask in masks)
            spreads = open_, top, bottom, close
    if int(bars.bid[1].max()) + int(spreads[1].max()) > MAX_POINTS:
        raise _undefined(symbol, "bid plus spread exceeds 10^9 points. Check points, add_points and news_multiplier.")
    open_, top, bottom, close = (bid + added for bid, added in zip(bars.bid, spreads, strict=True))
    return (open_, top, bottom, close), int(in_news.sum())


def _news_edges(time_us: Int64s, close_us: Int64s, model: SpreadModel) -> tuple[Int64s, Int64s]:
    """Return how many edges of windows lie before the first and the last moment of each bar.

    Windows are apart, so a moment lies in one exactly where that number is odd.
    """
    if not model.windows:
        none = np.zeros(len(time_us), np.int64)
        return none, none
    edges = np.array(model.windows, np.int64).reshape(-1)
    first, last = (np.searchsorted(edges, moments, side="right") for moments in (time_us, close_us - 1))
    return first.astype(np.int64), last.astype(np.int64)


def spread_points(column: Int32s, add_points: Fraction, multiplier: Fraction, *, symbol: str) -> Int32s:
    """Return half_even((column + add_points) · multiplier), exact, once per distinct value."""
    values, rows = np.unique(column, return_inverse=True)
    spreads = [_rounded(int(value), add_points, multiplier, symbol) for value in values]
    return np.array(spreads, np.int32)[rows]


def _by_bar(bars: BaseBars, factor: Fraction, model: SpreadModel, symbol: str) -> Int32s:
    """Return one spread per bar, all of it at one factor."""
    if model.source == "constant":
        assert model.points is not None
        rounded = _rounded(model.points, Fraction(model.add_points or 0), factor, symbol)
        return np.full(len(bars.time), rounded, np.int32)
    if model.add_points is None:
        reason = (
            "the data has a stored spread, which is the minimum of its bar. Say what to add to it: "
            "execution.spread.add_points (0 if you accept the lower bound)."
        )
        raise _undefined(symbol, reason)
    assert bars.spread is not None
    return spread_points(bars.spread, Fraction(model.add_points), factor, symbol=symbol)


def _by_hour(time_us: Int64s, close_us: Int64s, model: SpreadModel, calendar: FxCalendar, symbol: str) -> Prices:
    """Return the spreads of O, H, L and C: New York's hours and the windows cut time into pieces of one spread."""
    hours = np.arange(int(time_us[0]) // _HOUR_US * _HOUR_US, int(close_us[-1]), _HOUR_US, dtype=np.int64)
    windows = np.array(model.windows, np.int64).reshape(-1)
    pieces = np.union1d(hours, windows[(windows > hours[0]) & (windows < close_us[-1])])
    is_loud = np.searchsorted(windows, pieces, side="right") % 2
    added = Fraction(model.add_points or 0)
    table = np.array(
        [
            [_CLOSED if hour is None else _rounded(hour, added, factor, symbol) for hour in model.hours]
            for factor in (Fraction(1), model.multiplier)
        ],
        np.int32,
    )
    levels = table[is_loud, hours_of_week(calendar, pieces)]
    first, last = (np.searchsorted(pieces, moments, side="right") - 1 for moments in (time_us, close_us - 1))
    for moments, rows in ((time_us, first), (close_us - 1, last)):
        closed = levels[rows] == _CLOSED
        if closed.any():
            moment = iso_text(int(moments[int(np.argmax(closed))]))
            raise _undefined(symbol, f"the table of hours has no spread at {moment}, where there is a bar.")
    if bool((first == last).all()):
        spread = levels[first]
        return spread, spread, spread, spread
    bounds = np.column_stack([first, last + 1]).reshape(-1)
    top = np.maximum.reduceat(np.append(levels, _CLOSED), bounds)[::2]
    known = np.where(levels == _CLOSED, np.int32(MAX_POINTS), levels)
    bottom = np.minimum.reduceat(np.append(known, np.int32(MAX_POINTS)), bounds)[::2]
    return levels[first], top, bottom, levels[last]


def _rounded(points: int | Fraction, added: Fraction, factor: Fraction, symbol: str) -> int:
    # round() of a Fraction is exact and takes the even neighbour at a tie.
    spread = round((points + added) * factor)
    if not 0 <= spread <= MAX_POINTS:
        reason = "the spread becomes negative or larger than 10^9 points. Check points, add_points and news_multiplier."
        raise _undefined(symbol, reason)
    return spread


def _undefined(symbol: str, reason: str) -> OmegaError:
    return error_for("costs.spread_undefined", symbol=symbol, reason=reason)
