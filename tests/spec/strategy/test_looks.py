"""LOOP, API-1: what looks at a stepwise run from outside sees it as it is, however steps are put off."""

from __future__ import annotations

import copy
import datetime
import pickle
from typing import Any

import pyarrow as pa
import pytest

import omega
from omega.backends.protocol import Backend
from omega.errors import OmegaError

BEGIN = datetime.datetime(2025, 1, 20, tzinfo=datetime.UTC)
FALLS_AT = 20
FOUND: dict[str, omega.Strategy] = {}


def data(prices: list[float], symbol: str = "EURUSD") -> omega.MarketData:
    """Return M1 bars that stand still at one price each, without spread."""
    times = [BEGIN + datetime.timedelta(minutes=idx) for idx in range(len(prices))]
    columns = {name: pa.array(prices) for name in ("open", "high", "low", "close")}
    table = pa.table({"time": pa.array(times, pa.timestamp("us", tz="UTC")), **columns})
    return omega.load({"bid": table, "ask": table}, symbols=symbol, timeframe="M1")


FALLING = data([1.1] * FALLS_AT + [1.08] * 40)


class BuysOnce(omega.Strategy):
    """Buys at the third bar, and says where it can be found."""

    def prepare(self, data: Any) -> None:
        FOUND[type(self).__name__] = self

    def on_bar(self, bar: Any) -> Any:
        return self.buy(sl_points=100.0) if bar.index == 2 else None


def run(backend: Backend, **arguments: Any) -> omega.BacktestResult:
    """Run the strategy on the falling bars, without costs."""
    account = {"currency": "USD", "balance": 100_000}
    return omega.backtest(
        FALLING, BuysOnce, costs="none", account=account, sizing={"fixed_lots": 0.1}, backend=backend.name, **arguments
    )


def test_progress_callback_sees_the_books_after_the_step_it_reports(backend: Backend) -> None:
    """The stop 100 points below 1.10000 is jumped over by bar 20, which opens at 1.08000: 0.1 lots lose 200.

    Report k comes after k steps: 20 of them leave the position open, 21 do not.
    """
    seen = {}

    def look(current: int, total: int) -> None:
        strategy = FOUND["BuysOnce"]
        seen[current] = (len(strategy.positions), strategy.account.equity)

    run(backend, execution={"progress_every": 1}, on_progress=look)

    assert seen[3] == (0, 100_000.0)
    assert seen[4] == (1, 100_000.0)
    assert seen[FALLS_AT] == (1, 100_000.0)
    assert seen[FALLS_AT + 1] == (0, 99_800.0)


def test_error_of_the_engine_itself_is_not_laid_at_the_door_of_the_strategy(backend: Backend) -> None:
    """CUR: the rate ends after six bars and is stale five bars later; no hook raised that."""
    conversion = [data([150.0] * 6, "USDJPY")]
    rates = {"source": "series", "symbols": ["USDJPY"], "stale_limit_bars": 5}

    with pytest.raises(OmegaError, match=r"rates\.stale") as caught:
        omega.backtest(
            FALLING,
            BuysOnce,
            costs="none",
            account={"currency": "JPY", "balance": 10_000_000},
            sizing={"fixed_lots": 0.1},
            conversion=conversion,
            execution={"rates": rates},
            backend=backend.name,
        )

    assert getattr(caught.value, "__notes__", []) == []


def test_error_a_hook_raises_names_hook_bar_and_time(backend: Backend) -> None:
    """Canary of the test above: what a strategy raises is its own."""

    class Divides(omega.Strategy):
        def on_bar(self, bar: Any) -> Any:
            return None if bar.index < 7 else 1 // 0

    with pytest.raises(ZeroDivisionError) as caught:
        account = {"currency": "USD", "balance": 100_000}
        sizing = {"fixed_lots": 0.1}
        omega.backtest(FALLING, Divides, costs="none", account=account, sizing=sizing, backend=backend.name)

    assert caught.value.__notes__ == ["raised by Divides.on_bar at bar 7, decision time 2025-01-20T00:08:00Z"]


def test_raw_tables_can_be_copied_and_kept(backend: Backend) -> None:
    """Tables made on demand are plain ones where they leave the process."""
    raw = run(backend).raw

    for other in (copy.deepcopy(raw), pickle.loads(pickle.dumps(raw))):
        assert list(other) == list(raw)
        assert all(other[name].equals(raw[name]) for name in raw)
