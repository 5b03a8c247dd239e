"""How large an order is (SIZ): integer steps, never more than the risk allows.

Fixed on acceptance from the raw entry price and the stop; slippage, commission and gaps come on top.
"""

from __future__ import annotations

from dataclasses import dataclass

from omega.backends.python.numerics import round_half_even
from omega.backends.python.plan import Fraction, Sizing, SymbolPlan
from omega.error_catalogue import CATALOGUE

NO_STOP = CATALOGUE["size.no_stop"].number
BELOW_MINIMUM = CATALOGUE["size.below_minimum"].number
MAX_SIZE_STEPS = 10**12
GRID_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Size:
    """Steps of an order; `refusal` is an error number instead; `capped` says volume_max cut it."""

    steps: int
    capped: bool = False
    refusal: int = 0


def steps_of_lots(lots: float, volume_step: Fraction) -> tuple[int, bool]:
    """Return lots as steps, and whether they lie on the volume grid within 1e-6 step."""
    exact = lots * float(volume_step[1]) / float(volume_step[0])
    if exact >= float(MAX_SIZE_STEPS):
        return MAX_SIZE_STEPS, True
    nearest = round_half_even(exact)
    return int(nearest), abs(exact - nearest) <= GRID_TOLERANCE


def whole_steps(steps: float) -> int:
    """Return a product of floats as whole steps: rounded down, but up where a whole step is within 1e-6.

    Example: 0.29 · 100 is 28.999999999999996 as a float and gives 29.
    """
    if steps >= float(MAX_SIZE_STEPS):
        return MAX_SIZE_STEPS
    nearest = round_half_even(steps)
    if nearest > steps and nearest - steps > GRID_TOLERANCE:
        nearest = nearest - 1.0
    return int(nearest)


def size_order(sizing: Sizing, symbol: SymbolPlan, wanted: int | None, stop_distance: int | None) -> Size:
    """Return the size of an order.

    Args:
        sizing: The plan's sizing.
        symbol: Limits and value of the symbol.
        wanted: Steps the signal asked for, or None to size by the plan.
        stop_distance: Points between the raw entry and the stop, or None without a stop.
    """
    if wanted is not None:
        steps = wanted
    elif sizing.mode == "fixed_lots":
        steps = sizing.steps
    elif stop_distance is None:
        return Size(0, refusal=NO_STOP)
    else:
        steps = _steps_at_risk(sizing.amount, symbol.value, stop_distance)
    if steps < symbol.volume_min_steps:
        if not sizing.round_up:
            return Size(0, refusal=BELOW_MINIMUM)
        steps = symbol.volume_min_steps
    if steps > symbol.volume_max_steps:
        return Size(symbol.volume_max_steps, capped=True)
    return Size(steps)


def _steps_at_risk(amount: Fraction, value: Fraction, stop_distance: int) -> int:
    """Return floor(amount / (distance · value)); a distance of 0 risks nothing that can be divided."""
    if stop_distance == 0:
        return 0
    return (amount[0] * value[1]) // (amount[1] * stop_distance * value[0])
