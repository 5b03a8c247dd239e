"""Whether the returns could be luck: their shape, the probabilistic Sharpe ratio, order of wins (MET-6, MET-7).

Returns are excess returns per FX day (MET-1). Moments are those of the sample itself (divided by n); the
deviation in a Sharpe ratio is that with n - 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from omega.backends.python import numerics
from omega.backends.python.metrics.columns import Row, Undefined, Value
from omega.backends.python.metrics.returns import DayReturns

# Normal quantile of 0.95.
CONFIDENCE_Z = 1.6448536269514722


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What the probabilistic Sharpe ratio knows of a series of returns.

    Attributes:
        sharpe: Mean over deviation per row, not annualised.
        skewness: Third standardised moment.
        kurtosis: Fourth standardised moment, raw: 3 for a normal distribution.
    """

    sharpe: float
    skewness: float
    kurtosis: float


def shape_of(returns: Sequence[float]) -> Shape | Undefined:
    """Return Sharpe per row, skewness and raw kurtosis; undefined below two or without deviation."""
    center = numerics.mean(returns)
    deviation = numerics.sample_deviation(returns)
    if center is None or deviation is None:
        return Undefined("too_few_returns")
    squares = cubes = fourths = 0.0
    for value in returns:
        offset = value - center
        square = offset * offset
        squares = squares + square
        cubes = cubes + square * offset
        fourths = fourths + square * square
    count = len(returns)
    variance = squares / count
    # Where even the square of the variance vanishes, the moments are not numbers any more.
    if deviation == 0.0 or variance * variance == 0.0:
        return Undefined("no_deviation")
    return Shape(
        sharpe=center / deviation,
        skewness=cubes / count / (variance * math.sqrt(variance)),
        kurtosis=fourths / count / (variance * variance),
    )


def sharpe_variance(shape: Shape) -> float:
    """Return 1 - g3·SR + (g4 - 1)/4·SR²: n - 1 times the variance of an estimated Sharpe ratio."""
    return 1.0 - shape.skewness * shape.sharpe + (shape.kurtosis - 1.0) / 4.0 * shape.sharpe * shape.sharpe


def probabilistic_sharpe(shape: Shape, benchmark: float, count: int) -> Value:
    """Return the probability that the true Sharpe ratio per row is above `benchmark`, from `count` rows.

    PSR(SR*) = Φ((SR - SR*)·√(T - 1) / √(1 - g3·SR + (g4 - 1)/4·SR²)).

    Source: D. H. Bailey and M. López de Prado, "The Sharpe Ratio Efficient Frontier", J. of Risk 15(2), 2012.
    """
    variance = sharpe_variance(shape)
    if not variance > 0.0:
        return Undefined("no_deviation")
    return numerics.normal_cdf((shape.sharpe - benchmark) * math.sqrt(float(count - 1)) / math.sqrt(variance))


def least_track_record(shape: Shape, benchmark: float) -> Value:
    """Return the rows it takes to be 95 % sure of a true Sharpe ratio above `benchmark` (MinTRL).

    1 + (1 - g3·SR + (g4 - 1)/4·SR²)·(Z / (SR - SR*))², same source; undefined at or below the benchmark.
    """
    if not shape.sharpe > benchmark:
        return Undefined("sharpe_not_positive")
    ratio = CONFIDENCE_Z / (shape.sharpe - benchmark)
    return 1.0 + sharpe_variance(shape) * (ratio * ratio)


def log_growth_r2(values: Sequence[int]) -> Value:
    """Return r² of log equity on the row number, signed by the slope; row 0, the initial balance, is left out.

    Values above 0. A straight rise gives 1, a straight fall -1; below three days there is no line.
    """
    if len(values) < 4:
        return Undefined("too_few_returns")
    logs = [numerics.ln(numerics.quotient(value, values[0])) for value in values[1:]]
    count = len(logs)
    if numerics.sample_deviation(logs) == 0.0:
        return Undefined("no_deviation")
    center = numerics.sum_left(logs) / count
    middle = (count - 1) / 2.0
    across = up = both = 0.0
    for row, value in enumerate(logs):
        offset = float(row) - middle
        rise = value - center
        across = across + offset * offset
        up = up + rise * rise
        both = both + offset * rise
    r2 = both * both / (across * up)
    if r2 > 1.0:
        r2 = 1.0
    return -r2 if both < 0.0 else r2


def runs_z(net: Sequence[int]) -> Value:
    """Return the Z-score of the number of runs of wins and losses, in closing order; net = 0 is left out.

    Below 0 wins and losses cluster, above 0 they alternate; within ±1.96 they may be independent.

    Source: A. Wald and J. Wolfowitz, "On a test whether two samples are from the same population", 1940.
    """
    wins = losses = runs = 0
    before = 0
    for value in net:
        if value != 0:
            sign = 1 if value > 0 else -1
            if sign > 0:
                wins += 1
            else:
                losses += 1
            if sign != before:
                runs += 1
            before = sign
    count = wins + losses
    pairs = 2 * wins * losses
    if pairs <= count:
        return Undefined("too_few_trades")
    # Mean pairs/n + 1, variance pairs·(pairs - n) / (n²·(n - 1)); the difference times n is exact.
    variance = numerics.quotient(pairs * (pairs - count), count * count * (count - 1))
    return numerics.quotient((runs - 1) * count - pairs, count) / math.sqrt(variance)


def compute_significance(days: DayReturns, net: Sequence[int]) -> list[Row]:
    """Return stability, shape, PSR(0), the track record it takes, and the runs test."""
    stability: Value
    first: Value
    second: Value
    third: Value
    fourth: Value
    if isinstance(days.excess, Undefined):
        stability = first = second = third = fourth = days.excess
    else:
        stability = log_growth_r2(days.values)
        shape = shape_of(days.excess)
        if isinstance(shape, Undefined):
            first = second = third = fourth = shape
        else:
            first, second = shape.skewness, shape.kurtosis
            third = probabilistic_sharpe(shape, 0.0, len(days.excess))
            fourth = least_track_record(shape, 0.0)
    return [
        ("stability_r2", stability),
        ("skewness", first),
        ("kurtosis", second),
        ("psr", third),
        ("min_track_record", fourth),
        ("runs_z", runs_z(net)),
    ]
