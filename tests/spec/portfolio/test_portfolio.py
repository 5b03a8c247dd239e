"""`Portfolio` on both backends: an account kept by hand, invariants under random deals, and a run's own fills."""

from __future__ import annotations

import datetime
import pathlib
import random
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

import omega
from omega.backends.protocol import Backend
from omega.engine import Booked, Portfolio, PortfolioPosition
from omega.errors import OmegaError
from omega.schema import LedgerKind, Rule

ROOT = pathlib.Path(__file__).resolve().parents[3]
MONDAY = "2024-01-08T00:00:00Z"
NO_SWAP: dict[str, Any] = {"swap": "none"}


@pytest.fixture
def portfolio(backend: Backend) -> Portfolio:
    """10,000 USD; a point and 0.01 lot of EURUSD are 0.01 USD, a night of one lot costs or pays 9.89 or 5.10."""
    return Portfolio(10_000, symbols=["EURUSD", "GBPUSD"], start=MONDAY, backend=backend.name)


def at(day: int, hour: int, minute: int = 0) -> datetime.datetime:
    return datetime.datetime(2024, 1, day, hour, minute, tzinfo=datetime.UTC)


# ---------------------------------------------------------------- one account, worked by hand


def test_an_account_over_two_days_worked_by_hand(portfolio: Portfolio) -> None:
    """LED-1, LED-2, POS-1, SWP-1: entry, fee, mark, night, part close, close.

    0.10 lot from 1.09500: 120 points make 12.00. The night is -9.89 points * 10 steps * 0.01 = -0.989, booked -0.99;
    half the position takes half_even(-49.5) = -50 of it and leaves -49. 200 points of 0.05 lot are 10.00, 100 are 5.00.
    """
    ticket = portfolio.register_entry("EURUSD", "long", 0.1, 1.09500, at(8, 9))
    portfolio.register_fee(0.35, at(8, 9), position=ticket)

    assert portfolio.balance == 9_999.65
    assert portfolio.update(at(8, 12), {"EURUSD": (1.09620, 1.09622)}) == 10_011.65
    assert portfolio.update(at(8, 22)) == 10_010.66  # 17:00 New York is 22:00 UTC in winter, and counts
    assert portfolio.register_exit(ticket, 1.09700, at(9, 9), size=0.05) == Booked(10.0, -0.5)
    assert portfolio.register_exit(ticket, "1.09600", at(9, 10)) == Booked(5.0, -0.49)
    assert portfolio.balance == portfolio.equity == 10_013.66
    assert portfolio.open_positions() == ()
    rows = list(zip(*(portfolio.ledger[name] for name in ("kind", "position_id", "amount")), strict=True))
    assert rows == [
        ("deposit", None, 10_000.0),
        ("commission", ticket, -0.35),
        ("profit", ticket, 10.0),
        ("swap", ticket, -0.5),
        ("profit", ticket, 5.0),
        ("swap", ticket, -0.49),
    ]
    assert portfolio.swaps["time"] == [at(8, 22)]
    assert portfolio.swaps["amount"] == [-0.99]
    assert portfolio.equity_history["equity"] == [10_000.0, 10_011.65, 10_010.66]
    assert portfolio.equity_history["balance"] == [10_000.0, 9_999.65, 9_999.65]


def test_a_short_is_marked_at_the_ask_and_a_long_at_the_bid(portfolio: Portfolio) -> None:
    """LED-2: each at the side it would close on; 1 lot and 10 points are 10.00."""
    portfolio.register_entry("EURUSD", "long", 1, 1.10000, at(8, 9))
    portfolio.register_entry("EURUSD", "short", 1, 1.10000, at(8, 9))

    portfolio.update(at(8, 10), {"EURUSD": (1.09990, 1.10030)})

    assert [position.open_profit for position in portfolio.open_positions()] == [-10.0, -30.0]
    assert portfolio.equity == 9_960.0


def test_a_symbol_without_a_new_quote_keeps_its_last_one(portfolio: Portfolio) -> None:
    """TIM-6: its last mark stands; before any quote a deal is the last price."""
    portfolio.register_entry("EURUSD", "long", 1, 1.10000, at(8, 9))
    portfolio.register_entry("GBPUSD", "long", 1, 1.30000, at(8, 9))

    assert portfolio.update(at(8, 10)) == 10_000.0
    assert portfolio.update(at(8, 11), {"EURUSD": 1.10010}) == 10_010.0
    assert portfolio.update(at(8, 12), {"GBPUSD": 1.30010}) == 10_020.0


