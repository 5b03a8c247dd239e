"""Position rules and filters from what people write to what the plan holds."""

from __future__ import annotations

import datetime
import json
import os

import pytest

from omega.backends import get_backend
from omega.backends.python.plan_rules import parse_filters, parse_rules
from omega.config import RunConfig, load_config, load_specs, resolve
from omega.config.position_rules import RunMoments
from omega.data.new_york import join_windows, moments_at, windows_between
from omega.engine.moments import run_moments
from omega.errors import ConfigError
from omega.testing import bars_of

EURUSD = load_specs()["EURUSD"]
RULES = {
    "break_even": {"trigger_r": 1, "offset_points": 5},
    "trailing": {"distance_atr": 2.5, "start_points": 200, "step_points": 10},
    "partial_close": [{"at_price": 1.1025, "share": 0.5}, {"at_r": "1.5", "share": "0.25"}],
    "max_holding": {"minutes": 2880},
    "session_close": [{"time": "16:45", "weekday": "friday"}],
}
FILTERS = {
    "max_positions": {"symbol": 1},
    "cooldown": {"after_exit_bars": 3, "after_entry_minutes": 90},
    "sessions": [{"from": "08:00", "to": "17:00"}],
}


def resolved(rules=None, filters=None):
    config = RunConfig.from_arguments(
        account={"currency": "USD", "balance": 1000},
        sizing={"fixed_lots": 1},
        costs="none",
        position_rules=rules,
        filters=filters,
    )
    return resolve(config, spec=EURUSD)


def plan_of(rules=None, filters=None, moments=None):
    return json.loads(resolved(rules, filters).plan_json(0, moments))


def utc(text):
    return int(datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC).timestamp()) * 1_000_000


def test_rules_reach_the_plan_as_the_backends_parse_them():
    """Break-even, trailing, parts, clock: in this order; multiples as fractions, prices in points."""
    plan = plan_of(RULES, moments=RunMoments(session_closes=((1, 5),)))

    assert plan["position_rules"] == [
        {"kind": "break_even", "trigger": {"r": [1, 1]}, "offset_points": 5},
        {"kind": "trailing", "distance": {"atr": [5, 2]}, "start": {"points": 200}, "step_points": 10},
        {"kind": "partial_close", "at": {"price": 110250}, "share": [1, 2]},
        {"kind": "partial_close", "at": {"r": [3, 2]}, "share": [1, 4]},
        {"kind": "max_holding", "limit": {"minutes": 2880}},
        {"kind": "session_close", "moments_us": [1, 5]},
    ]
    assert len(parse_rules(plan["position_rules"])) == 6


def test_filters_reach_the_plan_as_the_backends_parse_them():
    plan = plan_of(filters=FILTERS, moments=RunMoments(sessions=((1, 5), (7, 9))))

    assert plan["filters"] == {
        "max_symbol": 1,
        "max_total": None,
        "cooldowns": [
            {"after": "entry", "limit": {"minutes": 90}},
            {"after": "exit", "limit": {"bars": 3}},
        ],
        "sessions": [[1, 5], [7, 9]],
        "news": [],
    }
    assert parse_filters(plan["filters"]).sessions == ((1, 5), (7, 9))


def test_sessions_without_a_window_in_the_data_are_never_and_not_always():
    assert plan_of(filters=FILTERS)["filters"]["sessions"] == []


def test_what_is_left_out_is_off():
    plan = plan_of()

    assert (plan["position_rules"], plan["filters"]) == ([], None)
    assert plan_of(filters={"max_positions": None})["filters"] is None


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({"break_even": {}}, "exactly one of trigger_points, trigger_r"),
        ({"break_even": {"trigger_points": 5, "trigger_r": 1}}, "exactly one of trigger_points, trigger_r"),
        ({"break_even": {"trigger_points": 5, "offset_points": 5}}, "an offset_points below trigger_points"),
        ({"trailing": {"step_points": 5}}, "exactly one of distance_points, distance_r, distance_atr"),
        ({"trailing": {"distance_r": 1, "start_points": 5, "start_r": 1}}, "start_points or start_r, not both"),
        ({"trailing": {"distance_points": 1.5}}, "a whole number"),
        ({"trailing": {"distance_atr": 0}}, "a value greater than 0"),
        ({"partial_close": [{"at_r": 1}]}, None),
        ({"partial_close": [{"at_r": 1, "share": 1}]}, "a value less than 1"),
        ({"partial_close": [{"share": 0.5}]}, "exactly one of at_points, at_r, at_price"),
        ({"partial_close": [{"at_price": 1.100001, "share": 0.5}]}, "a multiple of 0.00001"),
        ({"max_holding": {"bars": 1, "minutes": 1}}, "exactly one of bars, minutes"),
        ({"max_holding": {"bars": 0}}, "a value greater than or equal to 1"),
        ({"session_close": [{"time": "24:00"}]}, "text that matches"),
        ({"session_close": [{"time": "16:45", "weekday": "fri"}]}, "'monday'"),
        ({"trail": {}}, None),
    ],
)
def test_a_rule_that_cannot_be_is_refused(rules, expected):
    with pytest.raises(ConfigError) as caught:
        resolved(rules)

    assert caught.value.context["key"].startswith("position_rules.")
    assert expected is None or expected in str(caught.value)


