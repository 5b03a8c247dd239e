"""The Rust backend: the only importer of `omega._native`. No logic.

Every call hands on and takes back. Tables come back as anything with `__arrow_c_stream__` and leave as
`pyarrow.Table`; a `CoreError` carries a code and facts and leaves as the error the catalogue names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from omega import _native
from omega.backends.protocol import Decider, Holdings, Market, Simulator, Tables
from omega.errors import error_for

name: str = "rust"


def describe() -> Mapping[str, str]:
    """Return name, version, schema_hash and profile (``"release"`` or ``"debug"``) of the extension."""
    return _native.describe()


def open_market(header: str, series: Sequence[Any], visible: Sequence[Any | None], calendar: Any) -> Market:
    """Return the frozen market of a run."""
    with _OMEGA_ERRORS:
        return _native.open_market(header, series, visible, calendar)


def compute_indicators(market: Market, specs: str) -> list[Any]:
    """Return one float64 array per spec, NaN during warm-up."""
    with _OMEGA_ERRORS:
        return [pa.array(column) for column in _native.compute_indicators(market, specs)]


def simulate(market: Market, signals: Any | None, plan: str) -> Tables:
    """Return the result tables of a signal table, or of the plan's native strategy."""
    with _OMEGA_ERRORS:
        return _Tables(_native.simulate(market, signals, plan))


def simulate_stepwise(market: Market, decider: Decider, plan: str) -> Tables:
    """Return the result tables of a Python strategy; its own exceptions pass through untouched."""
    with _OMEGA_ERRORS:
        return _Tables(_native.simulate_stepwise(market, decider, plan))


def compute_metrics(
    trades: Any, equity: Any, calendar: Any, plan: str
) -> list[tuple[str, float | int | None, str | None]]:
    """Return (name, value or None, reason or None) of every metric."""
    with _OMEGA_ERRORS:
        return _native.compute_metrics(trades, equity, calendar, plan)


def rate(trades: Any, equity: Any, calendar: Any, plan: str) -> list[tuple[str, float | int | None]]:
    """Return (name, value or None) of every resampling component."""
    with _OMEGA_ERRORS:
        return _native.rate(trades, equity, calendar, plan)


def open_portfolio(plan: str) -> Holdings:
    """Return the empty holdings of a portfolio plan."""
    with _OMEGA_ERRORS:
        return _Translated(_native.open_portfolio(plan))


def open_simulator(market: Market, plan: str) -> Simulator:
    """Return a run that stands before its first step."""
    with _OMEGA_ERRORS:
        return _Simulator(_native.open_simulator(market, plan))


class _Translated:
    """An object of the extension, with errors as the catalogue names them."""

    def __init__(self, core: Any) -> None:
        self._core = core

    def __getattr__(self, name: str) -> Any:
        """Return a call of the core with its errors translated; it is looked up once."""
        call = getattr(self._core, name)

        def translated(*arguments: Any) -> Any:
            with _OMEGA_ERRORS:
                return call(*arguments)

        setattr(self, name, translated)
        return translated


class _Simulator(_Translated):
    """A run that is fed, its tables as `pyarrow.Table`."""

    @property
    def cursor(self) -> int:
        """Index of the last bar that has passed, -1 before the first."""
        return int(self._core.cursor)

    def positions(self) -> Any:
        """Return the open positions."""
        with _OMEGA_ERRORS:
            return pa.table(self._core.positions())

    def rows(self, table: str, first: int) -> Any:
        """Return the rows of a growing result table from `first` on."""
        with _OMEGA_ERRORS:
            return pa.table(self._core.rows(table, first))

    def finish(self) -> Tables:
        """Return the result tables of all bars."""
        with _OMEGA_ERRORS:
            return _Tables(self._core.finish())


def replay(
    market: Any, signals: Any | None, jobs: str
) -> list[tuple[int | None, float | None, float | None, int | None, int]]:
    """Return net, drawdown fraction, Sharpe ratio, trades and dropped entries of every job."""
    with _OMEGA_ERRORS:
        return _native.replay(market, signals, jobs)


def stress_market(market: Any, stress: str) -> list[Any]:
    """Return the bars of every series of a changed market."""
    with _OMEGA_ERRORS:
        return [pa.table(export) for export in _native.stress_market(market, stress)]


class _Tables(Mapping[str, Any]):
    """Result tables by name, made a `pyarrow.Table` when they are first asked for: most callers read one or two."""

    def __init__(self, exports: Mapping[str, Any]) -> None:
        self._exports = exports
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = pa.table(self._exports[name])
        return made

    def __iter__(self) -> Iterator[str]:
        return iter(self._exports)

    def __len__(self) -> int:
        return len(self._exports)

    def __reduce__(self) -> tuple[type[dict[str, Any]], tuple[dict[str, Any]]]:
        return dict, (dict(self),)


class _OmegaErrors:
    """Lets a `CoreError` leave as the error the catalogue names.

    A class, as a generator of `contextlib` costs as much as the rest of a short call.
    """

    __slots__ = ()

    def __enter__(self) -> None:
        """Begin to watch."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        """Raise the error of the catalogue; any other passes through."""
        if isinstance(error, _native.CoreError):
            code, facts = error.args
            raise error_for(code, **facts) from None


_OMEGA_ERRORS = _OmegaErrors()
