"""Market orders that wait for volume: what becomes of them when another of their group gets it."""

from __future__ import annotations

import json
import random

from omega.backends.protocol import Backend
from omega.schema import OrderStatus, OrderType
from omega.strategy.normalise_batch import table_of_rows
from omega.testing import Case, bars_of, outcome, signal_row
from omega.testing.cases import make_plan

SIZES = ((0.25, None), (0.12, 1), (0.30, 1))
"""Lots and group."""

FLAT = "open high low close\n" + "100 101 99 100\n" * 8


def test_the_fill_of_a_waiting_order_cancels_the_other_that_waits(backend: Backend) -> None:
    """FIL-11, FIL-12: ten steps a bar; 25 of the first order fill in bars 1, 2 and 3, then 5 of the second, for good.

    The second and the third are of one group: the third is cancelled in the bar in which the second gets its first
    volume, although both wait at the market, and never comes back.
    """
    plan = make_plan(random.Random(0), 0, 0)
    plan["execution"] |= {"fill": "next_open", "max_participation": [1, 10], "latency_us": 0, "close_at_end": False}
    plan["symbols"][0] |= {"volume_step": [1, 100], "volume_min_steps": 1, "volume_max_steps": 100}
    plan["symbols"][0] |= {"liquidity": {"lots": [1, 1]}, "tick_points": 1, "margin": None}
    plan["symbols"][0]["slippage"] |= {"impact": None, "volatility": None}
    plan |= {"margin": None, "filters": None, "position_rules": []}
    orders = [signal_row(0, order_type=OrderType.MARKET, direction=1, size=size, oco=oco) for size, oco in SIZES]
    case = Case(0, 8, (), bars_of(FLAT), table_of_rows(orders), json.dumps(plan))

    tables = outcome(backend, case)

    fills = tables["fills"].to_pydict()
    filled = list(zip(fills["bar_idx"], fills["position_id"], fills["steps"], strict=True))
    assert filled == [(1, 1, 10), (2, 1, 10), (3, 1, 5), (3, 2, 5), (4, 2, 7)]
    assert tables["orders"]["status"].to_pylist() == [
        OrderStatus.FILLED,
        OrderStatus.FILLED,
        OrderStatus.CANCELLED_BY_OCO,
    ]
    assert tables["orders"]["filled_steps"].to_pylist() == [25, 12, 0]
