"""Slippage in points, always against the trader (CST-2).

The random part comes from a counter-based generator keyed by what the fill is, not by when it
happens, so that it does not depend on anything else in the run (NUM-3).
"""

from __future__ import annotations

from dataclasses import dataclass

from omega.backends.python import rng
from omega.backends.python.numerics import half_even_quotient
from omega.backends.python.plan import Slippage


@dataclass(frozen=True, slots=True)
class Slip:
    """Slippage of one fill: the total, and the random part before the sum was rounded."""

    points: int
    random_points: int


NO_SLIP = Slip(0, 0)


def slip(slippage: Slippage, seed: int, number: int, leg: int, fill_number: int) -> Slip:
    """Return `half_even(fixed + random)` of one fill.

    Args:
        slippage: The symbol's model.
        seed: Seed of the run.
        number: Opening signal number of the position.
        leg: 0 entry, 1 level or end exit, 2+j the j-th requested close.
        fill_number: From 0 within the leg.
    """
    random_points = 0
    if slippage.random_points > 0:
        word = rng.word(seed, rng.SLIPPAGE, (number, leg, fill_number, 0))
        random_points = rng.uniform_int(word, slippage.random_points)
    numerator, denominator = slippage.fixed_points
    return Slip(half_even_quotient(numerator + random_points * denominator, denominator), random_points)


def fixed_slip(slippage: Slippage) -> int:
    """Return the slippage of a fill whose random part is left out, in points."""
    numerator, denominator = slippage.fixed_points
    return half_even_quotient(numerator, denominator)
