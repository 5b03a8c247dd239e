"""CUR, CST-3: commission in a currency of its own takes the rate of the step that books it, whatever closed it."""

from __future__ import annotations

import pytest

from omega.backends.protocol import Backend
from omega.testing.runs import market, plan, run, signal, with_pair

STILL = "110000 110010 109990 110000"
RISES_AND_FALLS = "110000 110300 109990 110050"
SYMBOL = {
    "commission": {"scheme": "per_lot", "rate": [70_000, 1], "minimum": [0, 1], "on_entry": True, "on_exit": True}
}
RATES = {
    "pairs": [{"name": "USDJPY", "rate": None, "series": 1, "stale": []}],
    "routes": [[[0, True]]],
    "quote": [None],
    "commission": [0],
}
RULES = {
    "trailing": {"kind": "trailing", "distance": {"points": 100}, "start": {"points": 200}, "step_points": 0},
    "break_even": {"kind": "break_even", "trigger": {"points": 200}, "offset_points": 100},
}


@pytest.mark.parametrize("rule", RULES)
def test_commission_of_a_close_by_a_rule_takes_the_rate_of_its_own_step(backend: Backend, rule: str) -> None:
    """MGT-1: bar 6 lifts the stop above its close and closes one lot there; 70,000 JPY per lot and side.

    The last known close of USDJPY is 151.00 when bar 2 opens, and 155.00 when bar 6 does:
    70,000 / 151.00 = 463.576 USD and 70,000 / 155.00 = 451.613 USD.
    """
    bars = [STILL] * 6 + [RISES_AND_FALLS] + [STILL] * 3
    rising = [f"{close} {close + 10} {close - 10} {close}" for close in range(15_000, 16_000, 100)]
    tables = with_pair(market(*bars), "USDJPY", 2, market(*rising, spread=2))

    result = run(backend, tables, [signal(1)], plan(SYMBOL, rates=RATES, position_rules=[RULES[rule]]))

    assert [(fill["bar_idx"], fill["commission"]) for fill in result["fills"]] == [(2, -46_358), (6, -45_161)]
