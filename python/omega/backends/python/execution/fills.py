"""Prices at which pending orders fill inside one bar.

A bar hides the path between its four prices. These functions choose the worst price that the path still
allows, and never one outside the bar. They do not know about cash, size or costs; prices are points of the
order's side (ask for buys, bid for sells).

Rules FIL-2 to FIL-4 in `docs/spec/engine.md`; what closes a position is in `exits`.
"""

from __future__ import annotations

from dataclasses import dataclass

from omega.backends.python.execution.path import Legs
from omega.backends.python.market import Ohlc
from omega.schema import Moment, OrderType, Rule


@dataclass(frozen=True, slots=True)
class Trigger:
    """What a working order waits for, in points.

    Attributes:
        order_type: limit, stop or stop_limit.
        direction: +1 for buys, -1 for sells.
        price: P. limit: L of a stop-limit, else None.
        is_triggered: Whether a stop-limit has reached P in an earlier bar and works as a limit at L.
        through: Points by which a limit has to be passed (`limit_fill: "through"`), 0 for a touch.
    """

    order_type: OrderType
    direction: int
    price: int
    limit: int | None
    is_triggered: bool
    through: int


@dataclass(frozen=True, slots=True)
class Entry:
    """How a bar fills an order: at which raw price, by which level and rule, where in the bar.

    `is_stop` tells how the price came to the level: rising to a buy, or falling to it (FIL-8). `is_pullback`
    marks a stop-limit that was triggered in this bar and filled on the way back: an extreme of the bar may lie
    before its trigger.
    """

    raw_price: int
    level: int
    rule: Rule
    moment: Moment
    is_stop: bool
    is_pullback: bool = False
    path_step: int | None = None


def works_as_limit(trigger: Trigger) -> bool:
    """Return whether the order waits for a better price: a limit, or a stop-limit that has been triggered."""
    return trigger.order_type is OrderType.LIMIT or trigger.is_triggered


def is_limit_met(trigger: Trigger, price: int) -> bool:
    """Return whether a limit order, or a stop-limit at its L, fills at `price` (FIL-2)."""
    limit = trigger.price if trigger.limit is None else trigger.limit
    return trigger.direction * (limit - price) >= trigger.through


def is_stop_met(trigger: Trigger, price: int) -> bool:
    """Return whether a stop or stop-limit is triggered at `price` (FIL-3)."""
    return trigger.direction * (price - trigger.price) >= 0


def entry_at_open(trigger: Trigger, open_: int) -> Entry | None:
    """Return the fill that the open alone decides, or None ("O if O is beyond").

    Example: a buy stop at 105 on a bar that opens at 110 fills at 110, not at 105.
    """
    if works_as_limit(trigger):
        return _entry_at_limit(trigger, open_) if is_limit_met(trigger, open_) else None
    if not is_stop_met(trigger, open_):
        return None
    if trigger.order_type is OrderType.STOP:
        return Entry(open_, trigger.price, Rule.FIL_3, Moment.OPEN, is_stop=True)
    return _entry_at_limit(trigger, open_) if is_limit_met(trigger, open_) else None


def entry_inside(trigger: Trigger, bar: Ohlc) -> Entry | None:
    """Return the fill between open and close, or None. To be asked only when the open decided nothing.

    A stop-limit that the bar triggers and does not fill works as a limit from the next bar on (FIL-4).
    """
    is_buy = trigger.direction > 0
    if works_as_limit(trigger):
        reached = is_limit_met(trigger, bar.low if is_buy else bar.high)
        return _limit_entry_inside(trigger, bar, is_pullback=False, step=None) if reached else None
    if not is_stop_met(trigger, bar.high if is_buy else bar.low):
        return None
    if trigger.order_type is OrderType.STOP:
        return Entry(trigger.price, trigger.price, Rule.FIL_3, Moment.INSIDE, is_stop=True)
    if is_limit_met(trigger, trigger.price):
        return Entry(trigger.price, trigger.price, Rule.FIL_4, Moment.INSIDE, is_stop=True)
    if is_limit_met(trigger, bar.close):
        return _limit_entry_inside(trigger, bar, is_pullback=True, step=None)
    return None


def entry_on_path(trigger: Trigger, bar: Ohlc, ends: Legs) -> Entry | None:
    """Return the fill on the first leg that reaches the order's level, or None (FIL-7)."""
    waits = works_as_limit(trigger)
    for step, end in enumerate(ends, start=1):
        if waits:
            if is_limit_met(trigger, end):
                return _limit_entry_inside(trigger, bar, is_pullback=not works_as_limit(trigger), step=step)
        elif is_stop_met(trigger, end):
            if trigger.order_type is OrderType.STOP:
                return Entry(trigger.price, trigger.price, Rule.FIL_3, Moment.INSIDE, is_stop=True, path_step=step)
            if is_limit_met(trigger, trigger.price):
                return Entry(trigger.price, trigger.price, Rule.FIL_4, Moment.INSIDE, is_stop=True, path_step=step)
            waits = True
    return None


def _limit_of(trigger: Trigger) -> int:
    return trigger.price if trigger.limit is None else trigger.limit


def _entry_at_limit(trigger: Trigger, open_: int) -> Entry:
    return Entry(open_, _limit_of(trigger), _limit_rule(trigger), Moment.OPEN, is_stop=False)


def _limit_entry_inside(trigger: Trigger, bar: Ohlc, is_pullback: bool, step: int | None) -> Entry:
    """Return a fill at the limit, or at the nearest price on offer where a bar passes it without touching it."""
    limit = _limit_of(trigger)
    price = min(limit, bar.high) if trigger.direction > 0 else max(limit, bar.low)
    return Entry(price, limit, _limit_rule(trigger), Moment.INSIDE, False, is_pullback, step)


def _limit_rule(trigger: Trigger) -> Rule:
    return Rule.FIL_2 if trigger.order_type is OrderType.LIMIT else Rule.FIL_4
