"""What holds for every column of every indicator: length, warm-up, no future, same bits, refusals."""

from __future__ import annotations

import json
import math

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from omega.backends import get_backend
from omega.errors import ConfigError, DataError
from omega.indicators import CATALOGUE, Parameter, lookback

# A backend keeps no state between calls, so that one fixture may serve all draws.
SHARED = settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
SPEC = {"name": "ema", "series": 0, "side": "bid", "source": "close", "parameters": {"period": 3}}
PRICES = ("close", "open", "high", "low", "hl2", "hlc3", "ohlc4")
walks = st.tuples(st.integers(0, 2**32 - 1), st.integers(1, 120), st.sampled_from([0, 1, 20, 3_000]))


def values_of(parameter: Parameter):
    """Draw a value within the bounds, short enough to be reached by 120 bars more often than not."""
    if isinstance(parameter.default, int):
        return st.integers(int(parameter.minimum), 40)
    if parameter.name in ("alpha", "beta"):
        return st.sampled_from([0.0, 0.1, 0.3, 0.49])
    return st.sampled_from([parameter.default, 0.05, 3.0])


def parameters_of(name: str):
    return st.fixed_dictionaries({one.name: values_of(one) for one in CATALOGUE[name].parameters})


drawn = st.sampled_from(sorted(CATALOGUE)).flatmap(
    lambda name: st.tuples(st.just(name), parameters_of(name), st.sampled_from(PRICES))
)


@SHARED
@given(bars=walks, spec=drawn)
def test_columns_are_identical_on_every_backend(bench, tables_of, walk, specs_of, bars, spec):
    """IND-3b: to the last bit, whatever the prices; logarithms included."""
    name, parameters, source = spec
    specs = specs_of(name, parameters, source=source)
    tables = tables_of(walk(*bars), digits=5)

    columns = bench.columns(tables, specs)

    twin = type(bench)(get_backend("python")).columns(tables, specs)
    assert [column.tobytes() for column in columns] == [column.tobytes() for column in twin]


@pytest.mark.parametrize("step", [1, 3_000])
def test_long_columns_are_identical_on_every_backend(bench, tables_of, walk, specs_of, step):
    """IND-3b: also where the core fills a column in another order of rows (decision 0007)."""
    short = {"period": 3, "fast": 3, "slow": 5, "signal": 2}
    specs = []
    for name, entry in CATALOGUE.items():
        fitting = {one.name: short[one.name] for one in entry.parameters if short.get(one.name, -1) >= one.minimum}
        specs += [*specs_of(name), *specs_of(name, fitting)]
    tables = tables_of(walk(step, 1_500, step), digits=5)

    columns = bench.columns(tables, specs)

    twin = type(bench)(get_backend("python")).columns(tables, specs)
    assert [column.tobytes() for column in columns] == [column.tobytes() for column in twin]


@SHARED
@given(bars=walks, spec=drawn)
def test_the_first_finite_value_stands_at_the_lookback(bench, tables_of, walk, specs_of, bars, spec):
    """IND-4: warm-up NaN are the only NaN, and nothing is infinite."""
    name, parameters, source = spec
    first = lookback(name, **parameters)
    for column in bench.columns(tables_of(walk(*bars)), specs_of(name, parameters, source=source)):
        if first is None:
            first = int(np.isnan(column).sum())
        assert np.isnan(column[:first]).all()
        assert np.isfinite(column[first:]).all()


@SHARED
@given(bars=walks, spec=drawn, data=st.data())
def test_bars_to_come_do_not_change_a_value(bench, tables_of, walk, specs_of, bars, spec, data):
    """IND-2: a prefix of the bars gives a prefix of the column, of every indicator."""
    name, parameters, source = spec
    points = walk(*bars)
    cut = data.draw(st.integers(1, len(points["close"])))
    specs = specs_of(name, parameters, source=source)
    whole = bench.columns(tables_of(points), specs)
    prefix = bench.columns(tables_of({name: row[:cut] for name, row in points.items()}), specs)

    assert [column.tobytes() for column in prefix] == [column[:cut].tobytes() for column in whole]


@pytest.mark.parametrize("name", CATALOGUE)
def test_an_indicator_of_an_indicator_begins_after_both_warm_ups(bench, tables_of, walk, specs_of, name):
    """IND-1: leading NaN of a source are warm-up; they do not enter as zeros."""
    if "source" not in CATALOGUE[name].reads:
        assert set(CATALOGUE[name].reads) <= {"high", "low", "close", "volume", "day"}
        return
    tables = tables_of(walk(3, 400, 20), digits=5)
    (inner,) = specs_of("rsi", {"period": 7}, side="ask")
    (source,) = bench.columns(tables, [inner])

    columns = bench.columns(tables, specs_of(name, source=inner))

    lead = 7 + lookback(name)
    for column in columns:
        assert np.isnan(column[:lead]).all()
        assert np.isfinite(column[lead:]).all()
    if name == "sma":
        np.testing.assert_allclose(columns[0][lead:], np.convolve(source[7:], np.ones(30) / 30, "valid"), rtol=1e-12)


