"""The core takes the bars between two events in strides, in code of its own for one to six positions: no bit differs.

One to nine positions open at once and leave one by one, so that strides of every count end after few bars and many.
"""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest

from omega.backends import get_backend
from omega.testing.runs import market, plan, run, signal, walk

BARS = 300
MOST = 9
RULES = {
    "no rules": [],
    "trailing": [{"kind": "trailing", "distance": {"points": 150}, "start": {"points": 100}, "step_points": 0}],
}


def orders(draw: random.Random) -> list[Any]:
    """Return market orders of one bar, each with levels of its own."""
    levels = [
        {"sl_points": float(draw.randint(40, 400)), "tp_points": float(draw.randint(40, 400))} for _ in range(MOST)
    ]
    return [signal(0, draw.choice((1, -1)), size=draw.choice((0.1, 1.0)), **level) for level in levels]


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("value", [[1, 100], [1, 130]])
def test_strides_of_any_number_of_positions_are_the_same_bits(rules: str, value: list[int]) -> None:
    """The second point value has no end in decimals: its marks are rounded."""
    bars_with: Counter[int] = Counter()
    for seed in range(20):
        draw = random.Random(f"strides {seed}")
        tables, rows = market(*walk(draw, BARS, 110_000, 20)), orders(draw)
        ruled = plan({"value": value}, position_rules=RULES[rules])
        python, rust = (run(get_backend(name), tables, rows, ruled) for name in ("python", "rust"))
        assert python == rust, f"seed {seed}"
        lives = [(trade["entry_bar_idx"], trade["exit_bar_idx"]) for trade in python["trades"]]
        bars_with.update(sum(entry <= bar < exit_ for entry, exit_ in lives) for bar in range(BARS))
    assert all(bars_with[count] > 20 for count in range(1, MOST + 1)), bars_with
