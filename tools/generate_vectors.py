"""Write the known answers that pytest and cargo test both read, from oracles that share no code with omega.

    python tools/generate_vectors.py

tests/vectors/rng_philox.json     blocks of NumPy's Philox, which adds one to its counter first
tests/vectors/numerics_exp.bin    10,000 little-endian pairs (x, e^x), correctly rounded by mpmath
tests/vectors/numerics_ln.bin     10,000 little-endian pairs (x, ln x), correctly rounded by mpmath
tests/vectors/numerics_erfc.bin   10,000 pairs (x, erfc x), correctly rounded by mpmath
tests/vectors/numerics_lgamma.bin 10,000 pairs (x, ln Γ(x)), correctly rounded by mpmath
tests/vectors/numerics_betainc.bin 10,000 rows (a, b, x, I_x(a, b)), correctly rounded by mpmath
tests/vectors/numerics_exact.json quotients and roundings of exact fractions, by Python's fractions
tests/vectors/rating.json         dropout and Monte Carlo by whole-array NumPy on NumPy's Philox
"""

from __future__ import annotations

import json
import math
import pathlib
import random
import struct
from fractions import Fraction

import mpmath  # type: ignore[import-untyped]
import numpy as np
import scipy.stats  # type: ignore[import-untyped]

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


