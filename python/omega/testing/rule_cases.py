"""Drawn position rules and filters for generated cases, on a stream of their own."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["make_rules"]

POINTS = (1, 7, 30, 90, 400)
MULTIPLES = ([1, 2], [1, 1], [5, 3], [1, 7], [3, 1])


def make_rules(draw: random.Random, columns: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    """Return `position_rules` and `filters` of a plan; each is off in about half of the cases.

    Args:
        draw: Where the choices come from.
        columns: Bars of the case: times and prices, so that moments and prices lie among them.
    """
    makers = (_break_even, _trailing, _trailing, _partial_close, _partial_close, _max_holding, _session_close)
    chosen = [make for make in makers if draw.random() < 0.35] if draw.random() < 0.6 else []
    draw.shuffle(chosen)
    rules = [make(draw, columns) for make in chosen]
    return {"position_rules": rules, "filters": _filters(draw, columns) if draw.random() < 0.4 else None}


def _break_even(draw: random.Random, columns: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    return {"kind": "break_even", "trigger": _profit(draw), "offset_points": draw.choice((0, 0, 3, 50))}


def _trailing(draw: random.Random, columns: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    distance = draw.choice((_profit(draw), _profit(draw), {"atr": draw.choice(MULTIPLES)}))
    start = draw.choice((None, _profit(draw)))
    return {"kind": "trailing", "distance": distance, "start": start, "step_points": draw.choice((0, 1, 12))}


def _partial_close(draw: random.Random, columns: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    at = draw.choice((_profit(draw), _profit(draw), {"price": draw.choice(columns["bid_high"])}))
    return {"kind": "partial_close", "at": at, "share": draw.choice(([1, 2], [1, 3], [7, 10], [1, 50]))}


def _max_holding(draw: random.Random, columns: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    return {"kind": "max_holding", "limit": _limit(draw)}


def _session_close(draw: random.Random, columns: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    return {"kind": "session_close", "moments_us": _moments(draw, columns, draw.randint(0, 6))}


def _profit(draw: random.Random) -> dict[str, Any]:
    return draw.choice(({"points": draw.choice(POINTS)}, {"r": draw.choice(MULTIPLES)}))


def _limit(draw: random.Random) -> dict[str, Any]:
    return draw.choice(({"bars": draw.choice((1, 2, 5, 30))}, {"minutes": draw.choice((1, 15, 16, 90, 3000))}))


def _filters(draw: random.Random, columns: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    cooldowns = [{"after": draw.choice(("entry", "exit")), "limit": _limit(draw)} for _ in range(draw.randint(0, 2))]
    return {
        "max_symbol": draw.choice((None, 1, 2, 5)),
        "max_total": draw.choice((None, None, 3)),
        "cooldowns": cooldowns,
        "sessions": draw.choice((None, None, _windows(draw, columns))),
        "news": _windows(draw, columns) if draw.random() < 0.5 else [],
    }


def _windows(draw: random.Random, columns: Mapping[str, Sequence[int]]) -> list[list[int]]:
    edges = _moments(draw, columns, 2 * draw.randint(0, 4))
    return [edges[row : row + 2] for row in range(0, len(edges) - 1, 2)]


def _moments(draw: random.Random, columns: Mapping[str, Sequence[int]], count: int) -> list[int]:
    """Return ascending moments at opens of bars, or somewhere inside or behind them."""
    opens = [draw.choice(columns["time"]) for _ in range(count)]
    return sorted({time_us + draw.choice((0, 0, 1, 400_000_000, 1_800_000_000)) for time_us in opens})
