"""Strategies: what people write, what they may see at a bar, and what they may ask for."""

from omega.strategy.batch import Batch
from omega.strategy.prepare import Indicator, StrategyData
from omega.strategy.signal import Signal, TradeSignal
from omega.strategy.snapshots import Account, Order, Position
from omega.strategy.strategy import Strategy

__all__ = ["Account", "Batch", "Indicator", "Order", "Position", "Signal", "Strategy", "StrategyData", "TradeSignal"]
