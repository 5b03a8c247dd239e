"""A run that is fed: signals come when their caller has them, and bars pass when it says so.

The market is known from the start, as in every run; what has passed of it is the cursor's. Everything given
before the bars pass fills as in `simulate`: the same `Simulation`, the same steps. Signals of one call work in the
order of LOOP step 2, those of later calls in the same step after them.
"""

from __future__ import annotations

import copy
from typing import Any

from omega.backends.python import frame
from omega.backends.python.engine.signals import Request, Signal, find_fault, read_signals
from omega.backends.python.engine.simulation import Simulation
from omega.backends.python.market import Market
from omega.backends.python.plan import Plan, parse_plan
from omega.backends.python.plan_rules import MaxHolding, SessionClose
from omega.errors import error_for

GROWING = ("recorded_signals", "orders", "fills", "trades", "swaps", "rejections")


def open_simulator(market: Market, plan: str) -> Simulator:
    """Return a run that stands before its first step (the seam's `open_simulator`)."""
    return Simulator(Simulation(market, parse_plan(plan)))


class Simulator:
    """One run and how far it has come."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._waiting: list[Request] = []
        self._bar_idx = simulation.plan.first_step
        self._has_begun = False

    @property
    def cursor(self) -> int:
        """Index of the last bar that has passed, -1 before the first."""
        return self._bar_idx - 1

    def read(self, table: Any) -> list[Signal]:
        """Return the rows of a signal table, to be processed."""
        return read_signals(table, self._simulation.bar_count)

    def process(self, signals: list[Signal]) -> int:
        """Take in signals decided on the bar at the cursor, fill what fills now, and return the first one's number.

        Raises:
            SignalError: ``signal.bar_idx`` for another bar; the error a bad signal names, unless the plan rejects
                such signals, and then none of them is taken in.
        """
        self._check(signals)
        first = self._simulation.signal_count + 1
        self._waiting += self._simulation.take_in(signals)
        if self._bar_idx < self._simulation.bar_count:
            self._enter_due()
        return first

    def advance(self, count: int) -> None:
        """Let up to `count` bars pass."""
        simulation = self._simulation
        end = min(self._bar_idx + count, simulation.bar_count)
        while self._bar_idx < end:
            self._enter_due()
            if not self._has_begun:
                simulation.begin(self._bar_idx)
                simulation.enter(self._bar_idx, [])
            simulation.run_bar(self._bar_idx)
            simulation.mark(self._bar_idx)
            self._has_begun = False
            self._bar_idx += 1

    def extend(self, market: Market) -> None:
        """Go on with a market that holds more bars behind those of this one.

        Raises:
            ConfigError: ``config.plan`` where the bars so far are others, or where the plan was made of the times of
                all bars.
        """
        simulation = self._simulation
        old, new = simulation.series, market.series[0]
        if new.time_us[: len(old.time_us)] != old.time_us or len(market.series) > 1 or simulation.market.finer:
            reason = "more bars come behind those of one series, which stay as they are"
            raise error_for("config.plan", reason=reason)
        if depends_on_all_bars(simulation.plan):
            reason = "more bars cannot follow: a rule or filter of the clock, or a rate, needs all of them"
            raise error_for("config.plan", reason=reason)
        fresh = Simulation(market, simulation.plan)
        simulation.liquidity.follow(new.volume)
        simulation.exchange, simulation.volatility, simulation.latency = fresh.exchange, fresh.volatility, fresh.latency
        simulation.market, simulation.series, simulation.bar_count = market, new, market.bar_count
        if self._has_begun:
            simulation.exchange.move_to(new.time_us[self._bar_idx])

    def positions(self) -> Any:
        """Return the open positions, marked at the close of the bar at the cursor."""
        simulation, last = self._simulation, max(self._bar_idx - 1, 0)
        simulation.exchange.move_to(simulation.series.close_time_us[last])
        try:
            rows = simulation.open_rows(last)
        finally:
            if self._has_begun:
                simulation.exchange.move_to(simulation.series.time_us[self._bar_idx])
        names = simulation.records.columns["positions"]
        columns = {name: [row[place] for row in rows] for place, name in enumerate(names)}
        return frame.write_table(columns, "positions")

    def rows(self, table: str, first: int) -> Any:
        """Return the rows of a growing result table from `first` on.

        Raises:
            ConfigError: ``config.plan`` for another table.
        """
        columns: Any = self._simulation.books.ledger
        if table != "ledger":
            if table not in GROWING:
                raise error_for("config.plan", reason=f"{table} is no table that grows")
            columns = self._simulation.records.columns[table]
        return frame.write_table({name: values[first:] for name, values in columns.items()}, table)

    def finish(self) -> dict[str, Any]:
        """Return all result tables as they are once the rest of the bars has passed; the run stays where it is."""
        market, plan = self._simulation.market, self._simulation.plan
        kept = {id(part): part for part in (market, plan, market.series, market.finer, self._simulation.series)}
        rest: Simulator = copy.deepcopy(self, kept)
        rest.advance(rest._simulation.bar_count)
        return rest._simulation.finish(rest._waiting)

    def _enter_due(self) -> None:
        due = [request for request in self._waiting if request.bar_idx < self._bar_idx]
        if not due:
            return
        self._waiting = self._waiting[len(due) :]
        if not self._has_begun:
            self._simulation.begin(self._bar_idx)
            self._has_begun = True
        self._simulation.enter(self._bar_idx, due)

    def _check(self, signals: list[Signal]) -> None:
        plan = self._simulation.plan
        # What is dropped is not looked at.
        is_looked_at = not plan.reject_bad_signals and not self._simulation.is_early(
            self._simulation.latency.arrival(self.cursor)
        )
        for row, signal in enumerate(signals):
            if signal.bar_idx != self.cursor:
                reason = "is not the bar of the decision"
                raise error_for("signal.bar_idx", row=row, bar_idx=signal.bar_idx, reason=reason)
            fault = find_fault(signal, plan.symbols) if is_looked_at else None
            if fault is not None:
                raise self._simulation.signal_error(fault, signal.bar_idx)


def depends_on_all_bars(plan: Plan) -> bool:
    """Return whether a plan holds moments or rates that were looked up for the bars of the whole run."""
    is_timed = any(
        isinstance(rule, SessionClose) or (isinstance(rule, MaxHolding) and rule.limit.unit == "minutes")
        for rule in plan.position_rules
    )
    has_windows = plan.filters is not None and (plan.filters.sessions is not None or len(plan.filters.news) > 0)
    has_series = plan.rates is not None and any(pair.series is not None for pair in plan.rates.pairs)
    return is_timed or has_windows or has_series
