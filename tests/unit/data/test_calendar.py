"""FX days, weeks, months and sessions (TIM-2, TIM-3, API-3b)."""

from __future__ import annotations

import datetime
import zoneinfo

import numpy as np
import pytest

from omega.data.calendar import CALENDAR_VERSION, fx_calendar, instant_of
from omega.errors import ConfigError

UTC = datetime.UTC


def us(text: str) -> int:
    return int(np.datetime64(text, "us").astype(np.int64))


def texts(times: np.ndarray) -> list[str]:
    return [str(np.datetime64(int(time), "us").astype("datetime64[m]")) for time in times]


def interval(text: str, timeframe: str) -> list[str]:
    moment = us(text)
    start, close = fx_calendar(moment, moment).intervals(np.array([moment]), timeframe)
    return texts(np.array([start[0], close[0]]))


def test_every_hour_of_three_years_lies_in_the_fx_day_that_a_plain_loop_finds():
    """TIM-3 against an oracle: the New York date, one day later from 17:00 on."""
    zone = zoneinfo.ZoneInfo("America/New_York")
    hours = np.arange(us("2023-01-01T00:00"), us("2026-01-01T00:00"), 3_600_000_000)
    calendar = fx_calendar(int(hours[0]), int(hours[-1]))

    days = calendar.fx_day[calendar.day_of(hours)]

    for hour, day in zip(hours.tolist(), days.tolist(), strict=True):
        wall = datetime.datetime.fromtimestamp(hour / 1e6, UTC).astimezone(zone)
        expected = wall.date() + datetime.timedelta(days=1 if wall.hour >= 17 else 0)
        assert datetime.date(1970, 1, 1) + datetime.timedelta(days=day) == expected


def test_the_calendar_table_covers_the_data_and_one_day_on_either_side():
    """TIM-3: Friday 2024-03-08 to Tuesday 2024-03-12; New York goes from -300 to -240 minutes on the 10th."""
    table = fx_calendar(us("2024-03-08T10:00"), us("2024-03-12T10:00")).table(
        us("2024-03-08T10:00"), us("2024-03-12T10:00")
    )

    ends = [f"{moment:%m-%d %H:%M}" for moment in table["rollover_time"].to_pylist()]
    assert ends == [
        "03-07 22:00", "03-08 22:00", "03-09 22:00", "03-10 21:00", "03-11 21:00", "03-12 21:00", "03-13 21:00",
    ]  # fmt: skip
    assert table["weekday"].to_pylist() == [3, 4, 5, 6, 0, 1, 2]
    assert table["utc_offset_minutes"].to_pylist() == [-300, -300, -300, -240, -240, -240, -240]
    first = (datetime.date(2024, 3, 7) - datetime.date(1970, 1, 1)).days
    assert table["fx_day"].to_pylist() == list(range(first, first + 7))


@pytest.mark.parametrize(
    ("moment", "timeframe", "expected"),
    [
        ("2024-01-03T10:07", "M5", ["2024-01-03T10:05", "2024-01-03T10:10"]),
        ("2024-01-03T10:07", "M15", ["2024-01-03T10:00", "2024-01-03T10:15"]),
        ("2024-01-03T10:07", "H1", ["2024-01-03T10:00", "2024-01-03T11:00"]),
        # Winter: the day starts at 22:00 UTC, so H4 opens at 22, 02, 06, 10 …
        ("2024-01-03T10:07", "H4", ["2024-01-03T10:00", "2024-01-03T14:00"]),
        ("2024-01-03T09:59", "H4", ["2024-01-03T06:00", "2024-01-03T10:00"]),
        # Summer: from 21:00 UTC, so 21, 01, 05, 09 …
        ("2024-07-03T10:07", "H4", ["2024-07-03T09:00", "2024-07-03T13:00"]),
        ("2024-07-03T10:07", "H12", ["2024-07-03T09:00", "2024-07-03T21:00"]),
        ("2024-01-03T10:07", "D1", ["2024-01-02T22:00", "2024-01-03T22:00"]),
        ("2024-01-03T22:00", "D1", ["2024-01-03T22:00", "2024-01-04T22:00"]),
        # Sunday 17:00 New York opens Monday's day; the change to summer time was that morning.
        ("2024-03-10T21:00", "D1", ["2024-03-10T21:00", "2024-03-11T21:00"]),
        ("2024-03-08T12:00", "D1", ["2024-03-07T22:00", "2024-03-08T22:00"]),
        # A week: Sunday 17:00 to Friday 17:00, in the weeks before and after the change.
        ("2024-03-06T12:00", "W1", ["2024-03-03T22:00", "2024-03-08T22:00"]),
        ("2024-03-13T12:00", "W1", ["2024-03-10T21:00", "2024-03-15T21:00"]),
        # Quoted on a Saturday: counts to the week that follows, so that no week is known too early.
        ("2024-03-09T12:00", "W1", ["2024-03-10T21:00", "2024-03-15T21:00"]),
        # March 2024 ends on Sunday the 31st: its last session is Friday the 29th.
        ("2024-03-13T12:00", "MN1", ["2024-02-29T22:00", "2024-03-29T21:00"]),
        ("2024-03-31T12:00", "MN1", ["2024-03-31T21:00", "2024-04-30T21:00"]),
        # June 2024 begins on a Saturday: its first session is Monday the 3rd.
        ("2024-06-12T12:00", "MN1", ["2024-06-02T21:00", "2024-06-28T21:00"]),
        # The Sunday of 25 hours: the seventh H4 bar has one hour and ends with the day.
        ("2024-11-03T21:30", "H4", ["2024-11-03T21:00", "2024-11-03T22:00"]),
    ],
)
def test_a_time_belongs_to_the_interval_worked_out_by_hand(moment, timeframe, expected):
    """TIM-2, TIM-3."""
    assert interval(moment, timeframe) == expected


