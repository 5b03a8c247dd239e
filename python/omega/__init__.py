"""omega: backtests of FX and CFD strategies with numbers you can check.

Two nouns for most people: `Strategy` and `backtest`. The guide is in `docs/guide/`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from omega.data import MarketData, load
    from omega.engine import BacktestResult, Portfolio, backtest
    from omega.errors import OmegaError
    from omega.execution import ExecutionSimulator
    from omega.indicators import IndicatorCache
    from omega.rating import RatingPipeline, RatingResult
    from omega.runner import rate
    from omega.strategy import Signal, Strategy

__all__ = [
    "BacktestResult",
    "ExecutionSimulator",
    "IndicatorCache",
    "MarketData",
    "OmegaError",
    "Portfolio",
    "RatingPipeline",
    "RatingResult",
    "Signal",
    "Strategy",
    "__version__",
    "backtest",
    "load",
    "rate",
]

__version__ = "0.1.0"

_HOMES = {
    "BacktestResult": "omega.engine",
    "ExecutionSimulator": "omega.execution",
    "IndicatorCache": "omega.indicators",
    "MarketData": "omega.data",
    "OmegaError": "omega.errors",
    "Portfolio": "omega.engine",
    "RatingPipeline": "omega.rating",
    "RatingResult": "omega.rating",
    "Signal": "omega.strategy",
    "Strategy": "omega.strategy",
    "backtest": "omega.engine",
    "load": "omega.data",
    "rate": "omega.runner",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: `import omega` stays light."""
    if name not in _HOMES:
        raise AttributeError(f"module 'omega' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
