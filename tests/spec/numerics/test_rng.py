"""The generator of the twin against NumPy; `cargo test` reads the same vectors (NUM-3)."""

from __future__ import annotations

import json
import pathlib

from omega.backends.python import rng

VECTORS = pathlib.Path(__file__).resolve().parents[2] / "vectors"


def test_blocks_equal_the_raw_stream_of_numpy() -> None:
    """NUM-3: the block of the counter itself."""
    cases = json.loads((VECTORS / "rng_philox.json").read_text())["blocks"]
    assert len(cases) >= 40
    for case in cases:
        expected = tuple(case["words"])
        assert rng.block(case["seed"], case["purpose"], tuple(case["counter"])) == expected
        assert rng.word(case["seed"], case["purpose"], tuple(case["counter"])) == expected[0]


def test_uniform_integers_are_the_high_half_of_the_product() -> None:
    """NUM-3: 0…R from the high 64 bits of word · (R + 1)."""
    cases = json.loads((VECTORS / "rng_philox.json").read_text())["uniform"]
    assert len(cases) >= 8
    for word, r, expected in cases:
        assert rng.uniform_int(word, r) == expected


def test_uniform_integers_cover_their_range_evenly() -> None:
    """NUM-3: 6,000 draws of 0…5; each face within 5 deviations (√(6000·5/36) = 29) of 1,000."""
    counts = [0] * 6
    for draw in range(6_000):
        counts[rng.uniform_int(rng.word(7, rng.SLIPPAGE, (1, 0, 0, draw)), 5)] += 1
    assert all(855 <= count <= 1145 for count in counts)


def test_purposes_have_their_own_streams() -> None:
    """NUM-3: the purpose is part of the key."""
    words = {rng.word(1, purpose, (1, 0, 0, 0)) for purpose in (rng.SLIPPAGE, rng.DROPOUT, rng.MONTE_CARLO)}
    assert len(words) == 3
