"""The arithmetic that both halves share: sums, roundings, exact quotients, exp, ln and the special functions.

Everything here is written in integers, ``+ - * /``, square root, comparison and scaling by powers of
two, so that no library or compiler can change a bit (rules NUM-1, NUM-2, NUM-4 in
``docs/spec/engine.md``). What it does not do: money, prices, anything that knows what a number means.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

_TWO_52 = 4503599627370496.0
_LOG2_E = 1.4426950408889634
# ln 2 in two parts: the first ends in 21 zero bits, so its product with an exponent is exact.
_LN2_HIGH = 0.6931471803691238
_LN2_LOW = 1.9082149292705877e-10
_SQRT_HALF = 0.7071067811865476
_SQRT_PI = 1.772453850905516
_LN_SQRT_2_PI = 0.9189385332046728
_EXP_OVERFLOW = 709.782712893384
_EXP_UNDERFLOW = -745.1332191019412
# 1/13!, 1/12!, ..., 1/2!
_EXP_TERMS = (
    1.6059043836821613e-10,
    2.08767569878681e-09,
    2.505210838544172e-08,
    2.755731922398589e-07,
    2.7557319223985893e-06,
    2.48015873015873e-05,
    0.0001984126984126984,
    0.001388888888888889,
    0.008333333333333333,
    0.041666666666666664,
    0.16666666666666666,
    0.5,
)
# 2/21, 2/19, ..., 2/3
_LN_TERMS = (
    0.09523809523809523,
    0.10526315789473684,
    0.11764705882352941,
    0.13333333333333333,
    0.15384615384615385,
    0.18181818181818182,
    0.2222222222222222,
    0.2857142857142857,
    0.4,
    0.6666666666666666,
)
# Stirling's series: B_2k / (2k·(2k - 1)) for k = 8, ..., 1
_LGAMMA_TERMS = (
    -0.029550653594771242,
    0.00641025641025641,
    -0.0019175269175269176,
    0.0008417508417508417,
    -0.0005952380952380953,
    0.0007936507936507937,
    -0.002777777777777778,
    0.08333333333333333,
)
_ERF_TERMS = 20
_BETA_TERMS = 100_000
_TINY = 1e-300


def round_half_even(x: float) -> float:
    """Return the nearest whole number, ties to the even one, as a float.

    NaN, infinities and magnitudes from 2^52 on come back as they are.
    """
    magnitude = -x if x < 0.0 else x
    if not magnitude < _TWO_52:
        return x
    # At 2^52 floats are one apart: the sum rounds to a whole number, half to even.
    whole = (magnitude + _TWO_52) - _TWO_52
    return -whole if x < 0.0 else whole


def sum_left(values: Sequence[float]) -> float:
    """Return the sum from left to right, starting at 0.0 (NUM-4)."""
    total = 0.0
    for value in values:
        total = total + value
    return total


def is_rounding(difference: float, scale: float) -> bool:
    """Return whether a difference of numbers of size ``scale`` is no more than 100 roundings of one."""
    bound = 2.220446049250313e-14 * scale
    return -bound <= difference <= bound


def floor_quotient(num: int, den: int) -> int:
    """Return the greatest integer not above ``num / den``; ``den`` > 0."""
    return num // den


def half_even_quotient(num: int, den: int) -> int:
    """Return ``num / den`` rounded to the nearest integer, ties to the even one; ``den`` > 0 (NUM-1)."""
    whole = num // den
    rest = num - whole * den
    above = den - rest
    if rest > above or (rest == above and whole & 1 == 1):
        return whole + 1
    return whole


def quotient(num: int, den: int) -> float:
    """Return the float nearest to the exact fraction ``num / den``, ties to even; ``den`` > 0."""
    return num / den


def mean_int(values: Sequence[int]) -> float | None:
    """Return the correctly rounded mean of integers (NUM-4), or None if there are none."""
    if len(values) == 0:
        return None
    total = 0
    for value in values:
        total += value
    return quotient(total, len(values))


def mean(values: Sequence[float]) -> float | None:
    """Return the mean of floats, summed from left to right, or None if there are none."""
    if len(values) == 0:
        return None
    return sum_left(values) / len(values)


def sample_deviation(values: Sequence[float]) -> float | None:
    """Return the two-pass standard deviation with n - 1 (NUM-4), or None below two values.

    A series of equal values has deviation 0 exactly, also where its mean is not representable.
    """
    count = len(values)
    if count < 2:
        return None
    first = values[0]
    constant = True
    for value in values:
        if value != first:
            constant = False
    if constant:
        return 0.0
    center = sum_left(values) / count
    squares = 0.0
    for value in values:
        offset = value - center
        squares = squares + offset * offset
    return math.sqrt(squares / (count - 1))


def quantile_idx(count: int, num: int, den: int) -> int:
    """Return the index of quantile ``num / den`` in ``count`` > 0 ascending values: ceil(q·n) - 1 (NUM-4)."""
    rank = -floor_quotient(-(num * count), den)
    return rank - 1 if rank > 0 else 0


def exp(x: float) -> float:
    """Return e to the power ``x``, at most one unit in the last place off.

    ``x = k·ln 2 + r`` with ``|r| <= ln 2 / 2``; e^r by its Taylor polynomial of degree 13. NaN gives NaN;
    beyond the range of floats the result is infinity or 0.
    """
    if x > _EXP_OVERFLOW:
        return math.inf
    if x < _EXP_UNDERFLOW:
        return 0.0
    if not x == x:
        return x
    k = int(round_half_even(x * _LOG2_E))
    r = (x - k * _LN2_HIGH) - k * _LN2_LOW
    tail = 0.0
    for term in _EXP_TERMS:
        tail = tail * r + term
    return _scale(1.0 + (r + r * r * tail), k)


def ln(x: float) -> float:
    """Return the natural logarithm, at most one unit in the last place off.

    ``x = 2^e·(1 + f)`` with ``1 + f`` between √½ and √2; with ``s = f / (2 + f)`` the logarithm of the
    fraction is ``2·atanh(s) = f - s·(f - R)``, R by the series of atanh. ``ln(0)`` is -inf, NaN below 0.
    """
    if not x > 0.0:
        return -math.inf if x == 0.0 else math.nan
    if x == math.inf:
        return x
    fraction, exponent = math.frexp(x)
    if fraction < _SQRT_HALF:
        fraction = fraction * 2.0
        exponent = exponent - 1
    f = fraction - 1.0
    s = f / (2.0 + f)
    square = s * s
    tail = 0.0
    for term in _LN_TERMS:
        tail = tail * square + term
    rest = s * (f - square * tail)
    return exponent * _LN2_HIGH + (f - (rest - exponent * _LN2_LOW))


def erfc(x: float) -> float:
    """Return the complementary error function, relative error at most 2e-14.

    Below 1 the series of erf with positive terms only, 2/√π·e^(-x²)·Σ 2ⁿ·x^(2n+1) / (2n+1)!!; from 1 on the
    continued fraction e^(-x²)/√π / (x + (1/2)/(x + 1/(x + (3/2)/(x + …)))), from its far end.
    """
    if not x == x:
        return x
    magnitude = -x if x < 0.0 else x
    if magnitude < 1.0:
        square = magnitude * magnitude
        term = magnitude
        total = term
        for n in range(1, _ERF_TERMS + 1):
            term = term * (2.0 * square) / (2 * n + 1)
            total = total + term
        part = 2.0 / _SQRT_PI * exp(-square) * total
        return 1.0 + part if x < 0.0 else 1.0 - part
    if magnitude > 27.5:
        return 2.0 if x < 0.0 else 0.0
    # x² = h² + (x - h)(x + h) with h² exact: its rounding would be as large as x² units of the result.
    high = round_half_even(magnitude * 1048576.0) / 1048576.0
    fraction = magnitude
    for n in range(20 + int(130.0 / (magnitude * magnitude)), 0, -1):
        fraction = magnitude + 0.5 * n / fraction
    tail = exp(-(high * high)) * exp(-((magnitude - high) * (magnitude + high))) / (_SQRT_PI * fraction)
    return 2.0 - tail if x < 0.0 else tail


def normal_cdf(x: float) -> float:
    """Return the probability that a standard normal variable is at most ``x``."""
    return 0.5 * erfc(-x * _SQRT_HALF)


def lgamma(x: float) -> float:
    """Return ln Γ(x) for ``x`` > 0, error at most 2e-14 of the larger of 1 and the result; NaN below 0.

    Stirling's series from 10 on; below, Γ(x) = Γ(x + n) / (x·(x + 1)·…·(x + n - 1)).
    """
    if not x > 0.0:
        return math.inf if x == 0.0 else math.nan
    if x == math.inf:
        return x
    product = 1.0
    while x < 10.0:
        product = product * x
        x = x + 1.0
    square = 1.0 / (x * x)
    tail = 0.0
    for term in _LGAMMA_TERMS:
        tail = tail * square + term
    return (x - 0.5) * ln(x) - x + _LN_SQRT_2_PI + tail / x - ln(product)


def betainc(a: float, b: float, x: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b); ``a``, ``b`` > 0.

    Error at most 1e-11 for ``a`` and ``b`` to 1,000; it grows with them. ``x`` outside 0 … 1 counts as the nearer end.
    """
    if not x == x:
        return x
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    if x > (a + 1.0) / (a + b + 2.0):
        return 1.0 - _beta_fraction(b, a, 1.0 - x)
    return _beta_fraction(a, b, x)


