"""Margin: what open positions hold back of the account (MRG).

The margin of a fill is its notional over the leverage, at its price and the debit side of its rate; it stays
what it was at the entry and leaves with the volume that is closed. Which positions a stop-out closes is not
decided here.
"""

from __future__ import annotations

from dataclasses import dataclass

from omega.backends.python.numerics import half_even_quotient
from omega.backends.python.plan_fields import Fraction
from omega.backends.python.plan_money import SymbolMargin
from omega.backends.python.portfolio.money import Rate, book, converted


@dataclass(slots=True)
class Held:
    """Volume and margin of all positions of one symbol and direction."""

    steps: int = 0
    margin: int = 0


def margin_rate(debit: Rate, terms: SymbolMargin) -> Rate:
    """Return the margin of one point and step in minor units: what it costs, over the leverage."""
    numerator, denominator = terms.leverage
    return converted(debit, (denominator, numerator))


def entry_margin(price: int, steps: int, rate: Rate) -> int:
    """Return the margin of a fill, rounded once.

    Example: 100,000 EUR at 1.10020 with leverage 30 hold 110,020 / 30 = 3,667.33 USD.
    """
    return book(price * steps, rate)


def released_margin(margin: int, steps: int, open_steps: int) -> int:
    """Return what a close of `steps` of `open_steps` sets free of a margin; the whole sets all of it free."""
    return half_even_quotient(margin * steps, open_steps)


def symbol_margin(long: Held, short: Held, hedged: Fraction | None) -> int:
    """Return the margin of one symbol.

    Without a hedged share both sides hold theirs. With one, volume without an opposite holds its part of the
    larger side, and covered volume (the smaller side) holds that share of the mean margin of both sides.

    Example: 3 lots long hold 9,000, 1 lot short 3,600, share 1/2: 2 lots of the long side hold 6,000 and the covered
    lot 1/2 · 12,600 / 4 = 1,575, together 7,575.
    """
    if hedged is None or long.steps == 0 or short.steps == 0:
        return long.margin + short.margin
    larger, smaller = (long, short) if long.steps >= short.steps else (short, long)
    open_part = half_even_quotient(larger.margin * (larger.steps - smaller.steps), larger.steps)
    both_steps = long.steps + short.steps
    covered = half_even_quotient(hedged[0] * smaller.steps * (long.margin + short.margin), hedged[1] * both_steps)
    return open_part + covered


def is_at_level(equity: int, margin: int, level: Fraction) -> bool:
    """Return whether equity has fallen to `level · margin`; without margin there is nothing to test."""
    return margin > 0 and equity * level[1] <= margin * level[0]
