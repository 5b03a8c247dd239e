"""Indicators of users: array in, array out, and no look into the future (IND-5)."""

from __future__ import annotations

import numpy as np
import pytest

from omega.errors import StrategyError
from omega.indicators import IndicatorCache
from omega.strategy.prepare import Indicators

NAN = float("nan")


@pytest.fixture
def cache(bench, tables_of, flat_bars):
    """Twelve M15 bars at 1.00, 1.01, … and three H1 bars; an hour is known at the last of its four bars."""
    hours = flat_bars([100, 300, 500])
    tables = tables_of(flat_bars(range(100, 112)), higher={"H1": (hours, [-1, -1, -1, 0, 0, 0, 0, 1, 1, 1, 1, 2])})
    return IndicatorCache(tables, bench.backend, bench.open(tables))


def double(values):
    return values * 2


def difference(values, others, *, factor=1.0):
    return (values - others) * factor


def refusal(call, *arguments, **named) -> StrategyError:
    with pytest.raises(StrategyError) as caught:
        call(*arguments, **named)
    return caught.value


def test_a_function_of_the_close_is_a_column_like_any_other(cache):
    """IND-5: same length, read-only, the same object when asked again."""
    column = cache.custom(double)

    np.testing.assert_array_equal(column[:3], [2.0, 2.02, 2.04])
    assert len(column) == 12
    assert cache.custom(double, "close") is column
    with pytest.raises(ValueError, match="read-only"):
        column[0] = 1.0


def test_sources_are_prices_sides_timeframes_and_other_indicators(cache):
    """IND-5: what any indicator may read; NaN of a warm-up come as they are."""
    np.testing.assert_allclose(cache.custom(double, side="ask")[:2], [2.14, 2.16])
    np.testing.assert_array_equal(cache.custom(double, timeframe="H1"), [NAN] * 3 + [2.0] * 4 + [6.0] * 4 + [10.0])
    found = cache.custom(difference, "close", "SMA_2_M15", factor=2.0)
    np.testing.assert_allclose(found, [NAN, *[0.01] * 11])
    shown = cache.custom(difference, "SMA_1_H1", "SMA_1_H1")
    np.testing.assert_array_equal(shown, [NAN] * 3 + [0.0] * 9)


def test_parameters_are_part_of_what_is_remembered(cache):
    """IND-1: two sets of parameters are two columns."""
    one, two = (cache.custom(difference, "close", "open", factor=factor) for factor in (1.0, 2.0))

    assert one is not two
    assert cache.custom(difference, "close", "open", factor=2.0) is two


def centred(values):
    return values - values.mean()


def shifted(values):
    return np.append(values[1:], NAN)


def peeks_late(values):
    """Honest but in one place: bar 8 is what bar 9 will be."""
    answer = values.copy()
    if len(values) > 9:
        answer[8] = values[9]
    return answer


@pytest.mark.parametrize(("function", "bar_idx"), [(centred, 0), (shifted, 0), (peeks_late, 8)])
def test_a_look_into_the_future_is_refused_with_the_first_bar_that_changed(cache, function, bar_idx):
    """IND-5: the prefix check runs on first use."""
    error = refusal(cache.custom, function)

    assert error.code == "indicator.looks_ahead"
    assert error.context["name"] == function.__name__
    assert error.context["bar_idx"] == bar_idx
    assert f"its value at bar {bar_idx} is" in str(error)


@pytest.mark.parametrize(
    ("function", "what"),
    [
        (lambda values: values[1:], "an array of shape (11,)"),
        (lambda values: 1.0, "an array of shape ()"),
        (lambda values: None, "an array of shape ()"),
        (lambda values: "text", "str"),
        (lambda values: values / 0.0, "infinities"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_what_is_no_column_is_refused(cache, function, what):
    """IND-5: one finite number or NaN per bar."""
    error = refusal(cache.custom, function)

    assert error.code == "indicator.custom"
    assert error.context["what"] == what
    assert error.context["count"] in (12, 1)


def test_its_inputs_cannot_be_written(cache):
    """IND-5: a function sees the columns of the cache, not copies."""

    def writes(values):
        values[0] = 7.0
        return values

    with pytest.raises(ValueError, match="read-only"):
        cache.custom(writes)


def test_a_strategy_gets_it_on_its_own_bars(cache):
    """IND-6: views count bars of their own timeframe."""
    seen = []
    indicators = Indicators(cache, lambda column, series: seen.append((column, series)))

    indicators.custom(double, timeframe="H1")
    indicators.bbands(2)

    np.testing.assert_array_equal(seen[0][0], [2.0, 6.0, 10.0])
    assert [series for _, series in seen] == [1, 0, 0, 0]