def test_a_position_shows_what_a_terminal_shows(portfolio: Portfolio) -> None:
    """S67: symbol, magic number, direction, entry, size; levels where there are any."""
    plain = portfolio.register_entry("EURUSD", -1, 0.2, 1.1, at(8, 9))
    tagged = portfolio.register_entry(
        "GBPUSD",
        "buy",
        0.1,
        1.3,
        at(8, 10),
        id=77,
        magic_number=5,
        take_profit=1.31,
        stop_loss=1.29,
        trailing_stop=0.002,
    )

    first, second = portfolio.open_positions()

    assert (plain, tagged) == (1, 77)
    assert first == PortfolioPosition(1, "EURUSD", -1, 0, 1.1, 1_704_704_400_000_000, 0.2, None, None, None, 0.0, 0.0)
    assert (second.symbol, second.direction, second.magic_number, second.size) == ("GBPUSD", 1, 5, 0.1)
    assert (second.take_profit, second.stop_loss, second.trailing_stop) == (1.31, 1.29, 0.002)
    assert portfolio.open_positions("GBPUSD") == (second,)
    assert portfolio.register_entry("EURUSD", "sell", 0.2, 1.1, at(8, 11)) == 78


def test_two_fills_of_one_order_are_one_position_at_their_exact_mean(portfolio: Portfolio) -> None:
    """FIL-12, POS-1: 0.1 at 1.10000 and 0.2 at 1.10001 have no mean on the grid; the profit needs none.

    At 1.10010: 10 points of 0.1 lot and 9 points of 0.2 lot are 1.00 + 1.80.
    """
    ticket = portfolio.register_entry("EURUSD", "long", 0.1, 1.10000, at(8, 9))
    portfolio.register_fill(ticket, 0.2, 1.10001, at(8, 9, 1))

    (position,) = portfolio.open_positions()
    assert position.entry_price == float(Fraction(330_002, 3 * 10**5))
    assert portfolio.register_exit(ticket, 1.10010, at(8, 10)).profit == 2.8


def test_a_week_has_seven_nights_and_the_clock_change_moves_the_rollover(backend: Backend) -> None:
    """SWP-1: Wednesday counts three; New York's summer begins on 10 March 2024, so 17:00 is 21:00 UTC from then on."""
    portfolio = Portfolio(10_000, symbols=["EURUSD"], start="2024-03-07T00:00:00Z", backend=backend.name)
    portfolio.register_entry("EURUSD", "short", 1, 1.1, "2024-03-07T12:00:00Z")
    portfolio.update("2024-03-14T12:00:00Z")

    assert [time.isoformat()[5:16] for time in portfolio.swaps["time"]] == [
        "03-07T22:00",
        "03-08T22:00",
        "03-11T21:00",
        "03-12T21:00",
        "03-13T21:00",
    ]
    assert portfolio.swaps["multiplier"] == [1, 1, 1, 1, 3]
    assert portfolio.swaps["amount"] == [5.1, 5.1, 5.1, 5.1, 15.3]
    assert portfolio.equity == 10_035.7


def test_swap_can_be_given_as_in_a_cost_file(backend: Backend) -> None:
    """SWP-1, CST-4: a table by symbol; "none" is said on purpose."""
    table = {"EURUSD": {"unit": "money", "long": -6, "short": 1, "currency": "USD", "triple_day": "friday"}}
    portfolio = Portfolio(1_000, symbols=["EURUSD"], start=MONDAY, swap=table, backend=backend.name)
    free = Portfolio(1_000, symbols=["EURUSD"], start=MONDAY, backend=backend.name, **NO_SWAP)
    for one in (portfolio, free):
        one.register_entry("EURUSD", "long", 0.5, 1.1, at(8, 9))
        one.update(at(13, 0))  # Monday to Friday: seven nights

    assert (portfolio.equity, free.equity) == (979.0, 1_000.0)


def test_deposits_and_withdrawals_are_ledger_rows(portfolio: Portfolio) -> None:
    """LED-1: the first deposit is only the first."""
    portfolio.register_deposit(500, at(8, 1))
    portfolio.register_deposit("-0.01", at(8, 2))

    assert portfolio.balance == 10_499.99
    assert portfolio.ledger["kind"] == ["deposit"] * 3


# ---------------------------------------------------------------- invariants


