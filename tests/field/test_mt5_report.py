"""Our books against those of a real terminal: 2,002 deals of a Strategy Tester run, fed as executions.

The report names neither which position a deal closes nor what a night costs. Both are found here: the
assignment by search among the positions whose profit fits to the cent, the swap from the first weeks; what is
left of the report must then follow.
"""

from __future__ import annotations

import csv
import datetime
import pathlib
import zoneinfo
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import pytest

import omega
from omega.backends.protocol import Backend

SHARED = pathlib.Path(__file__).resolve().parents[2].parent / "shared" / "data"
DEALS = SHARED / "mt5_report" / "deals_GoldHedgeRecovery.csv"
OUNCES = 100
CENT = Decimal("0.01")
CALIBRATED_UNTIL = datetime.datetime(2024, 1, 20)  # the first three of six weeks
NEW_YORK = zoneinfo.ZoneInfo("America/New_York")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")
SPEC = """
symbols:
  XAUUSD:
    digits: 2
    pip_points: 10
    contract_size: 100
    volume_min: 0.01
    volume_step: 0.01
    volume_max: 100
    base_currency: XAU
    quote_currency: USD
    source: "the report: 0.03 lots and 0.80 USD make 2.40 USD"
"""


class Deal(NamedTuple):
    """One row of the report; `time` is the server's, New York + 7 h."""

    time: datetime.datetime
    number: int
    side: int
    is_entry: bool
    lots: Decimal
    price: Decimal
    swap: Decimal
    profit: Decimal
    balance: Decimal

    @property
    def time_us(self) -> int:
        moment = (self.time - datetime.timedelta(hours=7)).replace(tzinfo=NEW_YORK)
        return round(moment.timestamp()) * 1_000_000


class Night(NamedTuple):
    """A closing deal with the server dates at whose end its position was still open."""

    close: Deal
    direction: int
    weekdays: list[int]


@pytest.fixture(scope="module")
def deals() -> list[Deal]:
    rows = list(csv.DictReader(DEALS.read_text().splitlines()))[1:]
    money = ("volume", "price", "swap", "profit", "balance")
    return [
        Deal(
            datetime.datetime.strptime(row["time_server"], "%Y.%m.%d %H:%M:%S"),
            int(row["deal"]),
            1 if row["type"] == "buy" else -1,
            row["direction"] == "in",
            *(Decimal(row[name]) for name in money),
        )
        for row in rows
    ]


@pytest.fixture(scope="module")
def assignment(deals: list[Deal]) -> dict[int, list[int]]:
    """Return every position that each closing deal may have closed, judged by side, volume and profit to the cent."""
    opened: dict[int, Deal] = {}
    found: dict[int, list[int]] = {}
    for deal in deals:
        if deal.is_entry:
            opened[deal.number] = deal
            continue
        fitting = [number for number, entry in opened.items() if entry.lots >= deal.lots and fits(entry, deal)]
        found[deal.number] = fitting
        if fitting:
            entry = opened.pop(fitting[0])
            if entry.lots > deal.lots:
                opened[entry.number] = entry._replace(lots=entry.lots - deal.lots)
    return found


def fits(entry: Deal, close: Deal) -> bool:
    return entry.side == -close.side and entry.side * (close.price - entry.price) * close.lots * OUNCES == close.profit


@pytest.fixture
def spec_file(tmp_path: pathlib.Path) -> pathlib.Path:
    file = tmp_path / "symbol_specs.yaml"
    file.write_text(SPEC)
    return file


def test_every_closing_deal_closes_exactly_one_position_that_explains_its_profit(
    deals: list[Deal], assignment: dict[int, list[int]]
) -> None:
    """POS-1: the assignment exists, and it is the only one: no deal has a second position that would fit."""
    assert len(deals) == 2_002
    assert len(assignment) == 1_001
    unmatched = [number for number, fitting in assignment.items() if not fitting]
    ambiguous = [number for number, fitting in assignment.items() if len(fitting) > 1]

    assert (len(unmatched), len(ambiguous)) == (0, 0)
    assert len({fitting[0] for fitting in assignment.values()}) == 1_001  # each opening deal is closed, whole


def test_our_books_show_every_printed_profit_and_balance(
    deals: list[Deal], assignment: dict[int, list[int]], spec_file: pathlib.Path, backend: Backend
) -> None:
    """NUM-1, LED-1: given the printed swap, profit and balance of all 2,002 rows are exact."""
    portfolio = omega.Portfolio(
        3_000, symbols=["XAUUSD"], start=deals[0].time_us, swap="none", specs=spec_file, backend=backend.name
    )
    for deal in deals:
        if deal.is_entry:
            portfolio.register_entry("XAUUSD", deal.side, deal.lots, deal.price, deal.time_us, id=deal.number)
        else:
            position = assignment[deal.number][0]
            booked = portfolio.register_exit(position, deal.price, deal.time_us, size=deal.lots)
            portfolio.register_fee(-deal.swap, deal.time_us, kind="swap", position=position)
            assert booked.profit == float(deal.profit)
        assert portfolio.balance == float(deal.balance), deal

    assert portfolio.open_positions() == ()
    assert portfolio.balance == portfolio.equity == 2_500.75
    assert len(portfolio.ledger) == 1 + 1_001 - zero_profits(deals) + 17


