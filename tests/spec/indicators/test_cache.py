"""`IndicatorCache`: once per column, aligned, read-only, one key each (IND-1, IND-2)."""

from __future__ import annotations

import inspect

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from omega.errors import ConfigError, OmegaError
from omega.indicators import CATALOGUE, IndicatorCache, lookback
from omega.indicators.catalogue import PRICES, SIDES
from omega.indicators.key import Keys, Place

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
    steps = {**flat_bars(range(100, 112)), "volume": [1.0] * 12}
    tables = tables_of(steps, higher={"H1": (hours, [-1, -1, -1, 0, 0, 0, 0, 1, 1, 1, 1, 2])})
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


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_named_method_takes_the_defaults_of_the_catalogue(cache, name):
    """IND-1: what is left out is the catalogue's; several outputs come as a tuple with their names."""
    indicator, method = CATALOGUE[name], getattr(cache, name)
    signature = inspect.signature(method).parameters
    assert all(signature[one.name].default == one.default for one in indicator.parameters)
    assert ("source" in signature, "other" in signature) == ("source" in indicator.reads, "other" in indicator.reads)
    other = {"other": "open"} if "other" in indicator.reads else {}
    answer = method(**other)
    if indicator.outputs:
        assert answer._fields == indicator.outputs
        assert all(getattr(answer, one) is cache.compute_indicator(name, output=one) for one in indicator.outputs)
    else:
        assert answer is cache.compute_indicator(name, **other)


def test_all_outputs_are_computed_at_once(cache, counting):
    """S7: three bands cost one call."""
    upper = cache.get("BBANDS_3_2.5_M15_upper")

    assert cache.bbands(3, 2.5).upper is upper
    assert cache.bbands(3, 2.5).middle is cache.get("BBANDS_3_2.5_M15_middle")
    assert counting.calls == 1


def test_an_indicator_of_an_indicator_is_named_by_its_key(cache, counting):
    """IND-1: prices 1.00, 1.01, …: SMA(2) is 1.005, 1.015, …, and SMA(2) of that 1.01, 1.02, …"""
    column = cache.sma(2, source="SMA_2_M15")

    np.testing.assert_allclose(column, [NAN, NAN, *np.arange(101, 111) / 100], rtol=1e-12)
    assert cache.get("SMA_2_M15(SMA_2_M15)") is column
    assert cache.get("sma_2_M15_bid(SMA_2_M15_bid_close)") is column
    assert counting.calls == 1


def test_a_second_series_may_be_a_price_or_another_timeframe(cache):
    """IND-1: the hour is shown as it was known; SMA(1) is the price itself."""
    column = cache.correlation("SMA_1_H1", 3)

    assert cache.get("CORRELATION_3_M15(close,SMA_1_H1)") is column
    assert cache.get("CORRELATION_3_M15(close,open)") is cache.correlation("open", 3)
    assert np.isnan(column[:5]).all()
    assert np.isfinite(column[5:]).all()
    np.testing.assert_array_equal(cache.correlation("open", 3)[2:].round(9), 1.0)


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


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_indicator_of_a_higher_timeframe_changes_only_when_its_bar_completes(
    bench, tables_of, walk, specs_of, name
):
    """IND-2: what is shown is the value of the visible bar, whatever the indicator; nothing before the first."""
    visible = np.repeat(np.arange(-1, 159), 4)[:600]
    tables = tables_of(walk(1, 600, 20), higher={"H4": (walk(2, 160, 40), visible.tolist())})
    cache = IndicatorCache(tables, bench.backend, bench.open(tables))
    for spec in specs_of(name):
        asked = {"output": spec["output"], "other": spec.get("other"), "timeframe": "H4"}
        shown, (own, series) = cache.compute_indicator(name, **asked), cache.own(name, **asked)
        assert series == 1
        assert np.isnan(shown[visible < 0]).all()
        np.testing.assert_array_equal(shown[visible >= 0], own[visible[visible >= 0]])


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
        ("emma", {}, "indicator.unknown", "Did you mean ema or"),
        ("quaxi", {}, "indicator.unknown", "Known: sma, ema, wma, "),
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
        ("ema", {"source": "EMMA_5_M15"}, "indicator.unknown", "Did you mean ema or"),
        ("ema", {"source": "EMA_5"}, "indicator.key", "the timeframe is missing"),
        ("ema", {"timeframe": "H1", "source": "EMA_5_M15"}, "indicator.key", "only M15 reads another timeframe"),
        ("ema", {"other": "open"}, "indicator.parameter", "other is 'open'; expected None"),
        ("beta", {}, "indicator.parameter", "other is None; expected one of close, open"),
        ("ema", {"output": "upper"}, "indicator.parameter", "output is 'upper'; expected none"),
        ("bbands", {}, "indicator.parameter", "output is None; expected one of upper, middle, lower"),
        ("bbands", {"output": "upper", "deviations": "2"}, "indicator.parameter", "deviations is '2'"),
        ("bbands", {"output": "upper", "deviations": NAN}, "indicator.parameter", "a number from 0 to 1000"),
        ("garch", {"alpha": 0.5, "beta": 0.5}, "indicator.parameter", "alpha + beta is 1.0; expected less than 1"),
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
        ("EMA", "indicator.key", "after EMA comes period as a number"),
        ("EMA_M15", "indicator.key", "after EMA comes period as a number"),
        ("EMA_20", "indicator.key", "the timeframe is missing"),
        ("EMA_-5_M15", "indicator.key", "as a number"),
        ("EMA_" + "9" * 5_000 + "_M15", "indicator.key", "as a number"),
        ("EMA_2.0_M15", "indicator.parameter", "period is 2.0"),
        ("BBANDS_20_M15_upper", "indicator.key", "after BBANDS comes period, deviations"),
        ("BBANDS_20_2_M15", "indicator.parameter", "output is None"),
        ("SMA_5_M15(RSI_14_M15", "indicator.key", "the closing bracket is missing"),
        ("SMA_5_M15(close,open)", "indicator.key", "sma reads 1 series"),
        ("BETA_5_M15(close)", "indicator.key", "beta reads 2 series"),
        ("ATR_5_M15(RSI_14_M15)", "indicator.parameter", "expected close"),
        ("EMA_20_M15_mid", "indicator.key", "mid is neither a side nor a source"),
        ("EMA_20_M15_hl2_ask", "indicator.key", "ask is neither a side nor a source"),
        ("EMA_20_M15_", "indicator.key", "neither a side nor a source"),
        ("EMA_20_H4", "indicator.parameter", "timeframe is 'H4'"),
        ("EMA_0_M15", "indicator.parameter", "period is 0"),
        ("EMAA_20_M15", "indicator.unknown", "Did you mean ema or"),
        ("", "indicator.unknown", "Known: sma, ema, wma, "),
    ],
)
def test_a_key_that_cannot_be_read_is_refused(cache, key, code, part):
    """S4: the form is NAME_parameters_timeframe[_side][_source]."""
    error = code_of(cache.get, key)

    assert error.code == code
    assert part in str(error)


