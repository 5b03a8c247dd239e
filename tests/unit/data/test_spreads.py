"""Ask made of a stored spread (CST-1)."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

import omega.data
from omega.data.spreads import spread_points
from omega.errors import ConfigError

START = 1_704_153_600_000_000
MINUTE = 60_000_000


def market(spread: list[int] | None, ask: bool = False) -> omega.data.MarketData:
    """Two minutes of one M5 bar: bid 1.1000 to 1.1002 and 1.1001 to 1.1003."""
    time = pa.array([START, START + MINUTE]).cast(pa.timestamp("us", tz="UTC"))
    bid = {"time": time, "open": [1.1, 1.1001], "high": [1.1002, 1.1003], "low": [1.1, 1.1], "close": [1.1001, 1.1002]}
    if spread is not None:
        bid["spread"] = spread
    sides = {"bid": pa.table(bid), "timeframe": "M1"} | ({"ask": pa.table(bid)} if ask else {})
    return omega.data.load(sides, symbols="EURUSD", timeframe="M5", specs={"EURUSD": SimpleNamespace(digits=5)})


def column(add_points: Fraction | None, multiplier: Fraction = Fraction(1)) -> SimpleNamespace:
    return SimpleNamespace(source="column", add_points=add_points, multiplier=multiplier)


@pytest.mark.parametrize(
    ("add", "multiplier", "expected"),
    [
        (Fraction(0), Fraction(1), [0, 1, 2, 3]),
        (Fraction(1, 2), Fraction(1), [0, 2, 2, 4]),  # 0.5 1.5 2.5 3.5: ties go to the even neighbour
        (Fraction(1), Fraction(1, 2), [0, 1, 2, 2]),  # 0.5 1 1.5 2
        (Fraction(7, 2), Fraction(3), [10, 14, 16, 20]),  # 10.5 13.5 16.5 19.5
    ],
)
def test_the_spread_is_rounded_half_even_after_adding_and_multiplying(add, multiplier, expected):
    """CST-1: half_even((column + add_points) · multiplier)."""
    spreads = spread_points(np.array([0, 1, 2, 3], np.int32), add, multiplier, symbol="EURUSD")

    assert spreads.tolist() == expected


def test_the_ask_is_built_on_the_finest_bars_and_then_resampled():
    """CST-1: spreads 30 and 2 with 1 point added. Highest ask: 110020 + 31, not 110030 + 3."""
    tables = market([30, 2]).resolve(column(Fraction(1)))

    (bar,) = tables.series[0].to_pylist()
    assert [bar[f"ask_{price}"] for price in ("open", "high", "low", "close")] == [110031, 110051, 110003, 110023]
    assert [bar[f"bid_{price}"] for price in ("open", "high", "low", "close")] == [110000, 110030, 110000, 110020]


def test_the_result_is_told_that_a_stored_spread_is_a_lower_bound():
    """CST-1: named in the result."""
    tables = market([30, 2]).resolve(column(Fraction(1, 2), Fraction(2)))

    assert tables.spread_note is not None
    assert "lower bound" in tables.spread_note and "0.5 points, times 2" in tables.spread_note
    assert [note.code for note in tables.notes] == ["data.spread_lower_bound"]


@pytest.mark.parametrize(
    ("data", "spread", "reason"),
    [
        (market([1, 2]), None, "use source: column with add_points"),
        (market(None), None, "load an ask side"),
        (market([1, 2]), column(None), "execution.spread.add_points"),
        (market(None), column(Fraction(1)), "no spread column"),
        (market([1, 2]), column(Fraction(-2)), "negative"),
        (market([1, 2]), column(Fraction(10**9)), "10\\^9"),
        (market([1, 2], ask=True), SimpleNamespace(source="data", add_points=Fraction(1), multiplier=1), "belong to"),
        (market([1, 2]), SimpleNamespace(source="table", add_points=None, multiplier=1), "expected data or column"),
    ],
)
def test_a_spread_that_cannot_be_is_a_config_error(data, spread, reason):
    """CST-1: nothing is assumed about the ask side."""
    with pytest.raises(ConfigError, match=reason) as caught:
        data.resolve(spread)

    assert caught.value.code == "costs.spread_undefined"


def test_a_spread_without_a_multiplier_has_the_multiplier_one():
    """The config's spread has `source` and `add_points` only."""
    tables = market([30, 2]).resolve(SimpleNamespace(source="column", add_points=1))

    assert tables.series[0]["ask_open"].to_pylist() == [110031]
