"""`IndicatorCache`: every indicator column of a market, computed once and shown when it was known.

Columns are computed behind the seam on the bars of their own timeframe and then aligned to the step
timeframe: at bar k stands the value of the last bar that was complete at the decision time of k
(TIM-4, IND-2). This module moves and shares columns; it computes none.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from omega.backends.protocol import Backend, Market
from omega.indicator_catalogue import CATALOGUE
from omega.indicator_methods import IndicatorMethods
from omega.indicators.custom import Custom, compute_custom
from omega.indicators.key import Key, Keys, Place

__all__ = ["Column", "IndicatorCache", "Series"]

Column = npt.NDArray[np.float64]
"""One read-only value per bar; NaN where there is none."""


class Series(Protocol):
    """What the cache needs of the market's tables (`omega.data.MarketTables`)."""

    @property
    def series(self) -> Sequence[Any]:
        """One table of bars per timeframe, the step timeframe first."""

    @property
    def timeframes(self) -> Sequence[str]:
        """Names of the timeframes, in the order of `series`."""

    @property
    def visible(self) -> Sequence[Any | None]:
        """Per series: index of the last bar known at each step-timeframe bar, or -1; None for the first."""


class IndicatorCache(IndicatorMethods[Column]):
    """Indicators of one market, lazily, once per name, parameters, timeframe, side and source (IND-1).

    Every method that names a column returns a read-only float64 array, shape (n_bars,), aligned with the
    bars of the step timeframe: NaN during warm-up and where nothing is known yet. Asking again returns
    the same object. Indicators with several outputs give a named tuple of columns:
    ``cache.bbands(20).upper``.

    Whole columns hold the future: at bar k of a run only elements up to k may be read.

    Example:
        ``cache.ema(20, timeframe="H1")``, ``cache.get("EMA_20_H1")`` and
        ``cache.compute_indicator("ema", period=20, timeframe="H1")`` are one array.
    """

    def __init__(self, tables: Series, backend: Backend, market: Market) -> None:
        self._tables = tables
        self._keys = Keys(tuple(tables.timeframes))
        self._backend = backend
        self._market = market
        self._own: dict[Key, Column] = {}
        self._aligned: dict[Key, Column] = {}
        self._by_text: dict[str, Column] = {}
        self._custom: dict[tuple[Custom, tuple[Key, ...], str], Column] = {}

    def compute_indicator(
        self,
        name: str,
        *,
        timeframe: str | None = None,
        side: str = "bid",
        source: str = "close",
        other: str | None = None,
        output: str | None = None,
        **parameters: object,
    ) -> Column:
        """Return the indicator `name`; what is left out takes the catalogue's default.

        Args:
            name: Name of the catalogue, capitals or not.
            timeframe: A timeframe of the market; None is the step timeframe.
            side: ``"bid"`` or ``"ask"``.
            source: ``"close"``, ``"open"``, ``"high"``, ``"low"``, ``"hl2"``, ``"hlc3"``, ``"ohlc4"``, or the
                key of another indicator, which is then read instead of a price.
            other: The second series of indicators of two, likewise.
            output: Which one, of an indicator with several.
            **parameters: Parameters of the indicator, such as ``period=20``.

        Raises:
            ConfigError: ``indicator.unknown``, ``indicator.unknown_parameter``, ``indicator.parameter``,
                ``indicator.key``.
            DataError: ``indicator.no_volume``.
        """
        key = self._keys.resolve(name, parameters, Place(timeframe, side, source, other, output))
        return self._show(key)

    def get(self, key: str) -> Column:
        """Return the column of a key such as ``"EMA_20_M15"`` or ``"EMA_20_H1_ask"``.

        Raises:
            ConfigError: ``indicator.key`` if it cannot be read; otherwise as `compute_indicator`.
        """
        column = self._by_text.get(key)
        if column is None:
            column = self._by_text[key] = self._show(self._keys.parse(key))
        return column

    def compute_many(self, keys: Iterable[str]) -> list[Column]:
        """Return the columns of several keys, those still missing computed in one call of the backend."""
        parsed = [self._keys.parse(key) for key in keys]
        self._compute(parsed)
        return [self._show(key) for key in parsed]

    def custom(
        self, function: Custom, *sources: str, timeframe: str | None = None, side: str = "bid", **parameters: object
    ) -> Column:
        """Return what a function of yours makes of whole columns, checked for look-ahead (IND-5).

        Args:
            function: Called as ``function(*columns, **parameters)``; one number per bar, NaN where it has none.
            *sources: Prices or keys of indicators, one column each; the close when left out.
            timeframe: Bars on which it is computed; None is the step timeframe.
            side: ``"bid"`` or ``"ask"``.
            **parameters: Passed on to the function.

        Raises:
            StrategyError: ``indicator.custom``, ``indicator.looks_ahead``.
            ConfigError: as `compute_indicator`.
        """
        column, series = self.own_custom(function, *sources, timeframe=timeframe, side=side, **parameters)
        visible = self._tables.visible[series]
        return column if visible is None else _align(column, visible)

    def own(
        self,
        name: str,
        *,
        timeframe: str | None = None,
        side: str = "bid",
        source: str = "close",
        other: str | None = None,
        output: str | None = None,
        **parameters: object,
    ) -> tuple[Column, int]:
        """Return the column on the bars of its own timeframe, and the index of that series.

        Views of strategies count these bars (IND-6). Arguments and errors as `compute_indicator`.
        """
        key = self._keys.resolve(name, parameters, Place(timeframe, side, source, other, output))
        self._compute([key])
        return self._own[key], self._series_idx(key)

    def own_custom(
        self, function: Custom, *sources: str, timeframe: str | None = None, side: str = "bid", **parameters: object
    ) -> tuple[Column, int]:
        """Return a custom column on the bars of its own timeframe, and the index of that series."""
        # The mean of one value is the value: any source, on the bars of the timeframe asked for.
        places = [Place(timeframe, side, source) for source in sources or ("close",)]
        keys = [self._keys.resolve("sma", {"period": 1}, place) for place in places]
        place = (function, tuple(keys), repr(sorted(parameters.items())))
        if place not in self._custom:
            self._compute(keys)
            self._custom[place] = compute_custom(function, [self._own[key] for key in keys], parameters)
        return self._custom[place], self._series_idx(keys[0])

    def _compute(self, keys: Sequence[Key]) -> None:
        """Compute what is missing, in one call."""
        missing = [one for key in dict.fromkeys(keys) if key not in self._own for one in _siblings(key)]
        missing = list(dict.fromkeys(missing))
        if not missing:
            return
        specs = json.dumps([self._spec(key) for key in missing])
        for key, column in zip(missing, self._backend.compute_indicators(self._market, specs), strict=True):
            self._own[key] = _read_only(column)

    def _spec(self, key: Key) -> dict[str, object]:
        source, other = (self._spec(one) if isinstance(one, Key) else one for one in (key.source, key.other))
        return {
            "name": key.name,
            "series": self._series_idx(key),
            "side": key.side,
            "source": source,
            "parameters": dict(key.parameters),
            "other": other,
            "output": key.output,
        }

    def _series_idx(self, key: Key) -> int:
        return self._keys.timeframes.index(key.timeframe)

    def _show(self, key: Key) -> Column:
        """Return the column as the step timeframe sees it."""
        column = self._aligned.get(key)
        if column is None:
            self._compute([key])
            visible = self._tables.visible[self._series_idx(key)]
            column = self._own[key] if visible is None else _align(self._own[key], visible)
            self._aligned[key] = column
        return column


def _siblings(key: Key) -> list[Key]:
    """Return the columns of all outputs: they cost no more than one."""
    return [replace(key, output=output) for output in CATALOGUE[key.name].outputs or (None,)]


def _read_only(column: Any) -> Column:
    """Return a backend's column as an array over the same memory that refuses writing."""
    if hasattr(column, "__arrow_c_array__"):
        column = pa.array(column).to_numpy(zero_copy_only=True)
    values: Column = np.asarray(column, dtype=np.float64).view()
    values.flags.writeable = False
    return values


def _align(column: Column, visible: Any) -> Column:
    """Return the value of the visible bar at every bar of the step timeframe, NaN before the first."""
    bar_idx = np.asarray(visible)
    shown = np.full(len(bar_idx), np.nan)
    known = bar_idx >= 0
    shown[known] = column[bar_idx[known]]
    shown.flags.writeable = False
    return shown
