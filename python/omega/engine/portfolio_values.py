"""Values a portfolio answers with."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Booked", "PortfolioPosition"]


@dataclass(frozen=True, slots=True)
class PortfolioPosition:
    """One open position, as it was when it was asked for. Money is account currency.

    Attributes:
        id: Its number.
        symbol: Symbol.
        direction: +1 for long, -1 for short.
        magic_number: Tag of the strategy.
        entry_price: Volume-weighted mean of its opening deals.
        entry_time: Time of the first one, UTC microseconds.
        size: Open volume, lots.
        take_profit: Target, if any. The portfolio keeps levels and does not act on them.
        stop_loss: Stop, if any.
        trailing_stop: Distance of a trailing stop, if any.
        accrued_swap: Swap accrued and not yet booked.
        open_profit: Profit at the last price of the closing side.
    """

    id: int
    symbol: str
    direction: int
    magic_number: int
    entry_price: float
    entry_time: int
    size: float
    take_profit: float | None
    stop_loss: float | None
    trailing_stop: float | None
    accrued_swap: float
    open_profit: float

    @property
    def magic(self) -> int:
        """The same as `magic_number`."""
        return self.magic_number

    @property
    def price(self) -> float:
        """The same as `entry_price`."""
        return self.entry_price

    @property
    def sl(self) -> float | None:
        """The same as `stop_loss`."""
        return self.stop_loss

    @property
    def tp(self) -> float | None:
        """The same as `take_profit`."""
        return self.take_profit


@dataclass(frozen=True, slots=True)
class Booked:
    """What a close booked, account currency: profit, and its share of the accrued swap."""

    profit: float
    swap: float
