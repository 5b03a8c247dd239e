"""What a strategy asks for: the names of a signal, their aliases, and the one class that carries them.

A `Signal` holds what was written; nothing is checked here beyond the names. Texts are checked by
`normalise`, numbers by the backends (SIG-1).
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

__all__ = ["ALIASES", "LATER", "Signal", "hint_for", "names"]

Side = Literal["long", "short", "buy", "sell"]


class Signal(NamedTuple):
    """One request of a strategy: open a position, or close some. Immutable; give fields by name.

    Attributes:
        kind: ``"order"`` or ``"close"``.
        direction: ``"long"`` (``"buy"``) or ``"short"`` (``"sell"``); for a close a filter, None = both.
        type: ``"market"``.
        symbol: Name of the traded symbol; None = the symbol of the run.
        magic: Tag of the strategy, an integer; for a close a filter, None = any.
        target: Close: id of the one position to close; None = every position the filters match.
        size: Volume in lots, > 0; None = by the run's sizing.
        sl: Stop loss as an absolute price. tp: Take profit as an absolute price.
        sl_points: Stop loss as a distance from the fill, in points. tp_points: the same for the take profit.
        sl_pips: Stop loss as a distance from the fill, in pips. tp_pips: the same for the take profit.
        reason: Why, in words. tags: Labels. scenario: Name of the case.
        meta: Anything that is JSON. These four come back with the trade.
        bar_idx: Only in answers of on_batch: the completed bar the decision was made on.
    """

    kind: Literal["order", "close"] = "order"
    direction: Side | None = None
    type: Literal["market"] = "market"
    symbol: str | None = None
    magic: int | None = None
    target: int | None = None
    size: float | None = None
    sl: float | None = None
    tp: float | None = None
    sl_points: float | None = None
    tp_points: float | None = None
    sl_pips: float | None = None
    tp_pips: float | None = None
    reason: str | None = None
    tags: Sequence[str] | None = None
    scenario: str | None = None
    meta: Mapping[str, Any] | None = None
    bar_idx: int | None = None


names: tuple[str, ...] = Signal._fields

ALIASES: Mapping[str, str] = {
    "stop_loss": "sl",
    "take_profit": "tp",
    "stop_loss_points": "sl_points",
    "take_profit_points": "tp_points",
    "stop_loss_pips": "sl_pips",
    "take_profit_pips": "tp_pips",
    "order_type": "type",
    "side": "direction",
    "metadata": "meta",
    "position_id": "target",
    "lots": "size",
}
"""Other spellings accepted in mappings, objects and tables."""

LATER: frozenset[str] = frozenset(
    {"entry", "entry_price", "limit", "expiry", "oco", "tif", "share", "sl_atr", "tp_atr", "stop_loss_atr"}
)
"""Names of orders this version does not simulate. Given as None they are ignored."""


_MEANT: Mapping[str, str] = {
    "stop": "sl",
    "volume": "size",
    "quantity": "size",
    "qty": "size",
    "action": "direction",
    "comment": "reason",
}
"""Words of other packages that are too far from ours to be found by their letters."""


def hint_for(name: str) -> str:
    """Return the second half of the message about a name that is not a signal's."""
    if name in LATER:
        return " This version simulates market orders with a stop and a target; the field is not available yet."
    if name in _MEANT:
        return f" Did you mean {_MEANT[name]!r}?"
    close = difflib.get_close_matches(name, [*names, *ALIASES], n=1)
    return f" Did you mean {ALIASES.get(close[0], close[0])!r}?" if close else f" Known: {', '.join(names)}."
