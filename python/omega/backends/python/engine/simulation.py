"""The state of one run and the loop over its steps.

`Simulation` owns everything that changes: positions, books, records. `step` decides the order of
events inside a bar, the modules below it compute. `simulate` is a `Simulation` fed everything.

Rules LOOP-1 to LOOP-4 in `docs/spec/engine.md`. Not here: prices of fills (`execution/fills`), sizes,
costs, and what a strategy may see (`session`).
"""

from __future__ import annotations

from typing import Any

from omega.backends.python import frame
from omega.backends.python.engine import (
    clock_rules,
    closing,
    management,
    modifying,
    opening,
    orders,
    passes,
    rollover,
    stop_out,
)
from omega.backends.python.engine.fill_bar import FillBar, fill_bar
from omega.backends.python.engine.filters import Happened
from omega.backends.python.engine.latency import Arrival, Latency
from omega.backends.python.engine.orders import Order
from omega.backends.python.engine.records import Records
from omega.backends.python.engine.signals import COLUMNS, Fault, Request, Signal, find_fault, read_signals
from omega.backends.python.engine.volatility import Volatility
from omega.backends.python.execution.liquidity import Liquidity
from omega.backends.python.execution.swap import swap_table
from omega.backends.python.market import Market
from omega.backends.python.plan import Plan, parse_plan
from omega.backends.python.portfolio.books import Books
from omega.backends.python.portfolio.currency import Exchange
from omega.backends.python.portfolio.position import Position, open_profit
from omega.backends.python.strategies import native_signals
from omega.error_catalogue import CATALOGUE, CODE_BY_NUMBER
from omega.errors import error_for
from omega.schema import SignalKind

NO_MORE_BARS = CATALOGUE["order.no_more_bars"].number
BEFORE_START = CATALOGUE["signal.before_start"].number
TARGET_NEVER_OPENED = CATALOGUE["signal.target_never_opened"].number
FINER_MISSING = CATALOGUE["fill.finer_missing"].number
LIQUIDITY_UNKNOWN = CATALOGUE["liquidity.unknown"].number
LIQUIDITY_EXCEEDED = CATALOGUE["liquidity.exceeded"].number


