"""Native strategies: decisions made from indicators alone, without Python callbacks (API-1).

A native strategy yields the signal table that the same rules would give from `on_bar`.
"""

from __future__ import annotations

from omega.backends.python.engine.signals import Signal
from omega.backends.python.market import Market
from omega.backends.python.plan import Plan
from omega.backends.python.strategies import ema_cross
from omega.errors import error_for


def native_signals(market: Market, plan: Plan) -> list[Signal]:
    """Return the signals of the plan's native strategy.

    Raises:
        ConfigError: ``config.plan`` for a plan without strategy, or one this engine does not know.
    """
    if plan.strategy is None:
        raise error_for("config.plan", reason="neither signals nor a native strategy are given")
    if plan.strategy["native"] != "ema_cross":
        raise error_for("config.plan", reason="there is no such native strategy")
    return ema_cross.signals(market, plan)