@pytest.mark.parametrize("seed", range(10))
def test_after_every_deal_equity_is_cash_and_what_is_open(backend: Backend, seed: int) -> None:
    """S15, LED-4: against fractions, with deals, part closes and fees at random; each money within a cent of exact."""
    draw = random.Random(seed)
    portfolio = Portfolio(10_000, symbols=["EURUSD"], start=MONDAY, backend=backend.name, **NO_SWAP)
    held: dict[int, list[Fraction]] = {}  # id: side, lots, mean
    cash, bookings = Fraction(10_000), 0
    for minute in range(300):
        price = Fraction(110_000 + draw.randint(-500, 500), 10**5)
        lots = Fraction(draw.randint(1, 30), 100)
        moment = at(8, 0) + datetime.timedelta(minutes=minute)
        if not held or draw.random() < 0.4:
            side = draw.choice((1, -1))
            held[portfolio.register_entry("EURUSD", side, lots, price, moment)] = [Fraction(side), lots, price]
        elif draw.random() < 0.2:
            number = draw.choice(list(held))
            side, before, mean = held[number]
            portfolio.register_fill(number, lots, price, moment)
            held[number] = [side, before + lots, (mean * before + price * lots) / (before + lots)]
        elif draw.random() < 0.2:
            portfolio.register_fee(Fraction(draw.randint(-50, 50), 100), moment)
            cash = Fraction(str(portfolio.balance))
            bookings = 0
        else:
            number = draw.choice(list(held))
            side, before, mean = held[number]
            part = min(before, lots)
            portfolio.register_exit(number, price, moment, size=part)
            cash += side * (price - mean) * part * 100_000
            bookings += 1
            held[number] = [side, before - part, mean]
            if part == before:
                del held[number]
        portfolio.update(moment, {"EURUSD": price})
        open_money = sum(side * (price - mean) * size * 100_000 for side, size, mean in held.values())
        cents = Fraction(1, 100) * (bookings + len(held) + 1)
        assert abs(Fraction(str(portfolio.balance)) - cash) <= cents
        assert abs(Fraction(str(portfolio.equity)) - cash - open_money) <= 2 * cents
        positions = portfolio.open_positions()
        assert minor(portfolio.equity) == minor(portfolio.balance) + sum(minor(one.open_profit) for one in positions)
        assert minor(portfolio.balance) == sum(minor(amount) for amount in portfolio.ledger["amount"])
        assert {one.id: one.size for one in positions} == {number: float(size) for number, (_, size, _) in held.items()}


def minor(money: float) -> int:
    return int(Decimal(str(money)) * 100)


@pytest.mark.parametrize("seed", range(20))
def test_parts_of_a_position_add_up_to_the_whole(backend: Backend, seed: int) -> None:
    """POS-1, SWP-1: nothing of the entry and nothing of the swap is left or lost, however it is cut."""
    draw = random.Random(seed)
    lots = draw.randint(2, 60)
    portfolio = Portfolio(10_000, symbols=["EURUSD"], start=MONDAY, backend=backend.name)
    ticket = portfolio.register_entry("EURUSD", draw.choice((1, -1)), Fraction(1, 100), "1.10001", at(8, 9))
    portfolio.register_fill(ticket, Fraction(lots - 1, 100), "1.10098", at(8, 9))
    portfolio.update(at(16, 0))
    (before,) = portfolio.open_positions()
    booked = []
    while portfolio.open_positions():
        part = min(draw.randint(1, 20), round(portfolio.open_positions()[0].size * 100))
        booked.append(portfolio.register_exit(ticket, "1.10050", at(16, 1), size=Fraction(part, 100)))
    whole = before.direction * (Fraction(110_050 * lots - 110_001 - 110_098 * (lots - 1)) / 100)

    assert sum(minor(part.swap) for part in booked) == minor(before.accrued_swap) != 0
    assert abs(Fraction(sum(minor(part.profit) for part in booked), 100) - whole) <= Fraction(len(booked), 100)


def test_the_fills_of_a_run_give_the_books_of_the_run(backend: Backend) -> None:
    """API-5: 600 trades with commission, slippage and swap, fed deal by deal: the same ledger and nights."""
    data = omega.load(ROOT / "data/oanda_h1", symbols="EURUSD", timeframe="H1", start="2010-03-01", warmup_bars=500)
    result = omega.backtest(
        data,
        "ema_cross",
        parameters={"fast": 20, "slow": 50, "stop_pips": 40.0, "target_pips": 80.0},
        costs=ROOT / "examples/execution_costs.yaml",
        account={"currency": "USD", "balance": 100_000},
        sizing={"fixed_lots": 0.3},
        backend=backend.name,
    )
    fills = result.raw["fills"].to_pylist()
    start = result.raw["ledger"]["time"][0].as_py()
    portfolio = Portfolio(100_000, symbols=["EURUSD"], start=start, backend=backend.name)
    for fill in fills:
        price, size = Fraction(fill["price"], 10**5), Fraction(fill["steps"], 100)
        number, time = fill["position_id"], fill["time"]
        if fill["rule"] == Rule.FIL_1:
            portfolio.register_entry("EURUSD", fill["direction"], size, price, time, id=number)
        else:
            portfolio.register_exit(number, price, time)
        portfolio.register_fee(Fraction(-fill["commission"], 100), time, position=number)

    assert len(result.trades) > 600
    assert minor(portfolio.balance) == sum(result.raw["ledger"]["amount"].to_pylist())
    nights = result.raw["swaps"]
    assert len(portfolio.swaps) == nights.num_rows > 300
    assert sorted(zip(portfolio.swaps["time"], portfolio.swaps["position_id"], strict=True)) == sorted(
        zip(nights["time"].to_pylist(), nights["position_id"].to_pylist(), strict=True)
    )
    assert sorted(booked_rows(portfolio.ledger)) == sorted(booked_rows(result.ledger))


