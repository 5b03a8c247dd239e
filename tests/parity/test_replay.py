"""Replays and stressed markets are the same bits on both backends, and for every number of threads (RAT-1, RAT-7)."""

from __future__ import annotations

import json
import os
import pathlib
import random
import subprocess
import sys
from typing import Any

import pyarrow as pa
import pytest

from omega.backends import get_backend
from omega.errors import OmegaError
from omega.testing.cases import Case, make_case

ROOT = pathlib.Path(__file__).resolve().parents[2]


def random_jobs(draw: random.Random, case: Case) -> str:
    factors = ([1, 1], [9, 10], [11, 10], [3, 2], [2, 1], [1, 3])
    has_native = json.loads(case.plan)["strategy"] is not None
    jobs = [
        {
            "plan": 0,
            "spread": draw.choice(factors),
            "shift": draw.choice((0, 0, -3, -1, 1, 2, 50)),
            "stop": draw.choice(factors),
            "target": draw.choice(factors),
            "noise": draw.choice((None, None, draw.randrange(100))),
            "decide": has_native and draw.random() < 0.5,
        }
        for _ in range(4)
    ]
    return json.dumps({"plans": [case.plan], "jobs": jobs})


def outcome(backend: str, call: str, *arguments: Any, case: Case) -> Any:
    half = get_backend(backend)
    tables = case.tables
    try:
        market = half.open_market(tables.header, tables.series, tables.visible, tables.calendar)
        answer = getattr(half, call)(market, *arguments)
    except OmegaError as error:
        return type(error).__name__, error.code, repr(dict(error.context))  # NaN is not equal to itself
    if call == "stress_market":
        return [pa.table(table).to_pydict() for table in answer]
    return [tuple(value.hex() if isinstance(value, float) else value for value in row) for row in answer]


@pytest.mark.parametrize("part", range(6))
def test_replays_are_the_same_bits_on_both_backends(part: int) -> None:
    """RAT-1, RAT-3: generated runs under generated stress: spreads, shifts, levels, noise."""
    traded = 0
    for seed in range(part * 25, part * 25 + 25):
        draw = random.Random(seed)
        case = make_case(seed, draw.choice((3, 40, 200)), ())
        jobs = random_jobs(draw, case)
        expected = outcome("python", "replay", case.signals, jobs, case=case)
        assert outcome("rust", "replay", case.signals, jobs, case=case) == expected, seed
        if isinstance(expected, list):
            traded += sum(bool(row[3]) for row in expected)
    assert traded > 5


def test_stressed_markets_are_the_same_bits_on_both_backends() -> None:
    """RAT-3: wider spreads and noise, rounded half to even, every bar valid."""
    for seed in range(40):
        draw = random.Random(seed)
        case = make_case(seed, draw.choice((3, 20, 120)), ())
        noise = draw.choice((None, draw.randrange(1000)))
        stress = json.dumps({"spread": draw.choice(([1, 1], [5, 4], [2, 1])), "noise": noise, "seed": seed})
        assert outcome("rust", "stress_market", stress, case=case) == outcome(
            "python", "stress_market", stress, case=case
        )


PROGRAM = """
import hashlib, omega
period = {"start": "2010-03-01", "end": "2010-09-01", "warmup_bars": 100}
data = omega.load("data/oanda_h1", symbols="EURUSD", timeframe="H1", **period)
result = omega.backtest(
    data, "ema_cross", parameters={"fast": 10, "slow": 30, "stop_pips": 40.0, "target_pips": 80.0},
    costs="examples/execution_costs.yaml", account={"currency": "USD", "balance": 100_000}, sizing={"risk_amount": 100},
    rating={"samples": 200, "dropout_samples": 50, "data_samples": 3, "parameter_samples": 3, "seed": 11},
    backend=BACKEND,
)
assert result.conditions.rating_backend.name == BACKEND
print(hashlib.sha256(result.rating.to_json().encode()).hexdigest(), len(result.raw["trades"]))
"""


def test_one_seed_gives_the_same_bytes_for_any_number_of_threads_and_both_backends() -> None:
    """RAT-6, DET: rating.json of one run with 1, 2 and 8 threads, and by the twin."""
    answers = []
    for backend, threads in (("rust", 1), ("rust", 2), ("rust", 8), ("python", 1)):
        environment = {**os.environ, "RAYON_NUM_THREADS": str(threads), "PYTHONHASHSEED": str(threads)}
        environment["PYTHONPATH"] = str(ROOT / "python")
        code = f"BACKEND = {backend!r}\n{PROGRAM}"
        ran = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )
        answers.append(ran.stdout.split())
    assert len({tuple(answer) for answer in answers}) == 1
    assert int(answers[0][1]) >= 10
