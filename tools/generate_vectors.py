"""Write the known answers that pytest and cargo test both read, from oracles that share no code with omega.

    python tools/generate_vectors.py

tests/vectors/rng_philox.json     blocks of NumPy's Philox, which adds one to its counter first
tests/vectors/numerics_exp.bin    10,000 little-endian pairs (x, e^x), correctly rounded by mpmath
tests/vectors/numerics_ln.bin     10,000 little-endian pairs (x, ln x), correctly rounded by mpmath
tests/vectors/numerics_erfc.bin   10,000 pairs (x, erfc x), correctly rounded by mpmath
tests/vectors/numerics_lgamma.bin 10,000 pairs (x, ln Γ(x)), correctly rounded by mpmath
tests/vectors/numerics_betainc.bin 10,000 rows (a, b, x, I_x(a, b)), correctly rounded by mpmath
tests/vectors/numerics_exact.json quotients and roundings of exact fractions, by Python's fractions
tests/vectors/rating.json         dropout, Monte Carlo, Bayes, stability by NumPy on its Philox, scipy and arch
"""

from __future__ import annotations

import datetime
import json
import math
import pathlib
import random
import struct
from fractions import Fraction
from typing import Any

import mpmath  # type: ignore[import-untyped]
import numpy as np
import scipy.stats  # type: ignore[import-untyped]
from arch.bootstrap import optimal_block_length  # type: ignore[import-untyped]

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


QUANTILES = (("q05", Fraction(1, 20)), ("q50", Fraction(1, 2)), ("q95", Fraction(19, 20)))


def bands(prefix: str, values: list[Any]) -> dict[str, object]:
    """Return the 5, 50 and 95 % quantiles."""
    rank = {quantile: math.ceil(q * len(values)) - 1 for quantile, q in QUANTILES}
    return {f"{prefix}_{name}": sorted(values)[place] if values else None for name, place in rank.items()}


def runs(seed: int, sample: int, count: int, length: float) -> list[int]:
    """Return the draws of a stationary bootstrap: two words a draw, restart below 2^53 / length."""
    words = stream(seed, 3, sample, 2 * count)
    threshold = round(2.0**53 / length)
    places: list[int] = []
    for draw in range(count):
        restarts = draw == 0 or words[2 * draw] >> 11 < threshold
        places.append(words[2 * draw + 1] * count >> 64 if restarts else (places[-1] + 1) % count)
    return places


def largest_fall(path: Any) -> int:
    return int(np.max(np.maximum.accumulate(path) - path))


