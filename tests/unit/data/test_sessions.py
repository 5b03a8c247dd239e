"""Sessions and holidays (TIM-3), and days cut at 17:00 New York against another calendar."""

from __future__ import annotations

import datetime
import zoneinfo
from types import SimpleNamespace
from typing import get_args

import numpy as np
import pandas_market_calendars
import pyarrow as pa
import pytest

import omega.data
from omega.config.specs import Session, load_specs
from omega.data.alignment import Alignment, visible_bars
from omega.data.calendar import fx_calendar
from omega.data.pairing import BaseBars
from omega.data.resampling import resample
from omega.data.sessions import session_named, session_of

HOUR = 3_600_000_000


def us(text: str) -> int:
    return int(np.datetime64(text, "us").astype(np.int64))


def hourly(first: str, last: str) -> BaseBars:
    """Return an hour of the price k at hour k, in every hour of the FX week."""
    times = np.arange(us(first), us(last), HOUR)
    calendar = fx_calendar(int(times[0]), int(times[-1]), "fx")
    weekday = (calendar.fx_day[calendar.day_of(times)] + 3) % 7
    times = times[weekday < 5]
    points = np.arange(1, len(times) + 1, dtype=np.int32)
    return BaseBars(times, (points, points, points, points), None, None, np.ones(len(times)))


def test_days_of_twenty_years_are_the_sessions_of_an_independent_calendar():
    """TIM-3 against pandas_market_calendars, 2005 to 2024: every open and close, DST weeks included.

    Its rows of Sunday are Saturday 17:00 to Sunday 17:00: no bar falls there.
    """
    schedule = pandas_market_calendars.get_calendar("FX").schedule("2005-01-03", "2024-12-31")
    schedule = schedule[schedule.index.day_of_week < 5]
    opens, closes = (schedule[name].astype("datetime64[us, UTC]").astype(np.int64).to_numpy() for name in schedule)
    bars = hourly("2005-01-02T22:00", "2024-12-31T22:00")
    calendar = fx_calendar(int(bars.time[0]), int(bars.time[-1]))

    days, close_us = resample(bars, "H1", "D1", calendar)

    assert len(opens) > 5_200
    assert days.time.tolist() == opens.tolist()
    assert close_us.tolist() == closes.tolist()
    # 24 hours in every session: first and last price belong to it.
    assert (days.bid[3] - days.bid[0] == 23).all()


@pytest.mark.parametrize(("timeframe", "period"), [("W1", "W"), ("MN1", "M")])
def test_weeks_and_months_of_twenty_years_hold_the_sessions_of_that_calendar(timeframe, period):
    """TIM-3: a week runs from Monday's open to Friday's close, a month from its first session to its last."""
    schedule = pandas_market_calendars.get_calendar("FX").schedule("2005-01-03", "2024-12-31")
    schedule = schedule[schedule.index.day_of_week < 5]
    groups = schedule.groupby(schedule.index.to_period(period))
    opens, closes = (
        frame.astype("datetime64[us, UTC]").astype(np.int64).tolist()
        for frame in (groups["market_open"].first(), groups["market_close"].last())
    )
    bars = hourly("2005-01-02T22:00", "2024-12-31T22:00")

    made, close_us = resample(bars, "H1", timeframe, fx_calendar(int(bars.time[0]), int(bars.time[-1])))

    # The last week of the range goes on into 2025.
    count = len(opens) - (timeframe == "W1")
    assert count > 230
    assert made.time.tolist()[:count] == opens[:count]
    assert close_us.tolist()[:count] == closes[:count]


def test_the_session_of_a_symbol_is_data():
    assert [session_of(symbol) for symbol in ("EURUSD", "XAUUSD", "btcusd", "US500", "DE40")] == [
        "fx",
        "metals",
        "crypto",
        "indices",
        "fx",
    ]


@pytest.mark.parametrize(
    ("session", "closes"),
    [
        (None, ["2024-01-05T22:00", "2024-01-12T22:00"]),
        ("fx", ["2024-01-05T22:00", "2024-01-12T22:00"]),
        ("crypto", ["2024-01-07T22:00"]),
    ],
)
def test_a_spec_says_when_its_symbol_trades(session, closes):
    """TIM-3: a session per symbol. A Saturday quote belongs to next week in FX, to this week in crypto."""
    time = pa.array([us("2024-01-05T12:00"), us("2024-01-06T12:00")]).cast(pa.timestamp("us", tz="UTC"))
    table = pa.table({"time": time} | {price: [1.0, 1.0] for price in ("open", "high", "low", "close")})
    spec = SimpleNamespace(digits=5) if session is None else SimpleNamespace(digits=5, session=session)

    data = omega.data.load(
        {"bid": table, "ask": table, "timeframe": "M30"}, symbols="OURS", timeframe="W1", specs={"OURS": spec}
    )

    tables = data.resolve()
    assert tables.series[0]["close_time"].cast(pa.int64()).to_pylist() == [us(close) for close in closes]
    assert tables.calendar_version.endswith(f"/{session or 'fx'}")


