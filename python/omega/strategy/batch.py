"""`Batch`: all bars of a run as arrays, for `on_batch`.

Entry k is bar k, warm-up bars included. A decision on bar k may use entries up to k and works at the open
of bar k + 1; entries after k are the future.
"""

from __future__ import annotations

import functools
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from omega.strategy.prepare import Indicators

__all__ = ["Batch"]

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.datetime64]
Scalar = TypeVar("Scalar", bound=np.generic)


class Batch:
    """Bars as read-only arrays, shape (n_bars,): times in UTC, prices as floats, volume with NaN where unknown.

    Attributes:
        indicators: As in `prepare`: whole-run `Indicator` objects.
        symbol: Name of the symbol.
        first_step: Index of the first bar that is a step; signals that would work before it are left out.
    """

    def __init__(self, tables: Any, indicators: Indicators) -> None:
        self._bars = tables.series[0]
        self._scale = float(10**tables.digits)
        self.indicators = indicators
        self.symbol: str = tables.symbol
        self.first_step: int = tables.first_step

    def __len__(self) -> int:
        return len(self._bars)

    @functools.cached_property
    def index(self) -> npt.NDArray[np.int64]:
        """Index of every bar: what a signal's ``bar_idx`` names."""
        return _frozen(np.arange(len(self), dtype=np.int64))

    @functools.cached_property
    def time(self) -> Times:
        """Open times, datetime64[us], UTC."""
        return _frozen(self._times("time"))

    @functools.cached_property
    def now(self) -> Times:
        """Decision times: the open of the bar that follows; for the last bar its close time."""
        return _frozen(np.concatenate((self.time[1:], self._times("close_time")[-1:])))

    def __getattr__(self, name: str) -> Floats:
        side, _, price = name.partition("_")
        column = name if price else f"bid_{name}"
        if side not in ("bid", "ask", "open", "high", "low", "close") or column not in self._bars.column_names:
            raise AttributeError(f"a batch has no {name!r}")
        points = self._bars.column(column).to_numpy()
        prices: Floats = _frozen(points / self._scale)
        setattr(self, name, prices)
        return prices

    @functools.cached_property
    def volume(self) -> Floats:
        """Volume as the source gives it; NaN where it has none."""
        return _frozen(self._bars.column("volume").to_numpy().astype(np.float64))

    @functools.cached_property
    def spread(self) -> Floats:
        """Ask minus bid at the close, as a price."""
        points = self._bars.column("ask_close").to_numpy().astype(np.int64) - self._bars.column("bid_close").to_numpy()
        return _frozen(points / self._scale)

    def _times(self, name: str) -> Times:
        times: Times = self._bars.column(name).to_numpy().astype("datetime64[us]")
        return times


def _frozen(array: npt.NDArray[Scalar]) -> npt.NDArray[Scalar]:
    array = np.array(array)
    array.flags.writeable = False
    return array
