"""`IndicatorCache`: once per column, aligned, read-only, one key each (IND-1, IND-2)."""

from __future__ import annotations

import inspect

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from omega.errors import ConfigError, OmegaError
from omega.indicators import CATALOGUE, IndicatorCache, lookback
from omega.indicators.catalogue import SIDES, SOURCES
from omega.indicators.key import Keys

FRAMES = ("M15", "H1", "D1")
NAN = float("nan")


class Counting:
    """A backend that counts the calls that compute, and keeps what the last one gave."""

    def __init__(self, backend):
        self._backend = backend
        self.calls = 0
        self.given = []

    def compute_indicators(self, market, specs):
        self.calls += 1
        self.given = self._backend.compute_indicators(market, specs)
        return self.given


@pytest.fixture
def counting(backend):
    return Counting(backend)


@pytest.fixture
def cache(bench, counting, tables_of, flat_bars):
    """Twelve M15 bars at 1.00, 1.01, … and three H1 bars; an hour is known at the last of its four bars."""
    hours = flat_bars([100, 300, 500])
    tables = tables_of(flat_bars(range(100, 112)), higher={"H1": (hours, [-1, -1, -1, 0, 0, 0, 0, 1, 1, 1, 1, 2])})
    return IndicatorCache(tables, counting, bench.open(tables))


def code_of(call, *arguments, **named) -> OmegaError:
    with pytest.raises(ConfigError) as caught:
        call(*arguments, **named)
    return caught.value


def test_nothing_is_computed_before_it_is_asked_for(cache, counting):
    """IND-1: lazily."""
    assert counting.calls == 0
    cache.sma(2)
    assert counting.calls == 1


def test_the_four_ways_to_ask_give_one_object_computed_once(cache, counting):
    """IND-1: one entry per name, parameters, timeframe, side and source."""
    column = cache.ema(3)

    assert cache.ema(period=3, timeframe="M15", side="bid", source="close") is column
    assert cache.compute_indicator("EMA", period=3) is column
    assert cache.get("EMA_3_M15") is column
    assert cache.get("EMA_3_M15") is column
    assert cache.get("ema_3_M15_bid_close") is column
    assert cache.compute_many(["EMA_3_M15"])[0] is column
    assert cache.own("ema", period=3)[0] is column
    assert counting.calls == 1


def test_the_four_named_methods_take_the_defaults_of_the_catalogue(cache):
    """IND-1: what is left out is the catalogue's."""
    for name, indicator in CATALOGUE.items():
        default = indicator.parameters[0].default
        assert inspect.signature(getattr(cache, name)).parameters["period"].default == default
        assert getattr(cache, name)() is cache.compute_indicator(name)
        assert getattr(cache, name)() is cache.get(f"{name.upper()}_{default}_M15")


def test_a_whole_number_of_numpy_is_a_period(cache):
    """IND-1: parameters often come out of `numpy.arange`."""
    assert cache.ema(np.int64(3)) is cache.ema(3)


def test_a_column_is_float64_one_per_step_bar_and_read_only(cache):
    """S3: shape (n_bars,), whatever the timeframe."""
    for column in (cache.sma(2), cache.sma(2, timeframe="H1"), cache.own("sma", period=2, timeframe="H1")[0]):
        assert column.dtype == np.float64
        assert column.ndim == 1
        with pytest.raises(ValueError, match="read-only"):
            column[0] = 1.0
    assert len(cache.sma(2)) == len(cache.sma(2, timeframe="H1")) == 12


def test_a_column_lies_where_the_backend_put_it(cache, counting):
    """S7: the result is returned without copying."""
    column = cache.sma(2)

    (given,) = counting.given
    assert column.__array_interface__["data"][0] == given.buffers()[1].address


def test_the_values_are_those_of_the_side_and_source_asked_for(cache):
    """IND-3c: bid 1.00, 1.01, …; the ask lies 0.07 above."""
    np.testing.assert_array_equal(cache.sma(1)[:3], [1.0, 1.01, 1.02])
    np.testing.assert_array_equal(cache.sma(1, side="ask")[:3], [1.07, 1.08, 1.09])
    assert cache.get("SMA_1_M15_ask_hl2") is cache.sma(1, side="ask", source="hl2")
    assert cache.sma(1, side="ask", source="hl2") is not cache.sma(1, side="ask")


def test_a_higher_timeframe_changes_only_when_its_bar_completes(cache):
    """IND-2: SMA(2) of the hours 1, 3, 5 is nan, 2, 4 and shows where the hour is known."""
    column = cache.sma(2, timeframe="H1")

    np.testing.assert_array_equal(column, [NAN] * 7 + [2.0] * 4 + [4.0])


def test_own_gives_the_bars_of_the_columns_timeframe_and_its_series(cache):
    """IND-6: views count completed bars of their own timeframe."""
    hours, series = cache.own("sma", period=2, timeframe="H1")

    np.testing.assert_array_equal(hours, [NAN, 2.0, 4.0])
    assert series == 1
    assert cache.own("sma", period=2)[1] == 0