def stream(seed: int, purpose: int, sample: int, draws: int) -> list[int]:
    """Return the first words of a resampling sample: blocks at (sample, 0, 0, 0), (sample, 1, 0, 0) and so on."""
    words: list[int] = []
    for part in range((draws + 3) // 4):
        whole = sample + (part << 64) - 1
        before = np.array([(whole % 2**256 >> (64 * place)) % 2**64 for place in range(4)], dtype=np.uint64)
        generator = np.random.Philox(key=np.array([seed, purpose], dtype=np.uint64), counter=before)
        words += [int(word) for word in generator.random_raw(4)]
    return words[:draws]


def dropout(net: list[int], seed: int, samples: int) -> dict[str, object]:
    """Return dropout values: survivors are kept in a list, whatever is drawn is swapped out of it."""
    values: dict[str, object] = {"dropout_samples": samples}
    count, base = len(net), sum(net)
    for place, percent in enumerate((10, 20, 30)):
        removed = math.ceil(Fraction(percent * count, 100))
        nets = []
        for sample in range(place * samples, (place + 1) * samples):
            order = list(range(count))
            for draw, word in enumerate(stream(seed, 2, sample, removed)):
                chosen = draw + (word * (count - draw) >> 64)
                order[draw], order[chosen] = order[chosen], order[draw]
            nets.append(sum(net[idx] for idx in order[removed:]))
        ratios = [Fraction(value * count, (count - removed) * base) for value in nets] if base > 0 else []
        kept = sum(min(max(ratio, Fraction(0)), Fraction(1)) for ratio in ratios) / samples
        values[f"dropout_{percent}_removed"] = removed
        values[f"dropout_{percent}_p_net_positive"] = float(Fraction(sum(value > 0 for value in nets), samples))
        values[f"dropout_{percent}_kept_profit"] = float(kept) if base > 0 else None
    return values


def monte_carlo(units: list[list[int]], balance: int, seed: int, samples: int) -> dict[str, object]:
    """Return Monte Carlo values: every path is laid out trade by trade and measured as an array."""
    nets, drawdowns, lowest = [], [], []
    for sample in range(samples):
        drawn = [units[word * len(units) >> 64] for word in stream(seed, 3, sample, len(units))]
        path = balance + np.cumsum([0, *(net for unit in drawn for net in unit)])
        nets.append(int(path[-1]) - balance)
        drawdowns.append(int(np.max(np.maximum.accumulate(path) - path)))
        lowest.append(int(np.min(path)))
    hits = sum(net > 0 for net in nets)
    interval = scipy.stats.binomtest(hits, samples).proportion_ci(0.95, method="wilson")
    values: dict[str, object] = {
        "monte_carlo_units": len(units),
        "monte_carlo_p_net_positive": hits / samples,
        "monte_carlo_p_low": float(interval.low),
        "monte_carlo_p_high": float(interval.high),
        "monte_carlo_risk_of_ruin": sum(value <= 0 for value in lowest) / samples,
    }
    for name, column in (("net", nets), ("drawdown", drawdowns)):
        for quantile, q in (("q05", Fraction(1, 20)), ("q50", Fraction(1, 2)), ("q95", Fraction(19, 20))):
            values[f"monte_carlo_{name}_{quantile}"] = sorted(column)[math.ceil(q * samples) - 1]
    return values


def rating_case(name: str, days: list[list[int]], *, by_day: bool, balance: int, seed: int) -> dict[str, object]:
    """Return one case: trades of some FX days (Monday first), one after the other or overlapping."""
    day_us = 86_400_000_000
    net = [value for day in days for value in day]
    exits = [place * day_us + 1000 * (row + 1) for place, day in enumerate(days) for row in range(len(day))]
    units = [day for day in days if day] if by_day else [[value] for value in net]
    weeks = [(place, place % 7) for place in range(len(days))]
    samples = 200
    weekend = [place for place, weekday in weeks if weekday > 4]
    assert not any(days[place] for place in weekend)
    return {
        "name": name,
        "net": net,
        "entry_time": [time - (1500 if by_day else 500) for time in exits],
        "exit_time": exits,
        "balance": balance,
        "rollover_time": [(place + 1) * day_us for place, _ in weeks],
        "weekday": [weekday for _, weekday in weeks],
        "seed": seed,
        "samples": samples,
        "dropout_samples": samples,
        "expected": {
            "seed": seed,
            "monte_carlo_samples": samples,
            "monte_carlo_by_day": int(by_day),
            **dropout(net, seed, samples),
            **monte_carlo(units, balance, seed, samples),
        },
    }


def rating(draw: random.Random) -> dict[str, object]:
    """Return rating cases: single trades, days, a run that loses, a run that is ruined, very few trades."""

    def days(counts: list[int], low: int, high: int) -> list[list[int]]:
        return [[draw.randint(low, high) for _ in range(count)] for count in counts]

    week = [3, 4, 1, 2, 5, 0, 0]
    cases = [
        rating_case("single trades", days(week * 3, -900, 1200), by_day=False, balance=100_000, seed=7),
        rating_case("overlapping trades", days(week * 3, -900, 1200), by_day=True, balance=100_000, seed=11),
        rating_case("a losing run", days(week, -1200, 800), by_day=False, balance=2_500, seed=0),
        rating_case("near ruin", days([2, 0, 7], -900, 1000), by_day=True, balance=250, seed=2**63 - 1),
        rating_case("five trades", [[500, -100, 0, 300, -50]], by_day=False, balance=600, seed=3),
    ]
    return {"source": "numpy, scipy, fractions", "rule": "RAT-3, RAT-4", "cases": cases}


def table(function: str, points: list[float]) -> bytes:
    """Return pairs (x, function(x)) with 200 bits of working precision."""
    with mpmath.workprec(200):
        values = [float(getattr(mpmath, function)(point)) for point in points]
    return b"".join(struct.pack("<dd", *pair) for pair in zip(points, values, strict=True))


def special(draw: random.Random) -> dict[str, bytes]:
    """Return the tables of the special functions."""
    erfc_points = [draw.uniform(-6.0, 26.5) for _ in range(4000)] + [draw.uniform(-2.0, 3.0) for _ in range(5990)]
    erfc_points += [0.0, 1.0, -1.0, 2.0**-60, 0.9999999999999999, 1.0000000000000002, 5.0, -5.9, 26.0, 0.5]
    lgamma_points = [draw.uniform(1e-3, 12.0) for _ in range(4000)] + [draw.uniform(1.0, 1e5) for _ in range(3000)]
    lgamma_points += [10.0 ** draw.uniform(-10.0, 15.0) for _ in range(2990)]
    lgamma_points += [1.0, 2.0, 0.5, 3.0, 10.0, 9.999999999999998, 1e-300, 1e300, 1.5, 100.0]
    beta_rows = []
    for place in range(10_000):
        largest = 2.0 if place % 4 else 3.0
        a, b = 10.0 ** draw.uniform(-0.5, largest), 10.0 ** draw.uniform(-0.5, largest)
        if place % 5 == 0:
            b = 0.5
        deviation = math.sqrt(a * b / (a + b + 1.0)) / (a + b)
        x = draw.random() if place % 3 == 0 else min(1.0, max(0.0, a / (a + b) + 3.0 * deviation * draw.gauss(0.0, 1.0)))
        with mpmath.workprec(120):
            value = float(mpmath.betainc(a, b, 0, x, regularized=True)) if 0.0 < x < 1.0 else x
        beta_rows.append(struct.pack("<dddd", a, b, x, value))
    return {
        "erfc": table("erfc", erfc_points),
        "lgamma": table("loggamma", lgamma_points),
        "betainc": b"".join(beta_rows),
    }


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
    for name, content in special(random.Random(66)).items():
        (VECTORS / f"numerics_{name}.bin").write_bytes(content)
    (VECTORS / "numerics_exact.json").write_text(json.dumps(numbers) + "\n")
    (VECTORS / "rating.json").write_text(json.dumps(rating(random.Random(4))) + "\n")


if __name__ == "__main__":
    main()
