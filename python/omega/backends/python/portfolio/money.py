"""Exact money: products of integers and fractions, rounded once when they are booked.

Nothing here knows about positions or costs. Rules NUM-1 and NUM-1b in `docs/spec/engine.md`; why this
cannot overflow is in `docs/decisions/0001-exact-money.md`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from omega.backends.python.numerics import half_even_quotient
from omega.backends.python.plan_fields import Fraction
from omega.errors import error_for

ONE: Fraction = (1, 1)

MAX_RATE_TERM = 10**18

MAX_BOOKING = 2**60
"""Largest single booking; a few of them still add up within 64 bits."""

MAX_BALANCE = 2**62


@dataclass(frozen=True, slots=True)
class Rate:
    """Minor units of the account currency per unit of something, as a reduced fraction."""

    numerator: int
    denominator: int


def minor_rate(first: tuple[int, int], second: tuple[int, int], digits: int, divisor: int = 1) -> Rate:
    """Return `first · second · 10^digits / divisor`, reduced.

    Raises:
        ConfigError: ``config.plan`` if a term of it is above 10^18.
    """
    numerator = first[0] * second[0] * 10**digits
    denominator = first[1] * second[1] * divisor
    common = math.gcd(numerator, denominator)
    numerator, denominator = numerator // common, denominator // common
    if numerator > MAX_RATE_TERM or denominator > MAX_RATE_TERM:
        raise error_for("config.plan", reason="a rate of money has more than 18 significant digits")
    return Rate(numerator, denominator)


@dataclass(frozen=True, slots=True)
class SignedRate:
    """A `Rate` that may be negative: credits and debits."""

    is_negative: bool
    rate: Rate


def signed_rate(first: tuple[int, int], second: tuple[int, int], divisor: int, digits: int) -> SignedRate:
    """Return `first · second · 10^digits / divisor`, reduced; the numerator of `first` may be negative.

    Raises:
        ConfigError: ``config.plan`` if a term of it is above 10^18.
    """
    magnitude = (abs(first[0]), first[1])
    return SignedRate(first[0] < 0, minor_rate(magnitude, second, digits, divisor))


@dataclass(frozen=True, slots=True)
class Rates:
    """What a credit and a debit book: equal where nothing is converted, or both sides of the quote are (CUR)."""

    credit: Rate
    debit: Rate


def product(first: Fraction, second: Fraction) -> Fraction:
    """Return the reduced product of two fractions above 0.

    Raises:
        EngineError: ``engine.overflow`` if a term of it is above 10^18.
    """
    left, right = math.gcd(first[0], second[1]), math.gcd(second[0], first[1])
    numerator = (first[0] // left) * (second[0] // right)
    denominator = (first[1] // right) * (second[1] // left)
    if numerator > MAX_RATE_TERM or denominator > MAX_RATE_TERM:
        raise error_for("engine.overflow", what="a conversion rate")
    return numerator, denominator


def converted(rate: Rate, factor: Fraction) -> Rate:
    """Return a rate times a factor above 0. Errors as `product`; a rate of 0 stays 0."""
    if rate.numerator == 0:
        return rate
    return Rate(*product((rate.numerator, rate.denominator), factor))


def rate_for(amount: int, rates: Rates) -> Rate:
    """Return the rate at which an amount is booked: that of a credit from 0 on, below it that of a debit."""
    return rates.credit if amount >= 0 else rates.debit


def book_signed(amount: int, rate: SignedRate) -> int:
    """Return `amount · rate` as a booking; rounding half to even is the same on both sides of zero."""
    booked = book(amount, rate.rate)
    return -booked if rate.is_negative else booked


def book(amount: int, rate: Rate) -> int:
    """Return `amount · rate` as a booking: rounded once, half to even (NUM-1).

    Example: 5 points·steps at 1/2 minor unit each book 2; 7 book 4 (3.5 rounds to even).

    Raises:
        EngineError: ``engine.overflow`` beyond 2^60 minor units.
    """
    booked = half_even_quotient(amount * rate.numerator, rate.denominator)
    if not -MAX_BOOKING <= booked <= MAX_BOOKING:
        raise error_for("engine.overflow", what="a booking")
    return booked


def check_balance(amount: int, what: str) -> int:
    """Return `amount` if it is one that a balance or equity may have."""
    if not -MAX_BALANCE <= amount <= MAX_BALANCE:
        raise error_for("engine.overflow", what=what)
    return amount
