"""API-3: parameters are typed class attributes, checked by name and type."""

from __future__ import annotations

from typing import ClassVar, Literal

import pytest

import omega.strategy
from omega.errors import StrategyError


class Cross(omega.strategy.Strategy):
    fast: int = 20
    stop_pips: float = 20
    label: str | None = None
    mode: Literal["a", "b"] = "a"
    shared: ClassVar[list[int]] = []
    _private: int = 3

    def on_bar(self, bar):
        return None


class Slower(Cross):
    fast = 50
    extra: bool = False


def refused(code, call):
    with pytest.raises(StrategyError) as caught:
        call()
    assert caught.value.code == code
    return str(caught.value)


def test_parameters_have_their_defaults_in_the_order_written():
    assert dict(Cross().parameters) == {"fast": 20, "stop_pips": 20.0, "label": None, "mode": "a"}


def test_an_int_for_a_float_becomes_a_float():
    strategy = Cross(stop_pips=3)

    assert (strategy.stop_pips, type(strategy.stop_pips)) == (3.0, float)


def test_a_subclass_inherits_parameters_and_may_change_their_defaults():
    assert dict(Slower().parameters) == {"fast": 50, "stop_pips": 20.0, "label": None, "mode": "a", "extra": False}


def test_an_unknown_parameter_is_refused_with_the_close_match():
    assert "Did you mean 'fast'?" in refused("strategy.unknown_parameter", lambda: Cross(fats=3))


@pytest.mark.parametrize(
    "given",
    [
        {"fast": True},
        {"fast": 2.0},
        {"fast": "20"},
        {"stop_pips": float("nan")},
        {"stop_pips": float("inf")},
        {"stop_pips": 10**400},
        {"stop_pips": False},
        {"label": 3},
        {"mode": "c"},
    ],
)
def test_a_parameter_of_the_wrong_type_is_refused(given):
    refused("strategy.bad_parameter", lambda: Cross(**given))


def test_a_parameter_without_default_must_be_given():
    class Needs(omega.strategy.Strategy):
        period: int

    refused("strategy.missing_parameter", Needs)
    assert Needs(period=3).period == 3


@pytest.mark.parametrize("name", ["buy", "close", "positions", "account", "prepare", "on_bar", "parameters"])
def test_names_of_the_base_class_are_refused_as_parameters(name):
    namespace = {"__annotations__": {name: int}, name: 3}

    message = refused("strategy.reserved_name", lambda: type("Bad", (omega.strategy.Strategy,), namespace))

    assert name in message


def test_an_own_init_is_refused_because_a_run_builds_its_own_instance():
    refused("strategy.reserved_name", lambda: type("Bad", (omega.strategy.Strategy,), {"__init__": lambda self: None}))


def test_an_annotation_that_is_no_parameter_type_is_refused():
    namespace = {"__annotations__": {"prices": list[float]}}

    refused("strategy.bad_parameter", lambda: type("Bad", (omega.strategy.Strategy,), namespace))


def test_a_default_of_the_wrong_type_is_refused_when_the_class_is_written():
    namespace = {"__annotations__": {"fast": int}, "fast": "20"}

    refused("strategy.bad_parameter", lambda: type("Bad", (omega.strategy.Strategy,), namespace))


def test_a_fresh_instance_has_the_parameters_and_nothing_else():
    strategy = Cross(fast=5)
    strategy.seen = 12

    fresh = strategy._fresh()

    assert dict(fresh.parameters) == dict(strategy.parameters)
    assert not hasattr(fresh, "seen")


def test_a_parameter_assigned_after_building_is_not_silently_lost():
    strategy = Cross()
    strategy.fast = 7

    assert "Cross(fast=7)" in refused("strategy.parameter_changed", strategy._fresh)


def test_a_strategy_needs_exactly_one_style():
    neither = type("Neither", (omega.strategy.Strategy,), {})
    both = type("Both", (omega.strategy.Strategy,), {"on_bar": print, "on_batch": print})

    assert "none of them" in refused("strategy.style", neither._style)
    assert "on_bar and on_batch" in refused("strategy.style", both._style)
    assert Cross._style() == "on_bar"


def test_positions_outside_a_run_are_refused():
    refused("strategy.not_running", lambda: Cross().positions)
    refused("strategy.not_running", lambda: Cross().account)
