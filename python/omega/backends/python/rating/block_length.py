"""How long a block of trades hangs together: the mean block of the stationary bootstrap (RAT-4).

D. N. Politis and H. White, "Automatic block-length selection for the dependent bootstrap", Econometric
Reviews 23(1), 2004, with the correction of A. Patton, D. N. Politis and H. White, 28(4), 2009.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from omega.backends.python import numerics

LEAST_COUNT = 10
LN_10 = 2.302585092994046


def block_length(values: Sequence[float]) -> float:
    """Return the mean block length, from 1 up; 1 below ten values or without dependence."""
    count = len(values)
    if count < LEAST_COUNT or numerics.sample_deviation(values) == 0.0:
        return 1.0
    center = numerics.sum_left(values) / count
    offsets = [value - center for value in values]
    size = float(count)
    decades = numerics.ln(size) / LN_10
    quiet = 5 if decades < 6.0 else int(decades)
    largest_lag = ceiling(math.sqrt(size)) + quiet
    if largest_lag > count - 2:
        largest_lag = count - 2
    bound = 2.0 * math.sqrt(decades / size)
    covariances = []
    calm = 0
    bandwidth = largest_lag
    for lag in range(largest_lag + 1):
        if calm >= quiet:
            first = lag - quiet
            bandwidth = 2 * (first if first > 1 else 1)
            break
        covariance, correlation = lagged(offsets, lag)
        covariances.append(covariance)
        calm = calm + 1 if correlation < bound else 0
    bandwidth = bandwidth if bandwidth < largest_lag else largest_lag
    for lag in range(len(covariances), bandwidth + 1):
        covariances.append(lagged(offsets, lag)[0])
    return limited(covariances, bandwidth, size)


def lagged(offsets: Sequence[float], lag: int) -> tuple[float, float]:
    """Return the covariance at a lag, and the size of the correlation."""
    count = len(offsets)
    product = first = second = 0.0
    for row in range(lag, count):
        product = product + offsets[row] * offsets[row - lag]
    for row in range(lag + 1, count):
        first = first + offsets[row] * offsets[row]
        second = second + offsets[row - lag - 1] * offsets[row - lag - 1]
    scale = math.sqrt(first * second)
    magnitude = -product if product < 0.0 else product
    return product / count, magnitude / scale if scale > 0.0 else 0.0


def limited(covariances: Sequence[float], bandwidth: int, size: float) -> float:
    """Return (2·G² / D)^(1/3)·n^(1/3) with the flat-top window, brought into 1 … min(3·√n, n/3) rounded up."""
    slope = 0.0
    spectrum = covariances[0]
    for lag in range(1, bandwidth + 1):
        share = lag / bandwidth
        weight = 1.0 if share <= 0.5 else 2.0 * (1.0 - share)
        slope = slope + 2.0 * weight * lag * covariances[lag]
        spectrum = spectrum + 2.0 * weight * covariances[lag]
    if slope == 0.0 or spectrum == 0.0:
        return 1.0
    ratio = slope / spectrum
    length = numerics.exp(numerics.ln(ratio * ratio * size) / 3.0)
    widest = 3.0 * math.sqrt(size)
    if size / 3.0 < widest:
        widest = size / 3.0
    widest = float(ceiling(widest))
    if length > widest:
        return widest
    return length if length > 1.0 else 1.0


def ceiling(x: float) -> int:
    """Return the least integer not below ``x`` >= 0."""
    whole = int(x)
    return whole if float(whole) == x else whole + 1
