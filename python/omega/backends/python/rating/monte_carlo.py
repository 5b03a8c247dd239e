"""Monte Carlo confidence: how much of the profit is the luck of this sample of trades (RAT-4).

Trades are resampled with replacement: one by one when never two were open together, by FX day of their
close otherwise, because trades that overlap share their luck. All sums are integers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from omega.backends.python import numerics, rng
from omega.backends.python.metrics.columns import Equity, Plan, Trades
from omega.errors import error_for
from omega.schema import ExitReason

RawRow = tuple[str, int | float | None]

QUANTILES = (("q05", 1, 20), ("q50", 1, 2), ("q95", 19, 20))
# Normal quantile of 0.975.
WILSON_Z = 1.959963984540054
LARGEST_PATH = 1 << 62


class Unit(NamedTuple):
    """What is drawn as a whole: one trade, or the trades closed in one FX day, in closing order.

    Attributes:
        net: Sum of its trades.
        high: Highest running sum after one of its trades.
        low: Lowest running sum after one of its trades.
        drawdown: Largest fall from one running sum to a later one, >= 0.
    """

    net: int
    high: int
    low: int
    drawdown: int


class Path(NamedTuple):
    """One resample: final net, largest fall from a peak, lowest balance after a trade; minor units."""

    net: int
    drawdown: int
    lowest: int


def compute_monte_carlo(trades: Trades, equity: Equity, boundaries: Sequence[int], plan: Plan) -> list[RawRow]:
    """Return P(net > 0) with its interval, bands of net and drawdown, and the risk of ruin.

    Raises:
        EngineError: ``engine.overflow`` when a path could leave 62 bits.
    """
    by_day = positions_overlap(trades)
    units = day_units(trades, boundaries) if by_day else [Unit(net, net, net, 0) for net in trades.net]
    check_range(furthest(units) * len(units), equity.value[0])
    rows: list[RawRow] = [
        ("monte_carlo_samples", plan.samples),
        ("monte_carlo_by_day", 1 if by_day else 0),
        ("monte_carlo_units", len(units)),
    ]
    if len(units) == 0:
        return rows + [(name, None) for name in NAMES]
    walk = walk_units if by_day else walk_trades
    return rows + summary(walk(units, equity.value[0], plan))


NAMES = (
    "monte_carlo_p_net_positive",
    "monte_carlo_p_low",
    "monte_carlo_p_high",
    "monte_carlo_risk_of_ruin",
    *(f"monte_carlo_net_{name}" for name, _, _ in QUANTILES),
    *(f"monte_carlo_drawdown_{name}" for name, _, _ in QUANTILES),
)


def summary(paths: Sequence[Path]) -> list[RawRow]:
    """Return the values of `NAMES` over all resamples."""
    count = len(paths)
    hits = len([path for path in paths if path.net > 0])
    ruins = len([path for path in paths if path.lowest <= 0])
    low, high = wilson(hits, count)
    nets = sorted(path.net for path in paths)
    drawdowns = sorted(path.drawdown for path in paths)
    bands = [numerics.quantile_idx(count, num, den) for _, num, den in QUANTILES]
    values: list[int | float] = [numerics.quotient(hits, count), low, high, numerics.quotient(ruins, count)]
    values += [nets[idx] for idx in bands]
    values += [drawdowns[idx] for idx in bands]
    return list(zip(NAMES, values, strict=True))


def wilson(hits: int, count: int) -> tuple[float, float]:
    """Return the 95 % score interval of a share.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22, 1927.
    """
    size = float(count)
    p = numerics.quotient(hits, count)
    square = WILSON_Z * WILSON_Z
    scale = 1.0 + square / size
    center = (p + square / (2.0 * size)) / scale
    reach = WILSON_Z * math.sqrt(p * (1.0 - p) / size + square / (4.0 * size * size)) / scale
    low = 0.0 if hits == 0 else center - reach
    high = 1.0 if hits == count else center + reach
    return low, high


def positions_overlap(trades: Trades) -> bool:
    """Return whether two trades were ever open together.

    Entries of a step come before its level exits and after its requested closes (LOOP), so at equal times
    a trade entered where another was closed by signal does not overlap it, and one that hit a level does.
    """
    spans = sorted(
        (2 * entry, 2 * leave + (0 if reason == ExitReason.SIGNAL else 1))
        for entry, leave, reason in zip(trades.entry_time, trades.exit_time, trades.reason, strict=True)
    )
    open_until: int | None = None
    for entry, leave in spans:
        if open_until is not None and entry < open_until:
            return True
        if open_until is None or leave > open_until:
            open_until = leave
    return False


def day_units(trades: Trades, boundaries: Sequence[int]) -> list[Unit]:
    """Return one unit per FX day in which trades closed, weekends with Monday (MET-1).

    A fill at a boundary is the first of the next day; the end of the data closes the day that it ends.
    """
    units: list[Unit] = []
    day = 0
    open_day = -1
    for time, reason, net in zip(trades.exit_time, trades.reason, trades.net, strict=True):
        inside = time - 1 if reason == ExitReason.END_OF_DATA else time
        while day < len(boundaries) and boundaries[day] <= inside:
            day += 1
        if day == open_day:
            units[len(units) - 1] = extended(units[len(units) - 1], net)
        else:
            units.append(Unit(net, net, net, 0))
            open_day = day
    return units


def extended(unit: Unit, net: int) -> Unit:
    """Return the unit with one more trade at its end."""
    running = unit.net + net
    fall = unit.high - running
    return Unit(
        running,
        running if running > unit.high else unit.high,
        running if running < unit.low else unit.low,
        fall if fall > unit.drawdown else unit.drawdown,
    )


def furthest(units: Sequence[Unit]) -> int:
    """Return the longest way, up or down, that one unit can move the balance."""
    reach = 0
    for unit in units:
        for value in (unit.high, -unit.low, unit.drawdown):
            if value > reach:
                reach = value
    return reach


def check_range(reach: int, balance: int) -> None:
    """Refuse resampling in which a sum could leave 62 bits.

    Raises:
        EngineError: ``engine.overflow``.
    """
    if reach + balance >= LARGEST_PATH:
        raise error_for("engine.overflow", what="a resampled sum of trades")


def walk_trades(units: Sequence[Unit], balance: int, plan: Plan) -> list[Path]:
    """Return one path per sample, drawing as many single trades as there are."""
    nets = [unit.net for unit in units]
    keys = rng.round_keys(plan.seed, rng.MONTE_CARLO)
    paths = []
    for sample in range(plan.samples):
        running = peak = lowest = balance
        drawdown = 0
        for idx in drawn(keys, sample, len(nets)):
            running += nets[idx]
            if running > peak:
                peak = running
            elif peak - running > drawdown:
                # A new lowest balance is always a new largest fall: the peak never comes down.
                drawdown = peak - running
                if running < lowest:
                    lowest = running
        paths.append(Path(running - balance, drawdown, lowest))
    return paths


def walk_units(units: Sequence[Unit], balance: int, plan: Plan) -> list[Path]:
    """Return one path per sample, drawing as many units as there are."""
    keys = rng.round_keys(plan.seed, rng.MONTE_CARLO)
    paths = []
    for sample in range(plan.samples):
        running = peak = lowest = balance
        drawdown = 0
        for idx in drawn(keys, sample, len(units)):
            net, high, low, inner = units[idx]
            if peak - running - low > drawdown:
                drawdown = peak - running - low
            if inner > drawdown:
                drawdown = inner
            if running + low < lowest:
                lowest = running + low
            if running + high > peak:
                peak = running + high
            running += net
        paths.append(Path(running - balance, drawdown, lowest))
    return paths


def drawn(keys: rng.Keys, sample: int, count: int) -> list[int]:
    """Return `count` draws of 0…count - 1. twin: none — Rust draws as it walks.

    `rng.block_of_keys` and `rng.uniform_int` are written out: this loop is most of what a rating costs here.
    """
    mask, first, second = rng.MASK, rng.MULTIPLIER_0, rng.MULTIPLIER_1
    draws: list[int] = []
    for part in range((count + 3) // 4):
        w0, w1, w2, w3 = sample, part, 0, 0
        for key_0, key_1 in keys:
            product_0 = first * w0
            product_1 = second * w2
            w0 = (product_1 >> 64) ^ w1 ^ key_0
            w1 = product_1 & mask
            w2 = (product_0 >> 64) ^ w3 ^ key_1
            w3 = product_0 & mask
        draws += ((w0 * count) >> 64, (w1 * count) >> 64, (w2 * count) >> 64, (w3 * count) >> 64)
    del draws[count:]
    return draws
