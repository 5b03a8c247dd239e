"""Parameter sets next to the one that ran: each number 5 or 10 % up or down, seeded, no set twice (RAT-3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from omega.backends.python import rng

__all__ = ["neighbours"]

PERCENTS = (-10, -5, 5, 10)
ATTEMPTS_PER_SET = 200


def neighbours(parameters: Mapping[str, Any], seed: int, count: int) -> Iterator[dict[str, Any]]:
    """Give at most `count` distinct sets in which every numeric parameter has moved.

    An integer moves by at least 1. Draw p of attempt k is word ``p mod 4`` of the block at (k, p div 4, 0, 0).
    """
    choices = {name: moved(value) for name, value in parameters.items() if is_number(value)}
    possible = 1
    for values in choices.values():
        possible *= len(values)
    wanted = min(count, possible) if choices else 0
    keys = rng.round_keys(seed, rng.PARAMETERS)
    seen: set[tuple[Any, ...]] = set()
    for attempt in range(wanted * ATTEMPTS_PER_SET):
        if len(seen) == wanted:
            return
        picked = []
        for place, values in enumerate(choices.values()):
            word = rng.block_of_keys(keys, (attempt, place // 4, 0, 0))[place % 4]
            picked.append(values[rng.uniform_int(word, len(values) - 1)])
        if tuple(picked) not in seen:
            seen.add(tuple(picked))
            yield {**parameters, **dict(zip(choices, picked, strict=True))}


def is_number(value: object) -> bool:
    """Return whether a parameter can be moved: a number that is neither a flag nor 0."""
    return isinstance(value, int | float) and not isinstance(value, bool) and value != 0


def moved(value: float) -> list[float]:
    """Return the distinct neighbours of a number."""
    if isinstance(value, float):
        return [value * (100 + percent) / 100 for percent in PERCENTS]
    steps = [round(value * percent / 100) or (1 if percent > 0 else -1) for percent in PERCENTS]
    return list(dict.fromkeys(value + step for step in steps if value + step != 0))