@pytest.mark.parametrize(
    ("filters", "key"),
    [
        ({"max_positions": {"symbol": 0}}, "filters.max_positions.symbol"),
        ({"cooldown": {"bars": 3}}, "filters.cooldown.bars"),
        ({"sessions": [{"from": "8:00", "to": "17:00"}]}, "filters.sessions[0].from"),
        ({"sessions": [{"from": "08:00", "to": "17:00", "weekdays": []}]}, "filters.sessions[0].weekdays"),
        ({"news": {"file": "news.csv", "minutes_before": 5}}, "filters.news.minutes_after"),
        ({"news": {"file": "news.csv", "minutes_before": -1, "minutes_after": 5}}, "filters.news.minutes_before"),
    ],
)
def test_a_filter_that_cannot_be_is_refused(filters, key):
    with pytest.raises(ConfigError) as caught:
        resolved(filters=filters)

    assert caught.value.context["key"] == key


def test_a_session_close_needs_bars_below_a_day(tmp_path):
    """MGT-3: told when the config resolves, or, without a config file, when the bars are known."""
    config = {
        "data": {"path": "data", "symbols": "EURUSD", "timeframe": "D1", "start": "2025-01-20"},
        "account": {"currency": "USD", "balance": 1000},
        "execution": {"costs": "none"},
        "sizing": {"fixed_lots": 1},
        "strategy": {"native": "ema_cross"},
        "position_rules": {"session_close": [{"time": "16:45"}]},
    }
    (tmp_path / "run.json").write_text(json.dumps(config))

    with pytest.raises(ConfigError, match=r"position_rules.session_close: expected a step timeframe below D1"):
        resolve(load_config(tmp_path / "run.json"), base_dir=tmp_path)

    daily = bars_of("open high low close\n1 1 1 1", timeframe="H12")
    daily = type(daily)(**{**vars_of(daily), "header": daily.header.replace("H12", "D1")})
    with pytest.raises(ConfigError, match=r"expected a step timeframe below D1"):
        run_moments(daily, resolved({"session_close": [{"time": "16:45"}]}))


def vars_of(tables):
    return {name: getattr(tables, name) for name in tables.__dataclass_fields__}


# ---------------------------------------------------------------- New York's clock


def test_a_friday_close_follows_new_york_over_the_change_of_its_clock():
    """TIM-3: 16:45 in New York is 21:45 UTC on 2024-03-08 and 20:45 UTC on 2024-03-15, after the change of the 10th."""
    found = moments_at("16:45", [4], utc("2024-03-04"), utc("2024-03-18"))

    assert found == [utc("2024-03-08T21:45"), utc("2024-03-15T20:45")]


def test_moments_lie_within_the_bars():
    first = utc("2024-03-08T21:45")

    assert moments_at("16:45", range(7), first, first + 1) == [first]
    assert moments_at("16:45", range(7), first + 1, first + 2) == []


def test_a_window_may_cross_midnight_and_belongs_to_the_weekday_of_its_start():
    """Sunday 18:00 to Monday 02:00 in New York, in winter: 23:00 to 07:00 UTC; also when the data begin within it."""
    expected = [(utc("2024-01-07T23:00"), utc("2024-01-08T07:00"))]

    assert windows_between("18:00", "02:00", [6], first_us=utc("2024-01-07"), last_us=utc("2024-01-13")) == expected
    inside = utc("2024-01-08T06:59")
    assert windows_between("18:00", "02:00", [6], first_us=inside, last_us=utc("2024-01-13")) == expected


def test_windows_that_touch_or_overlap_become_one():
    assert join_windows([(7, 9), (1, 3), (3, 5), (4, 4), (8, 12)]) == [(1, 5), (7, 12)]


