"""Commission of one order (CST-3): a rate per lot with a least charge.

Every opening order and every close is an order of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from omega.backends.python.plan import SymbolPlan
from omega.backends.python.portfolio.money import Rate, book, minor_rate


@dataclass(frozen=True, slots=True)
class CommissionRates:
    """Commission of one symbol, ready to book."""

    per_step: Rate
    minimum: int
    on_entry: bool
    on_exit: bool


def commission_rates(symbol: SymbolPlan, digits: int) -> CommissionRates:
    """Return the rates of a symbol in minor units of an account with `digits` digits."""
    commission = symbol.commission
    return CommissionRates(
        per_step=minor_rate(commission.per_lot, symbol.volume_step, digits),
        minimum=book(1, minor_rate(commission.minimum, (1, 1), digits)),
        on_entry=commission.on_entry,
        on_exit=commission.on_exit,
    )


def charge(rates: CommissionRates, steps: int, is_entry: bool) -> int:
    """Return the change of the balance for one whole order, <= 0.

    Rounding keeps order, so the larger of two bookings is the booking of the larger charge.
    """
    if not (rates.on_entry if is_entry else rates.on_exit):
        return 0
    return -max(rates.minimum, book(steps, rates.per_step))