def booked_rows(ledger: Any) -> list[tuple[Any, ...]]:
    """Return time, kind, position and amount of every row but the deposit; within a deal their order is free."""
    columns = (ledger[name] for name in ("time", "kind", "position_id", "amount"))
    return [row for row in zip(*columns, strict=True) if row[1] != LedgerKind.DEPOSIT.name.lower()]


# ---------------------------------------------------------------- refusals


def test_what_cannot_be_is_refused_and_changes_nothing(portfolio: Portfolio) -> None:
    """ERR: number, direction, symbol, size, price, kind, position, volume, time."""
    ticket = portfolio.register_entry("EURUSD", "long", 0.1, 1.1, at(8, 9))
    before = repr(portfolio)
    later = at(8, 10)
    attempts = {
        "position.not_held": [
            lambda: portfolio.register_exit(2, 1.1, later),
            lambda: portfolio.register_fill(2, 0.1, 1.1, later),
            lambda: portfolio.register_fee(1, later, position=2),
        ],
        "position.duplicate_id": [lambda: portfolio.register_entry("EURUSD", 1, 0.1, 1.1, later, id=ticket)],
        "position.volume": [lambda: portfolio.register_exit(ticket, 1.1, later, size=0.11)],
        "portfolio.time_back": [
            lambda: portfolio.update(at(8, 8)),
            lambda: portfolio.register_exit(ticket, 1.1, at(8, 8)),
            lambda: portfolio.register_deposit(1, at(8, 8)),
        ],
        "portfolio.value": [
            lambda: portfolio.register_entry("XAUUSD", 1, 0.1, 1.1, later),
            lambda: portfolio.register_entry("EURUSD", 0, 0.1, 1.1, later),
            lambda: portfolio.register_entry("EURUSD", 1, 0.105, 1.1, later),
            lambda: portfolio.register_entry("EURUSD", 1, 0, 1.1, later),
            lambda: portfolio.register_entry("EURUSD", 1, -0.1, 1.1, later),
            lambda: portfolio.register_entry("EURUSD", 1, 0.1, 1.100005, later),
            lambda: portfolio.register_entry("EURUSD", 1, 0.1, float("nan"), later),
            lambda: portfolio.register_entry("EURUSD", 1, 0.1, "much", later),
            lambda: portfolio.register_entry("EURUSD", 1, True, 1.1, later),
            lambda: portfolio.register_fee(0.001, later),
            lambda: portfolio.register_fee(1, later, kind="tax"),  # type: ignore[arg-type]
            lambda: portfolio.update(later, {"EURUSD": (1.2, 1.1)}),
            lambda: portfolio.update(10**18),
            lambda: portfolio.update("2024-01-08T10:00:00"),
            lambda: portfolio.update("noon"),
        ],
    }
    for code, calls in attempts.items():
        for number, call in enumerate(calls):
            with pytest.raises(OmegaError) as caught:
                call()
            assert caught.value.code == code, (code, number)
    assert repr(portfolio) == before
    assert len(portfolio.ledger) == 1


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("config.symbol_without_spec", {"symbols": ["EURUSX"]}),
        ("portfolio.value", {"start": "2024-01-08T00:00:00"}),
        ("config.invalid", {"balance": 0}),
        ("portfolio.value", {"symbols": []}),
        ("portfolio.value", {"currency": "EUR"}),
        ("costs.invalid_swap", {"swap": {"EURUSD": {"unit": "miles", "long": 1, "short": 1}}}),
        ("costs.symbol_not_in_config", {"swap": {"GBPUSD": "none"}}),
    ],
)
def test_an_account_that_cannot_be_is_refused(backend: Backend, code: str, change: dict[str, Any]) -> None:
    """CST-4: a symbol without spec, a time without zone, swap figures that are none."""
    settings: dict[str, Any] = {"balance": 1_000, "symbols": ["EURUSD"], "start": MONDAY, "backend": backend.name}
    with pytest.raises(OmegaError) as caught:
        Portfolio(**settings | change)

    assert caught.value.code == code


def test_floating_point_dust_is_forgiven_and_nothing_else(portfolio: Portfolio) -> None:
    """SIZ: 0.1 + 0.2 lots are 0.30, and 1.1 + 0.0002 is the price it looks like."""
    portfolio.register_entry("EURUSD", "long", 0.1 + 0.2, 1.1 + 0.0002, at(8, 9))

    (position,) = portfolio.open_positions()
    assert (position.size, position.entry_price) == (0.3, 1.1002)