def test_the_moments_of_a_run_cover_its_bars(tmp_path):
    """MGT-3, MGT-4: Monday 2024-01-08, 00:00 to 24:00 UTC: the session from 13:00 to 22:00 UTC, news at 13:30."""
    (tmp_path / "news.csv").write_text(
        "time,currency,impact,title\n2024-01-08T13:30:00Z,USD,high,CPI\n2024-01-08T14:30:00Z,JPY,high,CPI\n"
        "2024-01-09T13:30:00Z,EUR,high,CPI\n"
    )
    news = {"file": str(tmp_path / "news.csv"), "minutes_before": 30, "minutes_after": 15}
    tables = bars_of("open high low close\n" + "1 1 1 1\n" * 24, timeframe="H1")

    found = run_moments(tables, resolved({"session_close": [{"time": "16:45"}]}, {**FILTERS, "news": news}))

    assert found == RunMoments(
        session_closes=((utc("2024-01-08T21:45"),),),
        sessions=((utc("2024-01-08T13:00"), utc("2024-01-08T22:00")),),
        news=((utc("2024-01-08T13:00"), utc("2024-01-08T13:45")),),
    )


# ---------------------------------------------------------------- the plan's parser


GOOD_FILTERS = {"max_symbol": None, "max_total": 2, "cooldowns": [], "sessions": None, "news": [[1, 2]]}


@pytest.mark.parametrize(
    "rules",
    [
        {},
        [{"kind": "stop"}],
        [{"kind": "break_even", "trigger": {"points": 0}, "offset_points": 0}],
        [{"kind": "break_even", "trigger": {"atr": [1, 1]}, "offset_points": 0}],
        [{"kind": "break_even", "trigger": {"points": 1, "r": [1, 1]}, "offset_points": 0}],
        [{"kind": "break_even", "trigger": {"points": 1}}],
        [{"kind": "trailing", "distance": {"price": 5}, "start": None, "step_points": 0}],
        [{"kind": "trailing", "distance": {"r": [1000001, 1]}, "start": None, "step_points": 0}],
        [{"kind": "trailing", "distance": {"r": [1, 0]}, "start": None, "step_points": 0}],
        [{"kind": "partial_close", "at": {"points": 5}, "share": [1, 1]}],
        [{"kind": "max_holding", "limit": {"days": 5}}],
        [{"kind": "max_holding", "limit": {"bars": 0}}],
        [{"kind": "session_close", "moments_us": [2, 2]}],
        [{"kind": "max_holding", "limit": {"bars": 1}}] * 33,
    ],
)
def test_a_plan_with_rules_that_do_not_fit_is_refused_by_both_parsers(rules, parsers):
    for parse in parsers:
        with pytest.raises(ConfigError, match=r"config\.plan"):
            parse({"position_rules": rules})


@pytest.mark.parametrize(
    "changes",
    [
        {"max_symbol": 0},
        {"max_total": True},
        {"sessions": [[2, 2]]},
        {"sessions": [[1, 3], [3, 5]]},
        {"news": [[5, 7], [1, 3]]},
        {"news": [[1, 2, 3]]},
        {"cooldowns": [{"after": "stop", "limit": {"bars": 1}}]},
        {"cooldowns": [{"after": "exit", "limit": {"bars": 1}, "symbol": 0}]},
        {"weekend": None},
    ],
)
def test_a_plan_with_filters_that_do_not_fit_is_refused_by_both_parsers(changes, parsers):
    for parse in parsers:
        with pytest.raises(ConfigError, match=r"config\.plan"):
            parse({"filters": GOOD_FILTERS | changes})


def test_the_parsers_take_what_the_refused_plans_were_made_of(parsers):
    for parse in parsers:
        parse({"position_rules": [{"kind": "max_holding", "limit": {"bars": 1}}] * 32, "filters": GOOD_FILTERS})


@pytest.fixture(scope="module")
def parsers():
    """Return what opens a run with changes to a good plan, for every backend."""
    names = ["python"] if os.environ.get("OMEGA_BUILD") == "pure" else ["python", "rust"]
    tables = bars_of("open high low close\n1 1 1 1", timeframe="H1")

    def parse_with(backend):
        market = backend.open_market(tables.header, tables.series, tables.visible, tables.calendar)
        plan = plan_of() | {"strategy": {"native": "ema_cross", "parameters": {}}}
        plan["symbols"][0]["digits"] = 0
        plan["strategy"]["parameters"] = {"fast": 2, "slow": 3, "stop_pips": 1.0, "target_pips": 1.0}
        return lambda changes: backend.simulate(market, None, json.dumps(plan | changes))

    return [parse_with(get_backend(name)) for name in names]
