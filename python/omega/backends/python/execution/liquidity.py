"""How much of an order one bar can fill (FIL-12): a share of its volume, or of a fixed number of lots.

Opening fills of a bar share what it offers, in the order in which they happen; exits fill whole.
"""

from __future__ import annotations

from omega.backends.python.execution.sizing import MAX_SIZE_STEPS, whole_steps
from omega.backends.python.numerics import quotient
from omega.backends.python.plan import SymbolPlan
from omega.backends.python.plan_fields import Fraction


class Liquidity:
    """What is left of the volume of the bar in which orders are filled now.

    Attributes:
        unknown_bars: Bars without volume in which something was filled; they count as unlimited.
        exceeded_exits: Exits larger than the bar's limit.
    """

    def __init__(self, participation: Fraction | None, symbol: SymbolPlan, volumes: list[float | None]) -> None:
        self._volumes = volumes
        self._steps_per_unit: float | None = None
        self._fixed_steps: int | None = None
        self._bar_idx = -1
        self._left = 0
        self.unknown_bars = 0
        self.exceeded_exits = 0
        liquidity = symbol.liquidity
        if participation is None or liquidity is None:
            return
        lots = liquidity.lots if liquidity.lots is not None else liquidity.lots_per_volume_unit
        assert lots is not None
        num = participation[0] * lots[0] * symbol.volume_step[1]
        den = participation[1] * lots[1] * symbol.volume_step[0]
        if liquidity.lots is not None:
            self._fixed_steps = min(num // den, MAX_SIZE_STEPS)
        else:
            self._steps_per_unit = quotient(num, den)

    def take(self, bar_idx: int, steps: int, whole: bool) -> int:
        """Return how many of `steps` the bar fills now, and take them from it; all or none if `whole`."""
        if self._steps_per_unit is None and self._fixed_steps is None:
            return steps
        self._look_at(bar_idx)
        taken = steps if steps <= self._left else (0 if whole else self._left)
        self._left -= taken
        return taken

    def see_exit(self, bar_idx: int, steps: int) -> None:
        """Count an exit that is larger than what the bar offers; it is filled all the same."""
        if self._steps_per_unit is None and self._fixed_steps is None:
            return
        if steps > self._limit(bar_idx):
            self.exceeded_exits += 1

    def _look_at(self, bar_idx: int) -> None:
        if bar_idx == self._bar_idx:
            return
        self._bar_idx = bar_idx
        self._left = self._limit(bar_idx)
        if self._left == MAX_SIZE_STEPS:
            self.unknown_bars += 1

    def _limit(self, bar_idx: int) -> int:
        """Return the steps a bar offers; without volume, more than any order has."""
        if self._fixed_steps is not None:
            return self._fixed_steps
        volume = self._volumes[bar_idx]
        if volume is None or not volume > 0.0 or self._steps_per_unit is None:
            return MAX_SIZE_STEPS
        return whole_steps(volume * self._steps_per_unit)
