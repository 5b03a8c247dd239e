"""What a strategy is given in `prepare`: names of the run and its indicators.

One call, two faces. In a stepwise run `data.indicators.ema(20)` is the backend's own view, which follows
the bar and cannot see beyond it. In a batch run it is an `Indicator`, whose methods answer for all bars at
once: `[-1]`, `crossed_above`, `rising` give arrays with one entry per bar, equal to what a view gives there.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from omega.backends.protocol import IndicatorView
from omega.errors import error_for
from omega.indicator_catalogue import CATALOGUE
from omega.indicator_methods import IndicatorMethods

__all__ = ["Indicator", "Indicators", "StrategyData", "batch_indicators"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Show = Callable[[Any, int], Any]
"""From an own-timeframe column and its series index to what the strategy gets."""


class Cache(Protocol):
    """The part of `omega.indicators.IndicatorCache` needed here."""

    def own(self, name: str, **arguments: Any) -> tuple[Any, int]: ...
    def own_custom(self, function: Callable[..., Any], *sources: str, **arguments: Any) -> tuple[Any, int]: ...


class Indicators(IndicatorMethods[Any]):
    """Indicators by name: ``ema(20)``, ``atr(14, timeframe="H1")``, as in `omega.indicators.IndicatorCache`."""

    def __init__(self, cache: Cache, show: Show) -> None:
        self._cache = cache
        self._show = show

    def compute_indicator(self, name: str, **arguments: Any) -> Any:
        """Return the indicator `name` of the catalogue; arguments and errors as `IndicatorCache.compute_indicator`."""
        column, series = self._cache.own(name, **arguments)
        return self._show(column, series)

    def custom(self, function: Callable[..., Any], *sources: str, **arguments: Any) -> Any:
        """Return a function of yours as an indicator; arguments and errors as `IndicatorCache.custom`."""
        column, series = self._cache.own_custom(function, *sources, **arguments)
        return self._show(column, series)

    def __getattr__(self, name: str) -> Any:
        """Refuse a name that is no indicator as the catalogue does: with what was meant, or what there is."""
        if name.startswith("_"):
            raise AttributeError(name)
        if name.lower() not in CATALOGUE:
            self.compute_indicator(name)
        raise AttributeError(f"indicators are written in small letters: {name.lower()}")


@dataclasses.dataclass(frozen=True, slots=True)
class StrategyData:
    """What `prepare` is given.

    Attributes:
        indicators: Views in `on_bar` strategies, whole-run `Indicator` objects in `on_batch` strategies.
        symbol: Name of the symbol.
        timeframe: The step timeframe.
        timeframes: All timeframes of the run, the step timeframe first.
        digits: Decimals of its prices.
        cache: The `IndicatorCache`. Its arrays span the whole run: **they hold the future.** Use them to
            study, never to decide on a bar.
    """

    indicators: Indicators
    symbol: str
    timeframe: str
    timeframes: tuple[str, ...]
    digits: int
    cache: Any


class Indicator:
    """One indicator over the whole run, one entry per bar of the step timeframe.

    Entry k is what is known when the decision on bar k is made, so a row that names bar k may use it. Later
    entries are the future. Arrays are read-only.
    """

    def __init__(self, own: Floats, visible: npt.NDArray[np.int32] | None, bar_count: int) -> None:
        self._own = own
        self._latest = np.arange(bar_count) if visible is None else np.asarray(visible, dtype=np.int64)
        before = np.concatenate(([-1], self._latest[:-1]))
        self._fresh: Flags = (self._latest > before) & (self._latest >= 0)

    @property
    def values(self) -> Floats:
        """The last complete value at every bar: ``indicator[-1]``."""
        return self[-1]

    def __getitem__(self, index: int) -> Floats:
        """Return at every bar what ``view[index]`` would give there; NaN before the first own bar.

        Raises:
            StrategyError: ``strategy.view_index`` for anything but a negative whole number.
        """
        if not isinstance(index, int | np.integer) or index >= 0:
            raise error_for("strategy.view_index", value=repr(index))
        own_idx = np.where(self._latest >= 0, self._latest + 1 + index, -1)
        shown: Floats = np.full(len(own_idx), np.nan)
        known = own_idx >= 0
        shown[known] = self._own[own_idx[known]]
        shown.flags.writeable = False
        return shown

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        """Let NumPy and pandas read it as `values`: ``closes > indicator``."""
        return np.array(self.values, dtype=dtype, copy=copy)

    def crossed_above(self, other: Indicator | float) -> Flags:
        """Return where ``view.crossed_above(other)`` is true (IND-6)."""
        before, latest, fresh = self._operand(other)
        return (self[-2] <= before) & (self[-1] > latest) & fresh

    def crossed_below(self, other: Indicator | float) -> Flags:
        """Return where ``view.crossed_below(other)`` is true (IND-6)."""
        before, latest, fresh = self._operand(other)
        return (self[-2] >= before) & (self[-1] < latest) & fresh

    def rising(self, count: int) -> Flags:
        """Return where the last `count` changes were all up."""
        return self._monotone("rising", count, np.greater)

    def falling(self, count: int) -> Flags:
        """Return where the last `count` changes were all down."""
        return self._monotone("falling", count, np.less)

    def _operand(self, other: Indicator | float) -> tuple[Floats | float, Floats | float, Flags]:
        if isinstance(other, Indicator):
            return other[-2], other[-1], self._fresh | other._fresh
        return float(other), float(other), self._fresh

    def _monotone(self, method: str, count: int, compare: Callable[[Floats, Floats], Flags]) -> Flags:
        if not isinstance(count, int | np.integer) or count < 1:
            raise error_for("strategy.view_count", method=method, value=repr(count))
        flags: Flags = np.ones(len(self._latest), dtype=np.bool_)
        for k in range(1, count + 1):
            flags &= compare(self[-k], self[-k - 1])
        return flags


def batch_indicators(cache: Cache, tables: Any) -> Indicators:
    """Return indicators that answer for the whole run."""
    bar_count = len(tables.series[0])

    def show(column: Any, series: int) -> Indicator:
        own = np.asarray(column, dtype=np.float64)
        visible = tables.visible[series]
        return Indicator(own, None if visible is None else np.asarray(visible), bar_count)

    return Indicators(cache, show)


def view_indicators(
    cache: Cache, view: Callable[..., IndicatorView], at_close: Sequence[Any] | None = None
) -> Indicators:
    """Return indicators that are views of a stepwise run. What crosses the seam is Arrow: no copy is made.

    Args:
        cache: Makes the columns.
        view: The session's `view`.
        at_close: Per series, the visible bar at each step bar's close, for strategies that are asked there.
    """
    if at_close is None:
        return Indicators(cache, lambda column, series: view(pa.array(column), series))
    return Indicators(cache, lambda column, series: view(pa.array(column), series, at_close[series]))
