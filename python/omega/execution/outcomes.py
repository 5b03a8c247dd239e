"""What signals and bars led to, as values: results, exits, sums. Money is account currency, costs are negative."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from omega.engine.tables import Units, present_table
from omega.error_catalogue import CODE_BY_NUMBER
from omega.schema import ExitReason, LedgerKind, SignalKind

__all__ = ["ExecutionResult", "ExecutionStats", "Exit", "exits_table", "result_of", "stats_of"]

_DONE = {SignalKind.CANCEL: "cancelled", SignalKind.MODIFY: "modified"}
_EXITS = pa.schema(
    [
        pa.field("position_id", pa.int64(), nullable=False),
        pa.field("symbol", pa.string(), nullable=False),
        pa.field("direction", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("time", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("price", pa.float64(), nullable=False),
        pa.field("size_lots", pa.float64(), nullable=False),
        pa.field("pnl", pa.float64(), nullable=False),
    ]
)


@dataclass(frozen=True, slots=True)
class ExecutionResult:
    """What became of one signal.

    Attributes:
        executed: Whether it did something: filled, closed, modified, cancelled, or works as a pending order.
        status: ``"filled"``, ``"partly_filled"``, ``"working"``, ``"closed"``, ``"modified"``, ``"cancelled"``,
            ``"waiting"`` (it is late by the latency, or there is no bar left), ``"dropped"`` (its target never
            opened) or ``"rejected"``.
        code: Why it was refused, None otherwise.
        order_id: Number of the signal; of an order that is the id of its position, too.
        fill_price: Volume-weighted mean of its fills, None without one.
        fill_time: Time of the first one, UTC microseconds.
        size: Lots filled.
        slippage: Cost of slippage, <= 0.
        spread: Cost of the spread, <= 0.
        commission: Commission booked, <= 0.
    """

    executed: bool
    status: str
    code: str | None
    order_id: int
    fill_price: float | None
    fill_time: int | None
    size: float
    slippage: float
    spread: float
    commission: float


@dataclass(frozen=True, slots=True)
class ExecutionStats:
    """Sums over everything filled so far; swap is what has accrued, credits positive."""

    orders: int
    fills: int
    rejections: int
    slippage: float
    spread: float
    commission: float
    swap: float

    @property
    def total(self) -> float:
        """What execution cost: spread, slippage, commission and swap."""
        return self.slippage + self.spread + self.commission + self.swap


@dataclass(frozen=True, slots=True)
class Exit:
    """One closing deal, or with the kind ``no_exit`` a position that stays open, marked at the last close."""

    position_id: int
    symbol: str
    direction: str
    kind: str
    time: datetime
    price: float
    size_lots: float
    pnl: float


def result_of(
    number: int,
    row: tuple[Any, ...],
    raw: Mapping[str, Any],
    symbol: Mapping[str, Any],
    units: Units,
    *,
    has_bars: bool,
) -> ExecutionResult:
    """Return what became of a signal.

    Args:
        number: Its number.
        row: Its row of the `signals` table.
        raw: `orders` so far, and `fills` and `rejections` since it was given.
        symbol: Symbol of the plan.
        units: Units of the run.
        has_bars: Whether there is a bar left for it to work in.
    """
    kind = SignalKind(row[1])
    fills, refusals = raw["fills"], raw["rejections"]
    refusals = refusals.filter(pc.equal(refusals["signal"], number))
    orders = raw["orders"].filter(pc.equal(raw["orders"]["id"], number)).to_pylist()
    if kind == SignalKind.CLOSE:
        own = fills.filter(pc.fill_null(pc.equal(fills["reason"], ExitReason.SIGNAL), False))
    else:
        own = fills.filter(pc.and_(pc.equal(fills["position_id"], number), pc.is_null(fills["reason"])))
    code = CODE_BY_NUMBER[refusals["code"][0].as_py()] if refusals.num_rows else None
    filled = [int(steps) for steps in own["steps"].to_pylist()]
    if filled and kind == SignalKind.CLOSE:
        status = "closed"
    elif filled:
        status = "filled" if orders[0]["filled_steps"] == orders[0]["steps"] else "partly_filled"
    elif code is not None:
        status = "rejected"
    elif not has_bars:
        status = "waiting"
    elif kind == SignalKind.ORDER:
        status = "working" if orders else "waiting"
    else:
        targets = raw["orders"]["id"].to_pylist()
        status = "dropped" if row[6] is not None and row[6] not in targets else _DONE.get(kind, "dropped")
    price = None
    if filled:
        sums = [int(points) * steps for points, steps in zip(own["price"].to_pylist(), filled, strict=True)]
        price = sum(sums) / (sum(filled) * 10 ** units.digits[0])
    costs = _costs(own, symbol, units)
    top, bottom = units.volume_steps[0]
    return ExecutionResult(
        executed=status not in ("rejected", "waiting", "dropped"),
        status=status,
        code=code,
        order_id=number,
        fill_price=price,
        fill_time=own["time"][0].value if filled else None,
        size=sum(filled) * top / bottom,
        slippage=costs["slippage"],
        spread=costs["spread"],
        commission=costs["commission"],
    )


def stats_of(raw: Mapping[str, Any], symbol: Mapping[str, Any], units: Units) -> ExecutionStats:
    """Return the sums over `orders`, `fills`, `rejections` and `swaps`."""
    return ExecutionStats(
        orders=raw["orders"].num_rows,
        fills=raw["fills"].num_rows,
        rejections=raw["rejections"].num_rows,
        **_costs(raw["fills"], symbol, units),
        swap=sum(raw["swaps"]["amount"].to_pylist()) / units.money_scale,
    )


def exits_table(fills: Any, ledger: Any, positions: Any, units: Units, marks: tuple[int, int, int]) -> pa.Table:
    """Return one row per closing deal, and one per position that stays open.

    Args:
        fills: New rows of `fills`.
        ledger: New rows of `ledger`.
        positions: Raw `positions`, marked at `marks`.
        units: Units of the run.
        marks: Time, bid and ask of the last close.
    """
    closing = fills.filter(pc.is_valid(fills["reason"]))
    shown = present_table(closing, "fills", units).to_pylist()
    profits = _profits(closing.to_pylist(), ledger)
    scale = float(10 ** units.digits[0])
    rows = [
        {
            **{name: fill[name] for name in ("position_id", "symbol", "time", "price", "size_lots")},
            "direction": "short" if fill["direction"] == "long" else "long",
            "kind": fill["reason"],
            "pnl": profit / units.money_scale,
        }
        for fill, profit in zip(shown, profits, strict=True)
    ]
    time_us, bid, ask = marks
    for position in present_table(positions, "positions", units).to_pylist():
        price = (bid if position["direction"] == "long" else ask) / scale
        rows.append(
            {
                **{name: position[name] for name in ("symbol", "direction", "size_lots")},
                "position_id": position["id"],
                "kind": "no_exit",
                "time": time_us,
                "price": price,
                "pnl": position["open_profit"],
            }
        )
    return pa.Table.from_pylist(rows, schema=_EXITS)


def _profits(closing: list[dict[str, Any]], ledger: Any) -> list[int]:
    """Return the profit that each closing deal booked, minor units; a profit of 0 has no row in the ledger."""
    booked: dict[tuple[Any, Any], list[int]] = {}
    for row in ledger.filter(pc.equal(ledger["kind"], LedgerKind.PROFIT)).to_pylist():
        booked.setdefault((row["position_id"], row["time"]), []).append(row["amount"])
    return [(booked.get((fill["position_id"], fill["time"])) or [0]).pop(0) for fill in closing]


def _costs(fills: Any, symbol: Mapping[str, Any], units: Units) -> dict[str, float]:
    """Return what slippage, spread and commission of fills cost, account currency."""
    top, bottom = symbol["value"]
    worth = [
        steps * rate * top / bottom
        for steps, rate in zip(fills["steps"].to_pylist(), fills["conversion_rate"].to_pylist(), strict=True)
    ]
    costs = {}
    for name in ("slippage", "spread"):
        points = fills[f"{name}_points"].to_pylist()
        costs[name] = -math.fsum(count * money for count, money in zip(points, worth, strict=True)) + 0.0
    return {**costs, "commission": sum(fills["commission"].to_pylist()) / units.money_scale}
