"""Trade dropout: whether the profit survives when some trades had not happened (RAT-3).

Sizes stay as they were, so the net of a sample is the sum of the trades that remain; integers throughout.
Sample numbers run on over the fractions: sample s of fraction i is number ``i · samples + s`` (NUM-3).
"""

from __future__ import annotations

from collections.abc import Sequence

from omega.backends.python import numerics, rng
from omega.backends.python.metrics.columns import Plan
from omega.backends.python.metrics.totals import total

PERCENTS = (10, 20, 30)

RawRow = tuple[str, int | float | None]


def compute_dropout(net: Sequence[int], plan: Plan) -> list[RawRow]:
    """Return per fraction: trades removed, P(net > 0), mean of the clamped share of profit kept."""
    rows: list[RawRow] = [("dropout_samples", plan.dropout_samples)]
    keys = rng.round_keys(plan.seed, rng.DROPOUT)
    for place, percent in enumerate(PERCENTS):
        removed = -numerics.floor_quotient(-percent * len(net), 100)
        first_sample = place * plan.dropout_samples
        kept = [kept_net(net, removed, keys, first_sample + sample) for sample in range(plan.dropout_samples)]
        rows += [
            (f"dropout_{percent}_removed", removed),
            (f"dropout_{percent}_p_net_positive", positive_share(kept) if len(net) > 0 else None),
            (f"dropout_{percent}_kept_profit", mean_kept_profit(kept, net, removed)),
        ]
    return rows


def kept_net(net: Sequence[int], removed: int, keys: rng.Keys, sample: int) -> int:
    """Return the net left after `removed` trades are drawn without replacement (partial Fisher-Yates)."""
    count = len(net)
    left = list(net)
    result = total(net)
    words: rng.Words = (0, 0, 0, 0)
    for draw in range(removed):
        if draw % 4 == 0:
            words = rng.block_of_keys(keys, (sample, draw // 4, 0, 0))
        chosen = draw + rng.uniform_int(words[draw % 4], count - 1 - draw)
        result -= left[chosen]
        left[chosen] = left[draw]
    return result


def positive_share(nets: Sequence[int]) -> float:
    """Return the share of samples with net > 0."""
    hits = 0
    for net in nets:
        if net > 0:
            hits += 1
    return numerics.quotient(hits, len(nets))


def mean_kept_profit(kept: Sequence[int], net: Sequence[int], removed: int) -> float | None:
    """Return the mean of clamp(net_s / ((n - k)/n · net_b), 0, 1).

    None unless the run made a profit and kept trades.
    """
    count = len(net)
    base = total(net)
    if base <= 0 or removed == count:
        return None
    expected = (count - removed) * base
    ratios = []
    for value in kept:
        if value <= 0:
            ratios.append(0.0)
        elif value * count >= expected:
            ratios.append(1.0)
        else:
            ratios.append(numerics.quotient(value * count, expected))
    return numerics.mean(ratios)
