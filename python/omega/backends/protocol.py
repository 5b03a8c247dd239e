"""The seam: what a backend must offer. See `ARCHITECTURE.md` for the tables and the plan.

Few and coarse calls. Both backends answer every call with the same bits; errors are
`omega.errors.OmegaError` with the same code and facts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

Tables = Mapping[str, Any]
"""Result tables by name; every value is a `pyarrow.Table` with the schema of that name."""

SignalRow = tuple[Any, ...]
"""One row of the `signals` table, in column order."""


class Market(Protocol):
    """Frozen market of one run: all series, alignments and the calendar. Safe to share between threads."""

    @property
    def bar_count(self) -> int:
        """Bars of the step timeframe, warm-up included."""


class IndicatorView(Protocol):
    """One indicator as a strategy sees it at its current bar (IND-6)."""

    def __getitem__(self, index: int) -> float:
        """Value of a completed bar of the view's own timeframe; -1 is the last complete one."""

    def crossed_above(self, other: IndicatorView | float) -> bool: ...
    def crossed_below(self, other: IndicatorView | float) -> bool: ...
    def rising(self, count: int) -> bool: ...
    def falling(self, count: int) -> bool: ...


class Session(Protocol):
    """A stepwise run as the decider sees it: where it stands and what is open."""

    @property
    def cursor(self) -> int:
        """Index of the completed bar the strategy is asked about; -1 before the first."""
        ...

    @property
    def row_count(self) -> int:
        """Rows of signals taken in so far; the next one has this number."""
        ...

    def view(self, values: Any, series: int, at_close: Any = None) -> IndicatorView:
        """Return a view on an indicator column (float64, as long as its series).

        `at_close` (int32, one entry per step bar) is what is visible of the series while `manage` is asked; None
        where that is what is visible at the decision.
        """

    def positions(self) -> Sequence[tuple[Any, ...]]:
        """Open positions: (id, symbol, direction, magic, entry_bar_idx, entry_time_us, entry_points, steps, sl, tp,
        is_due): due is what a position rule or a stop-out closes in the next step, whole or in part.
        """

    def orders(self) -> Sequence[tuple[Any, ...]]:
        """Working orders in order of acceptance: (id, symbol, direction, order_type, magic, entry, limit, steps, sl,
        tp, expiry_us, oco); prices in points, `steps` is what is left; None for what an order does not have.
        """

    def balance(self) -> int:
        """Balance in minor units."""

    def equity(self) -> int:
        """Equity of the last step in minor units, bookings since included; in step 4 that of this bar's close."""


class Decider(Protocol):
    """A Python strategy behind the seam.

    `start(session)` is called once before the first step. `decide(bar)` is asked at every step with the
    completed bar and returns None, or rows for the signal table; `bar` has index, time, now,
    bid and ask prices, volume, spread and symbol.

    `manage` is None, and then costs nothing, or is asked in step 4 of every bar but the last, where a position is
    open or an order works: after the exits, before the bar is marked. `manage(bar)` gets the bar of the step, with
    the cursor on it, `now` its close and views as they are then (TIM-7). What it returns is turned into rows by
    `rows`, names that bar, and works in the next step before what `decide` asks for there.
    """

    @property
    def start(self) -> Callable[[Session], None]: ...
    @property
    def decide(self) -> Callable[[Any], Any]: ...
    @property
    def manage(self) -> Callable[[Any], Any] | None: ...
    @property
    def rows(self) -> Callable[[Any, int, int], list[SignalRow]]:
        """`rows(answer, bar_idx, now_us)` turns what `decide` returned, if not None, into signal rows."""

    @property
    def signal(self) -> type | None:
        """Class of an answer that is one signal, a named tuple; None where answers are something else.

        A backend may take an order of it apart without asking `rows`, where nothing has to be converted or refused.
        """

    @property
    def progress(self) -> Callable[[int, int], None] | None: ...
    @property
    def progress_every(self) -> int | None: ...


class Holdings(Protocol):
    """A portfolio on its own, fed deal by deal: points, steps, minor units and UTC microseconds.

    A deal is (time_us, steps, price). Times never go back. `LedgerKind` codes name what `book` books.
    """

    def open(self, position_id: int, symbol: int, direction: int, magic: int, deal: tuple[int, int, int]) -> None: ...
    def add(self, position_id: int, deal: tuple[int, int, int]) -> None: ...
    def close(self, position_id: int, deal: tuple[int, int, int]) -> tuple[int, int]:
        """Return the profit and the swap that were booked."""
        ...

    def book(self, kind: int, amount: int, time_us: int, position_id: int | None) -> None: ...
    def accrue(self, rollover_us: int, fx_day: int, weekday: int) -> None: ...
    def mark(self, symbol: int, bid: int, ask: int) -> None: ...
    def update(self, time_us: int) -> int: ...
    def equity(self) -> int: ...
    def balance(self) -> int: ...
    def positions(self) -> Sequence[tuple[int, ...]]:
        """Open positions: (id, symbol, direction, magic, entry_time_us, steps, k, accrued_swap, open_profit)."""
        ...

    def ledger(self) -> Sequence[tuple[int | None, ...]]: ...
    def swaps(self) -> Sequence[tuple[int, ...]]: ...
    def equity_rows(self) -> Sequence[tuple[int, int]]: ...


class Simulator(Protocol):
    """A run that is fed: the market is known, signals are given and bars pass when its caller says so.

    A signal names the bar at the cursor. What `process` returns is the number of the first one; results are rows of
    the tables of a run.
    """

    @property
    def cursor(self) -> int:
        """Index of the last bar that has passed, -1 before the first."""
        ...

    def read(self, table: Any) -> Any:
        """Read a `signals` table once, for `process`."""
        ...

    def process(self, signals: Any) -> int: ...
    def advance(self, count: int) -> None: ...
    def extend(self, market: Any) -> None:
        """Go on with a market that holds more bars behind those of this one."""
        ...

    def positions(self) -> Any: ...
    def rows(self, table: str, first: int) -> Any:
        """Return the rows of a growing result table from `first` on."""
        ...

    def finish(self) -> Tables:
        """Return the result tables as they are once all bars have passed; the run itself stays where it is."""
        ...


class Backend(Protocol):
    """One of the two equal halves. `market` is the handle that the same half opened."""

    name: str

    def describe(self) -> Mapping[str, str]: ...
    def open_market(
        self, header: str, series: Sequence[Any], visible: Sequence[Any | None], calendar: Any
    ) -> Market: ...
    def compute_indicators(self, market: Any, specs: str) -> list[Any]: ...
    def simulate(self, market: Any, signals: Any | None, plan: str) -> Tables: ...
    def simulate_stepwise(self, market: Any, decider: Decider, plan: str) -> Tables: ...
    def compute_metrics(
        self, trades: Any, equity: Any, calendar: Any, plan: str
    ) -> list[tuple[str, float | int | None, str | None]]: ...
    def rate(self, trades: Any, equity: Any, calendar: Any, plan: str) -> list[tuple[str, float | int | None]]: ...
    def open_portfolio(self, plan: str) -> Holdings: ...
    def open_simulator(self, market: Any, plan: str) -> Simulator: ...
    def replay(
        self, market: Any, signals: Any | None, jobs: str
    ) -> list[tuple[int | None, float | None, float | None, int | None, int]]: ...
    def stress_market(self, market: Any, stress: str) -> list[Any]: ...
