"""`Portfolio`: the books of an account, fed with executions of your own (API-5).

    portfolio = Portfolio(10_000, symbols=["EURUSD"], start="2024-01-08T00:00:00Z")
    ticket = portfolio.register_entry("EURUSD", "long", 0.1, 1.09500, "2024-01-08T09:00:00Z")
    portfolio.register_fee(0.35, "2024-01-08T09:00:00Z", position=ticket)
    portfolio.update("2024-01-08T12:00:00Z", {"EURUSD": (1.09620, 1.09622)})
    portfolio.register_exit(ticket, 1.09700, "2024-01-09T09:00:00Z")

A thin face: the arithmetic is the backend's, the same that keeps the books of a run. Swap accrues by itself at
every 17:00 New York that passes. It does not fill orders, watch stops or charge commission.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack

import pyarrow as pa

from omega.backends import get_backend
from omega.config import RunConfig, load_specs, resolve
from omega.config.resolve import canonical_json
from omega.config.specs import SymbolSpec, spec_of
from omega.data.calendar import fx_calendar
from omega.data.timeframes import DAY_US
from omega.engine.amounts import Exactly, Moment, misfit, moment_us, on_grid
from omega.engine.tables import Table, Units, present_equity, present_table
from omega.errors import error_for
from omega.schema import TABLES, LedgerKind

__all__ = ["Booked", "Portfolio", "PortfolioPosition"]

_SIDES = {"long": 1, "buy": 1, 1: 1, "short": -1, "sell": -1, -1: -1}
_FEES = {"commission": LedgerKind.COMMISSION, "swap": LedgerKind.SWAP}
_TYPES = {"timestamp": pa.timestamp("us", tz="UTC"), "int8": pa.int8(), "int16": pa.int16(), "int32": pa.int32()}
_HORIZON_US = 366 * DAY_US


@dataclass(frozen=True, slots=True)
class PortfolioPosition:
    """One open position, as it was when it was asked for. Money is account currency.

    Attributes:
        id: Its number.
        symbol: Symbol.
        direction: +1 for long, -1 for short.
        magic_number: Tag of the strategy.
        entry_price: Volume-weighted mean of its opening deals.
        entry_time: Time of the first one, UTC microseconds.
        size: Open volume, lots.
        take_profit: Target, if any. The portfolio keeps levels and does not act on them.
        stop_loss: Stop, if any.
        trailing_stop: Distance of a trailing stop, if any.
        accrued_swap: Swap accrued and not yet booked.
        open_profit: Profit at the last price of the closing side.
    """

    id: int
    symbol: str
    direction: int
    magic_number: int
    entry_price: float
    entry_time: int
    size: float
    take_profit: float | None
    stop_loss: float | None
    trailing_stop: float | None
    accrued_swap: float
    open_profit: float


@dataclass(frozen=True, slots=True)
class Booked:
    """What a close booked, account currency: profit, and its share of the accrued swap."""

    profit: float
    swap: float


class Tags(TypedDict, total=False):
    """What a position carries along: `id` (the next free number), `magic_number` (0), levels (none)."""

    id: int
    magic_number: int
    take_profit: float | None
    stop_loss: float | None
    trailing_stop: float | None


class Portfolio:
    """Open positions, balance, equity and ledger of one account.

    Every method raises ``portfolio.value`` for a number it cannot use, and ``portfolio.time_back`` for a time before
    one that was already registered.
    """

    def __init__(  # noqa: PLR0913 - an account is opened once; everything after `balance` is named
        self,
        balance: Exactly,
        *,
        symbols: Sequence[str],
        start: Moment,
        currency: str = "USD",
        swap: Literal["spec", "none"] | Mapping[str, Any] = "spec",
        specs: str | Path | None = None,
        backend: str | None = None,
    ) -> None:
        """Open the books with a deposit.

        Args:
            balance: Initial balance, account currency.
            symbols: Symbols it may hold.
            start: When the books begin.
            currency: Account currency.
            swap: What nights cost: ``"spec"`` takes the figures of the symbol specs, ``"none"`` says on purpose that
                there is none, a mapping gives a swap table (or one of these words) per symbol, as a cost file does.
            specs: Symbol spec file; the bundled one when left out.
            backend: ``"rust"``, ``"python"`` or None for the active one.

        Raises:
            ConfigError: for a symbol without spec or swap figures; EngineError: for one in another currency.
        """
        known = load_specs(specs)
        self._specs = [spec_of(name, known, file=str(specs or "symbol_specs.yaml")) for name in symbols]
        self._symbols = {spec.name: number for number, spec in enumerate(self._specs)}
        start_us = moment_us(start, "start")
        plans = [_plan_of(spec, balance, currency, swap) for spec in self._specs]
        if not plans:
            raise misfit("symbols", symbols, "at least one symbol")
        account = plans[0]["account"]
        plan = {"version": 1, "account": account, "symbols": [entry["symbols"][0] for entry in plans]}
        self._units = Units.of_plan(plan)
        self._scale = Fraction(10 ** account["digits"])
        self._core = get_backend(backend, component="portfolio").open_portfolio(
            canonical_json(plan | {"start_us": start_us})
        )
        self._now_us = start_us
        self._rollovers = _rollovers_after(start_us)
        self._next_rollover = next(self._rollovers)
        self._levels: dict[int, Tags] = {}
        self._last_id = 0

    # ------------------------------------------------------------------ what happened

    def register_entry(
        self,
        symbol: str,
        direction: int | str,
        size: Exactly,
        price: Exactly,
        ts: Moment,
        **tags: Unpack[Tags],
    ) -> int:
        """Open a position with one deal and return its id.

        Args:
            symbol: One of the portfolio's.
            direction: +1, "long" or "buy"; -1, "short" or "sell".
            size: Lots, a multiple of the symbol's volume step.
            price: Of the deal, costs included.
            ts: Time of the deal.
            tags: See `Tags`.

        Raises:
            EngineError: ``position.duplicate_id``.
        """
        number = self._symbol(symbol)
        if direction not in _SIDES:
            raise misfit("direction", direction, "+1, -1, long, short, buy or sell")
        steps, points = self._steps(number, size), self._points(number, price)
        position_id = tags.get("id", self._last_id + 1)
        deal = (self._advance(ts), steps, points)
        self._core.open(position_id, number, _SIDES[direction], tags.get("magic_number", 0), deal)
        self._last_id = max(self._last_id, position_id)
        self._levels[position_id] = tags
        return position_id

    def register_fill(self, position: int, size: Exactly, price: Exactly, ts: Moment) -> None:
        """Add another deal of the same opening order to a position; ``position.not_held`` if it is not open."""
        number = self._held(position)[1]
        steps, points = self._steps(number, size), self._points(number, price)
        self._core.add(position, (self._advance(ts), steps, points))

    def register_exit(self, position: int, price: Exactly, ts: Moment, *, size: Exactly | None = None) -> Booked:
        """Close a position, or `size` lots of it, and return what was booked.

        Raises:
            EngineError: ``position.not_held``; ``position.volume`` for more than it holds.
        """
        held = self._held(position)
        number, open_steps = held[1], held[5]
        steps = open_steps if size is None else self._steps(number, size)
        points = self._points(number, price)
        profit, swap = self._core.close(position, (self._advance(ts), steps, points))
        if steps == open_steps:
            del self._levels[position]
        return Booked(self._money(profit), self._money(swap))

    def register_fee(
        self,
        amount: Exactly,
        ts: Moment,
        *,
        kind: Literal["commission", "swap"] = "commission",
        position: int | None = None,
    ) -> None:
        """Pay a fee from the balance; a negative one is a credit.

        Args:
            amount: What is paid, account currency, whole minor units.
            ts: When.
            kind: Kind of its ledger row.
            position: Whose it is, open or closed; the account's if None.

        Raises:
            EngineError: ``position.not_held`` for a position that never was.
        """
        if kind not in _FEES:
            raise misfit("kind", kind, "commission or swap")
        minor = self._minor(amount)
        self._core.book(_FEES[kind], -minor, self._advance(ts), position)

    def register_deposit(self, amount: Exactly, ts: Moment) -> None:
        """Pay money in; a negative amount is a withdrawal."""
        minor = self._minor(amount)
        self._core.book(LedgerKind.DEPOSIT, minor, self._advance(ts), None)

    def update(self, ts: Moment, prices: Mapping[str, Exactly | tuple[Exactly, Exactly]] | None = None) -> float:
        """Mark to market at a moment: write its equity row, and return the equity.

        Args:
            ts: The moment; swap of every 17:00 New York up to it accrues at the prices known before.
            prices: Quotes by symbol, a price or (bid, ask). A symbol that is not named keeps its last quote; a deal
                counts as the last price of its side.
        """
        quotes = [self._quote(symbol, quote) for symbol, quote in (prices or {}).items()]
        time_us = self._advance(ts)
        for quote in quotes:
            self._core.mark(*quote)
        return self._money(self._core.update(time_us))

    # ------------------------------------------------------------------ what there is

    @property
    def balance(self) -> float:
        """Sum of all ledger rows."""
        return self._money(self._core.balance())

    @property
    def equity(self) -> float:
        """Balance, accrued swap and open profit at the last prices."""
        return self._money(self._core.equity())

    def open_positions(self, symbol: str | None = None) -> tuple[PortfolioPosition, ...]:
        """Return the open positions in order of opening, of one symbol or of all."""
        number = None if symbol is None else self._symbol(symbol)
        return tuple(self._position(held) for held in self._core.positions() if number in (None, held[1]))

    @property
    def ledger(self) -> Table:
        """Every change of the balance: time, equity_row, kind, symbol, position_id, amount (LED-1)."""
        return Table(present_table(_raw_table("ledger", self._core.ledger()), "ledger", self._units))

    @property
    def swaps(self) -> Table:
        """Every night of every position that cost or paid something (SWP-1)."""
        return Table(present_table(_raw_table("swaps", self._core.swaps()), "swaps", self._units))

    @property
    def equity_history(self) -> Table:
        """One row per `update` after the first row, the start: time, balance, equity, drawdown, drawdown_frac."""
        rows = self._core.equity_rows()
        ledger = _raw_table("ledger", self._core.ledger())
        # Rows booked since the last update belong to an equity row that is still to come.
        ledger = ledger.filter(pa.compute.less(ledger["equity_row"], len(rows)))
        times = pa.array([time_us for time_us, _ in rows], _TYPES["timestamp"])
        raw = pa.table({"equity": pa.array([equity for _, equity in rows], pa.int64())})
        return Table(present_equity(raw, ledger, times, self._units))

    def __repr__(self) -> str:
        return f"Portfolio({len(self._core.positions())} open, balance {self.balance}, equity {self.equity})"

    # ------------------------------------------------------------------ units

    def _advance(self, ts: Moment) -> int:
        """Return a time as microseconds, after accruing the nights that end before it."""
        time_us = moment_us(ts, "ts")
        while self._next_rollover[0] <= time_us:
            self._core.accrue(*self._next_rollover)
            self._next_rollover = next(self._rollovers)
        return time_us

    def _symbol(self, symbol: str) -> int:
        if symbol not in self._symbols:
            raise misfit("symbol", symbol, f"one of {', '.join(self._symbols)}")
        return self._symbols[symbol]

    def _held(self, position: int) -> tuple[int, ...]:
        for row in self._core.positions():
            if row[0] == position:
                return row
        raise error_for("position.not_held", position_id=position)

    def _quote(self, symbol: str, quote: Exactly | tuple[Exactly, Exactly]) -> tuple[int, int, int]:
        """Return symbol, bid and ask in points."""
        number = self._symbol(symbol)
        bid, ask = quote if isinstance(quote, tuple) else (quote, quote)
        points = self._points(number, bid), self._points(number, ask)
        if points[1] < points[0]:
            raise misfit("prices", quote, "a price, or (bid, ask) with the bid not above the ask")
        return number, *points

    def _steps(self, number: int, size: Exactly) -> int:
        step = self._specs[number].volume_step
        expected = f"a positive multiple of {float(step)} lots"
        steps = on_grid(size, 1 / step, "size", expected)
        if not 1 <= steps <= 10**9:
            raise misfit("size", size, expected)
        return steps

    def _points(self, number: int, price: Exactly) -> int:
        digits = self._specs[number].digits
        expected = f"a price above 0 with at most {digits} decimals"
        points = on_grid(price, Fraction(10**digits), "price", expected)
        if not 1 <= points <= 10**9:
            raise misfit("price", price, expected)
        return points

    def _minor(self, amount: Exactly) -> int:
        expected = f"an amount in whole units of {float(1 / self._scale)}"
        minor = on_grid(amount, self._scale, "amount", expected)
        if abs(minor) > 10**15:
            raise misfit("amount", amount, expected)
        return minor

    def _money(self, minor: int) -> float:
        return minor / self._units.money_scale

    def _position(self, held: Sequence[int]) -> PortfolioPosition:
        position_id, number, direction, magic, entry_time_us, steps, k, accrued, profit = held
        spec, levels = self._specs[number], self._levels.get(position_id, {})
        return PortfolioPosition(
            id=position_id,
            symbol=spec.name,
            direction=direction,
            magic_number=magic,
            entry_price=float(Fraction(k, steps * 10**spec.digits)),
            entry_time=entry_time_us,
            size=float(steps * spec.volume_step),
            take_profit=levels.get("take_profit"),
            stop_loss=levels.get("stop_loss"),
            trailing_stop=levels.get("trailing_stop"),
            accrued_swap=self._money(accrued),
            open_profit=self._money(profit),
        )


def _plan_of(spec: SymbolSpec, balance: Exactly, currency: str, swap: Any) -> dict[str, Any]:
    """Return the plan of a run of one symbol: its account and symbol are the portfolio's, too."""
    if isinstance(swap, Mapping):
        entry = {"slippage": "none", "commission": "none"}
        tables = {name: entry | {"swap": table} for name, table in swap.items()}
        costs: Any = {"per_symbol": tables}
    else:
        costs = {"defaults": {"slippage": "none", "commission": "none", "swap": swap}}
    account = {"currency": currency, "balance": balance, "leverage": None}
    config = RunConfig.from_arguments(account=account, sizing={"fixed_lots": spec.volume_min}, costs=costs)
    resolved = resolve(config, spec=spec)
    if resolved.rates.quote is not None:
        raise misfit("currency", currency, f"{spec.quote_currency}, because nothing is converted here")
    return dict(json.loads(resolved.plan_json(0)))


def _rollovers_after(start_us: int) -> Iterator[tuple[int, int, int]]:
    """Yield rollover, FX day and weekday of every FX day that ends after a time, without an end."""
    while True:
        until_us = start_us + _HORIZON_US
        for rollover, fx_day, weekday, _ in zip(
            *fx_calendar(start_us, until_us).table(start_us, until_us), strict=True
        ):
            rollover_us = rollover.value
            if start_us < rollover_us <= until_us:
                yield rollover_us, fx_day.as_py(), weekday.as_py()
        start_us = until_us


def _raw_table(name: str, rows: Sequence[tuple[int | None, ...]]) -> Any:
    """Return rows of a core table as Arrow, by its schema."""
    fields = [pa.field(c.name, _TYPES.get(c.type, pa.int64()), nullable=c.null) for c in TABLES[name]]
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(fields)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, fields, strict=True)]
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))
