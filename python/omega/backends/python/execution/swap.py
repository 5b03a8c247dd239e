"""Swap: what holding a position over 17:00 New York costs or pays (SWP-1).

Rates are signed: a debit is negative. The multiplier is that of the FX day which ends at the rollover, so
that a full week has seven nights. Amounts accrue on the position, one rounding each, and are booked with
its closing deal.
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass

from omega.backends.python.plan import SwapPlan, SymbolPlan
from omega.backends.python.portfolio.currency import Factors
from omega.backends.python.portfolio.money import SignedRate, book_signed, converted, signed_rate
from omega.backends.python.portfolio.position import Position


@dataclass(frozen=True, slots=True)
class SwapRates:
    """Swap of one symbol from one FX day on: minor units per night, and what they are per.

    `per_mark` says that the rate is per point of the closing-side mark and step, not per step alone; `is_quote` that
    it is in quote currency, not in the account's.
    """

    from_fx_day: int
    long: SignedRate
    short: SignedRate
    per_mark: bool
    is_quote: bool


@dataclass(frozen=True, slots=True)
class Night:
    """The FX day that ends, and how many nights it counts for."""

    fx_day: int
    multiplier: int


@dataclass(frozen=True, slots=True)
class SwapTable:
    """Swap of one symbol, ready to accrue."""

    multipliers: tuple[int, ...]
    rates: tuple[SwapRates, ...]


def swap_table(symbol: SymbolPlan, digits: int) -> SwapTable | None:
    """Return the swap of a symbol in minor units of an account with `digits` digits, or None without swap."""
    swap = symbol.swap
    if swap is None:
        return None
    entries = [(-(2**31), swap.long, swap.short), *swap.dated]
    return SwapTable(
        multipliers=swap.multipliers,
        rates=tuple(
            SwapRates(
                from_fx_day=fx_day,
                long=_rate_per_step(swap, symbol, long, digits),
                short=_rate_per_step(swap, symbol, short, digits),
                per_mark=swap.unit == "percent",
                is_quote=swap.unit != "money",
            )
            for fx_day, long, short in entries
        ),
    )


def nightly_amount(table: SwapTable, position: Position, mark: int, night: Night, factors: Factors) -> int:
    """Return what one rollover accrues on a position, in minor units.

    Args:
        table: The symbol's swap.
        position: An open position.
        mark: Closing-side close of the last step before the rollover, in points.
        night: The FX day that ends.
        factors: Account currency per unit of quote currency now.
    """
    idx = bisect.bisect_right(table.rates, night.fx_day, key=lambda rates: rates.from_fx_day) - 1
    rates = table.rates[idx]
    rate = rates.long if position.direction > 0 else rates.short
    if rates.is_quote:
        factor = factors.debit if rate.is_negative else factors.credit
        rate = SignedRate(rate.is_negative, converted(rate.rate, factor))
    base = position.steps * night.multiplier
    return book_signed(base * mark if rates.per_mark else base, rate)


def _rate_per_step(swap: SwapPlan, symbol: SymbolPlan, rate: tuple[int, int], digits: int) -> SignedRate:
    """Return a rate in minor units per step and night; per point of the mark for percent rates."""
    if swap.unit == "money":
        return signed_rate(rate, symbol.volume_step, 1, digits)
    # A year of swap has 360 days; percent of the notional `mark · steps · value`.
    return signed_rate(rate, symbol.value, 36_000 if swap.unit == "percent" else 1, digits)
