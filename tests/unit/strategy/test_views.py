"""IND-6: a view counts completed bars of its own timeframe, and a batch indicator answers alike for all bars."""

from __future__ import annotations

import math
import random
import types

import numpy as np
import pyarrow as pa
import pytest

from omega.backends.python.session import Session
from omega.errors import StrategyError
from omega.strategy.prepare import Indicator

NAN = math.nan


class Series:
    def __init__(self, visible):
        self.visible, self.digits, self.symbol, self.time_us = visible, 5, 0, [0]


class FakeSimulation:
    """As much of a simulation as views need."""

    def __init__(self, *visible):
        self.market = types.SimpleNamespace(series=[Series(None), *(Series(rows) for rows in visible)])
        self.series = self.market.series[0]
        self.plan = types.SimpleNamespace(first_step=0)


def stepwise(session, values, series=0):
    return session.view(pa.array(values, type=pa.float64()), series)


def test_minus_one_is_the_last_completed_value_and_nothing_later_can_be_reached():
    session = Session(FakeSimulation())
    view = stepwise(session, [10.0, 11.0, 12.0])
    session.cursor = 1

    assert (view[-1], view[-2]) == (11.0, 10.0)
    assert math.isnan(view[-3])
    for index in (0, 1, 2, "x", slice(None), -1.0):
        with pytest.raises(StrategyError) as caught:
            view[index]
        assert caught.value.code == "strategy.view_index"


def test_nothing_of_the_run_is_visible_before_its_first_bar():
    """IND-6: in `prepare` no bar is completed; 5.0 is the last value of the run."""
    session = Session(FakeSimulation([-1, 0, 1]))
    for view in (stepwise(session, [1.0, 9.0, 5.0]), stepwise(session, [1.0, 5.0], series=1)):
        assert session.cursor == -1
        assert math.isnan(view[-1]) and math.isnan(view[-2])
        assert not (view.crossed_above(0.5) or view.rising(1))


def test_whole_numbers_of_numpy_count_like_those_of_python():
    session = Session(FakeSimulation())
    view = stepwise(session, [10.0, 11.0, 12.0])
    batch = Indicator(np.array([10.0, 11.0, 12.0]), None, 3)
    session.cursor = 2

    assert (view[np.int64(-2)], view.rising(np.int8(2))) == (11.0, True)
    assert (batch[np.int64(-2)][2], batch.rising(np.int8(2))[2]) == (11.0, True)
    for wrong in (True, np.float64(-1), -(10**30)):
        with pytest.raises(StrategyError):
            view[wrong]
    with pytest.raises(TypeError):
        view.crossed_above("11.5")


def test_a_cross_needs_equal_or_below_before_and_above_now():
    session = Session(FakeSimulation())
    fast = stepwise(session, [1.0, 2.0, 3.0, 3.0, NAN, 9.0])
    slow = stepwise(session, [2.0, 2.0, 2.0, 3.5, 1.0, 1.0])
    seen = []
    for session.cursor in range(6):
        seen.append((fast.crossed_above(slow), fast.crossed_below(slow), fast.crossed_above(2.5)))

    assert [bar for bar, flags in enumerate(seen) if flags[0]] == [2]
    assert [bar for bar, flags in enumerate(seen) if flags[1]] == [3]
    assert [bar for bar, flags in enumerate(seen) if flags[2]] == [2]


def test_a_cross_of_a_higher_timeframe_is_true_only_when_its_bar_completes():
    """Three step bars show each H-bar; the cross is news on the first of them only."""
    session = Session(FakeSimulation([-1, -1, 0, 0, 0, 1, 1, 1]))
    higher = stepwise(session, [1.0, 3.0], series=1)
    seen = []
    for session.cursor in range(8):
        seen.append(higher.crossed_above(2.0))

    assert seen == [False] * 5 + [True, False, False]


def test_rising_and_falling_count_changes():
    session = Session(FakeSimulation())
    view = stepwise(session, [1.0, 2.0, 3.0, 2.0])
    session.cursor = 2

    assert view.rising(2) and not view.rising(3) and not view.falling(1)
    session.cursor = 3
    assert view.falling(1) and not view.rising(1)
    for count in (0, -1, 1.0):
        with pytest.raises(StrategyError) as caught:
            view.rising(count)
        assert caught.value.code == "strategy.view_count"


def test_a_batch_indicator_equals_its_view_at_every_bar():
    draw = random.Random(7)
    visible = sorted(draw.choices(range(-1, 12), k=40))
    session = Session(FakeSimulation(visible))
    step = [draw.choice([NAN, 1.0, 2.0, 3.0]) for _ in range(40)]
    own = [draw.choice([NAN, 1.0, 2.0, 3.0]) for _ in range(12)]
    views = stepwise(session, step), stepwise(session, own, series=1)
    whole = Indicator(np.array(step), None, 40), Indicator(np.array(own), np.array(visible, np.int32), 40)
    batch = [answers(a, b) for a, b in (whole, whole[::-1])]

    crossings = 0
    for session.cursor in range(40):
        for (a, b), arrays in zip((views, views[::-1]), batch, strict=True):
            for live, array in zip(answers(a, b), arrays, strict=True):
                assert live == array[session.cursor] or (math.isnan(live) and math.isnan(array[session.cursor]))
            crossings += a.crossed_above(b)
    assert crossings >= 3


def answers(a, b):
    return (
        a[-1], a[-2], a[-5],
        a.crossed_above(b), a.crossed_below(b), a.crossed_above(2.0), a.crossed_below(2),
        a.rising(1), a.rising(2), a.falling(1), a.falling(3),
    )  # fmt: skip


def test_whole_arrays_cannot_be_written():
    with pytest.raises(ValueError, match="read-only"):
        Indicator(np.array([1.0]), None, 1).values[0] = 2.0
