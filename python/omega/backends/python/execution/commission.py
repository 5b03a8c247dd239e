"""Commission of one order (CST-3): a scheme with a rate, and a least charge.

Every opening order and every close is an order of its own. The notional uses the price of the fill.
"""

from __future__ import annotations

from dataclasses import dataclass

from omega.backends.python.plan import SymbolPlan
from omega.backends.python.plan_fields import Fraction
from omega.backends.python.portfolio.money import ONE, Rate, book, converted, minor_rate


@dataclass(frozen=True, slots=True)
class CommissionRates:
    """Commission of one symbol, ready to book: minor units per order, per step, or per point and step."""

    scheme: str
    rate: Rate
    minimum: int
    on_entry: bool
    on_exit: bool


def commission_rates(symbol: SymbolPlan, digits: int, own: Fraction = ONE, quote: Fraction = ONE) -> CommissionRates:
    """Return the rates of a symbol in minor units of an account with `digits` digits.

    `own` and `quote` are account currency per unit of the commission's and of the quote currency (CUR): a share of
    the notional converts like the notional, everything else from the commission's own currency.
    """
    commission = symbol.commission
    per, divisor = {
        "per_lot": (symbol.volume_step, 1),
        "per_million_notional": (symbol.value, 1_000_000),
        "percent_of_notional": (symbol.value, 100),
        "per_trade": (ONE, 1),
    }[commission.scheme]
    return CommissionRates(
        scheme=commission.scheme,
        rate=converted(minor_rate(commission.rate, per, digits, divisor), own if divisor == 1 else quote),
        minimum=book(1, converted(minor_rate(commission.minimum, ONE, digits), own)),
        on_entry=commission.on_entry,
        on_exit=commission.on_exit,
    )


@dataclass(slots=True)
class Charge:
    """What one order has been charged so far: units it was charged for, and the booking, <= 0."""

    units: int = 0
    booked: int = 0


def charge(rates: CommissionRates, charged: Charge, price: int, steps: int, is_entry: bool) -> int:
    """Return the change of the balance for a fill of an order at `price`, <= 0.

    Booking j of an order is `half_even(max(minimum, Σ₁..ⱼ raw)) − booked so far`: its fills are charged as one.
    Rounding keeps order, so the larger of two bookings is the booking of the larger charge.
    """
    if not (rates.on_entry if is_entry else rates.on_exit):
        return 0
    if rates.scheme == "per_trade":
        charged.units = 1
    elif rates.scheme == "per_lot":
        charged.units += steps
    else:
        charged.units += price * steps
    total = -max(rates.minimum, book(charged.units, rates.rate))
    # A rate that has fallen between two fills gives nothing back.
    booked = min(total - charged.booked, 0)
    charged.booked += booked
    return booked
