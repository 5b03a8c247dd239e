"""Monte Carlo confidence: how much of the profit is the luck of this sample of trades (RAT-4).

Trades are resampled with replacement: one by one, by FX day or week of their close, or in runs of random
length (stationary bootstrap: D. N. Politis and J. P. Romano, JASA 89, 1994). Sums of money are integers.
A p-value asks how often a run without any edge, the same trades less their mean, would do as well.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from omega.backends.python import numerics, rng
from omega.backends.python.metrics.columns import Equity, Plan, Trades
from omega.backends.python.rating.block_length import block_length
from omega.backends.python.rating.units import Unit, block_units, furthest, positions_overlap, single_units
from omega.errors import error_for

RawRow = tuple[str, int | float | None]

QUANTILES = (("q05", 1, 20), ("q50", 1, 2), ("q95", 19, 20))
METHODS = ("iid", "day", "week", "stationary")
FAN_POINTS = 10
# Normal quantile of 0.975.
WILSON_Z = 1.959963984540054
LARGEST_PATH = 1 << 62
LARGEST_DRAW = 9007199254740992.0


class Path(NamedTuple):
    """One resample, in minor units.

    Attributes:
        net: Final net.
        drawdown: Largest fall from a peak.
        lowest: Lowest balance after a trade.
        squares: Sum of the squares of what was drawn.
        r_sum: Sum of the R of what was drawn.
        fan: Net after each tenth of the draws.
    """

    net: int
    drawdown: int
    lowest: int
    squares: int
    r_sum: float
    fan: tuple[int, ...]


def compute_monte_carlo(trades: Trades, equity: Equity, boundaries: Sequence[int], plan: Plan) -> list[RawRow]:
    """Return P(net > 0) with its interval, bands of net, drawdown and Sharpe, ruin, p-values and the equity fan.

    Raises:
        EngineError: ``engine.overflow`` when a path could leave 62 bits.
    """
    method = method_of(trades, plan)
    by_block = method in ("day", "week")
    units = block_units(trades, boundaries, by_week=method == "week") if by_block else single_units(trades)
    check_range(furthest(units) * len(units), equity.value[0])
    length = block_length([float(unit.net) for unit in units]) if method == "stationary" else None
    rows: list[RawRow] = [
        ("monte_carlo_samples", plan.samples),
        ("monte_carlo_method", METHODS.index(method)),
        ("monte_carlo_block_length", length),
        ("monte_carlo_units", len(units)),
    ]
    if len(units) == 0:
        return rows + [(name, None) for name in NAMES]
    has_r = any(value is not None for value in trades.r_multiple)
    paths = walk(units, equity.value[0], plan, length)
    shuffled = shuffled_drawdowns(units, plan)
    return rows + list(zip(NAMES, summary(paths, units, shuffled, has_r=has_r), strict=True))


NAMES = (
    "monte_carlo_p_net_positive",
    "monte_carlo_p_low",
    "monte_carlo_p_high",
    "monte_carlo_risk_of_ruin",
    "monte_carlo_p_value_net",
    "monte_carlo_p_value_r",
    *(f"monte_carlo_net_{name}" for name, _, _ in QUANTILES),
    *(f"monte_carlo_drawdown_{name}" for name, _, _ in QUANTILES),
    *(f"monte_carlo_shuffled_drawdown_{name}" for name, _, _ in QUANTILES),
    *(f"monte_carlo_sharpe_{name}" for name, _, _ in QUANTILES),
    *(f"monte_carlo_fan_{10 * point}_{name}" for point in range(1, FAN_POINTS + 1) for name, _, _ in QUANTILES),
)


def method_of(trades: Trades, plan: Plan) -> str:
    """Return what is drawn: as the plan says, but never single trades that overlap."""
    if plan.bootstrap in ("day", "week"):
        return plan.bootstrap
    if positions_overlap(trades):
        return "day"
    return "iid" if plan.bootstrap == "auto" else plan.bootstrap


def summary(
    paths: Sequence[Path], units: Sequence[Unit], shuffled: Sequence[int], *, has_r: bool
) -> list[int | float | None]:
    """Return the values of `NAMES` over all resamples."""
    count = len(paths)
    hits = len([path for path in paths if path.net > 0])
    ruins = len([path for path in paths if path.lowest <= 0])
    low, high = wilson(hits, count)
    net = 0
    r_sum = 0.0
    for unit in units:
        net += unit.net
        r_sum = r_sum + unit.r_sum
    as_good = len([path for path in paths if path.net >= 2 * net])
    as_good_r = len([path for path in paths if path.r_sum >= 2.0 * r_sum])
    sharpes = [value for value in (sharpe_of(path, len(units)) for path in paths) if value is not None]
    values: list[int | float | None] = [numerics.quotient(hits, count), low, high, numerics.quotient(ruins, count)]
    values.append(numerics.quotient(1 + as_good, count + 1))
    values.append(numerics.quotient(1 + as_good_r, count + 1) if has_r else None)
    values += bands([path.net for path in paths])
    values += bands([path.drawdown for path in paths])
    values += bands(shuffled)
    values += bands(sharpes)
    for point in range(FAN_POINTS):
        values += bands([path.fan[point] for path in paths])
    return values


def bands(values: Sequence[int] | Sequence[float]) -> list[int | float | None]:
    """Return the quantiles of `QUANTILES`, or None where there are no values."""
    if len(values) == 0:
        return [None for _ in QUANTILES]
    ordered = sorted(values)
    return [ordered[numerics.quantile_idx(len(ordered), num, den)] for _, num, den in QUANTILES]


def sharpe_of(path: Path, count: int) -> float | None:
    """Return mean over deviation (n - 1) of what was drawn, from exact sums; None without deviation."""
    spread = count * path.squares - path.net * path.net
    if count < 2 or spread == 0:
        return None
    return numerics.quotient(path.net, count) / math.sqrt(numerics.quotient(spread, count * (count - 1)))


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


def check_range(reach: int, balance: int) -> None:
    """Refuse resampling in which a sum could leave 62 bits.

    Raises:
        EngineError: ``engine.overflow``.
    """
    if reach + balance >= LARGEST_PATH:
        raise error_for("engine.overflow", what="a resampled sum of trades")


def walk(units: Sequence[Unit], balance: int, plan: Plan, length: float | None) -> list[Path]:
    """Return one path per sample, drawing as many units as there are."""
    keys = rng.round_keys(plan.seed, rng.MONTE_CARLO)
    count = len(units)
    ends = [-numerics.floor_quotient(-point * count, FAN_POINTS) for point in range(1, FAN_POINTS + 1)]
    paths = []
    for sample in range(plan.samples):
        chosen = drawn(keys, sample, count) if length is None else drawn_in_blocks(keys, sample, count, length)
        paths.append(path_of(units, chosen, balance, ends))
    return paths


def path_of(units: Sequence[Unit], chosen: Sequence[int], balance: int, ends: Sequence[int]) -> Path:
    """Return what happens when units follow each other in this order."""
    running = peak = lowest = balance
    drawdown = squares = 0
    r_total = 0.0
    fan = []
    start = 0
    for end in ends:
        for idx in chosen[start:end]:
            net, high, low, inner, r_sum = units[idx]
            fall = peak - running - low
            if fall > drawdown:
                drawdown = fall
            if inner > drawdown:
                drawdown = inner
            if running + low < lowest:
                lowest = running + low
            if running + high > peak:
                peak = running + high
            running += net
            squares += net * net
            r_total = r_total + r_sum
        fan.append(running - balance)
        start = end
    return Path(running - balance, drawdown, lowest, squares, r_total, tuple(fan))


def drawn(keys: rng.Keys, sample: int, count: int) -> list[int]:
    """Return `count` draws of 0…count - 1, each on its own."""
    draws: list[int] = []
    for part in range((count + 3) // 4):
        w0, w1, w2, w3 = rng.block_of_keys(keys, (sample, part, 0, 0))
        draws += ((w0 * count) >> 64, (w1 * count) >> 64, (w2 * count) >> 64, (w3 * count) >> 64)
    del draws[count:]
    return draws


def drawn_in_blocks(keys: rng.Keys, sample: int, count: int, length: float) -> list[int]:
    """Return `count` draws in runs of neighbours, the last followed by the first, of this mean length.

    Draw d reads two words: a new run begins where the upper 53 bits of the first are below 2^53 / length, and
    the second says where.
    """
    threshold = int(numerics.round_half_even(LARGEST_DRAW / length))
    draws: list[int] = []
    words: rng.Words = (0, 0, 0, 0)
    for draw in range(count):
        if draw % 2 == 0:
            words = rng.block_of_keys(keys, (sample, draw // 2, 0, 0))
        first, second = (words[0], words[1]) if draw % 2 == 0 else (words[2], words[3])
        if draw == 0 or first >> 11 < threshold:
            draws.append(rng.uniform_int(second, count - 1))
        else:
            following = draws[draw - 1] + 1
            draws.append(0 if following == count else following)
    return draws


def shuffled_drawdowns(units: Sequence[Unit], plan: Plan) -> list[int]:
    """Return the largest fall of every shuffled order; a shuffle cannot change the sum, so nothing else is asked."""
    keys = rng.round_keys(plan.seed, rng.SHUFFLE)
    count = len(units)
    falls = []
    for sample in range(plan.dropout_samples):
        order = list(range(count))
        words: rng.Words = (0, 0, 0, 0)
        for draw in range(count):
            if draw % 4 == 0:
                words = rng.block_of_keys(keys, (sample, draw // 4, 0, 0))
            chosen = draw + rng.uniform_int(words[draw % 4], count - 1 - draw)
            order[draw], order[chosen] = order[chosen], order[draw]
        falls.append(path_of(units, order, 0, [count]).drawdown)
    return falls
