"""Slippage of a fill of this run: the symbol's model, the volume, and the volatility known before the bar (CST-2)."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING

from omega.backends.python.execution.slippage import Slip, points_without_chance, slip

if TYPE_CHECKING:
    from omega.backends.python.engine.simulation import Simulation


def slip_of(simulation: Simulation, direction: int, key: tuple[int, int, int], steps: int, bar_idx: int) -> Slip:
    """Return the slippage of a fill in bar `bar_idx`.

    Args:
        simulation: The run.
        direction: Direction of the position, whose closing side gives the volatility.
        key: Opening signal number, leg, number of the fill within the leg.
        steps: Volume of the fill.
        bar_idx: Bar the fill is named after.
    """
    atr_points = atr_before(simulation, direction, bar_idx)
    return slip(simulation.symbol.slippage, simulation.plan.seed, key, steps, atr_points)


def sure_slip(simulation: Simulation, direction: int, steps: int, bar_idx: int) -> int:
    """Return the slippage of a fill whose random part is left out, in points."""
    return points_without_chance(simulation.symbol.slippage, steps, atr_before(simulation, direction, bar_idx))


def lacks_atr(simulation: Simulation, direction: int, bar_idx: int) -> bool:
    """Return whether slippage needs a volatility that is not known yet."""
    atr_points = atr_before(simulation, direction, bar_idx)
    return simulation.symbol.slippage.volatility is not None and atr_points != atr_points


def atr_before(simulation: Simulation, direction: int, bar_idx: int) -> float:
    """Return ATR(14) of the closing side when the bar opened; NaN if slippage does not need it, or it is not there."""
    if simulation.symbol.slippage.volatility is None:
        return nan
    return simulation.volatility.atr_before(direction, bar_idx)
