"""How large an order is (SIZ): integer steps, never more than the risk allows.

Fixed on acceptance from the raw entry price and the stop; slippage, commission and gaps come on top.
"""

from __future__ import annotations

from dataclasses import dataclass

from omega.backends.python.numerics import round_half_even
from omega.backends.python.plan import SymbolPlan
from omega.backends.python.plan_fields import Fraction
from omega.backends.python.plan_money import Sizing
from omega.backends.python.portfolio.money import Rate
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


@dataclass(frozen=True, slots=True)
class Stake:
    """What a size by the plan follows from.

    Attributes:
        entry: Raw entry price, points.
        stop_distance: Points between it and the stop, None without a stop.
        cost: What a point and step costs in minor units: the debit side, as the risk is one (CUR).
        digits: Digits of the account currency.
        equity: Equity in minor units; read by risk_percent only.
    """

    entry: int
    stop_distance: int | None
    cost: Rate
    digits: int
    equity: int


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


def size_order(sizing: Sizing, symbol: SymbolPlan, wanted: int | None, stake: Stake) -> Size:
    """Return the size of an order.

    Args:
        sizing: The plan's sizing.
        symbol: Limits of the symbol.
        wanted: Steps the signal asked for, or None to size by the plan.
        stake: What the plan sizes by.
    """
    if wanted is not None:
        steps = wanted
    elif sizing.mode == "fixed_lots":
        steps = sizing.steps
    elif sizing.mode == "notional":
        steps = _steps_within(_amount_of(sizing, stake), stake.entry, stake.cost)
    elif stake.stop_distance is None:
        return Size(0, refusal=NO_STOP)
    else:
        steps = _steps_within(_amount_of(sizing, stake), stake.stop_distance, stake.cost)
    if steps < symbol.volume_min_steps:
        if not sizing.round_up:
            return Size(0, refusal=BELOW_MINIMUM)
        steps = symbol.volume_min_steps
    if steps > symbol.volume_max_steps:
        return Size(symbol.volume_max_steps, capped=True)
    return Size(steps)


def _amount_of(sizing: Sizing, stake: Stake) -> Fraction:
    """Return the amount a size must stay within, in minor units; a share of equity is rounded down to one."""
    if sizing.mode != "risk_percent":
        return sizing.amount[0] * 10**stake.digits, sizing.amount[1]
    equity = max(stake.equity, 0)
    return equity * sizing.amount[0] // (sizing.amount[1] * 100), 1


def _steps_within(amount: Fraction, points: int, cost: Rate) -> int:
    """Return floor(amount / (points · cost)); points of 0 cost nothing that can be divided."""
    if points == 0:
        return 0
    return (amount[0] * cost.denominator) // (amount[1] * points * cost.numerator)
