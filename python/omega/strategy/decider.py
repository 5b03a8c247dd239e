"""A Python strategy behind the seam: what `simulate_stepwise` calls.

`decide` is the strategy's own bound method: nothing stands between the loop and the user's code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from omega.backends.protocol import Session, SignalRow
from omega.strategy.normalise import Normaliser
from omega.strategy.prepare import StrategyData, view_indicators
from omega.strategy.strategy import Account, Position, Strategy
from omega.values import utc

__all__ = ["StepDecider"]

SIDES = {1: "long", -1: "short"}


class StepDecider:
    """Fills the six hooks of a decider that this version has: start, decide, rows, progress.

    Attributes:
        path_dependent: Whether the strategy read its positions or its account (RAT-1).
    """

    def __init__(self, strategy: Strategy, tables: Any, cache: Any, *, plan: Any, normaliser: Normaliser) -> None:
        """Stand between one fresh strategy and one run.

        Args:
            strategy: A fresh instance.
            tables: The run's `MarketTables`.
            cache: Its `IndicatorCache`.
            plan: The plan as a mapping: account, symbols.
            normaliser: Turns answers into rows and keeps their texts.
        """
        self._strategy = strategy
        self._tables = tables
        self._cache = cache
        self._plan = plan
        self._session: Session | None = None
        self.path_dependent = False
        self.decide: Callable[[Any], Any] = getattr(strategy, strategy._style())
        self.rows: Callable[[Any, int, int], list[SignalRow]] = normaliser.rows
        self.progress: Callable[[int, int], None] | None = None
        self.progress_every: int | None = None

    def start(self, session: Session) -> None:
        """Bind the strategy to the run and let it prepare."""
        self._session = session
        self._strategy._books = self
        self._strategy.prepare(strategy_data(self._tables, self._cache, view_indicators(self._cache, session.view)))

    def moment(self) -> tuple[int, int]:
        """Return index and decision time (microseconds) of the bar the strategy is asked about."""
        assert self._session is not None
        bar_idx = self._session.cursor
        return bar_idx, decision_time_us(self._tables, bar_idx) or 0

    def positions(self) -> tuple[Position, ...]:
        """Return a snapshot of the open positions."""
        assert self._session is not None
        self.path_dependent = True
        return tuple(self._position(row) for row in self._session.positions())

    def account(self) -> Account:
        """Return a snapshot of the account."""
        assert self._session is not None
        self.path_dependent = True
        account = self._plan["account"]
        unit = float(10 ** account["digits"])
        return Account(self._session.balance() / unit, self._session.equity() / unit, account["currency"])

    def annotate(self, error: BaseException) -> None:
        """Note bar and time on an exception that the strategy raised."""
        name = type(self._strategy).__name__
        if self._session is None or self._session.cursor < 0:
            error.add_note(f"raised while {name} prepared the run")
            return
        bar_idx, now_us = self.moment()
        when = utc(now_us).isoformat().replace("+00:00", "Z")
        error.add_note(f"raised by {name}.{self.decide.__name__} at bar {bar_idx}, decision time {when}")

    def _position(self, row: tuple[Any, ...]) -> Position:
        number, symbol, direction, magic, entry_bar_idx, entry_us, entry_points, steps, sl, tp = row
        spec = self._plan["symbols"][symbol]
        scale = float(10 ** spec["digits"])
        top, bottom = spec["volume_step"]
        return Position(
            id=number,
            symbol=spec["name"],
            direction=SIDES[direction],
            magic=magic,
            entry_bar_idx=entry_bar_idx,
            entry_time_us=entry_us,
            entry_price=entry_points / scale,
            size=steps * top / bottom,
            sl=None if sl is None else sl / scale,
            tp=None if tp is None else tp / scale,
        )


def strategy_data(tables: Any, cache: Any, indicators: Any) -> StrategyData:
    """Return what `prepare` is given."""
    return StrategyData(
        indicators=indicators,
        symbol=tables.symbol,
        timeframe=tables.timeframes[0],
        timeframes=tuple(tables.timeframes),
        digits=tables.digits,
        cache=cache,
    )


def decision_time_us(tables: Any, bar_idx: int) -> int | None:
    """Return the decision time of a bar (TIM-7), None outside the data."""
    bars = tables.series[0]
    if not 0 <= bar_idx < len(bars):
        return None
    last = bar_idx == len(bars) - 1
    scalar = bars.column("close_time" if last else "time")[bar_idx if last else bar_idx + 1]
    return int(scalar.value)