def test_lookback_is_the_index_of_the_first_value():
    """S6: as TA-Lib's; None where the data decide."""
    assert [lookback(name, period=14) for name in ("sma", "ema", "rsi", "atr", "adx")] == [13, 13, 14, 14, 27]
    assert lookback("macd") == 33
    assert lookback("macd", fast=26, slow=12) == 33
    assert lookback("pivot") is None
    assert code_of(lookback, "sma", period=0).code == "indicator.parameter"


def parameters_of(name: str):
    def values(one):
        if isinstance(one.default, int):
            return st.integers(int(one.minimum), int(one.maximum))
        return st.floats(one.minimum, min(one.maximum, 0.49) if one.name in ("alpha", "beta") else one.maximum)

    return st.fixed_dictionaries({one.name: values(one) for one in CATALOGUE[name].parameters})


@st.composite
def columns_asked_for(draw, timeframes=FRAMES, depth=2):
    """Draw arguments of `Keys.resolve`, indicators of indicators included; alike ones more often than by chance."""
    name = draw(st.sampled_from(sorted(CATALOGUE)))
    reads, outputs = CATALOGUE[name].reads, CATALOGUE[name].outputs
    timeframe = draw(st.sampled_from(timeframes))
    below = FRAMES if timeframe == FRAMES[0] else (timeframe,)

    def source():
        if depth == 0 or draw(st.booleans()):
            return draw(st.sampled_from(PRICES))
        return str(Keys(FRAMES).resolve(*draw(columns_asked_for(below, depth - 1))))

    place = Place(
        timeframe,
        draw(st.sampled_from(SIDES)),
        source() if "source" in reads else "close",
        source() if "other" in reads else None,
        draw(st.sampled_from(outputs)) if outputs else None,
    )
    return name, draw(parameters_of(name)), place


@given(one=columns_asked_for(), other=columns_asked_for())
def test_no_two_columns_share_a_key(one, other):
    """S4: a key is unique per name, parameters, timeframe, side, sources and output."""
    keys = Keys(FRAMES)

    assert (str(keys.resolve(*one)) == str(keys.resolve(*other))) == (keys.resolve(*one) == keys.resolve(*other))


@given(one=columns_asked_for(), data=st.data())
def test_a_change_of_one_parameter_changes_the_key(one, data):
    """S4: however little it changes."""
    name, parameters, place = one
    other = {**parameters, **data.draw(parameters_of(name))}
    keys = Keys(FRAMES)

    is_same = str(keys.resolve(name, other, place)) == str(keys.resolve(name, parameters, place))
    assert is_same == (other == parameters)


@given(one=columns_asked_for())
def test_a_key_reads_back_as_the_column_it_names(one):
    """S4: what `str` writes, `get` reads."""
    keys = Keys(FRAMES)

    key = keys.resolve(*one)

    assert keys.parse(str(key)) == key


def test_keys_read_as_the_rule_writes_them():
    """IND-1: the spelling is part of the interface."""
    keys = Keys(FRAMES)
    upper = Place("H1", "ask", output="upper")

    assert str(keys.resolve("ema", {"period": 20})) == "EMA_20_M15"
    assert str(keys.resolve("ema", {"period": 20}, Place("H1", "ask"))) == "EMA_20_H1_ask"
    assert str(keys.resolve("RSI", {}, Place(None, "ask", "hl2"))) == "RSI_14_M15_ask_hl2"
    assert str(keys.resolve("bbands", {"period": 20, "deviations": 2.0}, upper)) == "BBANDS_20_2_H1_ask_upper"
    assert str(keys.resolve("sar", {})) == "SAR_0.02_0.2_M15"
    assert str(keys.resolve("kalman", {"process": 1e-5})) == "KALMAN_0.00001_1_M15"
    assert str(keys.resolve("sma", {"period": 5}, Place("H1", source="RSI_14_H1"))) == "SMA_5_H1(RSI_14_H1)"
    assert str(keys.resolve("beta", {}, Place(other="SMA_1_H1"))) == "BETA_30_M15(close,SMA_1_H1)"
