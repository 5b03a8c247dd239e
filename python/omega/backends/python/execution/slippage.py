"""Slippage in points, always against the trader (CST-2).

half_even of fixed + random + impact + volatility. The random part comes from a counter-based generator
keyed by what the fill is, not by when it happens, so that it does not depend on anything else in the run
(NUM-3). Fixed, random and linear impact are exact fractions; a square root and ATR are floats, added
from left to right to the float nearest to the exact part.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from omega.backends.python import rng
from omega.backends.python.numerics import half_even_quotient, quotient, round_half_even
from omega.backends.python.plan import Slippage


@dataclass(frozen=True, slots=True)
class Slip:
    """Slippage of one fill: the total, and its parts before the sum was rounded."""

    points: int
    random_points: int
    impact_points: float
    volatility_points: float


NO_SLIP = Slip(0, 0, 0.0, 0.0)


def slip(slippage: Slippage, seed: int, key: tuple[int, int, int], steps: int, atr_points: float) -> Slip:
    """Return the slippage of one fill.

    Args:
        slippage: The symbol's model.
        seed: Seed of the run.
        key: Opening signal number of the position; leg (0 entry, 1 level or end exit, 2+j the j-th requested
            close); number of the fill from 0 within the leg.
        steps: Volume of the fill.
        atr_points: ATR(14) known before the bar; not read unless the model has a part for it.
    """
    random_points = 0
    if slippage.random_points > 0:
        number, leg, fill_number = key
        word = rng.word(seed, rng.SLIPPAGE, (number, leg, fill_number, 0))
        random_points = rng.uniform_int(word, slippage.random_points)
    return _with_parts(slippage, random_points, steps, atr_points)


def points_without_chance(slippage: Slippage, steps: int, atr_points: float) -> int:
    """Return the slippage of a fill whose random part is left out, in points."""
    return _with_parts(slippage, 0, steps, atr_points).points


def _with_parts(slippage: Slippage, random_points: int, steps: int, atr_points: float) -> Slip:
    """Return the sum of all parts, rounded once."""
    numerator, denominator = slippage.fixed_points
    numerator += random_points * denominator
    if slippage.impact is None and slippage.volatility is None:
        return Slip(half_even_quotient(numerator, denominator), random_points, 0.0, 0.0)
    impact_points = root_points = volatility_points = 0.0
    if slippage.impact is not None:
        (points, points_den), (liquidity, liquidity_den) = slippage.impact.points, slippage.impact.liquidity_steps
        if slippage.impact.is_root:
            root_points = quotient(points, points_den) * math.sqrt(quotient(steps * liquidity_den, liquidity))
            impact_points = root_points
        else:
            part, part_den = points * liquidity_den * steps, points_den * liquidity
            impact_points = quotient(part, part_den)
            numerator, denominator = numerator * part_den + part * denominator, denominator * part_den
    if slippage.volatility is not None:
        volatility_points = quotient(*slippage.volatility) * atr_points
    elif slippage.impact is not None and not slippage.impact.is_root:
        return Slip(half_even_quotient(numerator, denominator), random_points, impact_points, 0.0)
    total = (quotient(numerator, denominator) + root_points) + volatility_points
    return Slip(int(round_half_even(total)), random_points, impact_points, volatility_points)
