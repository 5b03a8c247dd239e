"""What a strategy asks for: the names of a signal, their aliases, and the one class that carries them.

A `Signal` holds what was written; nothing is checked here beyond the names. Texts are checked by
`normalise`, numbers by the backends (SIG-1).
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self

from omega.errors import OmegaError, error_for

if TYPE_CHECKING:
    import numpy as np

    from omega.strategy.snapshots import Order, Position

    Expiry = str | date | np.datetime64

__all__ = ["ALIASES", "IGNORED", "OrderType", "Side", "Signal", "Tif", "TradeSignal", "hint_for", "merged", "names"]

Kind = Literal["order", "close", "cancel", "modify"]
Side = Literal["long", "short", "buy", "sell"]
OrderType = Literal["market", "limit", "stop", "stop_limit"]
Tif = Literal["gtc", "gtd", "day", "ioc", "fok"]


class Signal(NamedTuple):
    """One request of a strategy: place an order, close positions, cancel or modify. Immutable; give fields by name.

    Attributes:
        kind: ``"order"``, ``"close"``, ``"cancel"`` or ``"modify"``.
        direction: ``"long"`` (``"buy"``) or ``"short"`` (``"sell"``); for closes and cancels a filter, None = both.
        type: ``"market"``, ``"limit"``, ``"stop"`` or ``"stop_limit"``.
        symbol: Name of the traded symbol; None = the symbol of the run.
        magic: Tag of the strategy, an integer; for closes and cancels a filter, None = any.
        target: Close, cancel, modify: the one position or order, or its id; None = every one the filters match.
        size: Volume in lots, > 0; None = by the run's sizing.
        sl: Stop loss as an absolute price. tp: Take profit as an absolute price. In a modify, 0 removes it.
        sl_points: Stop loss as a distance from the fill, in points. tp_points: the same for the take profit.
        sl_pips: Stop loss as a distance from the fill, in pips. tp_pips: the same for the take profit.
        entry: Price at which a limit or stop order is triggered. A market order has none: it is ignored.
        limit: Second price of a stop-limit order: the limit that works once `entry` was reached.
        expiry: The order works in bars that open before it: a date-time with a zone, a date (17:00 New York
            of the day before), or a time of NumPy, which is UTC like `Batch.time`.
        expiry_bars: The order works in this many bars, >= 1; instead of `expiry`.
        tif: ``"gtc"``, ``"gtd"``, ``"day"``, ``"ioc"`` or ``"fok"``.
        oco: Name or number of a group of orders: a fill of one cancels the others.
        share: Close: part of the first volume, above 0 and at most 1; None = all.
        sl_atr: Stop loss as a distance from the fill, in ATR(14) of the step timeframe.
        reason: Why, in words. tags: Labels. scenario: Name of the case.
        meta: Anything that is JSON. These four come back with the trade.
        bar_idx: Only in answers of on_batch: the completed bar the decision was made on.
    """

    kind: Kind = "order"
    direction: Side | None = None
    type: OrderType = "market"
    symbol: str | None = None
    magic: int | None = None
    target: int | Position | Order | None = None
    size: float | None = None
    sl: float | None = None
    tp: float | None = None
    sl_points: float | None = None
    tp_points: float | None = None
    sl_pips: float | None = None
    tp_pips: float | None = None
    entry: float | None = None
    limit: float | None = None
    expiry: Expiry | None = None
    expiry_bars: int | None = None
    tif: Tif = "gtc"
    oco: str | int | None = None
    share: float | None = None
    sl_atr: float | None = None
    reason: str | None = None
    tags: Sequence[str] | None = None
    scenario: str | None = None
    meta: Mapping[str, Any] | None = None
    bar_idx: int | None = None


names: tuple[str, ...] = Signal._fields

ALIASES: Mapping[str, str] = {
    "entry_price": "entry",
    "limit_price": "limit",
    "stop_loss": "sl",
    "take_profit": "tp",
    "stop_loss_points": "sl_points",
    "take_profit_points": "tp_points",
    "stop_loss_pips": "sl_pips",
    "take_profit_pips": "tp_pips",
    "stop_loss_atr": "sl_atr",
    "order_type": "type",
    "time_in_force": "tif",
    "side": "direction",
    "metadata": "meta",
    "position_id": "target",
    "order_id": "target",
    "lots": "size",
}
"""Other spellings accepted in mappings, objects and tables. Of `meta` both may be given: they are merged."""

IGNORED: frozenset[str] = frozenset({"timestamp"})
"""Accepted and not read: the time of a signal is that of the bar it was decided on."""

_MEANT: Mapping[str, str] = {
    "stop": "sl",
    "volume": "size",
    "quantity": "size",
    "qty": "size",
    "action": "direction",
    "comment": "reason",
    "price": "entry",
    "expiration": "expiry",
    "valid_until": "expiry",
    "oco_group": "oco",
    "fraction": "share",
}
"""Words of other packages that are too far from ours to be found by their letters."""


class TradeSignal(Signal):
    """A `Signal` written and read with the long names: `entry_price`, `stop_loss`, `take_profit`, `timestamp`.

    Every spelling of `ALIASES` is taken. `timestamp` is not kept: a signal works after the bar it is
    decided on, whatever else it says.
    """

    __slots__ = ()

    def __new__(cls, **fields: Any) -> Self:
        """Make a signal of fields by any of their names.

        Raises:
            SignalError: ``signal.unknown_field``; ``signal.two_levels`` for a field under two names.
        """
        known: dict[str, Any] = {}
        for name, value in fields.items():
            own = ALIASES.get(name, name)
            if own not in names and name not in IGNORED:
                raise unknown_field(name)
            if value is None or name in IGNORED:
                continue
            if own in known and (value := merged(own, known[own], value)) is None:
                raise error_for("signal.two_levels", bar_idx=None, time_us=None, field=own)
            known[own] = value
        return super().__new__(cls, **known)

    @property
    def entry_price(self) -> float | None:
        """The price at which the order is triggered: `entry`."""
        return self.entry

    @property
    def stop_loss(self) -> float | None:
        """The stop loss as a price: `sl`."""
        return self.sl

    @property
    def take_profit(self) -> float | None:
        """The take profit as a price: `tp`."""
        return self.tp


def merged(name: str, first: Any, second: Any) -> Any:
    """Return one value of a field that was given under two names, None if there is none.

    Only `meta` and `metadata` may both be given, as mappings that do not contradict each other.
    """
    if name != "meta" or not (isinstance(first, Mapping) and isinstance(second, Mapping)):
        return None
    both = {**first, **second}
    return both if {**second, **first} == both else None


def unknown_field(name: str, *, bar_idx: int | None = None, time_us: int | None = None) -> OmegaError:
    """Return the error about a name that is not a signal's."""
    return error_for("signal.unknown_field", bar_idx=bar_idx, time_us=time_us, value=repr(name), hint=hint_for(name))


def hint_for(name: str) -> str:
    """Return the second half of the message about a name that is not a signal's."""
    if name in ("tp_atr", "take_profit_atr"):
        return " A target is a price (tp) or a distance in points or pips (tp_points, tp_pips)."
    if name in _MEANT:
        return f" Did you mean {_MEANT[name]!r}?"
    close = difflib.get_close_matches(name, [*names, *ALIASES], n=1)
    return f" Did you mean {ALIASES.get(close[0], close[0])!r}?" if close else f" Known: {', '.join(names)}."
