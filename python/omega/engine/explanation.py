"""A trade in words: every deal with the rule that priced it, what it cost, and what came of it (FIL-10).

Works on tables as people read them (prices, lots, account currency), so that a stored run is explained as a
fresh one is. Words are made here, on demand; the engine writes codes.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from omega.errors import error_for

__all__ = ["Wording", "explain_trade"]

Row = Mapping[str, Any]

RULES = {
    "fil_1": "A market order takes the price of the moment: the {side}'s {moment_price}, {raw} (FIL-1).",
    "fil_2": "A limit order fills at its price or better: limit {level}, the {side} gave {raw} {place} (FIL-2).",
    "fil_3": "A stop order becomes a market order when it is reached: stop {level}, {side} {raw} {place} (FIL-3).",
    "fil_4": "A stop-limit order fills at its limit or better once it is triggered: {raw} {place} (FIL-4).",
    "fil_5": "The {side} reached the stop at {level}; the price there was {raw} {place} (FIL-5).",
    "fil_6": "The {side} reached the target at {level}; it gave {raw} {place}, without slippage (FIL-6).",
    "close": "The strategy asked for the close; it takes the {side}'s {moment_price}, {raw} (POS-1).",
    "mgt_1": "The stop had moved with the bar to {level}, and the bar closed beyond it: from {raw} (MGT-1).",
    "mgt_3": "A rule of the clock closed it at the {side}'s {moment_price}, {raw} (MGT-3).",
    "partial_close": "A rule closed this part at the {side}'s {moment_price}, {raw} (MGT).",
    "mrg": "Equity fell to the stop-out level; it was closed at {raw} {place} (MRG).",
    "end_of_data": "The data ended; it was closed at the {side}'s last close, {raw} (LOOP-3).",
}
PLACES = {"open": "at the open of the bar", "inside": "inside the bar", "close": "at the close of the bar"}
MOMENT_PRICES = {"open": "open", "inside": "price where it arrived inside the bar", "close": "close"}


@dataclass(frozen=True, slots=True)
class Wording:
    """How figures are written: account currency and decimals of money and prices."""

    currency: str
    money_digits: int
    price_digits: int

    def money(self, amount: float) -> str:
        """Return an amount with its sign and currency."""
        return f"{amount:+,.{self.money_digits}f} {self.currency}"

    def price(self, price: float | None) -> str:
        """Return a price with all its decimals."""
        return "none" if price is None else f"{price:.{self.price_digits}f}"


def explain_trade(tables: Mapping[str, Sequence[Row]], trade_id: int, wording: Wording) -> str:
    """Return what happened to a trade, deal by deal, in plain words.

    Args:
        tables: Rows of ``trades``, ``orders``, ``fills`` and ``swaps`` as people read them.
        trade_id: Id of the trade: the number of its opening signal.
        wording: How figures are written.

    Raises:
        ConfigError: ``run.no_trade`` with the ids there are.
    """
    trade = next((row for row in tables["trades"] if row["id"] == trade_id), None)
    if trade is None:
        ids = [row["id"] for row in tables["trades"]]
        known = f"{min(ids)} to {max(ids)}" if ids else "none"
        raise error_for("run.no_trade", trade=trade_id, known=known)
    order = next(row for row in tables["orders"] if row["id"] == trade_id)
    fills = [row for row in tables["fills"] if row["position_id"] == trade_id]
    nights = [row for row in tables["swaps"] if row["position_id"] == trade_id]
    lines = [_headline(trade, wording), "", *_order_lines(order, wording)]
    for number, fill in enumerate(fills, start=1):
        lines += [f"{number}. {_deal(fill, wording)}", *(f"   {line}" for line in _reasons(fill, wording))]
    lines += ["", *_nights(nights, wording), *_balance(trade, wording)]
    return "\n".join(lines)


def _headline(trade: Row, wording: Wording) -> str:
    risk = "" if trade["r_multiple"] is None else f", {trade['r_multiple']:+.2f} R"
    ended = str(trade["reason"]).replace("_", " ")
    what = f"{trade['direction']} {trade['size_lots']:g} lots {trade['symbol']}"
    return f"Trade {trade['id']}: {what}, {wording.money(trade['net'])}{risk}, ended by {ended}"


def _order_lines(order: Row, wording: Wording) -> list[str]:
    kind = str(order["order_type"]).replace("_", "-")
    price = "" if order["entry"] is None else f" at {wording.price(order['entry'])}"
    limit = "" if order["limit"] is None else f", limit {wording.price(order['limit'])}"
    levels = f"stop loss {wording.price(order['sl'])}, take profit {wording.price(order['tp'])}"
    return [f"Accepted {_moment(order['time'])} as a {kind} order{price}{limit}; {levels}.", ""]


def _deal(fill: Row, wording: Wording) -> str:
    verb = "bought" if fill["direction"] == "long" else "sold"
    return (
        f"{_moment(fill['time'])}, bar {fill['bar_idx']}: {verb} {fill['size_lots']:g} lots at "
        f"{wording.price(fill['price'])}"
    )


def _reasons(fill: Row, wording: Wording) -> list[str]:
    """Return the rule in words, then everything that made the price of the deal."""
    leg = "" if fill["path_step"] is None else f", on leg {fill['path_step']} of its path"
    rule = RULES[fill["rule"]].format(
        side=fill["side"],
        level=wording.price(fill["level"]),
        raw=wording.price(fill["raw_price"]),
        place=PLACES[fill["moment"]] + leg,
        moment_price=MOMENT_PRICES[fill["moment"]],
    )
    lines = [rule]
    if fill["slippage_points"]:
        lines.append(f"Slippage {fill['slippage_points']} points against you: {_slippage_parts(fill)}.")
    if fill["spread_points"]:
        lines.append(f"It paid the spread: {fill['spread_points']} points between bid and ask at the open of the bar.")
    if fill["commission"]:
        lines.append(f"Commission {wording.money(fill['commission'])}.")
    if fill["conversion_rate"] != 1.0:
        lines.append(f"Converted at {fill['conversion_rate']:.6g} {wording.currency} per unit of quote currency.")
    return lines


def _slippage_parts(fill: Row) -> str:
    parts = {
        "random": float(fill["slippage_random_points"]),
        "market impact": fill["slippage_impact_points"],
        "volatility": fill["slippage_volatility_points"],
    }
    fixed = fill["slippage_points"] - sum(parts.values())
    named = [f"fixed {fixed:g}", *(f"{name} {points:g}" for name, points in parts.items() if points)]
    return ", ".join(named) + ", rounded as a sum"


def _nights(nights: Sequence[Row], wording: Wording) -> list[str]:
    if not nights:
        return []
    charged = sum(night["multiplier"] for night in nights)
    total = wording.money(sum(night["amount"] for night in nights))
    rollovers = "1 rollover" if len(nights) == 1 else f"{len(nights)} rollovers"
    return [f"Held over {rollovers}, charged as {charged} nights: swap {total}."]


def _balance(trade: Row, wording: Wording) -> list[str]:
    """Return the sum that leads from the price move to the net result (CST-5)."""
    money = wording.money
    lines = [
        f"Price move without costs {money(trade['gross_cost_free'])}, spread {money(trade['spread'])}, slippage "
        f"{money(trade['slippage'])}: profit at the deals {money(trade['gross'])}.",
        f"Commission {money(trade['commission'])}, swap {money(trade['swap'])}: net {money(trade['net'])}.",
        f"At worst {trade['mae_points']:+.0f} points, at best {trade['mfe_points']:+.0f} points, over "
        f"{trade['bars_held']} bars.",
    ]
    if trade["ambiguous"]:
        lines.append("A bar leaves open what came first: another reading of it would change this trade (FIL-9).")
    return lines


def _moment(time: datetime.datetime) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC")
