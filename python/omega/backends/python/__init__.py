"""The Python backend: the executable specification, and the fallback where the extension is absent.

Same path, same stem, same function order as `rust/omega-core/src`; both give the same bits. Loops, tuples
and small dataclasses only: it should teach.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from omega.schema import SCHEMA_HASH

if TYPE_CHECKING:
    from omega.backends.python.engine.simulation import simulate
    from omega.backends.python.engine.simulator import open_simulator
    from omega.backends.python.engine.stepwise import simulate_stepwise
    from omega.backends.python.indicators.columns import compute_indicators
    from omega.backends.python.market import open_market
    from omega.backends.python.portfolio.holdings import open_portfolio
    from omega.backends.python.rating.replay import replay, stress_market
    from omega.backends.python.statistics import compute_metrics, rate

__all__ = [
    "compute_indicators",
    "compute_metrics",
    "describe",
    "name",
    "open_market",
    "open_portfolio",
    "open_simulator",
    "rate",
    "replay",
    "simulate",
    "simulate_stepwise",
    "stress_market",
]

name: str = "python"

_HOMES = {
    "compute_indicators": "indicators.columns",
    "compute_metrics": "statistics",
    "open_market": "market",
    "open_portfolio": "portfolio.holdings",
    "open_simulator": "engine.simulator",
    "rate": "statistics",
    "replay": "rating.replay",
    "simulate": "engine.simulation",
    "simulate_stepwise": "engine.stepwise",
    "stress_market": "rating.replay",
}


def __getattr__(name: str) -> Any:
    """Import a call when it is first used: a run of the extension asks the twin for its name only."""
    if name not in _HOMES:
        raise AttributeError(f"module 'omega.backends.python' has no attribute {name!r}")
    call = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = call
    return call


def describe() -> Mapping[str, str]:
    """Return name, version, schema_hash and profile of this backend."""
    return {"name": name, "version": "0.1.0", "schema_hash": SCHEMA_HASH, "profile": "interpreted"}
