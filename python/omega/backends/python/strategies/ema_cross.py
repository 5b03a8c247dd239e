"""Buy when the fast EMA crosses above the slow one, sell on the opposite cross.

Bid closes of the step timeframe; stop and target as pip distances from the fill. The same rules as
`examples/ema_cross.py`. Crossing as in IND-6: a[-2] <= b[-2] and a[-1] > b[-1], mirrored below.
"""

from __future__ import annotations

from typing import Any

from omega.backends.python.engine.signals import Signal
from omega.backends.python.indicators.ema import Ema
from omega.backends.python.market import Market
from omega.backends.python.plan import Plan
from omega.errors import error_for
from omega.schema import Direction, OrderType, SignalKind, Tif

NAMES = ["fast", "slow", "stop_pips", "target_pips"]


def signals(market: Market, plan: Plan) -> list[Signal]:
    """Return one order per crossing, from the last warm-up bar to the last bar but one."""
    parameters = _parameters(plan)
    fast, slow = Ema(parameters["fast"]), Ema(parameters["slow"])
    scale = float(10 ** market.series[0].digits)
    closes = market.series[0].bid.close
    found: list[Signal] = []
    fast_before = slow_before = float("nan")
    for bar_idx in range(market.bar_count - 1):
        price = float(closes[bar_idx]) / scale
        fast_now, slow_now = fast.update(price), slow.update(price)
        if bar_idx + 1 >= plan.first_step:
            if fast_before <= slow_before and fast_now > slow_now:
                found.append(_order(bar_idx, Direction.LONG, parameters))
            elif fast_before >= slow_before and fast_now < slow_now:
                found.append(_order(bar_idx, Direction.SHORT, parameters))
        fast_before, slow_before = fast_now, slow_now
    return found


def _parameters(plan: Plan) -> dict[str, Any]:
    raw = (plan.strategy or {}).get("parameters")
    if not isinstance(raw, dict) or sorted(raw) != NAMES:
        raise error_for("config.plan", reason="ema_cross takes fast, slow, stop_pips, target_pips")
    for name in ("fast", "slow"):
        if not isinstance(raw[name], int) or isinstance(raw[name], bool) or not 1 <= raw[name] <= 100_000:
            raise error_for("config.plan", reason="ema_cross periods must be integers from 1 to 100000")
    for name in ("stop_pips", "target_pips"):
        if not isinstance(raw[name], (int, float)) or isinstance(raw[name], bool) or not raw[name] > 0:
            raise error_for("config.plan", reason="ema_cross distances must be numbers above 0")
    return raw


def _order(bar_idx: int, direction: Direction, parameters: dict[str, Any]) -> Signal:
    return Signal(
        bar_idx=bar_idx,
        kind=int(SignalKind.ORDER),
        direction=int(direction),
        order_type=int(OrderType.MARKET),
        symbol=0,
        magic=None,
        target=None,
        size=None,
        sl=None,
        tp=None,
        sl_points=None,
        tp_points=None,
        sl_pips=float(parameters["stop_pips"]),
        tp_pips=float(parameters["target_pips"]),
        entry=None,
        limit=None,
        expiry=None,
        expiry_bars=None,
        tif=int(Tif.GTC),
        oco=None,
        share=None,
        sl_atr=None,
        fault=0,
    )
