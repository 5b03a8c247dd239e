"""Indicators against numbers worked by hand in docs/spec/indicators.md (IND-3)."""

from __future__ import annotations

import json
import math
import pathlib
import struct
from typing import Any

import pytest

FILE = pathlib.Path(__file__).parents[2] / "vectors/indicators.json"
VECTORS: list[dict[str, Any]] = json.loads(FILE.read_text())["vectors"]


def bits(value: float) -> str:
    return struct.pack(">d", value).hex()


def check(column: list[float], vector: dict[str, Any]) -> None:
    prefix = vector["nan_prefix"]
    assert all(math.isnan(value) for value in column[:prefix])
    assert [bits(value) for value in column[prefix:]] == [one["bits"] for one in vector["expected"]]


def test_every_source_has_a_worked_answer():
    """IND-3: we looked at something."""
    assert {vector["spec"]["name"] for vector in VECTORS} >= {"atr", "ema", "rsi", "sma"}
    sources = {"close", "open", "high", "low", "hl2", "hlc3", "ohlc4"}
    assert {vector["spec"]["source"] for vector in VECTORS} == sources
    assert all(one["bits"] == bits(one["value"]) for vector in VECTORS for one in vector["expected"])


@pytest.mark.parametrize("side", ["bid", "ask"])
def test_every_backend_gives_the_worked_answers_from_points(bench, tables_of, side):
    """IND-3c: indicators read points / 10^digits of the side asked for."""
    shift = {"bid": 0, "ask": 7}[side]
    for vector in VECTORS:
        if not vector["prices"]["close"]:
            continue
        points = {name: [round(price * 100) - shift for price in row] for name, row in vector["prices"].items()}
        (column,) = bench.columns(tables_of(points), [{**vector["spec"], "side": side}])
        check(column.tolist(), vector)


def test_a_wrong_last_bit_is_noticed():
    """The guard's canary."""
    vector = next(vector for vector in VECTORS if vector["expected"])
    column = [math.nan] * vector["nan_prefix"] + [one["value"] for one in vector["expected"]]
    check(column, vector)
    column[-1] = math.nextafter(column[-1], math.inf)

    with pytest.raises(AssertionError):
        check(column, vector)