@pytest.mark.parametrize("name", CATALOGUE)
@pytest.mark.parametrize(
    ("points", "count"), [(1, 300), (999_999_993, 300), (110_025, 1), (110_025, 2), (110_025, 3), (7, 40)]
)
def test_constant_prices_and_few_bars_give_defined_values(bench, tables_of, flat_bars, specs_of, name, points, count):
    """IND-4: tiny, huge and constant prices, one bar, fewer bars than the period: never infinite, never a panic."""
    bars = {**flat_bars([points] * count), "volume": [0.0] * count}
    first = lookback(name)
    for column in bench.columns(tables_of(bars, digits=5), specs_of(name)):
        assert len(column) == count
        known = column[count if first is None else first :]
        assert np.isfinite(known).all()
        assert np.isnan(column[:first]).all() or first is None


@pytest.mark.parametrize("name", CATALOGUE)
def test_jumps_from_the_least_to_the_greatest_price_stay_finite(bench, tables_of, flat_bars, specs_of, name):
    """IND-4: prices at the bounds of what is loaded, one point and nearly 10^9."""
    bars = {**flat_bars([1, 999_999_993, 999_999_993, 1, 1, 1] * 60), "volume": [1e15, 0.0, 1e-9] * 120}
    for column in bench.columns(tables_of(bars, digits=5), specs_of(name)):
        known = column[~np.isnan(column)]
        assert np.isfinite(known).all()
        assert len(known) > 0


def test_a_window_that_has_become_constant_deviates_by_exactly_nothing(bench, tables_of, flat_bars, specs_of):
    """IND-3: what a running sum leaves of earlier prices is not taken for movement."""
    bars = flat_bars([100_000 + 7_919 * i % 9_973 for i in range(500)] + [123_457] * 60)
    expected = {"stddev": 0.0, "zscore": 0.0, "cci": 0.0, "correlation": 0.0, "beta": 0.0, "hurst": 0.5}
    for name, value in expected.items():
        (column,) = bench.columns(tables_of(bars, digits=5), specs_of(name, {"period": 20}))
        assert column[-30:].tolist() == [value] * 30, name


@pytest.mark.parametrize("name", CATALOGUE)
def test_what_the_catalogue_allows_is_computed_and_one_beyond_is_refused(bench, tables_of, flat_bars, specs_of, name):
    """IND-1: bounds are those of the catalogue, in both halves."""
    tables = tables_of({**flat_bars([100, 101, 103]), "volume": [1.0, 2.0, 3.0]})
    for one in CATALOGUE[name].parameters:
        for value in (one.minimum, one.maximum):
            if value < 1.0 or one.name not in ("alpha", "beta"):
                assert len(bench.columns(tables, specs_of(name, {one.name: value}))[0]) == 3
        beyond = 1.0 if isinstance(one.default, int) else 1e-13
        for value in (one.minimum - beyond, one.maximum * 2.0 + 1.0, one.minimum + 0.5):
            if isinstance(one.default, int) or not one.minimum <= value <= one.maximum:
                with pytest.raises(ConfigError) as caught:
                    bench.columns(tables, specs_of(name, {one.name: value}))
                assert caught.value.context["expected"] == one.expected


def test_each_spec_is_computed_on_its_own_series(bench, tables_of, flat_bars):
    """IND-2: a higher timeframe has its own bars, and its own length."""
    tables = tables_of(
        flat_bars(range(100, 112)), higher={"H1": (flat_bars([100, 300, 500]), [-1] * 4 + [0] * 4 + [1] * 4)}
    )

    step, hour = bench.columns(tables, [{**SPEC, "series": 0}, {**SPEC, "series": 1}])

    assert len(step) == 12
    assert math.isnan(hour[1])
    assert hour[2] == 3.0


def test_the_step_timeframe_reads_a_higher_one_as_it_was_known(bench, tables_of, flat_bars):
    """TIM-4: hours 1, 3, 5 are shown from the bar on that they are known at; where they go, NaN comes back."""
    shown = [-1, 0, 0, 1, 1, -1, 2]
    tables = tables_of(flat_bars(range(100, 107)), higher={"H1": (flat_bars([100, 300, 500]), shown)})
    hour = {**SPEC, "name": "sma", "series": 1, "parameters": {"period": 1}}
    spec = {**SPEC, "name": "mom", "parameters": {"period": 1}}

    (column,) = bench.columns(tables, [{**spec, "source": hour}])

    np.testing.assert_array_equal(column, [np.nan, np.nan, 0.0, 2.0, 0.0, np.nan, 2.0])
    with pytest.raises(ConfigError, match="only the step timeframe reads indicators of another one"):
        bench.columns(tables, [{**spec, "series": 1, "source": {**hour, "series": 0}}])


