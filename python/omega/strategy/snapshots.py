"""What a running strategy may read of its books: frozen copies, taken when they are asked for (API-2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from omega.schema import Direction, OrderType
from omega.values import utc

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from omega.backends.protocol import SignalRow

__all__ = ["Account", "Order", "Position"]

SIDES = {int(side): side.name.lower() for side in Direction}
TYPES = {int(kind): kind.name.lower() for kind in OrderType}


@dataclass(frozen=True, slots=True)
class Position:
    """One open position, as it was when `Strategy.positions` was read. Prices are floats, size is in lots.

    `is_closing` says that a close of it, or of a part, is due: asked for, or by a rule or a stop-out in the next step.
    """

    id: int
    symbol: str
    direction: str
    magic: int
    entry_bar_idx: int
    entry_time_us: int
    entry_price: float
    size: float
    sl: float | None
    tp: float | None
    is_closing: bool = False

    @property
    def entry_time(self) -> datetime:
        """Time of the entry as a UTC date-time."""
        return utc(self.entry_time_us)


@dataclass(frozen=True, slots=True)
class Order:
    """One working order, as it was when `Strategy.orders` was read. Prices are floats, `size` is what is left, in lots.

    Attributes:
        id: Number of the order; a position it opens has the same.
        type: ``"limit"``, ``"stop"``, ``"stop_limit"``; ``"market"`` for the rest of one filled in part.
        entry: Price at which it is triggered; None for market orders.
        limit: Second price of a stop-limit order, else None.
        sl: Stop loss as a price; None where it has none, or a distance that starts at the fill.
        tp: Take profit, likewise.
        expiry_us: It works in bars that open before this time (UTC microseconds); None without one.
        oco: Name or number of its group, else None.
    """

    id: int
    symbol: str
    direction: str
    type: str
    magic: int
    entry: float | None
    limit: float | None
    size: float
    sl: float | None
    tp: float | None
    expiry_us: int | None
    oco: str | int | None

    @property
    def expiry(self) -> datetime | None:
        """Its expiry as a UTC date-time."""
        return None if self.expiry_us is None else utc(self.expiry_us)


@dataclass(frozen=True, slots=True)
class Account:
    """The account as it was when `Strategy.account` was read, in account currency."""

    balance: float
    equity: float
    currency: str


class Books(Protocol):
    """What a running strategy can ask about the moment, its positions, orders and account."""

    def moment(self) -> tuple[int, int]: ...

    def positions(self) -> tuple[Position, ...]: ...
    def orders(self) -> tuple[Order, ...]: ...
    def account(self) -> Account: ...


def position_of(row: tuple[Any, ...], symbols: Sequence[Mapping[str, Any]], closes: Sequence[SignalRow]) -> Position:
    """Return the snapshot of one tuple of `Session.positions`.

    Args:
        row: The tuple.
        symbols: Those of the plan.
        closes: Signal rows of closes that were asked for and are not filled.
    """
    number, symbol, direction, magic, entry_bar_idx, entry_us, entry_points, steps, sl, tp, is_due = row
    spec = symbols[symbol]
    return Position(
        id=number,
        symbol=spec["name"],
        direction=SIDES[direction],
        magic=magic,
        entry_bar_idx=entry_bar_idx,
        entry_time_us=entry_us,
        entry_price=entry_points / _scale(spec),
        size=_lots(steps, spec),
        sl=_price(sl, spec),
        tp=_price(tp, spec),
        is_closing=is_due or any(_closes(close, row) for close in closes),
    )


def order_of(row: tuple[Any, ...], symbols: Sequence[Mapping[str, Any]], groups: Mapping[int, str]) -> Order:
    """Return the snapshot of one tuple of `Session.orders`; `groups` are the names behind OCO numbers."""
    number, symbol, direction, order_type, magic, entry, limit, steps, sl, tp, expiry_us, oco = row
    spec = symbols[symbol]
    return Order(
        id=number,
        symbol=spec["name"],
        direction=SIDES[direction],
        type=TYPES[order_type],
        magic=magic,
        entry=_price(entry, spec),
        limit=_price(limit, spec),
        size=_lots(steps, spec),
        sl=_price(sl, spec),
        tp=_price(tp, spec),
        expiry_us=expiry_us,
        oco=groups.get(oco, oco),
    )


def _closes(close: SignalRow, position: tuple[Any, ...]) -> bool:
    """Return whether a close row means a position: by target, direction, symbol and magic."""
    _, _, direction, _, symbol, magic, target, *_ = close
    is_meant = target in (None, position[0]) and symbol == position[1]
    return is_meant and direction in (Direction.NONE, position[2]) and magic in (None, position[3])


def _scale(spec: Mapping[str, Any]) -> float:
    return float(10 ** spec["digits"])


def _price(points: int | None, spec: Mapping[str, Any]) -> float | None:
    return None if points is None else points / _scale(spec)


def _lots(steps: int, spec: Mapping[str, Any]) -> float:
    top, bottom = spec["volume_step"]
    return float(steps * top / bottom)