def test_session_time_stands_still_at_the_weekend_and_weeks_have_120_hours():
    """TIM-4: Friday 16:00 New York to Sunday 18:00 is two hours, in every week of a year."""
    fridays = np.arange(us("2024-01-05T17:00"), us("2024-12-28T17:00"), 7 * 86_400_000_000)
    zone = zoneinfo.ZoneInfo("America/New_York")
    calendar = fx_calendar(int(fridays[0]), int(fridays[-1]))
    passed = []
    for friday in fridays.tolist():
        date = datetime.datetime.fromtimestamp(friday / 1e6, UTC).date()
        moments = [
            datetime.datetime.combine(date, datetime.time(16), zone),
            datetime.datetime.combine(date + datetime.timedelta(days=2), datetime.time(18), zone),
            datetime.datetime.combine(date + datetime.timedelta(days=7), datetime.time(16), zone),
        ]
        before, after, next_week = calendar.session_us(
            np.array([int(moment.timestamp() * 1e6) for moment in moments], np.int64)
        )
        passed.append(((after - before) // 3_600_000_000, (next_week - before) // 3_600_000_000))

    assert len(passed) == 52
    assert {after for after, _ in passed} == {2}
    # Christmas 2024 and new year 2025 are Wednesdays: their weeks are a session shorter.
    assert sorted(next_week for _, next_week in passed) == [96, 96, *[120] * 50]


def test_the_same_rollovers_come_from_an_independent_rule_for_a_century():
    """TIM-3 against the law: since 2007 US summer time runs from March's second to November's first Sunday."""
    calendar = fx_calendar(us("2007-01-01T00:00"), us("2037-12-31T00:00"))

    for day, end in zip(calendar.fx_day.tolist(), calendar.rollover_us.tolist(), strict=True):
        date = datetime.date(1970, 1, 1) + datetime.timedelta(days=day)
        if date.year < 2007 or date.year > 2037:
            continue
        march, november = datetime.date(date.year, 3, 1), datetime.date(date.year, 11, 1)
        summer_begins = march + datetime.timedelta(days=(6 - march.weekday()) % 7 + 7)
        summer_ends = november + datetime.timedelta(days=(6 - november.weekday()) % 7)
        hour = 21 if summer_begins <= date < summer_ends else 22
        assert end == us(f"{date}T{hour}:00"), date


def test_the_version_names_the_rules_and_the_zone_data():
    assert CALENDAR_VERSION.startswith("fx-2/sessions-2/tzdata-20")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2025-01-20", "2025-01-19T22:00"),
        ("2025-07-01", "2025-06-30T21:00"),
        (datetime.date(2025, 7, 1), "2025-06-30T21:00"),
        ("2025-07-01T08:30:00Z", "2025-07-01T08:30"),
        ("2025-07-01T08:30:00+02:00", "2025-07-01T06:30"),
        (datetime.datetime(2025, 7, 1, 8, tzinfo=UTC), "2025-07-01T08:00"),
    ],
)
def test_a_bare_date_is_the_start_of_its_fx_day(value, expected):
    """API-3b: 17:00 New York of the day before."""
    assert instant_of(value, "start") == us(expected)


@pytest.mark.parametrize("value", ["2025-07-01T08:30:00", "20250701", "2025-13-01", "", 5, None, True])
def test_anything_else_is_no_date(value):
    """API-3b: date-times need a zone."""
    with pytest.raises(ConfigError, match="start"):
        instant_of(value, "start")
