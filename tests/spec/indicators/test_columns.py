"""What holds for every column of a backend: length, warm-up, no future, refusals."""

from __future__ import annotations

import json
import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from omega.backends.python.indicators import Prices, compute, parse, price_column
from omega.errors import ConfigError
from omega.indicators import CATALOGUE, lookback

# A backend keeps no state between calls, so that one fixture may serve all draws.
SHARED = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
SPEC = {"name": "ema", "series": 0, "side": "bid", "source": "close", "parameters": {"period": 3}}


@st.composite
def bars(draw, min_count=1):
    """Bars of a drawn seed, length and step: real shapes, flat stretches and gaps."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count = draw(st.integers(min_count, 120))
    step = draw(st.sampled_from([0, 1, 20, 3_000]))
    close = 500_000 + np.cumsum(random.integers(-step, step + 1, count))
    open_ = close + random.integers(-step, step + 1, count)
    high = np.maximum(open_, close) + random.integers(0, step + 1, count)
    low = np.minimum(open_, close) - random.integers(0, step + 1, count)
    return {"open": open_.tolist(), "high": high.tolist(), "low": low.tolist(), "close": close.tolist()}


specs = st.fixed_dictionaries(
    {
        "name": st.sampled_from(sorted(CATALOGUE)),
        "series": st.just(0),
        "side": st.just("bid"),
        "source": st.sampled_from(["close", "open", "high", "low", "hl2", "hlc3", "ohlc4"]),
        "parameters": st.fixed_dictionaries({"period": st.integers(1, 130)}),
    }
)


@SHARED
@given(points=bars(), spec=specs)
def test_columns_are_identical_on_every_backend(bench, tables_of, points, spec):
    """IND-3b: to the last bit, whatever the prices."""
    (column,) = bench.columns(tables_of(points, digits=5), [spec])

    prices = Prices(**{name: price_column(row, 5) for name, row in points.items()})
    expected = compute(parse(json.dumps([spec]))[0], prices)
    assert column.tobytes() == np.array(expected).tobytes()


@SHARED
@given(points=bars(), spec=specs)
def test_the_first_finite_value_stands_at_the_lookback(bench, tables_of, points, spec):
    """IND-4: warm-up NaN are the only NaN."""
    (column,) = bench.columns(tables_of(points), [spec])

    first = lookback(spec["name"], **spec["parameters"])
    assert np.isnan(column[:first]).all()
    assert np.isfinite(column[first:]).all()


@SHARED
@given(points=bars(min_count=2), spec=specs, data=st.data())
def test_bars_to_come_do_not_change_a_value(bench, tables_of, points, spec, data):
    """IND-2: a prefix of the bars gives a prefix of the column."""
    cut = data.draw(st.integers(1, len(points["close"]) - 1))
    (whole,) = bench.columns(tables_of(points), [spec])
    (prefix,) = bench.columns(tables_of({name: row[:cut] for name, row in points.items()}), [spec])

    assert prefix.tobytes() == whole[:cut].tobytes()


def test_backends_and_catalogue_agree_on_names_and_bounds(bench, tables_of, flat_bars):
    """IND-1: what the catalogue allows, every backend computes; one beyond is refused by both."""
    tables = tables_of(flat_bars([100, 101, 103]))
    for name, indicator in CATALOGUE.items():
        (period,) = indicator.parameters
        for value in (period.minimum, period.maximum):
            (column,) = bench.columns(tables, [{**SPEC, "name": name, "parameters": {"period": value}}])
            assert len(column) == 3
        for value in (period.minimum - 1, period.maximum + 1):
            with pytest.raises(ConfigError, match="expected a whole number from 1 to 100000"):
                bench.columns(tables, [{**SPEC, "name": name, "parameters": {"period": value}}])
            with pytest.raises(ConfigError, match="expected a whole number from 1 to 100000"):
                indicator.resolve({"period": value})


def test_each_spec_is_computed_on_its_own_series(bench, tables_of, flat_bars):
    """IND-2: a higher timeframe has its own bars, and its own length."""
    tables = tables_of(
        flat_bars(range(100, 112)), higher={"H1": (flat_bars([100, 300, 500]), [-1] * 4 + [0] * 4 + [1] * 4)}
    )

    step, hour = bench.columns(tables, [{**SPEC, "series": 0}, {**SPEC, "series": 1}])

    assert len(step) == 12
    assert math.isnan(hour[1])
    assert hour[2] == 3.0


def test_two_calls_give_the_same_bytes(bench, tables_of, flat_bars):
    """S7: nothing is remembered between calls."""
    tables = tables_of(flat_bars(range(100, 140)))

    first, second = bench.columns(tables, [SPEC, SPEC])
    again, _ = bench.columns(tables, [SPEC, SPEC])

    assert first.tobytes() == second.tobytes() == again.tobytes()


@pytest.mark.parametrize(
    ("change", "code", "facts"),
    [
        ({"name": "emu"}, "indicator.unknown", {"name": "emu", "hint": " Known are atr, ema, rsi, sma."}),
        (
            {"parameters": {"periods": 3}},
            "indicator.unknown_parameter",
            {"indicator": "ema", "parameter": "periods", "hint": " It has period."},
        ),
        (
            {"parameters": {"period": 0}},
            "indicator.parameter",
            {"indicator": "ema", "parameter": "period", "value": 0.0, "expected": "a whole number from 1 to 100000"},
        ),
        (
            {"parameters": {"period": 2.5}},
            "indicator.parameter",
            {"indicator": "ema", "parameter": "period", "value": 2.5, "expected": "a whole number from 1 to 100000"},
        ),
        ({"parameters": {}}, "config.plan", {"reason": "ema: period is missing"}),
        ({"series": 7}, "config.plan", {"reason": "there is no series 7"}),
        ({"side": "mid"}, "config.plan", None),
        ({"source": "typical"}, "config.plan", None),
        ({"shift": 1}, "config.plan", None),
        ({"series": -1}, "config.plan", None),
        ({"parameters": {"period": "3"}}, "config.plan", None),
        ({"parameters": {"period": True}}, "config.plan", None),
    ],
)
def test_specs_that_cannot_be_are_refused_alike(bench, tables_of, flat_bars, change, code, facts):
    """IND-1: every backend raises one class, code and set of facts."""
    with pytest.raises(ConfigError) as caught:
        bench.columns(tables_of(flat_bars([100, 101])), [{**SPEC, **change}])

    assert caught.value.code == code
    shape = {"reason": "indicator specs are a list of {name, series, side, source, parameters}"}
    assert caught.value.context == (shape if facts is None else facts)
