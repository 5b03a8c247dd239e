"""Drawn finer bars inside the bars of a generated case, on a stream of their own."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["make_finer"]

MINUTE_US = 60_000_000
PARTS = 3
SIDES = ("bid", "ask")
PRICES = ("open", "high", "low", "close")


def make_finer(draw: random.Random, columns: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    """Return M5 bars inside M15 bars, as columns of `bars`.

    They mostly agree with the bar they lie in; some miss one of its extremes, some are missing themselves.
    """
    finer: dict[str, list[Any]] = {name: [] for name in columns}
    for bar_idx, time_us in enumerate(columns["time"]):
        is_true = draw.random() < 0.9
        bid, ask = (_inside(draw, [columns[f"{side}_{price}"][bar_idx] for price in PRICES], is_true) for side in SIDES)
        kept = range(PARTS) if draw.random() < 0.8 else sorted(draw.sample(range(PARTS), draw.randrange(PARTS)))
        for part in kept:
            opens_us = time_us + part * 5 * MINUTE_US
            values = (opens_us, opens_us + 5 * MINUTE_US, *bid[part], *ask[part], None)
            for column, value in zip(finer.values(), values, strict=True):
                column.append(value)
    return finer


def _inside(draw: random.Random, bar: Sequence[int], is_true: bool) -> list[tuple[int, int, int, int]]:
    """Return open, high, low, close of the parts of one side of a bar."""
    first, high, low, last = bar
    turns = [first, *(draw.randint(low, high) for _ in range(PARTS - 1)), last]
    top, bottom = draw.randrange(PARTS), draw.randrange(PARTS)
    parts = []
    for part in range(PARTS):
        opened, closed = turns[part], turns[part + 1]
        if part and draw.random() < 0.2:
            opened = draw.randint(low, high)
        ceiling = high if part == top and is_true else max(opened, closed)
        floor = low if part == bottom and is_true else min(opened, closed)
        parts.append((opened, ceiling, floor, closed))
    return parts
