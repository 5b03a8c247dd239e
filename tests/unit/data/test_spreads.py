"""Ask made of a stored spread (CST-1)."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

import omega.data
from omega.config.specs import load_specs
from omega.config.spread import Spread
from omega.data import SpreadModel
from omega.data.spreads import spread_hours, spread_model, spread_points
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


def column(add_points: Fraction | None, **news: object) -> SpreadModel:
    return SpreadModel(source="column", add_points=add_points, **news)


def asks(data: omega.data.MarketData, model: SpreadModel) -> list[list[int]]:
    """Ask minus bid at O, H, L and C of every bar of the step timeframe, points."""
    rows = data.resolve(model).series[0].to_pylist()
    return [[row[f"ask_{price}"] - row[f"bid_{price}"] for price in ("open", "high", "low", "close")] for row in rows]


def flat(times: list[str], timeframe: str) -> omega.data.MarketData:
    """Bars of a bid that stands at 1.0."""
    moments = pa.array(np.array(times, "datetime64[us]")).cast(pa.timestamp("us", tz="UTC"))
    table = pa.table({"time": moments} | {price: [1.0] * len(times) for price in ("open", "high", "low", "close")})
    return omega.data.load(
        {"bid": table}, symbols="EURUSD", timeframe=timeframe, specs={"EURUSD": SimpleNamespace(digits=5)}
    )


def window(first: str, last: str) -> tuple[int, int]:
    return tuple(int(np.datetime64(moment, "us").astype(np.int64)) for moment in (first, last))


def week(**spreads: int) -> tuple[Fraction | None, ...]:
    """A table of 10 points, with others at hours of the week written h<index>."""
    return tuple(Fraction(spreads.get(f"h{hour}", 10)) for hour in range(168))


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
    tables = market([30, 2]).resolve(column(Fraction(1, 2), multiplier=Fraction(2), windows=((0, 1),), news="a file"))

    assert tables.spread_note is not None
    assert "lower bound" in tables.spread_note and "0.5 points" in tables.spread_note
    assert [(note.code, note.count) for note in tables.notes] == [
        ("data.spread_lower_bound", 2),
        ("data.spread_in_news", 0),
    ]


@pytest.mark.parametrize(
    ("data", "spread", "reason"),
    [
        (market([1, 2]), None, "use source: column with add_points"),
        (market(None), None, "load an ask side"),
        (market([1, 2]), column(None), "execution.spread.add_points"),
        (market(None), column(Fraction(1)), "no spread column"),
        (market([1, 2]), column(Fraction(-2)), "negative"),
        (market([1, 2]), column(Fraction(10**9)), "10\\^9"),
        (market([1, 2], ask=True), SpreadModel(add_points=1), "belong to"),
        (market([1, 2], ask=True), SpreadModel(multiplier=Fraction(2), windows=((0, 1),)), "belong to"),
        (market([1, 2]), SpreadModel(source="table"), "expected data, column, hour_of_week or constant"),
        (market(None), SpreadModel(source="constant", points=Fraction(10**9)), "10\\^9"),
        (flat(["2025-01-04T12:00"], "H1"), SpreadModel(source="hour_of_week", hours=(None,) * 168), "no spread at"),
    ],
)
def test_a_spread_that_cannot_be_is_a_config_error(data, spread, reason):
    """CST-1: nothing is assumed about the ask side."""
    with pytest.raises(ConfigError, match=reason) as caught:
        data.resolve(spread)

    assert caught.value.code == "costs.spread_undefined"


def test_a_constant_spread_is_on_every_price():
    """CST-1: 12 + 1 points and a half: half_even(13.5) = 14."""
    data = flat(["2025-01-06T12:00", "2025-01-06T13:00"], "H1")

    model = SpreadModel(source="constant", points=Fraction(25, 2), add_points=1)

    assert asks(data, model) == [[14] * 4] * 2


@pytest.mark.parametrize(
    ("day", "utc_hour"), [("2025-01-06", 14), ("2025-07-07", 13)], ids=["winter: UTC-5", "summer: UTC-4"]
)
def test_hours_of_the_week_are_new_yorks(day, utc_hour):
    """CST-1: Monday 09:00 New York is hour 24 + 9 = 33; the hours beside it keep 10 points."""
    data = flat([f"{day}T{utc_hour + shift:02}:00" for shift in (-1, 0, 1)], "H1")

    assert asks(data, SpreadModel(source="hour_of_week", hours=week(h33=40))) == [[10] * 4, [40] * 4, [10] * 4]


def test_a_bar_of_several_hours_has_the_spread_of_its_first_largest_least_and_last():
    """CST-1: H4 from Monday 09:00 New York holds hours 33 to 36: 20, 50, 5, 30 points, each plus 1."""
    data = flat(["2025-01-06T14:00"], "H4")

    model = SpreadModel(source="hour_of_week", hours=week(h33=20, h34=50, h35=5, h36=30), add_points=1)

    assert asks(data, model) == [[21, 51, 6, 31]]


def test_hours_in_which_nothing_trades_do_not_count():
    """The bar's third hour has no spread: highest and lowest are those of the other three."""
    hours = [*week(h33=20, h34=50, h36=30)]
    hours[35] = None

    assert asks(flat(["2025-01-06T14:00"], "H4"), SpreadModel(source="hour_of_week", hours=tuple(hours))) == [
        [20, 50, 20, 30]
    ]