def test_compute_many_asks_once_for_all_that_is_missing(cache, counting):
    """IND-1: several columns, one call; doubles and what is known already are not computed again."""
    known = cache.rsi(2)
    columns = cache.compute_many(["EMA_3_M15", "RSI_2_M15", "EMA_3_H1", "EMA_3_M15"])

    assert counting.calls == 2
    assert columns[0] is columns[3] is cache.ema(3)
    assert columns[1] is known
    assert columns[2] is cache.ema(3, timeframe="H1")
    assert counting.calls == 2
    assert cache.compute_many([]) == []


@pytest.mark.parametrize(
    ("name", "named", "code", "part"),
    [
        ("emma", {}, "indicator.unknown", "Did you mean ema?"),
        ("stochastic", {}, "indicator.unknown", "Known: atr, ema, rsi, sma."),
        ("ema", {"periode": 3}, "indicator.unknown_parameter", "Did you mean period?"),
        ("ema", {"period": 0}, "indicator.parameter", "period is 0; expected a whole number from 1 to 100000"),
        ("ema", {"period": 100_001}, "indicator.parameter", "period is 100001"),
        ("ema", {"period": 20.0}, "indicator.parameter", "period is 20.0"),
        ("ema", {"period": True}, "indicator.parameter", "period is True"),
        ("ema", {"period": None}, "indicator.parameter", "period is None"),
        (
            "ema",
            {"timeframe": "H4"},
            "indicator.parameter",
            "expected one of M15, H1 (name others in higher_timeframes",
        ),
        ("ema", {"side": "mid"}, "indicator.parameter", "side is 'mid'; expected one of bid, ask"),
        ("ema", {"source": "typical"}, "indicator.parameter", "source is 'typical'; expected one of close, open"),
        ("atr", {"source": "open"}, "indicator.parameter", "source is 'open'; expected close"),
    ],
)
def test_what_cannot_be_computed_is_refused_with_what_could(cache, counting, name, named, code, part):
    """IND-1: refused before the backend is asked, with close matches."""
    error = code_of(cache.compute_indicator, name, **named)

    assert error.code == code
    assert part in str(error)
    assert code_of(cache.own, name, **named).code == code
    assert counting.calls == 0


@pytest.mark.parametrize(
    ("key", "code", "part"),
    [
        ("EMA", "indicator.key", "after EMA comes period as a whole number"),
        ("EMA_M15", "indicator.key", "after EMA comes period as a whole number"),
        ("EMA_20", "indicator.key", "the timeframe is missing"),
        ("EMA_-5_M15", "indicator.key", "whole number"),
        ("EMA_" + "9" * 5_000 + "_M15", "indicator.key", "whole number"),
        ("EMA_20_M15_mid", "indicator.key", "mid is neither a side nor a source"),
        ("EMA_20_M15_hl2_ask", "indicator.key", "ask is neither a side nor a source"),
        ("EMA_20_M15_", "indicator.key", "neither a side nor a source"),
        ("EMA_20_H4", "indicator.parameter", "timeframe is 'H4'"),
        ("EMA_0_M15", "indicator.parameter", "period is 0"),
        ("EMAA_20_M15", "indicator.unknown", "Did you mean ema?"),
        ("", "indicator.unknown", "Known: atr, ema, rsi, sma."),
    ],
)
def test_a_key_that_cannot_be_read_is_refused(cache, key, code, part):
    """S4: the form is NAME_parameters_timeframe[_side][_source]."""
    error = code_of(cache.get, key)

    assert error.code == code
    assert part in str(error)


def test_lookback_is_the_index_of_the_first_value():
    """S6: as TA-Lib's."""
    assert [lookback(name, period=14) for name in ("sma", "ema", "rsi", "atr")] == [13, 13, 14, 14]
    assert lookback("sma", period=1) == 0
    assert code_of(lookback, "sma", period=0).code == "indicator.parameter"


def columns_asked_for(name: str):
    sources = SOURCES if CATALOGUE[name].inputs == "price" else ("close",)
    return st.tuples(
        st.just(name),
        st.fixed_dictionaries({"period": st.one_of(st.integers(1, 30), st.integers(1, 100_000))}),
        st.sampled_from(FRAMES),
        st.sampled_from(SIDES),
        st.sampled_from(sources),
    )


asked = st.sampled_from(sorted(CATALOGUE)).flatmap(columns_asked_for)


@given(one=asked, other=asked)
def test_no_two_columns_share_a_key(one, other):
    """S4: a key is unique per name, parameters, timeframe, side and source."""
    keys = Keys(FRAMES)

    assert (str(keys.resolve(*one)) == str(keys.resolve(*other))) == (one == other)


@given(one=asked)
def test_a_key_reads_back_as_the_column_it_names(one):
    """S4: what `str` writes, `get` reads."""
    keys = Keys(FRAMES)

    key = keys.resolve(*one)

    assert keys.parse(str(key)) == key


def test_keys_read_as_the_rule_writes_them():
    """IND-1: the spelling is part of the interface."""
    keys = Keys(FRAMES)

    assert str(keys.resolve("ema", {"period": 20}, "M15", "bid", "close")) == "EMA_20_M15"
    assert str(keys.resolve("ema", {"period": 20}, "H1", "ask", "close")) == "EMA_20_H1_ask"
    assert str(keys.resolve("RSI", {}, None, "ask", "hl2")) == "RSI_14_M15_ask_hl2"
