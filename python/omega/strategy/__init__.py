"""Strategies: what people write, what they may see at a bar, and what they may ask for."""

from omega.strategy.batch import Batch
from omega.strategy.prepare import Indicator, StrategyData
from omega.strategy.signal import Signal
from omega.strategy.strategy import Account, Position, Strategy

__all__ = ["Account", "Batch", "Indicator", "Position", "Signal", "Strategy", "StrategyData"]
