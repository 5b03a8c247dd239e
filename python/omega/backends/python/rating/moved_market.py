"""The market of a stressed run: wider spreads, or prices moved by noise (RAT-3).

Times, calendar, alignments and other symbols stay. All timeframes are resampled from the moved bars of the step
timeframe, and finer bars inside them are carried along; a bar of another series that those do not cover stays as it
is.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import replace

from omega.backends.python import numerics, rng
from omega.backends.python.indicators.atr import Atr
from omega.backends.python.market import MAX_POINTS, Market, Prices, Series

Fraction = tuple[int, int]

ATR_PERIOD = 14
# σ = 0.1 ATR; a uniform is the upper half of a word over 2^32.
ATR_SHARE = 0.1
UNIFORMS = 12
WORD_HALF = 4294967296


def with_spread(market: Market, factor: Fraction) -> Market:
    """Return the market with every spread times `factor`: ask' = bid + half_even(f·(ask - bid))."""
    if factor == (1, 1):
        return market
    traded = market.series[0].symbol
    widened = (_widened(series, factor) if series.symbol == traded else series for series in market.series)
    return _with_series(market, tuple(widened))


def _widened(series: Series, factor: Fraction) -> Series:
    num, den = factor
    sides = zip(*(_columns(series.bid), _columns(series.ask)), strict=True)
    moved = [
        [_limited(bid + numerics.half_even_quotient(num * (ask - bid), den)) for bid, ask in zip(*columns, strict=True)]
        for columns in sides
    ]
    return replace(series, ask=repaired(moved))


def with_noise(market: Market, seed: int, sample: int) -> Market:
    """Return the market with each bid price moved by noise of 0.1 ATR(14), the spread of each price kept."""
    series = market.series[0]
    keys = rng.round_keys(seed, rng.NOISE)
    sigmas = sigmas_of(series)
    moves = [
        [
            int(numerics.round_half_even(gauss(keys, sample, bar_idx, place) * sigma))
            for bar_idx, sigma in enumerate(sigmas)
        ]
        for place in range(4)
    ]
    bids = _columns(series.bid)
    asks = _columns(series.ask)
    moved_bids = [
        [_limited(bid + move) for bid, move in zip(column, column_moves, strict=True)]
        for column, column_moves in zip(bids, moves, strict=True)
    ]
    moved_asks = [
        [_limited(moved + (ask - bid)) for moved, bid, ask in zip(*columns, strict=True)]
        for columns in zip(moved_bids, bids, asks, strict=True)
    ]
    step = replace(series, bid=repaired(moved_bids), ask=repaired(moved_asks))
    others = list(market.series[1:])
    for place, other in enumerate(others):
        if other is market.finer:
            others[place] = carried(other, series, step)
        elif other.symbol == step.symbol:
            others[place] = resampled(other, step)
    return _with_series(market, (step, *others))


def sigmas_of(series: Series) -> list[float]:
    """Return the deviation of the noise per bar, in points; before ATR is known, that of the first known one."""
    state = Atr(ATR_PERIOD)
    sigmas: list[float] = []
    waiting = 0
    for high, low, close in zip(series.bid.high, series.bid.low, series.bid.close, strict=True):
        value = state.update(float(high), float(low), float(close))
        if value == value:
            sigmas += [value * ATR_SHARE] * (waiting + 1)
            waiting = 0
        else:
            waiting += 1
    return sigmas + [0.0] * waiting


def gauss(keys: rng.Keys, sample: int, bar_idx: int, place: int) -> float:
    """Return the sum of 12 uniforms less 6: near enough to a normal variable, in allowed operations."""
    total = 0
    for part in range(UNIFORMS // 4):
        for word in rng.block_of_keys(keys, (sample, bar_idx, place, part)):
            total += word >> 32
    return (total - UNIFORMS // 2 * WORD_HALF) / WORD_HALF


def resampled(series: Series, step: Series) -> Series:
    """Return a coarser series with the prices of the moved step bars inside each of its bars."""
    bid = [list(column) for column in _columns(series.bid)]
    ask = [list(column) for column in _columns(series.ask)]
    begin = 0
    count = len(step.time_us)
    for row, (opened, closed) in enumerate(zip(series.time_us, series.close_time_us, strict=True)):
        while begin < count and step.time_us[begin] < opened:
            begin += 1
        end = begin
        while end < count and step.close_time_us[end] <= closed:
            end += 1
        if end > begin and opened >= step.time_us[0]:
            for columns, prices in ((bid, step.bid), (ask, step.ask)):
                columns[0][row] = prices.open[begin]
                columns[1][row] = greatest(prices.high[begin:end])
                columns[2][row] = -greatest([-low for low in prices.low[begin:end]])
                columns[3][row] = prices.close[end - 1]
            begin = end
    return replace(series, bid=Prices(*bid), ask=Prices(*ask))


def carried(finer: Series, before: Series, after: Series) -> Series:
    """Return the finer bars as they lie in moved bars: moved as the open is, kept inside, and still making the bar."""
    spans = [
        (bar_idx, bisect.bisect_left(finer.time_us, opened), bisect.bisect_left(finer.time_us, closed))
        for bar_idx, (opened, closed) in enumerate(zip(before.time_us, before.close_time_us, strict=True))
    ]
    bid = _carried_side(finer.bid, before.bid, after.bid, spans)
    return replace(finer, bid=bid, ask=_carried_side(finer.ask, before.ask, after.ask, spans))


def _carried_side(side: Prices, before: Prices, after: Prices, spans: Sequence[tuple[int, int, int]]) -> Prices:
    """Return one side of finer bars; `spans` are bars of the step timeframe, each with the rows that lie in it."""
    columns = [list(column) for column in _columns(side)]
    for bar_idx, first, end in spans:
        if first == end:
            continue
        move = after.open[bar_idx] - before.open[bar_idx]
        low, high = after.low[bar_idx], after.high[bar_idx]
        top = max(range(first, end), key=side.high.__getitem__)
        bottom = min(range(first, end), key=side.low.__getitem__)
        for column in columns:
            column[first:end] = [min(max(points + move, low), high) for points in column[first:end]]
        columns[0][first], columns[3][end - 1] = after.open[bar_idx], after.close[bar_idx]
        columns[1][top], columns[2][bottom] = high, low
    return repaired(columns)


def repaired(columns: Sequence[list[int]]) -> Prices:
    """Return prices whose high and low are the extremes of the four."""
    highs = []
    lows = []
    for four in zip(*columns, strict=True):
        highs.append(greatest(four))
        lows.append(-greatest([-price for price in four]))
    return Prices(columns[0], highs, lows, columns[3])


def greatest(values: Sequence[int]) -> int:
    """Return the greatest of some integers."""
    result = values[0]
    for value in values:
        if value > result:
            result = value
    return result


def _with_series(market: Market, series: tuple[Series, ...]) -> Market:
    """Return a market of other series; the finer one keeps its place. twin: none — an index there."""
    finer = [place for place, one in enumerate(market.series) if one is market.finer]
    return replace(market, series=series, finer=series[finer[0]] if finer else None)


def _limited(points: int) -> int:
    """Return a price brought into what a market takes."""
    if points < 1:
        return 1
    return points if points < MAX_POINTS else MAX_POINTS


def _columns(prices: Prices) -> tuple[list[int], list[int], list[int], list[int]]:
    return prices.open, prices.high, prices.low, prices.close
