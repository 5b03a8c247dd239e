"""The native strategy decides alike in both halves, on bars that fill many blocks of its averages.

The core computes both averages block by block and skips bars in which they lie as before; the twin goes from bar
to bar. Prices often stand still, so that averages also meet without crossing.
"""

from __future__ import annotations

import json
import random

import pytest

from omega.backends import get_backend
from omega.data import MarketTables
from omega.testing.runs import market, plan

BAR_COUNT = 9_000


def bars(seed: int) -> MarketTables:
    """Return a walk in small steps that stands still for a third of the time."""
    draw, price, rows = random.Random(seed), 110_000, []
    for _ in range(BAR_COUNT):
        close = price if draw.random() < 0.3 else price + draw.randint(-6, 6)
        rows.append(f"{price} {max(price, close) + 2} {min(price, close) - 2} {close}")
        price = close
    return market(*rows)


@pytest.mark.parametrize(
    ("fast", "slow", "first_step"),
    [(2, 5, 0), (1, 2, 1), (1, 1, 2), (9, 4, 700), (3, 3, 0), (5, 20_000, 0), (4, 30, 8_998)],
)
def test_ema_cross_decides_alike_on_both_backends(fast: int, slow: int, first_step: int) -> None:
    """API-1: every order, its bar and its direction; also where an average is never there, or both are the same."""
    tables = bars(fast * 31 + slow)
    parameters = {"fast": fast, "slow": slow, "stop_pips": 3.0, "target_pips": 2.0}
    text = plan(first_step=first_step, strategy={"native": "ema_cross", "parameters": parameters})
    opened = {name: get_backend(name) for name in ("python", "rust")}

    results = {}
    for name, backend in opened.items():
        held = backend.open_market(tables.header, tables.series, tables.visible, tables.calendar)
        results[name] = backend.simulate(held, None, json.dumps(text))

    assert results["rust"]["recorded_signals"].equals(results["python"]["recorded_signals"])
    assert results["rust"]["trades"].equals(results["python"]["trades"])
    crosses = fast != slow and slow < BAR_COUNT and first_step < BAR_COUNT - 10
    assert (results["rust"]["recorded_signals"].num_rows > 300) == crosses
