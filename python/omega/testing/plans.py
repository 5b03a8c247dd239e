"""Plans for tests: what a test does not say is off."""

from __future__ import annotations

import copy
from typing import Any

__all__ = ["with_features_off"]

_SLIPPAGE = {"impact": None, "volatility": None}
_SYMBOL: dict[str, Any] = {"liquidity": None, "margin": None}
_EXECUTION = {"limit_through_points": 0, "latency_us": 0, "max_participation": None}
_PLAN: dict[str, Any] = {"margin": None, "rates": None, "position_rules": [], "filters": None}


def with_features_off(plan: dict[str, Any]) -> dict[str, Any]:
    """Return a plan in which every optional feature that it does not name is off."""
    full = _PLAN | copy.deepcopy(plan)
    full["execution"] = _EXECUTION | full["execution"]
    full["symbols"] = [_SYMBOL | symbol | {"slippage": _SLIPPAGE | symbol["slippage"]} for symbol in full["symbols"]]
    return full
