"""Conversion of money into the account currency (CUR).

An `Exchange` follows the moments of a run: bookings of step i at `time[i]`, marks at `close_time[i]`. At each it
takes the last close of every pair on a route whose `close_time` is not later. A credit takes the side of
the quote that yields less, a debit the side that costs more. A rate that is missing or too old ends the
run; it is never silently 1. Which route a currency takes is decided above the seam.
"""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass

from omega.backends.python.execution.commission import CommissionRates, commission_rates
from omega.backends.python.market import Series
from omega.backends.python.numerics import quotient
from omega.backends.python.plan import Plan
from omega.backends.python.plan_fields import Fraction
from omega.backends.python.plan_money import Leg, PairPlan, RatesPlan
from omega.backends.python.portfolio.margin import margin_rate
from omega.backends.python.portfolio.money import ONE, Rate, Rates, converted, minor_rate, product
from omega.errors import error_for

NO_PAIRS = RatesPlan(pairs=(), routes=(), quote=(None,), commission=(None,))


@dataclass(frozen=True, slots=True)
class Factors:
    """Account currency per unit of another currency: what a credit yields, and what a debit costs."""

    credit: Fraction
    debit: Fraction


SAME = Factors(ONE, ONE)


@dataclass(frozen=True, slots=True)
class Worth:
    """What money of a symbol is worth at one moment.

    Attributes:
        factors: Account currency per unit of quote currency.
        rates: Minor units per point and step.
        margin: Margin of a point and step, in minor units; None where none is held.
    """

    factors: Factors
    rates: Rates
    margin: Rate | None


class Exchange:
    """Rates of one run's symbol as time goes on."""

    def __init__(self, plan: Plan, series: Sequence[Series]) -> None:
        self.plan = plan
        self.symbol = plan.symbols[0]
        self.rates = plan.rates or NO_PAIRS
        self.series = series
        self.rows = [-1] * len(self.rates.pairs)
        self.now_us = 0
        self.value = minor_rate(self.symbol.value, ONE, plan.account_digits)
        self.own_commission = commission_rates(self.symbol, plan.account_digits)
        self.found = self._worth_of(SAME)
        self.found_rows: tuple[int, ...] = ()

    def move_to(self, time_us: int) -> None:
        """Convert at this moment from now on."""
        self.now_us = time_us

    def worth(self) -> Worth:
        """Return what money of the symbol is worth now.

        Raises:
            DataError: ``rates.missing`` or ``rates.stale`` with pair and moment.
        """
        route = self.rates.quote[0]
        rows = () if route is None else self._rows_of(self.rates.routes[route])
        if rows != self.found_rows:
            self.found, self.found_rows = self._worth_of(self._factors(route)), rows
        return self.found

    def commission(self) -> CommissionRates:
        """Return the commission of the symbol; it is a debit. Errors as `worth`."""
        own, quote = self.rates.commission[0], self.rates.quote[0]
        if own is None and quote is None:
            return self.own_commission
        factors = []
        for route in (own, quote):
            if route is not None:
                self._rows_of(self.rates.routes[route])
            factors.append(self._factors(route).debit)
        return commission_rates(self.symbol, self.plan.account_digits, *factors)

    def _worth_of(self, factors: Factors) -> Worth:
        credit, debit = converted(self.value, factors.credit), converted(self.value, factors.debit)
        terms = self.symbol.margin
        return Worth(factors, Rates(credit, debit), None if terms is None else margin_rate(debit, terms))

    def _rows_of(self, legs: Sequence[Leg]) -> tuple[int, ...]:
        """Return the rows of a route's pairs that are known now."""
        return tuple(self._row_of(leg.pair) for leg in legs)

    def _row_of(self, pair_idx: int) -> int:
        """Move the cursor of a pair to its last close that is known now."""
        pair = self.rates.pairs[pair_idx]
        if pair.rate is not None:
            return 0
        closes_us, row = self.series[pair.series].close_time_us, self.rows[pair_idx]
        while row + 1 < len(closes_us) and closes_us[row + 1] <= self.now_us:
            row += 1
        while row >= 0 and closes_us[row] > self.now_us:
            row -= 1
        self.rows[pair_idx] = row
        if row < 0:
            raise error_for("rates.missing", pair=pair.name, time_us=self.now_us)
        if is_stale(pair, self.now_us):
            raise error_for("rates.stale", pair=pair.name, time_us=self.now_us, close_us=closes_us[row])
        return row

    def _factors(self, route: int | None) -> Factors:
        """Return the factors of a route whose rows are known."""
        if route is None:
            return SAME
        credit, debit = ONE, ONE
        for leg in self.rates.routes[route]:
            factors = leg_factors(*self._quote_of(leg.pair), leg.is_inverse)
            credit, debit = product(credit, factors.credit), product(debit, factors.debit)
        return Factors(credit, debit)

    def _quote_of(self, pair_idx: int) -> tuple[Fraction, Fraction]:
        """Return bid and ask of a pair as fractions."""
        pair = self.rates.pairs[pair_idx]
        if pair.rate is not None:
            return pair.rate, pair.rate
        series, row = self.series[pair.series], self.rows[pair_idx]
        scale = 10**series.digits
        return (series.bid.close[row], scale), (series.ask.close[row], scale)


def leg_factors(bid: Fraction, ask: Fraction, is_inverse: bool) -> Factors:
    """Return what one pair makes of a unit: base into quote currency, or with `is_inverse` quote into base.

    Example: 1 EUR sold at bid 1.1000 yields 1.1000 USD, and costs ask 1.1002 to get. 1 USD yields 1/1.1002 EUR
    and costs 1/1.1000.
    """
    if is_inverse:
        return Factors(credit=(ask[1], ask[0]), debit=(bid[1], bid[0]))
    return Factors(credit=bid, debit=ask)


def is_stale(pair: PairPlan, time_us: int) -> bool:
    """Return whether the last close of a pair is too old at a moment."""
    idx = bisect.bisect_right(pair.stale, time_us, key=lambda span: span[0]) - 1
    return idx >= 0 and time_us < pair.stale[idx][1]


def rate_shown(factor: Fraction) -> float:
    """Return a factor as the float that `fills` shows."""
    return quotient(factor[0], factor[1])
