"""One open position of a hedging account.

Holds exact sums instead of a mean price: `k` is the sum of points times steps of what is open, so that
profit never depends on a rounded average. Rules POS-1, POS-2 and CST-5 in `docs/spec/engine.md`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from omega.backends.python.numerics import half_even_quotient, quotient
from omega.backends.python.portfolio.margin import released_margin
from omega.backends.python.portfolio.money import Rate, Rates, book, rate_for
from omega.schema import ExitReason, OrderType


@dataclass(slots=True)
class Entered:
    """What all fills of the entry add up to: steps, points times steps, and the margin they took."""

    steps: int = 0
    points: int = 0
    margin: int = 0


@dataclass(slots=True)
class Settled:
    """What the closes so far add up to; money in minor units."""

    closes: int = 0
    steps: int = 0
    points: int = 0
    cost_free: int = 0
    slippage: int = 0
    spread: int = 0
    gross: int = 0
    swap: int = 0


@dataclass(slots=True)
class RuleState:
    """What the position rules know of a position (MGT).

    Attributes:
        done: Bit of every rule that was set off.
        due_parts: Bit of every partial close that is due at the next open.
        due_step: Step in whose first moment the clock closes it, for `due_reason`; None if never.
        seen_before: `lowest` and `highest` before the bar that is worked on.
    """

    done: int = 0
    due_parts: int = 0
    due_step: int | None = None
    due_reason: ExitReason = ExitReason.TIMEOUT
    seen_before: tuple[int | None, int | None] = (None, None)


@dataclass(slots=True)
class Position:
    """An open position. `direction` is +1 for long and -1 for short; levels are points.

    Attributes:
        entry_points: Price of the first fill, from which distances are measured (API-8).
        entry_pass: The pass over a bar in which it opened: older positions existed at the open (FIL-5).
        steps: What is open now; `k`, `k_raw` and `k_cost_free` are its sums at the deals' prices, before
            slippage, and without the spread.
        entry_row: The first row of equity that contains it.
        is_inside: Whether it opened after the open of its bar.
        first_sl: The stop of the first fill, by which risk is measured (POS-2).
        stop_reason: What a close at `sl` is called.
        margin: Held for what is open (MRG).
        commission: Booked so far, entry and closes.
        accrued_swap: Accrued and not yet booked.
    """

    id: int
    symbol: int
    direction: int
    order_type: OrderType
    magic: int
    entry_bar_idx: int
    entry_time_us: int
    entry_points: int
    entry_pass: int
    entry_row: int
    is_inside: bool
    sl: int | None
    tp: int | None
    steps: int = 0
    k: int = 0
    k_raw: int = 0
    k_cost_free: int = 0
    entered: Entered = field(default_factory=Entered)
    settled: Settled = field(default_factory=Settled)
    first_sl: int | None = None
    stop_reason: ExitReason = ExitReason.STOP_LOSS
    rules: RuleState = field(default_factory=RuleState)
    risk: int | None = None
    margin: int = 0
    commission: int = 0
    lowest: int | None = None
    highest: int | None = None
    ambiguous: bool = False
    requested_closes: int = 0
    accrued_swap: int = 0


@dataclass(frozen=True, slots=True)
class Gross:
    """What the price moves of one close were worth, in minor units (CST-5)."""

    cost_free: int
    slippage: int
    spread: int
    booked: int


@dataclass(frozen=True, slots=True)
class DealPrices:
    """The prices of a deal: with slippage, before it, and the spread paid, in points."""

    price: int
    raw_price: int
    spread_points: int


def add_margin(position: Position, margin: int) -> None:
    """Let one fill of the entry hold its margin (MRG)."""
    position.margin += margin
    position.entered.margin += margin


def add_fill(position: Position, deal: DealPrices, steps: int) -> None:
    """Let one fill of the entry enlarge the position."""
    position.steps += steps
    position.k += deal.price * steps
    position.k_raw += deal.raw_price * steps
    position.k_cost_free += (deal.raw_price - deal.spread_points) * steps
    position.entered.steps += steps
    position.entered.points += deal.price * steps


def booked_risk(position: Position, rate: Rate) -> int | None:
    """Return the money at risk of the completed entry, or None without a stop on the loss side (POS-2)."""
    if position.first_sl is None:
        return None
    entered = position.entered
    distance = position.direction * (entered.points - entered.steps * position.first_sl)
    return book(distance, rate) if distance > 0 else None


def see_price(position: Position, price: int) -> None:
    """Let one closing-side price count for MAE and MFE."""
    if position.lowest is None or price < position.lowest:
        position.lowest = price
    if position.highest is None or price > position.highest:
        position.highest = price


def excursions(position: Position) -> tuple[float, float]:
    """Return MAE (<= 0) and MFE (>= 0) in points: `direction · (price - K/n)` of the entry (POS-2)."""
    entered = position.entered
    lowest = 0 if position.lowest is None else position.lowest * entered.steps - entered.points
    highest = 0 if position.highest is None else position.highest * entered.steps - entered.points
    low, high = (lowest, highest) if position.direction > 0 else (-highest, -lowest)
    return quotient(min(low, 0), entered.steps), quotient(max(high, 0), entered.steps)


def close_part(position: Position, steps: int, deal: DealPrices, rates: Rates) -> Gross:
    """Close `steps` of the position and return their gross result with its memos (POS-1).

    The part's share of each sum is rounded half to even and leaves the position; the whole takes all of it.
    One rate converts all of it, that of the booked profit's sign; the part's margin is set free.
    Each memo is the difference of two rounded products, slippage first, so that
    `cost_free + slippage + spread` equals the booked profit exactly.
    """
    direction, open_steps = position.direction, position.steps
    k = half_even_quotient(position.k * steps, open_steps)
    k_raw = half_even_quotient(position.k_raw * steps, open_steps)
    k_cost_free = half_even_quotient(position.k_cost_free * steps, open_steps)
    profit = direction * (deal.price * steps - k)
    rate = rate_for(profit, rates)
    booked = book(profit, rate)
    raw = book(direction * (deal.raw_price * steps - k_raw), rate)
    cost_free = book(direction * ((deal.raw_price - deal.spread_points) * steps - k_cost_free), rate)
    position.margin -= released_margin(position.margin, steps, open_steps)
    position.steps -= steps
    position.k -= k
    position.k_raw -= k_raw
    position.k_cost_free -= k_cost_free
    gross = Gross(cost_free=cost_free, slippage=booked - raw, spread=raw - cost_free, booked=booked)
    _settle(position.settled, steps, deal.price, gross)
    return gross


def settle_swap(position: Position, steps: int, open_steps: int) -> int:
    """Return the accrued swap that a close of `steps` of `open_steps` books, and leave the rest (SWP-1)."""
    swap = half_even_quotient(position.accrued_swap * steps, open_steps)
    position.accrued_swap -= swap
    position.settled.swap += swap
    return swap


def open_profit(position: Position, mark: int, rates: Rates) -> int:
    """Return the profit at the closing side's mark, rounded once (LED-2)."""
    profit = position.direction * (mark * position.steps - position.k)
    return book(profit, rate_for(profit, rates))


def _settle(settled: Settled, steps: int, price: int, gross: Gross) -> None:
    settled.closes += 1
    settled.steps += steps
    settled.points += price * steps
    settled.cost_free += gross.cost_free
    settled.slippage += gross.slippage
    settled.spread += gross.spread
    settled.gross += gross.booked
