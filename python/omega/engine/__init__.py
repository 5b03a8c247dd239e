"""Public faces of the engine: `backtest` and its result, `Portfolio`."""

from omega.engine.fingerprint import Fingerprint
from omega.engine.metrics import Metrics
from omega.engine.portfolio import Booked, Portfolio, PortfolioPosition
from omega.engine.result import BacktestResult, Stats
from omega.engine.run import backtest
from omega.engine.tables import Table

__all__ = [
    "BacktestResult",
    "Booked",
    "Fingerprint",
    "Metrics",
    "Portfolio",
    "PortfolioPosition",
    "Stats",
    "Table",
    "backtest",
]
