"""A Python strategy behind the seam: what `simulate_stepwise` calls.

`decide` is the strategy's own bound method: nothing stands between the loop and the user's code.
`manage` exists only for strategies that define `check_exit` or `manage`; others are not asked twice a bar.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from omega.backends.protocol import Session, SignalRow
from omega.schema import SignalKind
from omega.strategy.latency import Latency
from omega.strategy.normalise import Normaliser, each_signal
from omega.strategy.prepare import StrategyData, view_indicators
from omega.strategy.signal import Signal
from omega.strategy.snapshots import Account, Order, Position, order_of, position_of
from omega.strategy.strategy import MANAGEMENT, Strategy
from omega.values import utc

__all__ = ["StepDecider"]


class StepDecider:
    """Fills the hooks of a decider: start, decide, manage, signal, rows, progress.

    Attributes:
        path_dependent: Whether the strategy read its positions, its orders or its account (RAT-1).
        manage: What is asked in step 4 (LOOP), None where the strategy has no hook for it.
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
        self._normaliser = normaliser
        self._session: Session | None = None
        self._managed: Any = None
        self._style = self._hook = strategy._style()
        self._check_exit, self._manage_all = (getattr(strategy, name, None) for name in MANAGEMENT)
        self.path_dependent = False
        self.decide: Callable[[Any], Any] = getattr(strategy, self._style)
        self.manage: Callable[[Any], Any] | None = self._manage if strategy._management() else None
        self._latency = Latency(plan, tables)
        self._closes: list[SignalRow] = []
        self._is_delayed = self.manage is not None or self._latency.is_late
        self.signal = Signal
        self.progress: Callable[[int, int], None] | None = None
        self.progress_every: int | None = None

    def start(self, session: Session) -> None:
        """Bind the strategy to the run and let it prepare."""
        self._session = session
        self._strategy._books = self
        at_close = None if self.manage is None else self._tables.visible_at_close()
        indicators = view_indicators(self._cache, session.view, at_close)
        self._strategy.prepare(strategy_data(self._tables, self._cache, indicators))

    def moment(self) -> tuple[int, int]:
        """Return index and time (microseconds) of the bar the strategy is asked about."""
        assert self._session is not None
        if self._managed is not None:
            return self._managed.index, self._managed.now_us
        bar_idx = self._session.cursor
        return bar_idx, decision_time_us(self._tables, bar_idx) or 0

    def positions(self) -> tuple[Position, ...]:
        """Return a snapshot of the open positions."""
        assert self._session is not None
        self.path_dependent = True
        cursor = self._session.cursor
        self._closes = [row for row in self._closes if self._latency.is_waiting(row[0], cursor)]
        return tuple(position_of(row, self._plan["symbols"], self._closes) for row in self._session.positions())

    def orders(self) -> tuple[Order, ...]:
        """Return a snapshot of the working orders."""
        assert self._session is not None
        self.path_dependent = True
        symbols, names = self._plan["symbols"], self._normaliser.group_names
        return tuple(order_of(row, symbols, names) for row in self._session.orders())

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
        error.add_note(f"raised by {name}.{self._hook} at bar {bar_idx}, decision time {when}")

    def rows(self, answer: Any, bar_idx: int, now_us: int) -> list[SignalRow]:
        """Return the rows of an answer, and remember its closes where they do not work at once."""
        assert self._session is not None
        self._normaliser.count = self._session.row_count
        rows = self._normaliser.rows(answer, bar_idx, now_us)
        if self._is_delayed:
            self._closes += [row for row in rows if row[1] == SignalKind.CLOSE]
        return rows

    def _manage(self, bar: Any) -> list[Any] | None:
        """Ask `check_exit` about every open position and `manage` about all of them."""
        positions = self.positions()
        self._managed = bar
        wanted: list[Any] = []
        if self._check_exit is not None:
            self._hook = "check_exit"
            for position in positions:
                wanted += exits_of(position, self._check_exit(position, bar))
        if self._manage_all is not None:
            self._hook = "manage"
            wanted += listed(self._manage_all(positions, bar))
        self._managed, self._hook = None, self._style
        return wanted or None


def exits_of(position: Position, answer: Any) -> list[Any]:
    """Return what `check_exit` asks for: True closes the position, a text closes it for that reason."""
    if isinstance(answer, bool | np.bool_):
        return [Signal(kind="close", target=position)] if answer else []
    return [Signal(kind="close", target=position, reason=answer)] if isinstance(answer, str) else listed(answer)


def listed(answer: Any) -> list[Any]:
    """Return an answer of None, one signal or several as a list."""
    if answer is None:
        return []
    return list(each_signal(answer))


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