def monte_carlo(
    units: list[list[tuple[int, float | None]]], balance: int, seed: int, samples: int, length: float | None
) -> dict[str, object]:
    """Return Monte Carlo values: every path is laid out trade by trade and measured as an array."""
    nets, drawdowns, lowest, sharpes, r_sums, shuffled = [], [], [], [], [], []
    fans: list[list[int]] = [[] for _ in range(10)]
    count = len(units)
    unit_nets = [sum(net for net, _ in unit) for unit in units]
    unit_rs = [sum(r or 0.0 for _, r in unit) for unit in units]
    for sample in range(samples):
        each = [word * count >> 64 for word in stream(seed, 3, sample, count)]
        places = each if length is None else runs(seed, sample, count, length)
        path = balance + np.cumsum([0, *(net for place in places for net, _ in units[place])])
        nets.append(int(path[-1]) - balance)
        drawdowns.append(largest_fall(path))
        lowest.append(int(np.min(path)))
        values = np.array([unit_nets[place] for place in places], dtype=float)
        if len(set(values)) > 1:
            sharpes.append(float(values.mean() / values.std(ddof=1)))
        r_sums.append(sum(unit_rs[place] for place in places))
        for tenth in range(10):
            fans[tenth].append(sum(unit_nets[place] for place in places[: -(-(tenth + 1) * count // 10)]))
        order = list(range(count))
        for draw, word in enumerate(stream(seed, 4, sample, count)):
            other = draw + (word * (count - draw) >> 64)
            order[draw], order[other] = order[other], order[draw]
        shuffled.append(largest_fall(np.cumsum([0, *(net for place in order for net, _ in units[place])])))
    hits = sum(net > 0 for net in nets)
    interval = scipy.stats.binomtest(hits, samples).proportion_ci(0.95, method="wilson")
    has_r = any(r is not None for unit in units for _, r in unit)
    good = sum(net >= 2 * sum(unit_nets) for net in nets)
    good_r = sum(value >= 2 * sum(unit_rs) for value in r_sums)
    values_by_name: dict[str, object] = {
        "monte_carlo_units": count,
        "monte_carlo_p_net_positive": hits / samples,
        "monte_carlo_p_low": float(interval.low),
        "monte_carlo_p_high": float(interval.high),
        "monte_carlo_risk_of_ruin": sum(value <= 0 for value in lowest) / samples,
        "monte_carlo_p_value_net": (1 + good) / (samples + 1),
        "monte_carlo_p_value_r": (1 + good_r) / (samples + 1) if has_r else None,
        **bands("monte_carlo_net", nets),
        **bands("monte_carlo_drawdown", drawdowns),
        **bands("monte_carlo_shuffled_drawdown", shuffled),
        **bands("monte_carlo_sharpe", sharpes),
    }
    for tenth, reached in enumerate(fans):
        values_by_name |= bands(f"monte_carlo_fan_{10 * (tenth + 1)}", reached)
    return values_by_name


def bayes(net: list[int], values: list[int], benchmark: list[int]) -> dict[str, object]:
    """Return the Bayesian values of scipy: Beta survival function, and a least-squares line with its errors."""
    wins, losses = [value for value in net if value > 0], [value for value in net if value < 0]
    level = 1 / (1 + (sum(wins) / len(wins)) / (-sum(losses) / len(losses)))
    sure = scipy.stats.beta.sf(level, 1 + len(wins), 1 + len(losses))
    moves, held = (np.diff(np.array(column)) / np.array(column)[:-1] for column in (values, benchmark))
    line = scipy.stats.linregress(held, moves)
    years = len(moves) / 365.25
    return {
        "bayes_break_even": level,
        "bayes_p_above_break_even": float(sure),
        "bayes_alpha": float(line.intercept) * len(moves) / years,
        "bayes_beta": float(line.slope),
        "bayes_p_alpha_positive": float(scipy.stats.t.cdf(line.intercept / line.intercept_stderr, len(moves) - 2)),
    }


def stability(values: list[int], first: datetime.date) -> dict[str, object]:
    """Return the stability index of NumPy: calendar months where there are twelve, else twelve equal parts."""
    moves = np.diff(np.array(values)) / np.array(values)[:-1]
    days = [first + datetime.timedelta(days=row) for row in range(len(moves))]
    months = sorted({(day.year, day.month) for day in days})
    windows = [moves[[(day.year, day.month) == month for day in days]] for month in months]
    if len(months) < 12:
        windows = [moves[len(moves) * part // 12 : len(moves) * (part + 1) // 12] for part in range(12)]
    means = np.array([window.mean() for window in windows])
    index = 1 / (1 + means.std(ddof=1) / means.mean()) if means.mean() > 0 else 0.0
    return {
        "stability_windows": len(windows),
        "stability_by_month": int(len(months) >= 12),
        "stability_index": float(index),
    }


def rating_case(  # noqa: PLR0913 - one name per column of the case
    name: str, days: list[list[int]], *, bootstrap: str, method: int, balance: int, seed: int, length: int = 40
) -> dict[str, object]:
    """Return one case: trades of some FX days (Monday first), and marked equity of `length` days beside a price."""
    day_us = 86_400_000_000
    draw = random.Random(name)
    net = [value for day in days for value in day]
    r_multiple = [None if seed == 3 or draw.random() < 0.2 else round(value / 100, 2) for value in net]
    trades = list(zip(net, r_multiple, strict=True))
    exits = [place * day_us + 1000 * (row + 1) for place, day in enumerate(days) for row in range(len(day))]
    rest = iter(trades)
    by_day = [[next(rest) for _ in day] for day in days]
    # 1970-01-01, day 0 here, counts as a Monday for the weekday column; weeks by date begin on day 4.
    weeks: dict[int, list[tuple[int, float | None]]] = {}
    for place, day in enumerate(by_day):
        weeks.setdefault((place + 3) // 7, []).extend(day)
    blocks = [[trade] for trade in trades]
    if method in (1, 2):
        blocks = [block for block in (by_day if method == 1 else weeks.values()) if block]
    expected_length = None
    if method == 3:
        expected_length = max(1.0, float(optimal_block_length(np.array(net, float))["stationary"].iloc[0]))
    values, benchmark = [balance], [100_000]
    for _ in range(length):
        values.append(max(1, values[-1] + draw.randint(-balance // 90, balance // 70)))
        benchmark.append(benchmark[-1] + draw.randint(-400, 400))
    samples = 200
    return {
        "name": name,
        "net": net,
        "entry_time": [time - (1500 if method == 1 else 500) for time in exits],
        "exit_time": exits,
        "r_multiple": r_multiple,
        "balance": balance,
        "equity": {"time": [row * day_us for row in range(length + 1)], "value": values, "benchmark": benchmark},
        "rollover_time": [(place + 1) * day_us for place in range(length)],
        "weekday": [place % 5 for place in range(length)],
        "seed": seed,
        "bootstrap": bootstrap,
        "samples": samples,
        "dropout_samples": samples,
        "expected": {
            "seed": seed,
            "monte_carlo_samples": samples,
            "monte_carlo_method": method,
            "monte_carlo_block_length": expected_length,
            **dropout(net, seed, samples),
            **monte_carlo(blocks, balance, seed, samples, expected_length),
            **bayes(net, values, benchmark),
            **stability(values, datetime.date(1970, 1, 1)),
        },
    }


def rating(draw: random.Random) -> dict[str, object]:
    """Return rating cases: every bootstrap, a run that loses, a run that is ruined, very few trades."""

    def days(counts: list[int], low: int, high: int) -> list[list[int]]:
        return [[draw.randint(low, high) for _ in range(count)] for count in counts]

    week = [3, 4, 1, 2, 5, 0, 0]
    waves = [[900 - 300 * (place % 7) + draw.randint(-80, 80)] for place in range(60)]
    cases = [
        rating_case("single trades", days(week * 3, -900, 1200), bootstrap="auto", method=0, balance=100_000, seed=7),
        rating_case(
            "overlapping trades", days(week * 3, -900, 1200), bootstrap="iid", method=1, balance=90_000, seed=11
        ),
        rating_case("weeks", days(week * 6, -900, 1200), bootstrap="week", method=2, balance=100_000, seed=5),
        rating_case("runs", waves, bootstrap="stationary", method=3, balance=100_000, seed=12, length=400),
        rating_case("a losing run", days(week, -1200, 800), bootstrap="auto", method=0, balance=2_500, seed=0),
        rating_case("near ruin", days([2, 0, 7], -900, 1000), bootstrap="day", method=1, balance=250, seed=2**63 - 1),
        rating_case("five trades", [[500, -100, 0, 300, -50]], bootstrap="iid", method=0, balance=600, seed=3),
    ]
    return {"source": "numpy, scipy, arch, fractions", "rule": "RAT-3, RAT-4", "cases": cases}


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
        x = (
            draw.random()
            if place % 3 == 0
            else min(1.0, max(0.0, a / (a + b) + 3.0 * deviation * draw.gauss(0.0, 1.0)))
        )
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
