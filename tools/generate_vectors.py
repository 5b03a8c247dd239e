"""Write the known answers that pytest and cargo test both read, from oracles that share no code with omega.

    python tools/generate_vectors.py

tests/vectors/rng_philox.json     blocks of NumPy's Philox, which adds one to its counter first
tests/vectors/numerics_exp.bin    10,000 little-endian pairs (x, e^x), correctly rounded by mpmath
tests/vectors/numerics_ln.bin     10,000 little-endian pairs (x, ln x), correctly rounded by mpmath
tests/vectors/numerics_exact.json quotients and roundings of exact fractions, by Python's fractions
"""

from __future__ import annotations

import json
import pathlib
import random
import struct
from fractions import Fraction

import mpmath  # type: ignore[import-untyped]
import numpy as np

VECTORS = pathlib.Path(__file__).resolve().parent.parent / "tests/vectors"
SEEDS = (0, 1, 7, 2**63, 2**64 - 1)
COUNTERS = (
    (1, 0, 0, 0),
    (2, 1, 0, 0),
    (600, 2, 3, 1),
    (9999, 249, 0, 0),
    (0, 5, 0, 0),
    (2**64 - 1, 2**64 - 1, 2**32, 0),
    (123456789, 0, 2**63, 2**64 - 1),
    (0, 0, 1, 0),
)


def philox() -> dict[str, object]:
    """Return blocks of NumPy's raw stream and uniform integers of exact products."""
    blocks = []
    for seed in SEEDS:
        for purpose, counter in enumerate(COUNTERS, start=1):
            whole = sum(part << (64 * place) for place, part in enumerate(counter)) - 1
            before = np.array([(whole >> (64 * place)) % 2**64 for place in range(4)], dtype=np.uint64)
            generator = np.random.Philox(key=np.array([seed, purpose], dtype=np.uint64), counter=before)
            words = [int(word) for word in generator.random_raw(4)]
            blocks.append({"seed": seed, "purpose": purpose, "counter": counter, "words": words})
    top = 2**64 - 1
    uniform = [(0, 9, 0), (top, 9, 9), (2**63, 1, 1), (2**63 - 1, 1, 0), (top, 0, 0), (12345, top, 12345)]
    uniform += [(top // 3, 2, 0), (top // 3 + 1, 2, 1), (2**62, 999, 250)]
    return {"source": "numpy.random.Philox", "blocks": blocks, "uniform": uniform}


def table(function: str, points: list[float]) -> bytes:
    """Return pairs (x, function(x)) with 200 bits of working precision."""
    with mpmath.workprec(200):
        values = [float(getattr(mpmath, function)(point)) for point in points]
    return b"".join(struct.pack("<dd", *pair) for pair in zip(points, values, strict=True))


def exact(draw: random.Random) -> dict[str, object]:
    """Return quotients: correctly rounded float, floor and half-even integer. Integers as text (128 bits)."""
    pairs = [(1, 3), (-1, 3), (5, 2), (7, 2), (-5, 2), (-7, 2), (0, 9), (2**53 + 1, 1), (2**53 + 3, 1), (2**54 + 3, 1)]
    pairs += [(2**126 - 1, 1), (-(2**126) + 1, 3), (1, 2**126), (2**100 + 1, 2**100), (10**18 + 1, 10**18)]
    pairs += [(3 * 2**60 + 3, 6), (-(2**127), 1), (2**127 - 1, 2**127 - 1), (2**127 - 2, 2**127 - 1)]
    for _ in range(300):
        num = draw.getrandbits(draw.randint(1, 126)) * draw.choice((-1, 1))
        pairs.append((num, draw.getrandbits(draw.randint(1, 126)) + 1))
    for _ in range(100):
        den = draw.getrandbits(draw.randint(1, 60)) + 1
        pairs.append(((2 * draw.getrandbits(40) + 1) * den, 2 * den))
    rows = []
    for num, den in pairs:
        value = Fraction(num, den)
        rows.append([str(num), str(den), float(value).hex(), str(value.__floor__()), str(round(value))])
    return {"source": "fractions.Fraction", "columns": "num den float floor half_even", "rows": rows}


def bits(rows: list[list[str]]) -> None:
    """Replace the hexadecimal float by its bit pattern, which both languages read as text."""
    for row in rows:
        row[2] = struct.pack(">d", float.fromhex(row[2])).hex()


def main() -> None:
    """Write all vector files."""
    draw = random.Random(20251)
    exp_points = [draw.uniform(-745.0, 709.7) for _ in range(4000)]
    exp_points += [draw.uniform(-1.0, 1.0) for _ in range(3000)]
    exp_points += [draw.uniform(-40.0, 40.0) for _ in range(2990)]
    exp_points += [0.0, 1.0, -1.0, 2.0**-40, -(2.0**-60), 709.5, -708.5, -740.25, 0.34657359027997264, -0.5]
    ln_points = [draw.uniform(0.5, 2.0) for _ in range(4000)]
    ln_points += [2.0 ** draw.randint(-1022, 1022) * draw.uniform(1.0, 2.0) for _ in range(3000)]
    ln_points += [draw.uniform(0.999, 1.001) for _ in range(2990)]
    ln_points += [1.0, 2.0, 0.5, 10.0, 5e-324, 2.0**-1040, 1.7976931348623157e308, 1.0 + 2.0**-52, 1.0 - 2.0**-53, 3.0]
    numbers = exact(draw)
    bits(numbers["rows"])  # type: ignore[arg-type]
    VECTORS.mkdir(parents=True, exist_ok=True)
    (VECTORS / "rng_philox.json").write_text(json.dumps(philox()) + "\n")
    (VECTORS / "numerics_exp.bin").write_bytes(table("exp", exp_points))
    (VECTORS / "numerics_ln.bin").write_bytes(table("log", ln_points))
    (VECTORS / "numerics_exact.json").write_text(json.dumps(numbers) + "\n")


if __name__ == "__main__":
    main()