@pytest.mark.parametrize("source", ["column", "constant", "hour_of_week"])
def test_news_widen_the_spread_inside_their_windows_only(source):
    """CST-1: 3 points, times 2.5 = 7.5 -> 8 in [13:31, 13:33), half-open: the bars of 13:31 and 13:32."""
    data = flat([f"2025-01-06T13:{minute}" for minute in range(30, 35)], "M1")
    column_of_threes = replace(data.base, spread=np.full(5, 3, np.int32))
    models = {
        "column": {"add_points": 0},
        "constant": {"points": Fraction(3)},
        "hour_of_week": {"hours": (Fraction(3),) * 168},
    }
    windows = (window("2025-01-06T13:31", "2025-01-06T13:33"),)

    model = SpreadModel(source=source, multiplier=Fraction(5, 2), windows=windows, news="a file", **models[source])
    tables = replace(data, base=column_of_threes).resolve(model)

    assert asks(replace(data, base=column_of_threes), model) == [[3] * 4, [8] * 4, [8] * 4, [3] * 4, [3] * 4]
    assert [note.count for note in tables.notes if note.code == "data.spread_in_news"] == [2]


@pytest.mark.parametrize("source", ["constant", "hour_of_week"])
def test_a_bar_longer_than_the_window_is_wide_where_the_window_lies(source):
    """CST-1: 10 points, 30 in news of 13:25 to 13:40. M15 bars: 13:15 closes in it, 13:30 opens in it.

    The highest of both may lie in the window and has 30, the lowest may lie outside and has 10.
    """
    data = flat(["2025-01-06T13:00", "2025-01-06T13:15", "2025-01-06T13:30", "2025-01-06T13:45"], "M15")
    spreads = {"points": Fraction(10)} if source == "constant" else {"hours": week()}
    windows = (window("2025-01-06T13:25", "2025-01-06T13:40"),)

    found = asks(data, SpreadModel(source=source, multiplier=Fraction(3), windows=windows, **spreads))

    assert found == [[10] * 4, [10, 30, 10, 30], [30, 30, 10, 10], [10] * 4]


def test_a_window_inside_one_bar_raises_its_highest_ask_alone():
    windows = (window("2025-01-06T13:20", "2025-01-06T13:40"),)
    model = SpreadModel(source="constant", points=Fraction(10), multiplier=Fraction(2), windows=windows)

    assert asks(flat(["2025-01-06T13:00"], "H1"), model) == [[10, 20, 10, 10]]


def test_news_and_hours_work_together():
    """H4 from 09:00 New York: 20, 50, 5, 30 points; news of 11:30 to 12:30 double half an hour of the last two.

    Highest 60 (12:00 to 12:30 at 30), lowest 5 (11:00 to 11:30).
    """
    windows = (window("2025-01-06T16:30", "2025-01-06T17:30"),)
    hours = week(h33=20, h34=50, h35=5, h36=30)

    model = SpreadModel(source="hour_of_week", hours=hours, multiplier=Fraction(2), windows=windows)

    assert asks(flat(["2025-01-06T14:00"], "H4"), model) == [[20, 60, 5, 30]]


def test_the_windows_of_a_config_are_those_of_the_symbols_currencies(tmp_path):
    """News of JPY leave EURUSD alone unless the config names the currency; what made the ask is in its facts."""
    (tmp_path / "news.csv").write_text("time,currency,impact,title\n2025-01-06T13:30:00Z,JPY,high,a\n")
    news = {"file": "news.csv", "minutes_before": 1, "minutes_after": 2}
    spread = {"source": "constant", "points": 3, "news_multiplier": 2}

    alone = spread_model(Spread.model_validate({**spread, "news": news}), load_specs()["EURUSD"], tmp_path)
    news["currencies"] = ("JPY",)
    named = spread_model(Spread.model_validate({**spread, "news": news}), load_specs()["EURUSD"], tmp_path)

    assert alone.windows == ()
    assert named.windows == (window("2025-01-06T13:29", "2025-01-06T13:32"),)
    assert named.news == "1 windows of news.csv (1 events, 2025-01-06)"
    assert named.facts() != alone.facts()


def test_a_measured_table_gives_back_the_spreads_it_was_measured_on():
    """Two minutes of one hour with 30 and 2 points: 16 on average in that hour, and no other hour is known."""
    measured = spread_hours(market([30, 2]))

    assert measured is not None
    assert [hour for row in measured for hour in row if hour is not None] == [16.0]
    hours = Spread.model_validate({"source": "hour_of_week", "hours": measured}).hours
    assert asks(market(None), SpreadModel(source="hour_of_week", hours=hours)) == [[16] * 4]
    assert spread_hours(market(None)) is None
