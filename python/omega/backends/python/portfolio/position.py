"""One open position of a hedging account.

Holds exact sums instead of a mean price: `k` is the sum of points times steps of the entry, so that
profit never depends on a rounded average. Rules POS-1, POS-2 and CST-5 in `docs/spec/engine.md`.
"""

from __future__ import annotations

from dataclasses import dataclass

from omega.backends.python.numerics import quotient
from omega.backends.python.portfolio.money import Rate, book


@dataclass(slots=True)
class Position:
    """An open position. `direction` is +1 for long and -1 for short; levels are points."""

    id: int
    symbol: int
    direction: int
    magic: int
    entry_bar_idx: int
    entry_time_us: int
    steps: int
    k: int
    k_raw: int
    k_cost_free: int
    sl: int | None
    tp: int | None
    risk: int | None
    commission: int
    lowest: int | None = None
    highest: int | None = None
    ambiguous: bool = False
    requested_closes: int = 0
    accrued_swap: int = 0


@dataclass(frozen=True, slots=True)
class Gross:
    """What the price moves of one position were worth, in minor units (CST-5)."""

    cost_free: int
    slippage: int
    spread: int
    booked: int


def booked_risk(position: Position, rate: Rate) -> int | None:
    """Return the money at risk of the completed entry, or None without a stop on the loss side (POS-2)."""
    if position.sl is None:
        return None
    distance = position.direction * (position.k - position.steps * position.sl)
    return book(distance, rate) if distance > 0 else None


def see_price(position: Position, price: int) -> None:
    """Let one closing-side price count for MAE and MFE."""
    if position.lowest is None or price < position.lowest:
        position.lowest = price
    if position.highest is None or price > position.highest:
        position.highest = price


def excursions(position: Position) -> tuple[float, float]:
    """Return MAE (<= 0) and MFE (>= 0) in points: `direction · (price - K/n)` (POS-2)."""
    lowest = 0 if position.lowest is None else position.lowest * position.steps - position.k
    highest = 0 if position.highest is None else position.highest * position.steps - position.k
    low, high = (lowest, highest) if position.direction > 0 else (-highest, -lowest)
    return quotient(min(low, 0), position.steps), quotient(max(high, 0), position.steps)


def close_gross(position: Position, price: int, raw_price: int, spread_points: int, rate: Rate) -> Gross:
    """Return the gross result of closing the whole position at `price`, with its memos.

    Each memo is the difference of two rounded products, slippage first, so that
    `cost_free + slippage + spread` equals the booked profit exactly.
    """
    direction, steps = position.direction, position.steps
    booked = book(direction * (price * steps - position.k), rate)
    raw = book(direction * (raw_price * steps - position.k_raw), rate)
    cost_free = book(direction * ((raw_price - spread_points) * steps - position.k_cost_free), rate)
    return Gross(cost_free=cost_free, slippage=booked - raw, spread=raw - cost_free, booked=booked)


def open_profit(position: Position, mark: int, rate: Rate) -> int:
    """Return the profit at the closing side's mark, rounded once (LED-2)."""
    return book(position.direction * (mark * position.steps - position.k), rate)
