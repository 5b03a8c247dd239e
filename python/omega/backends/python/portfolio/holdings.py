"""What an account holds: open positions, books and last prices, fed deal by deal.

The engine owns positions inside its loop. `Holdings` owns them for whoever brings executions of their own: a
broker's statement, another executor. It keeps the books by the same rules (POS-1, SWP-1, LED-1, LED-2), and
neither decides, nor fills, nor charges; it trusts no caller with its invariants, though.
"""

from __future__ import annotations

from omega.backends.python.execution.swap import Night, nightly_amount, swap_table
from omega.backends.python.plan import MAX_STEPS, PortfolioPlan, parse_portfolio_plan
from omega.backends.python.portfolio.books import Books
from omega.backends.python.portfolio.currency import SAME
from omega.backends.python.portfolio.money import Rates, check_balance, minor_rate
from omega.backends.python.portfolio.position import (
    DealPrices,
    Position,
    add_fill,
    close_part,
    open_profit,
    settle_swap,
)
from omega.errors import error_for
from omega.schema import LedgerKind, OrderType

Deal = tuple[int, int, int]
"""Time, volume in steps, price in points."""


class Holdings:
    """Positions of one account with their books. Prices are points, volumes steps, money minor units."""

    def __init__(self, plan: PortfolioPlan) -> None:
        digits = plan.account_digits
        values = [minor_rate(symbol.value, (1, 1), digits) for symbol in plan.symbols]
        self.rates = [Rates(credit=value, debit=value) for value in values]
        self.swap_tables = [swap_table(symbol, digits) for symbol in plan.symbols]
        self.marks: list[tuple[int, int] | None] = [None] * len(plan.symbols)
        self.books = Books(plan.balance, plan.start_us)
        self.equity_times_us = [plan.start_us]
        self.open_positions: list[Position] = []
        self.opened: dict[int, int] = {}
        self.swap_rows: list[tuple[int, int, int, int, int, int, int]] = []
        self.now_us = plan.start_us

    def open(self, position_id: int, symbol: int, direction: int, magic: int, deal: Deal) -> None:
        """Open a position with one deal.

        Raises:
            EngineError: ``position.duplicate_id``, ``portfolio.time_back``.
        """
        self._move_to(deal[0])
        if position_id in self.opened:
            raise error_for("position.duplicate_id", position_id=position_id)
        self._see_deal(symbol, direction, deal[2])
        self.opened[position_id] = symbol
        self.open_positions.append(_position(position_id, symbol, direction, magic, deal))

    def add(self, position_id: int, deal: Deal) -> None:
        """Add a deal to an open position: its entry is the exact sum of all of them.

        Raises:
            EngineError: ``position.not_held``, ``portfolio.time_back``, ``engine.overflow``.
        """
        time_us, steps, price = deal
        self._move_to(time_us)
        position = self._find(position_id)
        if position.entered.steps + steps > MAX_STEPS:
            raise error_for("engine.overflow", what="a position")
        self._see_deal(position.symbol, position.direction, price)
        add_fill(position, _prices_of(deal), steps)

    def close(self, position_id: int, deal: Deal) -> tuple[int, int]:
        """Close volume of a position and return what was booked: profit and swap (POS-1, SWP-1).

        Raises:
            EngineError: ``position.not_held``, ``position.volume``, ``portfolio.time_back``.
        """
        time_us, steps, price = deal
        self._move_to(time_us)
        position = self._find(position_id)
        if steps > position.steps:
            raise error_for("position.volume", position_id=position_id, steps=steps, held=position.steps)
        self._see_deal(position.symbol, -position.direction, price)
        swap = settle_swap(position, steps, position.steps)
        profit = close_part(position, steps, _prices_of(deal), self.rates[position.symbol]).booked
        self.books.write(LedgerKind.PROFIT, profit, time_us, position.symbol, position_id)
        self.books.write(LedgerKind.SWAP, swap, time_us, position.symbol, position_id)
        if position.steps == 0:
            self.open_positions.remove(position)
        return profit, swap

    def book(self, kind: int, amount: int, time_us: int, position_id: int | None) -> None:
        """Change the balance by something that is no deal: a commission, a swap, a deposit.

        It belongs to a position, open or closed, or to the account.

        Raises:
            EngineError: ``position.not_held``, ``portfolio.time_back``, ``engine.overflow``.
        """
        self._move_to(time_us)
        symbol = None if position_id is None else self.opened.get(position_id)
        if position_id is not None and symbol is None:
            raise error_for("position.not_held", position_id=position_id)
        self.books.write(LedgerKind(kind), amount, time_us, symbol, position_id)

    def accrue(self, rollover_us: int, fx_day: int, weekday: int) -> None:
        """Accrue the night that ends at a rollover on every open position; its mark is the last price (SWP-1).

        Raises:
            EngineError: ``portfolio.time_back``, ``engine.overflow``.
        """
        self._move_to(rollover_us)
        for position in self.open_positions:
            table = self.swap_tables[position.symbol]
            if table is None:
                continue
            multiplier = table.multipliers[weekday]
            amount = nightly_amount(table, position, self._mark_of(position), Night(fx_day, multiplier), SAME)
            if amount == 0:
                continue
            position.accrued_swap += amount
            row = self.books.equity_row
            self.swap_rows.append((rollover_us, fx_day, position.id, position.symbol, multiplier, amount, row))

    def mark(self, symbol: int, bid: int, ask: int) -> None:
        """Say what a symbol is quoted at."""
        self.marks[symbol] = (bid, ask)

    def update(self, time_us: int) -> int:
        """Write the equity row of a moment and return it: balance, accrued swap and open profit (LED-2).

        Raises:
            EngineError: ``portfolio.time_back``, ``engine.overflow``.
        """
        self._move_to(time_us)
        open_money = 0
        for position in self.open_positions:
            open_money += self._open_profit(position) + position.accrued_swap
        self.books.mark(open_money)
        self.equity_times_us.append(time_us)
        return self.books.equity[-1]

    def equity(self) -> int:
        """Return balance, accrued swap and open profit at the last prices, without writing a row."""
        equity = self.books.balance
        for position in self.open_positions:
            equity += self._open_profit(position) + position.accrued_swap
        return check_balance(equity, "equity")

    def balance(self) -> int:
        """Return the sum of all ledger rows."""
        return self.books.balance

    def positions(self) -> list[tuple[int, int, int, int, int, int, int, int, int]]:
        """Return (id, symbol, direction, magic, entry_time_us, steps, k, accrued swap, open profit) of each."""
        return [
            (
                position.id,
                position.symbol,
                position.direction,
                position.magic,
                position.entry_time_us,
                position.steps,
                position.k,
                position.accrued_swap,
                self._open_profit(position),
            )
            for position in self.open_positions
        ]

    def ledger(self) -> list[tuple[int | None, ...]]:
        """Return the rows of the `ledger` table."""
        return list(zip(*self.books.ledger.values(), strict=True))

    def swaps(self) -> list[tuple[int, int, int, int, int, int, int]]:
        """Return the rows of the `swaps` table."""
        return list(self.swap_rows)

    def equity_rows(self) -> list[tuple[int, int]]:
        """Return time and equity of every update; the first row is the start."""
        return list(zip(self.equity_times_us, self.books.equity, strict=True))

    def _move_to(self, time_us: int) -> None:
        if time_us < self.now_us:
            raise error_for("portfolio.time_back", time_us=time_us, previous_us=self.now_us)
        self.now_us = time_us

    def _find(self, position_id: int) -> Position:
        for position in self.open_positions:
            if position.id == position_id:
                return position
        raise error_for("position.not_held", position_id=position_id)

    def _see_deal(self, symbol: int, direction: int, price: int) -> None:
        """Let a deal count as the last price of its side; of both sides where there was none."""
        bid, ask = self.marks[symbol] or (price, price)
        self.marks[symbol] = (bid, price) if direction > 0 else (price, ask)

    def _mark_of(self, position: Position) -> int:
        """Return the last price of the closing side; every open position has seen its own deal."""
        bid, ask = self.marks[position.symbol] or (0, 0)
        return bid if position.direction > 0 else ask

    def _open_profit(self, position: Position) -> int:
        return open_profit(position, self._mark_of(position), self.rates[position.symbol])


def open_portfolio(text: str) -> Holdings:
    """Return the empty holdings of a portfolio plan.

    Raises:
        ConfigError: ``config.plan`` with what does not fit.
    """
    return Holdings(parse_portfolio_plan(text))


def _position(position_id: int, symbol: int, direction: int, magic: int, deal: Deal) -> Position:
    """Return a position as its first deal makes it."""
    time_us, steps, price = deal
    position = Position(
        id=position_id,
        symbol=symbol,
        direction=direction,
        order_type=OrderType.MARKET,
        magic=magic,
        entry_bar_idx=0,
        entry_time_us=time_us,
        entry_points=price,
        entry_pass=0,
        entry_row=0,
        is_inside=False,
        sl=None,
        tp=None,
    )
    add_fill(position, _prices_of(deal), steps)
    return position


def _prices_of(deal: Deal) -> DealPrices:
    """A deal of a terminal tells one price."""
    return DealPrices(price=deal[2], raw_price=deal[2], spread_points=0)
