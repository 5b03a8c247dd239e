"""The spread as people write it (CST-1, CST-4): sources, tables by hour of the week, news."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest

from omega.config import Spread, load_config, load_costs, load_specs, resolve
from omega.errors import ConfigError

EURUSD = load_specs()["EURUSD"]
NEWS = "news: {file: news.csv, minutes_before: 5, minutes_after: 10}"
FILE = """\
defaults:
  slippage: none
  commission: none
  swap: none
  spread: {source: constant, points: 7.5, add_points: 1, news_multiplier: 2.5, NEWS}
""".replace("NEWS", NEWS)


def write(folder, text, name="costs.yaml"):
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(text)
    return file


def table(hours):
    return {"defaults": {"slippage": "none", "commission": "none", "swap": "none", "spread": hours}}


def test_every_part_of_a_spread_is_exact(tmp_path):
    spread = load_costs(write(tmp_path, FILE)).for_symbol(EURUSD).spread

    assert (spread.source, spread.points, spread.add_points) == ("constant", Fraction(15, 2), 1)
    assert (spread.news_multiplier, spread.news.min_impact) == (Fraction(5, 2), "high")


@pytest.mark.parametrize("shape", ["one list", "seven rows", "a file"])
def test_hours_are_168_numbers_from_sunday(tmp_path, shape):
    """0.1 points more every hour; Monday 09:00 is the 34th: 3.3 points."""
    hours = [str(hour / 10) for hour in range(168)]
    rows = [hours[day * 24 : day * 24 + 24] for day in range(7)]
    (tmp_path / "hours.json").write_text(json.dumps({"hours": rows}))
    given = {"one list": hours, "seven rows": rows, "a file": "hours.json"}[shape]

    costs = load_costs(table({"source": "hour_of_week", "hours": given}), base_dir=tmp_path)

    assert costs.for_symbol(EURUSD).spread.hours[24 + 9] == Fraction(33, 10)
    assert len(costs.for_symbol(EURUSD).spread.hours) == 168


def test_files_are_named_from_the_file_that_names_them(tmp_path):
    """A cost file in a folder of its own brings its calendar and its hours along."""
    spread = {"source": "hour_of_week", "hours": "hours.json", "news_multiplier": 2}
    spread["news"] = {"file": "../news.csv", "minutes_before": 0, "minutes_after": 1}
    write(tmp_path / "broker", json.dumps(table(spread)), "costs.json")
    write(tmp_path / "broker", json.dumps({"hours": [1] * 167 + [None]}), "hours.json")

    settled = load_costs("broker/costs.json", base_dir=tmp_path).for_symbol(EURUSD).spread

    assert settled.hours == (*[Fraction(1)] * 167, None)
    assert settled.news.file == "broker/../news.csv"


def test_the_resolved_config_holds_the_hours_and_the_notes_name_the_source(tmp_path):
    (tmp_path / "hours.json").write_text(json.dumps({"hours": [*[2] * 100, *["3.5"] * 68]}))
    (tmp_path / "run.json").write_text(
        json.dumps(
            {
                "data": {"path": ".", "symbols": "EURUSD", "timeframe": "H1", "start": "2025-01-20"},
                "account": {"currency": "USD", "balance": 1},
                "execution": {
                    "costs": "none",
                    "spread": {
                        "source": "hour_of_week",
                        "hours": "hours.json",
                        "add_points": 1,
                        "news_multiplier": 3,
                        "news": {"file": "news.csv", "minutes_before": 5, "minutes_after": 10},
                    },
                },
                "sizing": {"fixed_lots": 1},
                "strategy": {"native": "ema_cross"},
            }
        )
    )

    resolved = resolve(load_config(tmp_path / "run.json"), base_dir=tmp_path)

    assert resolved.to_dict()["costs"]["spread"]["hours"][98:102] == [2, 2, "3.5", "3.5"]
    assert resolved.notes[-2:] == (
        "the ask is bid + a spread by hour of the week, 2 to 3.5 + 1 points: no quote of an ask",
        "the spread is times 3 from 5 minutes before to 10 after news of high impact or more",
    )


def test_a_constant_spread_is_named_in_the_notes():
    spread = Spread(source="constant", points=Fraction(15, 2))

    from omega.config.spread import spread_notes

    assert spread_notes(spread) == ["the ask is bid + 7.5 points, at all times: no quote of an ask"]


@pytest.mark.parametrize(
    ("old", "new", "code", "key"),
    [
        ("source: constant", "source: fixed", "config.invalid", "defaults.spread.source"),
        ("source: constant", "source: column", "config.invalid", "defaults.spread"),
        ("source: constant", "source: data", "config.invalid", "defaults.spread"),
        ("source: constant", "source: hour_of_week", "config.invalid", "defaults.spread"),
        ("points: 7.5, ", "", "config.invalid", "defaults.spread"),
        ("points: 7.5", "points: -1", "config.invalid", "defaults.spread.points"),
        ("points: 7.5", "points: 100001", "config.invalid", "defaults.spread.points"),
        ("points: 7.5", "points: 1e-13", "config.too_precise", "defaults.spread.points"),
        ("points: 7.5", "points: some", "config.invalid", "defaults.spread.points"),
        ("points: 7.5", "pips: 7.5", "config.unknown_key", "defaults.spread.pips"),
        ("points: 7.5", "points: 7.5, hours: [1]", "config.invalid", "defaults.spread.hours"),
        ("news_multiplier: 2.5", "news_multiplier: 0.5", "config.invalid", "defaults.spread.news_multiplier"),
        ("news_multiplier: 2.5, ", "", "config.invalid", "defaults.spread"),
        (f", {NEWS}", "", "config.invalid", "defaults.spread"),
        ("file: news.csv, ", "", "config.missing_key", "defaults.spread.news.file"),
        ("minutes_before: 5", "minutes_before: -5", "config.invalid", "defaults.spread.news.minutes_before"),
        ("minutes_before: 5", "minutes_before: 5.5", "config.invalid", "defaults.spread.news.minutes_before"),
        ("minutes_after: 10", "minutes_after: 10, impact: low", "config.unknown_key", "defaults.spread.news.impact"),
        (
            "minutes_after: 10",
            "minutes_after: 10, min_impact: red",
            "config.invalid",
            "defaults.spread.news.min_impact",
        ),
        (
            "minutes_after: 10",
            "minutes_after: 10, currencies: [usd]",
            "config.invalid",
            "defaults.spread.news.currencies[0]",
        ),
    ],
)
def test_an_ill_formed_spread_names_file_line_and_key(tmp_path, old, new, code, key):
    """Issue 3, line 10: every malformed cost file is refused with code, key and place."""
    file = write(tmp_path, FILE.replace(old, new, 1))

    with pytest.raises(ConfigError) as caught:
        load_costs(file)

    facts = caught.value.context
    assert (caught.value.code, facts["file"], facts["key"]) == (code, str(file), key)
    assert str(facts["line"]).startswith(" line ")


@pytest.mark.parametrize(
    ("hours", "reason"),
    [
        ([1] * 167, "168 spreads"),
        ([[1] * 24] * 6, "168 spreads"),
        ([[1] * 24] * 6 + [[1] * 23], "168 spreads"),
        ([*[1] * 33, -1, *[1] * 134], "Monday at 9:00"),
        ([*[1] * 167, "a"], "Saturday at 23:00"),
        (3, "168 spreads"),
    ],
)
def test_hours_that_are_no_week_are_refused(tmp_path, hours, reason):
    with pytest.raises(ConfigError, match=reason) as caught:
        load_costs(table({"source": "hour_of_week", "hours": hours}))
    assert caught.value.context["key"] == "costs.defaults.spread.hours"

    (tmp_path / "hours.yaml").write_text(json.dumps({"hours": hours}))
    named = load_costs(table({"source": "hour_of_week", "hours": "hours.yaml"}), base_dir=tmp_path)
    with pytest.raises(ConfigError, match=reason) as caught:
        named.for_symbol(EURUSD)
    assert (caught.value.context["file"], caught.value.context["key"]) == ("hours.yaml", "hours")


def test_a_file_of_hours_that_is_not_there_is_refused(tmp_path):
    costs = load_costs(table({"source": "hour_of_week", "hours": "absent.yaml"}), base_dir=tmp_path)

    with pytest.raises(ConfigError) as caught:
        costs.for_symbol(EURUSD)

    assert caught.value.code == "config.unreadable"
