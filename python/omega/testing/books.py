"""What must hold in every run, whatever was traded: books that add up, fills inside their bars.

Rules LED-1 to LED-4, CST-5 and SWP-1, checked on the integer tables of a run. For our own property tests and
for anybody who wants to check a result: `find_faults(result.raw, tables.series[0])`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from omega.schema import LedgerKind, Moment, Rule, Side

__all__ = ["find_faults"]


def find_faults(tables: Mapping[str, Any], bars: Any) -> list[str]:
    """Return every identity that a run breaks; an empty list for sound books.

    Args:
        tables: Result tables by name, as they cross the seam.
        bars: The `bars` table of the step timeframe.
    """
    trades, fills = tables["trades"].to_pylist(), tables["fills"].to_pylist()
    ledger, equity = tables["ledger"].to_pylist(), tables["equity"]["equity"].to_pylist()
    faults = []
    bookings: dict[int, int] = {}
    for row in ledger[1:]:
        bookings[row["position_id"]] = bookings.get(row["position_id"], 0) + row["amount"]
    for trade in trades:
        if bookings.pop(trade["id"], 0) != trade["net"]:
            faults.append(f"trade {trade['id']}: ledger rows do not add up to its net")
        if trade["gross_cost_free"] + trade["slippage"] + trade["spread"] != trade["gross"]:
            faults.append(f"trade {trade['id']}: gross")
        if trade["gross"] + trade["commission"] + trade["swap"] != trade["net"]:
            faults.append(f"trade {trade['id']}: net")
        if not trade["mae_points"] <= 0 <= trade["mfe_points"]:
            faults.append(f"trade {trade['id']}: excursions")
    open_positions = tables["positions"].to_pylist()
    for position in open_positions:
        if bookings.pop(position["id"], 0) != position["gross"] + position["commission"] + position["swap"]:
            faults.append(f"position {position['id']}: bookings")
    faults += _find_swap_faults(tables)
    if bookings:
        faults.append(f"ledger rows of nobody: {bookings}")
    balance = sum(row["amount"] for row in ledger)
    if equity[-1] != balance + sum(position["open_profit"] + position["accrued_swap"] for position in open_positions):
        faults.append("the last equity is not the balance and what is open")
    if ledger[0]["kind"] != LedgerKind.DEPOSIT or equity[0] != ledger[0]["amount"]:
        faults.append("the first row is not the deposit")
    return faults + _find_fill_faults(fills, {position["id"] for position in open_positions}, bars)


def _find_swap_faults(tables: Mapping[str, Any]) -> list[str]:
    """Return positions whose nights do not add up to what was booked and what is still accrued."""
    accrued: dict[int, int] = {}
    booked: dict[int, int] = {}
    for row in tables["swaps"].to_pylist():
        accrued[row["position_id"]] = accrued.get(row["position_id"], 0) + row["amount"]
    for row in tables["ledger"].to_pylist():
        if row["kind"] == LedgerKind.SWAP:
            booked[row["position_id"]] = booked.get(row["position_id"], 0) + row["amount"]
    faults = []
    for trade in tables["trades"].to_pylist():
        if not accrued.pop(trade["id"], 0) == booked.pop(trade["id"], 0) == trade["swap"]:
            faults.append(f"trade {trade['id']}: swap")
    for position in tables["positions"].to_pylist():
        if accrued.pop(position["id"], 0) != position["accrued_swap"] + position["swap"]:
            faults.append(f"position {position['id']}: accrued swap")
        if booked.pop(position["id"], 0) != position["swap"]:
            faults.append(f"position {position['id']}: accrued swap")
    return faults + [f"swap of nobody: {rows}" for rows in (accrued, booked) if rows]


def _find_fill_faults(fills: list[dict[str, Any]], still_open: set[int], table: Any) -> list[str]:
    """Return fills outside their bar before slippage, slippage in favour, and positions whose fills do not cancel."""
    bars = table.to_pylist()
    faults, held = [], dict.fromkeys(still_open, 0)
    for fill in fills:
        bar, side = bars[fill["bar_idx"]], "bid" if fill["side"] == Side.BID else "ask"
        if not bar[f"{side}_low"] <= fill["raw_price"] <= bar[f"{side}_high"]:
            faults.append(f"fill of {fill['position_id']} outside its bar")
        if (
            fill["direction"] * (fill["price"] - fill["raw_price"]) != fill["slippage_points"]
            or fill["slippage_points"] < 0
        ):
            faults.append(f"fill of {fill['position_id']}: slippage in favour")
        if fill["rule"] in (Rule.FIL_2, Rule.FIL_4, Rule.FIL_6) and fill["slippage_points"] != 0:
            faults.append(f"fill of {fill['position_id']}: a limit or target slipped")
        if fill["rule"] == Rule.FIL_2 and fill["direction"] * (fill["price"] - fill["level"]) > 0:
            faults.append(f"fill of {fill['position_id']}: a limit filled worse than its price")
        if fill["moment"] == Moment.OPEN and fill["raw_price"] != bar[f"{side}_open"]:
            faults.append(f"fill of {fill['position_id']}: not at the open")
        held[fill["position_id"]] = held.get(fill["position_id"], 0) + fill["direction"] * fill["steps"]
    faults += [
        f"position {number} is not flat" for number, steps in held.items() if (steps == 0) == (number in still_open)
    ]
    return faults