class Simulation:
    """One run: state apart from the loop, so that it can be fed in pieces."""

    def __init__(self, market: Market, plan: Plan) -> None:
        self.market = market
        self.plan = plan
        self.series = market.series[0]
        self.bar_count = market.bar_count
        self.symbol = plan.symbols[0]
        if plan.first_step >= self.bar_count:
            raise error_for("config.plan", reason="first_step lies behind the last bar")
        if (self.symbol.name, self.symbol.digits) != (market.symbols[0], self.series.digits):
            raise error_for("config.plan", reason="the plan's symbol is not the market's")
        self.exchange = Exchange(plan, market.series)
        self.marked = self.exchange.found
        self.swaps = swap_table(self.symbol, plan.account_digits)
        self.books = Books(plan.balance, self.series.time_us[plan.first_step])
        self.records = Records()
        self.liquidity = Liquidity(plan.max_participation, self.symbol, self.series.volume)
        self.volatility = Volatility(self.series)
        self.positions: list[Position] = []
        self.working: list[Order] = []
        self.stop_outs: list[int] = []
        self.is_called = False
        self.is_negative = False
        self.accepted: set[int] = set()
        self.last_entry: Happened | None = None
        self.last_exit: Happened | None = None
        self.pass_number = 0
        self.latency = Latency(market, plan)
        self.arriving: list[Request] = []
        self.signal_count = 0
        self.row_count = 0
        self.before_start_count = 0
        self.target_never_opened_count = 0
        self.finer_missing_count = 0

    def take_in(self, signals: list[Signal]) -> list[Request]:
        """Number the signals, drop those before the start, refuse those that cannot be (SIG-1)."""
        taken: list[Request] = []
        for signal in signals:
            row = self.row_count
            self.row_count += 1
            arrival = self.latency.arrival(signal.bar_idx)
            if self.is_early(arrival):
                self.before_start_count += 1
                continue
            self.signal_count += 1
            fault = find_fault(signal, self.plan.symbols)
            request = Request(self.signal_count, signal, arrival.bar_idx, arrival.finer_idx, fault)
            if request.fault is not None and not self.plan.reject_bad_signals:
                raise self.signal_error(request.fault, signal.bar_idx)
            self.records.write("recorded_signals", request.number, row, *(getattr(signal, name) for name in COLUMNS))
            taken.append(request)
        return taken

    def is_early(self, arrival: Arrival) -> bool:
        """Return whether a request would work before the start; `signal_close` fills nothing at the first one (SIG)."""
        return arrival.bar_idx + 1 < self.plan.first_step + (1 if self.plan.signal_close else 0)

    def step(self, bar_idx: int, requests: list[Request]) -> None:
        """Run the step of the bar opening at `time[bar_idx]` with the requests that work in it."""
        self.trade(bar_idx, requests)
        self.mark(bar_idx)

    def trade(self, bar_idx: int, requests: list[Request]) -> None:
        """Run the step up to its marks; a strategy that manages is asked between (LOOP steps 1 to 4)."""
        self.begin(bar_idx)
        self.enter(bar_idx, requests)
        self.run_bar(bar_idx)

    def begin(self, bar_idx: int) -> None:
        """Go to the moment at which requests of the step fill (LOOP step 1)."""
        self.exchange.move_to(self.series.time_us[bar_idx])
        if self.positions and not self.plan.signal_close:
            rollover.accrue(self, self.series.time_us[bar_idx], bar_idx - 1)

    def run_bar(self, bar_idx: int) -> None:
        """Let the bar do what it does to positions and orders (LOOP steps 3 and 4)."""
        if self.positions and self.plan.signal_close:
            rollover.accrue(self, self.series.time_us[bar_idx], bar_idx - 1)
        if self.positions or self.working or self.arriving:
            passes.run(self, bar_idx)
        if self.positions and self.plan.position_rules:
            management.manage(self, bar_idx)

    def mark(self, bar_idx: int) -> None:
        """Value what is open at the close of the bar (LOOP step 5)."""
        if self.plan.margin is not None:
            stop_out.test(self, bar_idx)
        self.books.mark(self.open_profit(bar_idx))

    def finish(self, requests: list[Request]) -> dict[str, Any]:
        """Close the books after the last step and return all result tables (LOOP-3)."""
        last = self.bar_count - 1
        self.exchange.move_to(self.series.close_time_us[last])
        for request in requests:
            code = NO_MORE_BARS if request.fault is None else request.fault.number
            self.records.write("rejections", self.series.close_time_us[last], last, code, request.number)
        if self.positions:
            rollover.accrue(self, self.series.close_time_us[last] - 1, last)
        orders.end_all(self, self.series.close_time_us[last])
        if self.plan.close_at_end:
            closing.close_at_end(self)
        else:
            for row in self.open_rows(last):
                self.records.write("positions", *row)
        if self.plan.margin is not None:
            stop_out.note_negative_balance(self, last)
        self.books.mark(self.open_profit(last))
        self._write_diagnostics()
        tables = dict(self.records.columns)
        tables["ledger"] = self.books.ledger
        tables["equity"] = {"equity": self.books.equity}
        return frame.write_tables(tables)

    def enter(self, bar_idx: int, requests: list[Request]) -> None:
        """Work through what was asked for (LOOP step 2).

        Orders expire; cancels and modifications apply; stop-outs fill, then closes, those of rules first, then market
        orders that wait for volume, then new orders, each in the order given. What arrives inside the bar waits for
        its moment (FIL-13).
        """
        if self.working:
            orders.expire(self, bar_idx)
        self.arriving += [request for request in requests if request.finer_idx is not None]
        requests = [request for request in requests if request.finer_idx is None]
        are_due = clock_rules.are_due(self, bar_idx)
        if not requests and not self.working and not are_due and not self.stop_outs:
            return
        moment = fill_bar(self, bar_idx)
        self.apply_changes(moment, requests)
        stop_out.close_due(self, moment)
        if are_due:
            clock_rules.close_due(self, moment, bar_idx)
        self.close_requested(moment, requests)
        opening.fill_waiting(self, moment)
        self.open_requested(moment, requests)

    def apply_changes(self, moment: FillBar, requests: list[Request]) -> None:
        """Let cancels and modifications apply, and refuse what cannot be."""
        for request in requests:
            if request.fault is not None:
                self.reject(moment, request.fault.number, request.number)
            elif request.signal.kind == SignalKind.CANCEL:
                orders.cancel(self, moment, request)
            elif request.signal.kind == SignalKind.MODIFY:
                modifying.modify(self, moment, request)

    def close_requested(self, moment: FillBar, requests: list[Request]) -> None:
        """Let closes fill."""
        for request in requests:
            if request.fault is None and request.signal.kind == SignalKind.CLOSE:
                closing.close_on_request(self, moment, request)

    def open_requested(self, moment: FillBar, requests: list[Request]) -> None:
        """Accept or refuse new orders; those at market fill."""
        for request in requests:
            if request.fault is None and request.signal.kind == SignalKind.ORDER:
                opening.open_order(self, moment, request)

    def find_position(self, number: int) -> Position | None:
        """Return the open position of a signal number."""
        for position in self.positions:
            if position.id == number:
                return position
        return None

    def reject(self, fill_bar: FillBar, code: int, number: int) -> None:
        """Write down that a signal was refused (SIG-4)."""
        self.records.write("rejections", fill_bar.time_us, fill_bar.bar_idx, code, number)

    def open_profit(self, bar_idx: int) -> int:
        """Return the profit of everything open at the close of a bar, accrued swap included, in minor units."""
        self.exchange.move_to(self.series.close_time_us[bar_idx])
        if not self.positions:
            return 0
        self.marked = worth = self.exchange.worth()
        bid, ask = self.series.bid.close[bar_idx], self.series.ask.close[bar_idx]
        total = 0
        for position in self.positions:
            mark = bid if position.direction > 0 else ask
            total += open_profit(position, mark, worth.rates) + position.accrued_swap
        return total

    def open_rows(self, bar_idx: int) -> list[tuple[Any, ...]]:
        """Return the rows of `positions`, marked at the close of a bar; the exchange is there."""
        if not self.positions:
            return []
        rates = self.exchange.worth().rates
        bid, ask = self.series.bid.close[bar_idx], self.series.ask.close[bar_idx]
        return [
            (
                position.id,
                position.symbol,
                position.direction,
                position.magic,
                position.entry_bar_idx,
                position.entry_time_us,
                closing.price_of_sum(self.symbol.digits, position.entered.points, position.entered.steps),
                position.steps,
                position.sl,
                position.tp,
                position.margin,
                position.settled.gross,
                position.commission,
                position.settled.swap,
                open_profit(position, bid if position.direction > 0 else ask, rates),
                position.accrued_swap,
            )
            for position in self.positions
        ]

    def _write_diagnostics(self) -> None:
        if self.before_start_count:
            self.records.write("diagnostics", BEFORE_START, None, None, self.before_start_count)
        if self.target_never_opened_count:
            self.records.write("diagnostics", TARGET_NEVER_OPENED, None, None, self.target_never_opened_count)
        if self.finer_missing_count:
            self.records.write("diagnostics", FINER_MISSING, None, None, self.finer_missing_count)
        if self.liquidity.unknown_bars:
            self.records.write("diagnostics", LIQUIDITY_UNKNOWN, None, None, self.liquidity.unknown_bars)
        if self.liquidity.exceeded_exits:
            self.records.write("diagnostics", LIQUIDITY_EXCEEDED, None, None, self.liquidity.exceeded_exits)

    def signal_error(self, fault: Fault, bar_idx: int) -> Exception:
        """Return the error a bad signal of a bar names."""
        return error_for(
            CODE_BY_NUMBER[fault.number],
            bar_idx=bar_idx,
            time_us=self.series.close_time_us[bar_idx],
            field=fault.field,
            value=fault.value,
        )


def simulate(market: Market, signals: Any | None, plan: str) -> dict[str, Any]:
    """Run a signal table or the plan's native strategy (the seam's `simulate`)."""
    parsed = parse_plan(plan)
    simulation = Simulation(market, parsed)
    rows = native_signals(market, parsed) if signals is None else read_signals(signals, market.bar_count)
    return drive(simulation, simulation.take_in(rows))


def drive(simulation: Simulation, taken: list[Request]) -> dict[str, Any]:
    """Run every step with the requests that work in it, given in order of their bars, and close the books."""
    position = 0
    for bar_idx in range(simulation.plan.first_step, simulation.bar_count):
        start = position
        while position < len(taken) and taken[position].bar_idx < bar_idx:
            position += 1
        simulation.step(bar_idx, taken[start:position])
    return simulation.finish(taken[position:])