def test_outputs_of_one_indicator_and_doubles_come_in_the_order_asked(bench, tables_of, walk, specs_of):
    """S7: nothing is remembered between calls, and an output asked for twice comes twice."""
    tables = tables_of(walk(1, 200, 20), digits=5)
    upper, middle, lower = specs_of("bbands")

    columns = bench.columns(tables, [lower, SPEC, upper, lower, middle, SPEC])
    again = bench.columns(tables, [middle, upper])

    assert columns[0].tobytes() == columns[3].tobytes()
    assert columns[1].tobytes() == columns[5].tobytes()
    assert (columns[2][19:] > columns[4][19:]).all()
    assert (columns[4][19:] > columns[0][19:]).all()
    assert [column.tobytes() for column in again] == [columns[4].tobytes(), columns[2].tobytes()]


def test_volume_that_is_missing_is_refused_by_row(bench, tables_of, flat_bars, specs_of):
    """IND-4: a bar without volume is no bar with volume 0."""
    bars = {**flat_bars([100, 101, 102]), "volume": [1.0, None, None]}
    for name in ("obv", "mfi", "vwap"):
        with pytest.raises(DataError) as caught:
            bench.columns(tables_of(bars), specs_of(name))
        assert caught.value.code == "indicator.no_volume"
        assert caught.value.context == {"indicator": name, "timeframe": "M15", "bar_idx": 1}


BANDS = {"name": "bbands", "parameters": {"period": 5, "deviations": 2.0}}
GARCH = {"name": "garch", "parameters": {"period": 5, "alpha": 0.5, "beta": 0.5}}
KNOWN = f" Known: {', '.join(CATALOGUE)}."


@pytest.mark.parametrize(
    ("change", "code", "facts"),
    [
        ({"name": "emu"}, "indicator.unknown", {"name": "emu", "hint": KNOWN}),
        (
            {"parameters": {"periods": 3}},
            "indicator.unknown_parameter",
            {"indicator": "ema", "parameter": "periods", "hint": " It has period."},
        ),
        (
            {"name": "obv", "parameters": {"period": 3}},
            "indicator.unknown_parameter",
            {"indicator": "obv", "parameter": "period", "hint": " It has none."},
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
        (
            GARCH,
            "indicator.parameter",
            {"indicator": "garch", "parameter": "alpha + beta", "value": 1.0, "expected": "less than 1"},
        ),
        ({"parameters": {}}, "config.plan", {"reason": "ema: period is missing"}),
        ({"series": 7}, "config.plan", {"reason": "there is no series 7"}),
        ({"output": "upper"}, "config.plan", {"reason": "ema: output does not fit"}),
        (BANDS, "config.plan", {"reason": "bbands: output does not fit"}),
        ({**BANDS, "output": "top"}, "config.plan", {"reason": "bbands: output does not fit"}),
        ({"other": "open"}, "config.plan", {"reason": "ema: other does not fit"}),
        ({"name": "beta"}, "config.plan", {"reason": "beta: other does not fit"}),
        ({"side": "mid"}, "config.plan", None),
        ({"source": "typical"}, "config.plan", None),
        ({"source": {"name": "ema"}}, "config.plan", None),
        ({"source": 3}, "config.plan", None),
        ({"shift": 1}, "config.plan", None),
        ({"series": -1}, "config.plan", None),
        ({"output": 1}, "config.plan", None),
        ({"parameters": {"period": "3"}}, "config.plan", None),
        ({"parameters": {"period": True}}, "config.plan", None),
    ],
)
def test_specs_that_cannot_be_are_refused_alike(bench, tables_of, flat_bars, change, code, facts):
    """IND-1: every backend raises one class, code and set of facts."""
    with pytest.raises(ConfigError) as caught:
        bench.columns(tables_of(flat_bars([100, 101])), [{**SPEC, **change}])

    assert caught.value.code == code
    reason = "indicator specs are a list of {name, series, side, source, parameters} and, where needed, {other, output}"
    assert caught.value.context == ({"reason": reason} if facts is None else facts)


def test_indicators_read_each_other_eight_deep_and_no_deeper(bench, tables_of, flat_bars):
    """IND-1: a bound, so that no text can exhaust the stack."""
    spec = {**SPEC, "parameters": {"period": 1}}
    for _ in range(8):
        spec = {**spec, "source": spec}
    (column,) = bench.columns(tables_of(flat_bars([100, 101])), [spec])

    assert column.tolist() == [1.0, 1.01]
    with pytest.raises(ConfigError, match="indicator specs are a list"):
        bench.columns(tables_of(flat_bars([100, 101])), [{**spec, "source": spec}])
    assert len(json.dumps(spec)) < 2_000
