"""What a backend makes of a case, failures included, and the comparison of two such outcomes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from omega.backends.protocol import Backend, Session, Tables
from omega.engine.comparison import find_difference, same_bits
from omega.errors import OmegaError
from omega.testing.cases import Case

__all__ = ["Failure", "assert_same_bits", "outcome", "stepwise_outcome"]


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as it can be compared: class, code and facts."""

    kind: str
    code: str
    context: tuple[tuple[str, Any], ...]

    @classmethod
    def of(cls, error: OmegaError) -> Failure:
        """Return the comparable facts of an error."""
        return cls(type(error).__name__, error.code, tuple(sorted(error.context.items())))


@dataclass(frozen=True, slots=True)
class Walk:
    """A stepwise run: its tables, and everything the strategy saw on the way."""

    tables: Tables
    seen: list[tuple[Any, ...]]


def outcome(backend: Backend, case: Case) -> Tables | Failure:
    """Return the result tables of a case, or how it failed."""
    tables = case.tables
    try:
        market = backend.open_market(tables.header, tables.series, tables.visible, tables.calendar)
        return backend.simulate(market, case.signals, case.plan)
    except OmegaError as error:
        return Failure.of(error)


def stepwise_outcome(
    backend: Backend,
    case: Case,
    *,
    manages: bool = False,
    looks_every: int = 1,
    decider: ReplayDecider | None = None,
) -> Walk | Failure:
    """Return what `simulate_stepwise` makes of the same signals, given bar by bar, and what was seen meanwhile.

    A case with a native strategy is walked without signals. Signals on bars that are never asked about are
    not given. With `manages` they are given in step 4, where it is asked. The books are looked at at every
    `looks_every`-th bar. A decider of your own takes the place of the one that is made.
    """
    tables = case.tables
    decider = decider or ReplayDecider(case, looks_every)
    if manages:
        decider.manage = decider.decide
    plan = case.plan if case.signals is not None else _without_strategy(case.plan)
    try:
        market = backend.open_market(tables.header, tables.series, tables.visible, tables.calendar)
        return Walk(backend.simulate_stepwise(market, decider, plan), decider.seen)
    except OmegaError as error:
        return Failure.of(error)


class ReplayDecider:
    """Answers every bar with the signal rows of that bar, and writes down all a strategy can see."""

    manage: Callable[[Any], Any] | None = None
    progress = None
    progress_every = None
    signal = None

    def __init__(self, case: Case, looks_every: int = 1) -> None:
        self._looks_every = looks_every
        self.seen: list[tuple[Any, ...]] = []
        self._rows: dict[int, list[tuple[Any, ...]]] = {}
        for row in _rows_of(case.signals):
            self._rows.setdefault(row[0], []).append(row)
        bars = case.tables.series[0]
        self._close = bars.column("bid_close").cast("float64").combine_chunks()
        self._open = bars.column("bid_open").cast("float64").combine_chunks()
        self._session: Session | None = None

    def start(self, session: Session) -> None:
        """Take two views: the closes and the opens of the bid, in points."""
        self._session = session
        self._views = session.view(self._close, 0), session.view(self._open, 0)

    def decide(self, bar: Any) -> Any:
        """Return the rows of this bar, or None."""
        session = self._session
        assert session is not None
        close, opened = self._views
        prices = (bar.open, bar.high, bar.low, bar.close, bar.ask_open, bar.ask_high, bar.ask_low, bar.ask_close)
        bids = (bar.bid_open, bar.bid_high, bar.bid_low, bar.bid_close)
        facts = (bar.index, bar.time, bar.now, bar.symbol, bar.volume, bar.spread, session.cursor)
        views = (close[-1], close[-2], close[-7], close.crossed_above(opened), close.crossed_below(opened))
        trend = (close.crossed_above(bar.open), close.rising(2), close.falling(1))
        self.seen.append((*facts, *prices, *bids, *views, *trend))
        if bar.index % self._looks_every == 0:
            open_and_working = tuple(map(tuple, session.positions())), tuple(map(tuple, session.orders()))
            self.seen.append((session.balance(), session.equity(), *open_and_working))
        return self._rows.pop(bar.index, None)

    def rows(self, answer: Any, bar_idx: int, now_us: int) -> list[tuple[Any, ...]]:
        """Return the rows as they are; write down when they were asked for."""
        self.seen.append((bar_idx, now_us))
        return list(answer)


def _rows_of(signals: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a signal table as they cross the seam one by one: times are whole microseconds."""
    if signals is None:
        return []
    columns = [column.cast("int64") if "timestamp" in str(column.type) else column for column in signals.columns]
    return list(zip(*(column.to_pylist() for column in columns), strict=True))


def assert_same_bits(left: Any, right: Any) -> None:
    """Assert that two outcomes, sets of tables or lists of values are equal to the bit.

    Raises:
        AssertionError: naming the first difference.
    """
    if isinstance(left, Walk) and isinstance(right, Walk):
        assert_same_bits(left.tables, right.tables)
        assert_same_bits(left.seen, right.seen)
    elif isinstance(left, Mapping) and isinstance(right, Mapping):
        difference = find_difference(left, right)
        assert difference is None, f"first difference: {difference}"
    elif isinstance(left, list | tuple) and isinstance(right, list | tuple):
        assert len(left) == len(right), f"{len(left)} entries against {len(right)}"
        for index, (a, b) in enumerate(zip(left, right, strict=True)):
            try:
                assert_same_bits(a, b)
            except AssertionError as error:
                raise AssertionError(f"entry {index}: {error}") from None
    elif isinstance(left, Failure) and isinstance(right, Failure):
        assert (left.kind, left.code) == (right.kind, right.code), f"{left} against {right}"
        assert_same_bits(left.context, right.context)
    else:
        assert same_bits(left, right), f"{left!r} against {right!r}"


def _without_strategy(plan: str) -> str:
    return json.dumps(json.loads(plan) | {"strategy": None}, sort_keys=True, separators=(",", ":"))