def test_specs_know_the_sessions_of_the_table():
    for name in get_args(Session):
        assert session_named(name).days

    assert {name: session_of(name) for name in load_specs()} == {
        name: spec.session for name, spec in load_specs().items()
    }


@pytest.mark.parametrize(
    ("session", "moment", "is_open"),
    [
        ("fx", "2024-01-05T21:59", True),  # Friday 16:59 New York
        ("fx", "2024-01-05T22:00", False),
        ("fx", "2024-01-07T21:59", False),
        ("fx", "2024-01-07T22:00", True),
        ("fx", "2024-07-07T21:00", True),
        ("fx", "2024-12-25T12:00", False),  # Christmas: from 17:00 on the 24th
        ("fx", "2024-12-24T21:59", True),
        ("fx", "2024-12-24T22:00", False),
        ("fx", "2024-12-25T22:00", True),
        ("fx", "2024-01-01T12:00", False),
        ("fx", "2024-03-29T12:00", True),  # Good Friday
        ("metals", "2024-03-29T12:00", False),
        ("metals", "2024-01-03T22:30", False),  # daily break 17:00 to 18:00
        ("metals", "2024-01-03T23:00", True),
        ("metals", "2024-01-07T22:30", False),
        ("crypto", "2024-01-06T12:00", True),
        ("crypto", "2024-12-25T12:00", True),
    ],
)
def test_a_moment_is_inside_or_outside_of_its_session(session, moment, is_open):
    """TIM-3: session starts per symbol, holidays, seven days."""
    calendar = fx_calendar(us(moment), us(moment), session)

    assert calendar.is_in_session(np.array([us(moment)])).tolist() == [is_open]


def test_good_friday_is_the_friday_before_easter_for_forty_years():
    """The list is data; the dates follow from the full moon (Gauss, as given by Lichtenberg)."""
    named = session_named("metals").single
    for year in range(2000, 2040):
        k = year // 100
        a, m = year % 19, 15 + (3 * k + 3) // 4 - (8 * k + 13) // 25
        s, d = 2 - (3 * k + 3) // 4, (19 * (year % 19) + m) % 30
        og = 21 + d - (d + a // 11) // 29
        easter = og + 7 - (og - (7 - (year + year // 4 + s) % 7)) % 7
        date = datetime.date(year, 3, 1) + datetime.timedelta(days=easter - 1 - 2)
        assert (date - datetime.date(1970, 1, 1)).days in named, date


def test_weeks_and_months_of_crypto_have_all_their_days():
    """TIM-3: a Saturday belongs to the week and the month it lies in."""
    moments = np.array([us("2024-06-01T12:00"), us("2024-06-30T12:00"), us("2024-06-30T21:30")])
    calendar = fx_calendar(int(moments[0]), int(moments[-1]), "crypto")

    def bounds(timeframe: str) -> list[tuple[str, str]]:
        return [
            tuple(str(np.datetime64(int(edge), "us").astype("datetime64[m]")) for edge in edges)
            for edges in zip(*calendar.intervals(moments, timeframe), strict=True)
        ]

    assert bounds("W1") == [
        ("2024-05-26T21:00", "2024-06-02T21:00"),
        ("2024-06-23T21:00", "2024-06-30T21:00"),
        ("2024-06-30T21:00", "2024-07-07T21:00"),
    ]
    assert bounds("MN1")[:2] == [("2024-05-31T21:00", "2024-06-30T21:00")] * 2


def test_strict_shows_the_last_hour_before_christmas_until_the_first_one_after_it():
    """TIM-4: no bar should have completed on a holiday."""
    closes = np.array([us("2024-12-24T22:00"), us("2024-12-25T23:00")])
    decisions = np.array(
        [us("2024-12-25T12:00"), us("2024-12-25T22:30"), us("2024-12-25T23:00"), us("2024-12-26T00:00")]
    )
    calendar = fx_calendar(int(closes[0]), int(decisions[-1]))

    shown = visible_bars(decisions, closes, "H1", calendar, Alignment(mode="strict"))

    assert shown.tolist() == [0, 0, 1, -1]


def test_strict_follows_the_daily_break_of_metals():
    """TIM-4: gold has no hour from 17:00 to 18:00 New York; the hour before it is the last that can be."""
    closes = np.array([us("2024-01-03T22:00"), us("2024-01-04T00:00")])
    decisions = np.array([us("2024-01-03T22:45"), us("2024-01-03T23:59"), us("2024-01-04T00:00")])
    calendar = fx_calendar(int(closes[0]), int(decisions[-1]), "metals")

    assert visible_bars(decisions, closes, "H1", calendar, Alignment(mode="strict")).tolist() == [0, 0, 1]


def test_every_new_york_change_of_the_clocks_is_outside_of_fx_sessions():
    """Sessions have 24 hours because clocks change on Sundays at 2:00, before the opening."""
    calendar = fx_calendar(us("2005-01-01"), us("2024-12-31"))
    zone = zoneinfo.ZoneInfo("America/New_York")

    assert set((calendar.closes_us - calendar.opens_us).tolist()) == {24 * HOUR}
    assert datetime.datetime(2024, 3, 10, 17, tzinfo=zone).utcoffset() == datetime.timedelta(hours=-4)