def zero_profits(deals: list[Deal]) -> int:
    """Return closing deals whose profit was 0: a zero amount writes no row."""
    return sum(not deal.is_entry and deal.profit == 0 for deal in deals)


def test_swap_calibrated_on_three_weeks_predicts_the_other_three(
    deals: list[Deal], assignment: dict[int, list[int]], spec_file: pathlib.Path, backend: Backend
) -> None:
    """SWP-1: rate and triple day from the first weeks; every later deal within 0.01 per night, in fact exact."""
    nights = nights_of(deals, assignment)
    known = [night for night in nights if night.close.time < CALIBRATED_UNTIL]
    triple_day, rates = calibrate(known)
    swap = {
        "unit": "money",
        "currency": "USD",
        "long": str(rates[1]),
        "short": str(rates[-1]),
        "triple_day": WEEKDAYS[triple_day],
    }
    portfolio = omega.Portfolio(
        3_000,
        symbols=["XAUUSD"],
        start=deals[0].time_us,
        swap={"XAUUSD": swap},
        specs=spec_file,
        backend=backend.name,
    )
    misses, predicted = [], []
    for deal in deals:
        if deal.is_entry:
            portfolio.register_entry("XAUUSD", deal.side, deal.lots, deal.price, deal.time_us, id=deal.number)
            continue
        booked = portfolio.register_exit(assignment[deal.number][0], deal.price, deal.time_us)
        ours = Decimal(str(booked.swap))
        later = deal.time >= CALIBRATED_UNTIL
        predicted += [ours] if later and deal.swap else []
        allowed = CENT * charged(deal, nights, triple_day) if later else Decimal(0)
        misses += [(deal, ours)] if abs(ours - deal.swap) > allowed else []

    assert WEEKDAYS[triple_day] == "wednesday"
    assert (len(known), len(nights) - len(known)) == (10, 7)
    assert misses == []
    assert predicted == [Decimal("-0.14")] * 6 + [Decimal("-0.41")]
    assert portfolio.balance == 2_500.75


def nights_of(deals: list[Deal], assignment: dict[int, list[int]]) -> list[Night]:
    """Return the closing deals whose position was held over midnight of the server, 17:00 New York."""
    by_number = {deal.number: deal for deal in deals}
    found = []
    for deal in deals:
        if deal.is_entry:
            continue
        entry = by_number[assignment[deal.number][0]]
        days = (deal.time.date() - entry.time.date()).days
        dates = [entry.time.date() + datetime.timedelta(days=day) for day in range(days)]
        if weekdays := [date.weekday() for date in dates if date.weekday() < 5]:
            found.append(Night(deal, entry.side, weekdays))
    return found


def charged(deal: Deal, nights: list[Night], triple_day: int) -> int:
    for night in nights:
        if night.close.number == deal.number:
            return count_nights(night, triple_day)
    return 0


def count_nights(night: Night, triple_day: int) -> int:
    return sum(3 if weekday == triple_day else 1 for weekday in night.weekdays)


def calibrate(nights: list[Night]) -> tuple[int, dict[int, Decimal]]:
    """Return the one triple day for which some rate explains every printed amount, and that rate per side.

    A printed amount allows the rates that round to it; the rate is the middle of what all of them allow, to four
    decimals.
    """
    fitting: dict[int, dict[int, Decimal]] = {}
    for triple_day in range(5):
        rates = {side: rate_for(nights, side, triple_day) for side in (1, -1)}
        found = {side: rate for side, rate in rates.items() if rate is not None}
        if len(found) == 2:
            fitting[triple_day] = found
    assert len(fitting) == 1, fitting
    return fitting.popitem()


def rate_for(nights: list[Night], direction: int, triple_day: int) -> Decimal | None:
    low, high = Fraction(-1000), Fraction(1000)
    for night in nights:
        if night.direction == direction:
            lots_nights = Fraction(night.close.lots) * count_nights(night, triple_day)
            half = Fraction(CENT) / 2
            low = max(low, (Fraction(night.close.swap) - half) / lots_nights)
            high = min(high, (Fraction(night.close.swap) + half) / lots_nights)
    return None if low > high else round(Decimal(float((low + high) / 2)), 4)
