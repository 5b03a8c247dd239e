"""Shared arithmetic of the twin against oracles; `cargo test` reads the same vectors (NUM-1 to NUM-4)."""

from __future__ import annotations

import json
import math
import pathlib
import struct

import pytest
import scipy.stats

from omega.backends.python import numerics

VECTORS = pathlib.Path(__file__).resolve().parents[2] / "vectors"
# Sum of the result bits modulo 2^64. `numerics.rs` asserts the same numbers: that is the bit parity.
CHECKSUMS = {
    "exp": 0xD2113F4CCDEC0BB7,
    "ln": 0xE938DDD6D233289D,
    "erfc": 0x550C49B2C37D65EE,
    "lgamma": 0x99EF50A98F9F0820,
    "betainc": 0xC917B4AE0122CC6C,
}


def bit_pattern(x: float) -> int:
    return int(struct.unpack("<q", struct.pack("<d", x))[0])


@pytest.mark.parametrize("name", ["exp", "ln"])
def test_exp_and_ln_are_within_one_unit_in_the_last_place_of_mpmath(name: str) -> None:
    """NUM-4: one algorithm in allowed operations, held to a reference table of 10,000 points."""
    pairs = list(struct.iter_unpack("<dd", (VECTORS / f"numerics_{name}.bin").read_bytes()))
    assert len(pairs) == 10_000

    results = [bit_pattern(getattr(numerics, name)(x)) for x, _ in pairs]

    assert max(abs(result - bit_pattern(y)) for result, (_, y) in zip(results, pairs, strict=True)) <= 1
    assert sum(results) % 2**64 == CHECKSUMS[name]


@pytest.mark.parametrize(
    ("name", "arguments", "relative", "absolute"),
    [("erfc", 1, 2e-14, 0.0), ("lgamma", 1, 2e-14, 2e-14), ("betainc", 3, 0.0, 1e-11)],
)
def test_special_functions_equal_mpmath(name: str, arguments: int, relative: float, absolute: float) -> None:
    """NUM-4: one algorithm in allowed operations, held to a reference table of 10,000 points."""
    shape = "<" + "d" * (arguments + 1)
    rows = list(struct.iter_unpack(shape, (VECTORS / f"numerics_{name}.bin").read_bytes()))
    assert len(rows) == 10_000

    results = [getattr(numerics, name)(*row[:-1]) for row in rows]

    for result, row in zip(results, rows, strict=True):
        assert abs(result - row[-1]) <= max(absolute, relative * abs(row[-1])), row
    assert sum(bit_pattern(result) for result in results) % 2**64 == CHECKSUMS[name]


def test_special_functions_say_what_happens_at_the_edges() -> None:
    """NUM-4: no exception and no library's opinion at the edges."""
    assert numerics.erfc(0.0) == 1.0
    assert (numerics.erfc(math.inf), numerics.erfc(-math.inf)) == (0.0, 2.0)
    assert math.isnan(numerics.erfc(math.nan))
    assert numerics.lgamma(0.0) == math.inf
    assert numerics.lgamma(math.inf) == math.inf
    assert math.isnan(numerics.lgamma(-1.5))
    assert (numerics.betainc(2.0, 3.0, -1.0), numerics.betainc(2.0, 3.0, 1.5)) == (0.0, 1.0)
    assert math.isnan(numerics.betainc(2.0, 3.0, math.nan))
    assert numerics.normal_cdf(0.0) == 0.5
    assert numerics.student_cdf(0.0, 5.0) == 0.5


def test_distributions_equal_scipy() -> None:
    """MET-7, RAT-4: the two distributions the rating reads."""
    for x in (-8.0, -1.96, -0.1, 0.3, 1.0, 3.5):
        assert numerics.normal_cdf(x) == pytest.approx(scipy.stats.norm.cdf(x), rel=1e-13)
        for degrees in (1.0, 4.0, 29.0, 2500.0):
            assert numerics.student_cdf(x, degrees) == pytest.approx(scipy.stats.t.cdf(x, degrees), rel=1e-10)


