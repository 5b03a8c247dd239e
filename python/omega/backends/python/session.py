"""What a Python strategy sees of a stepwise run: the bar, views on indicators, and its books.

The loop moves `Session.cursor`; views follow it, bars do not. Nothing here reaches beyond the cursor,
and nothing here can change the run. Rules API-2, IND-6 and TIM-7.

twin: none — its Rust half is `session.rs` and `view.rs` of omega-py, where objects of Python live.

This module keeps integers: times become date-times, and points become prices, when they are read.
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from omega.backends.python import frame
from omega.backends.python.engine.clock_rules import is_due
from omega.backends.python.execution.levels import absolute
from omega.backends.python.market import Series
from omega.backends.python.numerics import quotient
from omega.errors import error_for
from omega.values import utc

if TYPE_CHECKING:
    from datetime import datetime

    from omega.backends.python.engine.simulation import Simulation

NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Bar:
    """One completed bar. A kept bar never changes.

    Attributes:
        index: Index of the bar in the loaded table, warm-up included.
        time_us: Open time.
        now_us: Decision time: the open of the bar that follows; with `signal_close` the close of this one.
        symbol: Name of the symbol.

    Prices are floats, `points / 10^digits`; `open`, `high`, `low`, `close` are the bid's. `volume` is None
    where the source has none; `spread` is ask minus bid at the close, as a price.
    """

    index: int
    time_us: int
    now_us: int
    symbol: str
    _series: Series = field(repr=False)
    _scale: float = field(repr=False)

    @property
    def time(self) -> datetime:
        """Open time as a UTC date-time."""
        return utc(self.time_us)

    @property
    def now(self) -> datetime:
        """Decision time as a UTC date-time."""
        return utc(self.now_us)

    @property
    def open(self) -> float:
        return self._series.bid.open[self.index] / self._scale

    @property
    def high(self) -> float:
        return self._series.bid.high[self.index] / self._scale

    @property
    def low(self) -> float:
        return self._series.bid.low[self.index] / self._scale

    @property
    def close(self) -> float:
        return self._series.bid.close[self.index] / self._scale

    bid_open = open
    bid_high = high
    bid_low = low
    bid_close = close

    @property
    def ask_open(self) -> float:
        return self._series.ask.open[self.index] / self._scale

    @property
    def ask_high(self) -> float:
        return self._series.ask.high[self.index] / self._scale

    @property
    def ask_low(self) -> float:
        return self._series.ask.low[self.index] / self._scale

    @property
    def ask_close(self) -> float:
        return self._series.ask.close[self.index] / self._scale

    @property
    def volume(self) -> float | None:
        return self._series.volume[self.index]

    @property
    def spread(self) -> float:
        return (self._series.ask.close[self.index] - self._series.bid.close[self.index]) / self._scale


class Session:
    """Where a stepwise run stands.

    Attributes:
        cursor: The completed bar the strategy is asked about; -1 before the first.
        now_us: The decision time: the open of the step's bar; with `signal_close` the close of the bar (TIM-7).
        is_managing: Whether the strategy is asked in step 4, at the close of the bar.
    """

    __slots__ = ("_scale", "_simulation", "cursor", "is_managing", "now_us")

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._scale = float(10**simulation.series.digits)
        self.cursor = -1
        self.is_managing = False
        self.now_us = simulation.series.time_us[simulation.plan.first_step]

    @property
    def row_count(self) -> int:
        """Rows of signals taken in so far."""
        return self._simulation.row_count

    def move_to(self, cursor: int) -> None:
        """Let the strategy see the bar at `cursor` as its last completed one."""
        series = self._simulation.series
        self.cursor = cursor
        self.is_managing = False
        is_close = self._simulation.plan.signal_close or cursor + 1 == len(series.time_us)
        self.now_us = series.close_time_us[cursor] if is_close else series.time_us[cursor + 1]

    def move_to_close(self, cursor: int) -> None:
        """Let the strategy see the bar at `cursor` at its close, in step 4."""
        self.cursor = cursor
        self.is_managing = True
        self.now_us = self._simulation.series.close_time_us[cursor]

    def bar(self) -> Bar:
        """Return the bar at the cursor."""
        series = self._simulation.series
        time_us = series.time_us[self.cursor]
        return Bar(self.cursor, time_us, self.now_us, self._simulation.symbol.name, series, self._scale)

    def view(self, values: Any, series: int, at_close: Any = None) -> View:
        """Return a view on one float64 column of `series`, one value per bar of that series.

        `at_close` is what is visible of the series in step 4, where that is not what the decision sees.
        """
        visible = self._simulation.market.series[series].visible
        rows = None if at_close is None else frame.read_visible(at_close, "at_close", len(visible or ()))
        return View(self, frame.read_float64(values), visible, rows)

    def positions(self) -> list[tuple[Any, ...]]:
        """Return the open positions: (id, symbol, direction, magic, entry_bar_idx, entry_time_us, entry_points,
        steps, sl, tp, is_due); the entry is a float, points may be parts of one; due is what a rule or a stop-out
        closes in the next step, whole or in part.
        """
        return [
            (
                p.id,
                p.symbol,
                p.direction,
                p.magic,
                p.entry_bar_idx,
                p.entry_time_us,
                quotient(p.entered.points, p.entered.steps),
                p.steps,
                p.sl,
                p.tp,
                is_due(p, self.cursor + 1) or p.id in self._simulation.stop_outs,
            )
            for p in self._simulation.positions
        ]

    def orders(self) -> list[tuple[Any, ...]]:
        """Return the working orders: (id, symbol, direction, order_type, magic, entry, limit, steps, sl, tp,
        expiry_us, oco); prices in points, levels None where they are distances; `steps` is what is left.
        """
        return [
            (
                o.number,
                o.symbol,
                o.direction,
                int(o.order_type),
                o.magic,
                o.price,
                o.limit,
                o.steps,
                absolute(o.stop),
                absolute(o.target),
                o.expiry_us,
                o.oco,
            )
            for o in self._simulation.working
        ]

    def balance(self) -> int:
        """Return the balance in minor units."""
        return self._simulation.books.balance

    def equity(self) -> int:
        """Return the equity of the last step in minor units; nothing is booked between it and the decision.

        In step 4 it is that of the bar's close, which step 5 is about to record.
        """
        if self.is_managing:
            return self._simulation.books.equity_with(self._simulation.open_profit(self.cursor))
        return self._simulation.books.equity[-1]


class View:
    """One indicator at the cursor. Index -1 is the last completed bar of the view's own timeframe (IND-6).

    Before the first bar a view reads NaN, as during warm-up.
    """

    __slots__ = ("_at_close", "_session", "_values", "_visible")

    def __init__(
        self, session: Session, values: list[float], visible: list[int] | None, at_close: list[int] | None
    ) -> None:
        self._session = session
        self._values = values
        self._visible = visible
        self._at_close = at_close

    def __getitem__(self, index: int) -> float:
        """Return a value by its distance from the end.

        Raises:
            StrategyError: ``strategy.view_index`` for anything but a negative whole number.
        """
        back = whole_number(index)
        if back is None or back >= 0:
            raise error_for("strategy.view_index", value=repr(index))
        own_idx = self.latest() + 1 + back
        return self._values[own_idx] if own_idx >= 0 else NAN

    def latest(self) -> int:
        """Return the index of the last completed bar of the own timeframe, or -1."""
        cursor = self._session.cursor
        visible = self._at_close if self._at_close is not None and self._session.is_managing else self._visible
        # In `prepare` the cursor is -1, which as an index would be the end of the data.
        return cursor if visible is None or cursor < 0 else visible[cursor]

    def is_fresh(self) -> bool:
        """Return whether the latest value is visible for the first time at this bar."""
        if self._visible is None:
            return True
        cursor = self._session.cursor
        before = self._visible[cursor - 1] if cursor > 0 else -1
        latest = self.latest()
        return latest > before and latest >= 0

    def crossed_above(self, other: View | float) -> bool:
        """Return a[-2] <= b[-2] and a[-1] > b[-1], where the newer of a[-1] and b[-1] is new at this bar."""
        other_before, other_latest, other_fresh = operand(other)
        if not (self.is_fresh() or other_fresh):
            return False
        return self[-2] <= other_before and self[-1] > other_latest

    def crossed_below(self, other: View | float) -> bool:
        """Return a[-2] >= b[-2] and a[-1] < b[-1], where the newer of a[-1] and b[-1] is new at this bar."""
        other_before, other_latest, other_fresh = operand(other)
        if not (self.is_fresh() or other_fresh):
            return False
        return self[-2] >= other_before and self[-1] < other_latest

    def rising(self, count: int) -> bool:
        """Return whether the last `count` changes were all up; NaN gives False."""
        changes = range(1, checked_count("rising", count) + 1)
        return all(self[-k] > self[-k - 1] for k in changes)

    def falling(self, count: int) -> bool:
        """Return whether the last `count` changes were all down; NaN gives False."""
        changes = range(1, checked_count("falling", count) + 1)
        return all(self[-k] < self[-k - 1] for k in changes)


def operand(other: View | float) -> tuple[float, float, bool]:
    """Return value before, latest value and freshness of the right side of a crossing."""
    if isinstance(other, View):
        return other[-2], other[-1], other.is_fresh()
    level = math.ldexp(other, 0)  # unlike float(), it reads no text
    return level, level, False


def checked_count(method: str, count: int) -> int:
    """Return a count of changes, refused unless it is a whole number of at least 1."""
    changes = whole_number(count)
    if changes is None or changes < 1:
        raise error_for("strategy.view_count", method=method, value=repr(count))
    return changes


def whole_number(value: object) -> int | None:
    """Return what a strategy gave as a whole number of 64 bits, NumPy's included; None for anything else."""
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        return None
    return number if -(2**63) <= number < 2**63 else None