def student_cdf(t: float, degrees: float) -> float:
    """Return the probability that a variable of Student's t distribution is at most ``t``; ``degrees`` > 0."""
    tail = 0.5 * betainc(0.5 * degrees, 0.5, degrees / (degrees + t * t))
    return 1.0 - tail if t > 0.0 else tail


def _beta_fraction(a: float, b: float, x: float) -> float:
    """Return I_x(a, b) where its continued fraction converges fast, by Lentz's method.

    Source: NIST Digital Library of Mathematical Functions, 8.17.22; W. J. Lentz, Applied Optics 15(3), 1976.
    """
    front = exp(a * ln(x) + b * ln(1.0 - x) - ((lgamma(a) + lgamma(b)) - lgamma(a + b))) / a
    value = 1.0
    upper = 1.0
    lower = 0.0
    for step in range(1, _BETA_TERMS):
        half = float(step // 2)
        if step % 2 == 0:
            term = half * (b - half) * x / ((a + 2.0 * half - 1.0) * (a + 2.0 * half))
        else:
            term = -(a + half) * (a + b + half) * x / ((a + 2.0 * half) * (a + 2.0 * half + 1.0))
        lower = _nonzero(1.0 + term * lower)
        upper = _nonzero(1.0 + term / upper)
        lower = 1.0 / lower
        factor = upper * lower
        value = value * factor
        if -2.3e-16 < factor - 1.0 < 2.3e-16:
            break
    return front / value


def _nonzero(x: float) -> float:
    """Return ``x``, or a number that may divide where it is 0."""
    return _TINY if x == 0.0 else x


def _scale(x: float, exponent: int) -> float:
    """Return ``x · 2^exponent`` for x near 1, rounded once."""
    if exponent > 1000:
        return x * math.ldexp(1.0, exponent - 100) * math.ldexp(1.0, 100)
    if exponent < -1000:
        return x * math.ldexp(1.0, exponent + 100) * math.ldexp(1.0, -100)
    return x * math.ldexp(1.0, exponent)