def test_exp_and_ln_say_what_happens_at_the_edges() -> None:
    """NUM-4: no exception and no library's opinion at the edges."""
    assert numerics.exp(710.0) == math.inf
    assert numerics.exp(-746.0) == 0.0
    assert math.isnan(numerics.exp(math.nan))
    assert numerics.exp(-math.inf) == 0.0
    assert numerics.ln(0.0) == -math.inf
    assert math.isnan(numerics.ln(-1.0))
    assert math.isnan(numerics.ln(math.nan))
    assert numerics.ln(math.inf) == math.inf
    assert numerics.ln(1.0) == 0.0


def test_quotients_of_exact_fractions_are_correctly_rounded() -> None:
    """NUM-1, NUM-2: half to even for integers, nearest float for display."""
    rows = json.loads((VECTORS / "numerics_exact.json").read_text())["rows"]
    assert len(rows) >= 400
    for num, den, pattern, floor, half_even in rows:
        fraction = int(num), int(den)
        assert struct.pack(">d", numerics.quotient(*fraction)).hex() == pattern
        assert numerics.floor_quotient(*fraction) == int(floor)
        assert numerics.half_even_quotient(*fraction) == int(half_even)


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (0.5, 0.0),
        (1.5, 2.0),
        (2.5, 2.0),
        (-0.5, 0.0),
        (-1.5, -2.0),
        (2.4999999999999996, 2.0),
        (0.49999999999999994, 0.0),
    ],
)
def test_round_half_even_sends_ties_to_the_even_number(x: float, expected: float) -> None:
    """NUM-2: half_even."""
    assert numerics.round_half_even(x) == expected


def test_round_half_even_leaves_whole_and_strange_numbers_alone() -> None:
    """NUM-2: half_even."""
    assert numerics.round_half_even(4503599627370497.0) == 4503599627370497.0
    assert numerics.round_half_even(-1e300) == -1e300
    assert numerics.round_half_even(math.inf) == math.inf
    assert math.isnan(numerics.round_half_even(math.nan))


def test_only_rounding_is_at_most_a_hundred_roundings_of_one() -> None:
    """A rounding of one is 2^-52; the bound grows with the numbers that were subtracted, and holds both ways."""
    bound = 100 * 2.0**-52
    for scale in (1.0, 1300.0, 1e-5):
        for sign in (1.0, -1.0):
            assert numerics.is_rounding(sign * bound * scale, scale)
            assert not numerics.is_rounding(sign * bound * scale * 1.001, scale)
    assert numerics.is_rounding(0.0, 0.0)
    assert numerics.is_rounding(3916.873 / 3 - (1305.736 + 1305.51 + 1305.627) / 3, 1305.0)
    assert not numerics.is_rounding(float("nan"), 1.0)


def test_sum_left_adds_in_row_order() -> None:
    """NUM-4: 1e16 + 1 + 1 loses both ones from the left and keeps them from the right."""
    assert numerics.sum_left([1e16, 1.0, 1.0]) == 1e16
    assert numerics.sum_left([1.0, 1.0, 1e16]) == 1e16 + 2.0
    assert numerics.sum_left([]) == 0.0


def test_mean_of_integers_is_rounded_once() -> None:
    """NUM-4: (2^53 + 2^53 + 2) / 2 = 2^53 + 1 is halfway and goes to even; a float sum would differ."""
    assert numerics.mean_int([2**53, 2**53 + 2]) == float(2**53)
    assert numerics.mean_int([1, 2]) == 1.5
    assert numerics.mean_int([]) is None
    assert numerics.mean([0.5, 1.5]) == 1.0
    assert numerics.mean([]) is None


def test_sample_deviation_divides_by_n_minus_one() -> None:
    """NUM-4: 2, 4, 4, 4, 5, 5, 7, 9 has squares 32; √(32/7)."""
    assert numerics.sample_deviation([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]) == math.sqrt(32.0 / 7.0)
    assert numerics.sample_deviation([1.0]) is None
    assert numerics.sample_deviation([0.1, 0.1, 0.1]) == 0.0


@pytest.mark.parametrize(
    ("count", "num", "den", "expected"),
    [(10, 1, 2, 4), (11, 1, 2, 5), (20, 95, 100, 18), (21, 19, 20, 19), (7, 0, 1, 0), (7, 1, 1, 6), (1, 1, 2, 0)],
)
def test_quantile_is_the_value_at_rank_ceil_of_q_times_n(count: int, num: int, den: int, expected: int) -> None:
    """NUM-4: sorted[⌈q·n⌉ - 1] with a rational q."""
    assert numerics.quantile_idx(count, num, den) == expected
