"""Generated cases about money: margin that runs out, conversion of every kind, sizes by equity and by notional.

They lay these sections over the cases of `cases`, which hold the laws of one currency and enough margin.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from omega.data import MarketTables
from omega.testing.bars import market_of
from omega.testing.cases import DAY_US, EVENTS, START_US, Case, make_case

__all__ = ["make_money_case", "money_cases"]

QUARTER_US = 900_000_000


def money_cases(*, max_bars: int = 300) -> st.SearchStrategy[Case]:
    """Return a Hypothesis strategy for cases of 3 to `max_bars` bars whose money is anything but plain."""
    event = st.tuples(st.sampled_from(EVENTS), st.integers(0, max_bars))
    return st.builds(
        make_money_case,
        seed=st.integers(0, 2**32 - 1),
        length=st.integers(3, max_bars),
        events=st.lists(event, max_size=8).map(tuple),
    )


def make_money_case(seed: int, length: int, events: Sequence[tuple[str, int]] = ()) -> Case:
    """Return `make_case` of a seed with margin, rates and sizing drawn over it."""
    case = make_case(seed, length, events)
    draw = random.Random(f"money {seed}")
    plan = json.loads(case.plan)
    tables = case.tables
    if draw.random() < 0.6:
        _draw_margin(draw, plan)
    if draw.random() < 0.6:
        tables = _draw_rates(draw, plan, tables)
    if draw.random() < 0.6:
        _draw_sizing(draw, plan)
    text = json.dumps(plan, sort_keys=True, separators=(",", ":"))
    return MoneyCase(case.seed, case.length, case.events, tables, case.signals, text)


class MoneyCase(Case):
    """A case that says which function made it."""

    def __repr__(self) -> str:
        return f"make_money_case({self.seed}, {self.length}, {self.events})"


def _draw_margin(draw: random.Random, plan: dict[str, Any]) -> None:
    """Draw levels and terms; the account holds a few positions, or hardly one."""
    symbol = plan["symbols"][0]
    leverage = draw.choice(([30, 1], [500, 1], [500, 1], [801, 2]))
    symbol["margin"] = {"leverage": leverage, "hedged": draw.choice((None, [1, 2], [0, 1], [3, 4]))}
    plan["margin"] = {
        "stop_out_level": draw.choice(([1, 2], [0, 1], [9, 10], [9, 10])),
        "margin_call_level": draw.choice(([1, 1], [3, 2])),
    }
    num, den = symbol["value"]
    notional = 60_000 * num * 10 ** plan["account"]["digits"] * leverage[1] // (den * leverage[0])
    plan["account"]["balance"] = max(1_000, notional * draw.choice((10, 40, 100)))


def _draw_rates(draw: random.Random, plan: dict[str, Any], tables: MarketTables) -> MarketTables:
    """Draw routes of one leg or two over a fixed rate, the symbol itself and the quotes of another."""
    span = START_US + draw.randrange(3 * DAY_US)
    stale = [[span, span + draw.choice((1, QUARTER_US, DAY_US))]] if draw.random() < 0.2 else []
    pairs = [
        {"name": "GBPUSD", "rate": draw.choice(([5, 4], [1, 3])), "series": None, "stale": []},
        {"name": "EURUSD", "rate": None, "series": 0, "stale": []},
        {"name": "USDJPY", "rate": None, "series": len(tables.series), "stale": stale},
    ]
    legs = [[idx, draw.random() < 0.5] for idx in range(len(pairs))]
    routes = [[leg] for leg in legs] + [[legs[0], legs[2]]]
    plan["rates"] = {
        "pairs": pairs,
        "routes": routes,
        "quote": [draw.choice((None, 0, 0, 1, 2, 2, 3))],
        "commission": [draw.choice((None, None, 0, 2))],
    }
    return _with_quotes(draw, tables)


def _with_quotes(draw: random.Random, tables: MarketTables) -> MarketTables:
    """Add bars of another symbol that close before, with and after those of the step timeframe."""
    begin_us = START_US + draw.choice((0, -DAY_US, 20 * QUARTER_US))
    length_us = draw.choice((QUARTER_US, 4 * QUARTER_US, QUARTER_US // 3))
    names = [f"{side}_{price}" for side in ("bid", "ask") for price in ("open", "high", "low", "close")]
    columns: dict[str, list[Any]] = {name: [] for name in ("time", "close_time", *names, "volume")}
    close, time_us = 14_000, begin_us
    for _ in range(200):
        close = max(1_000, close + draw.randint(-300, 300))
        ask = close + draw.choice((0, 5, 100))
        values = (time_us, time_us + length_us, *[close] * 4, *[ask] * 4, None)
        for column, value in zip(columns.values(), values, strict=True):
            column.append(value)
        time_us += length_us * draw.choice((1, 1, 1, 2, 9))
    other = market_of([columns], digits=2, timeframes=("M15",), symbol="USDJPY")
    header = json.loads(tables.header)
    header["symbols"].append({"name": "USDJPY", "digits": 2})
    header["series"].append({"symbol": len(header["symbols"]) - 1, "timeframe": "M15"})
    series, visible = (*tables.series, other.series[0]), (*tables.visible, None)
    return replace(tables, header=json.dumps(header), series=series, visible=visible)


def _draw_sizing(draw: random.Random, plan: dict[str, Any]) -> None:
    modes: tuple[dict[str, Any], ...] = (
        {"mode": "risk_percent", "percent": draw.choice(([1, 1], [1, 3], [100, 1]))},
        {"mode": "notional", "amount": draw.choice(([10_000, 1], [1_000_000, 7]))},
    )
    plan["sizing"] = draw.choice(modes) | {"min_lot": draw.choice(("reject", "round_up"))}
