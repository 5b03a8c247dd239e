"""Clocks of sources (TIM-1) and times written as text."""

from __future__ import annotations

import datetime
import zoneinfo

import numpy as np
import pyarrow as pa
import pytest

from omega.data.importing.layouts import BadTime, layout_of, parse_times
from omega.data.importing.openings import Openings, zone_question
from omega.data.zones import CANDIDATES, zone_named
from omega.errors import ConfigError

HOUR = 3_600_000_000


def us(*texts: str) -> np.ndarray:
    return np.array(texts, "datetime64[us]").astype(np.int64)


def shown(times: np.ndarray) -> list[str]:
    return [str(np.datetime64(int(time), "us").astype("datetime64[m]")) for time in times]


@pytest.mark.parametrize(
    ("zone", "wall", "utc"),
    [
        ("UTC", "2024-07-01T00:00", "2024-07-01T00:00"),
        ("EST", "2024-07-01T00:00", "2024-07-01T05:00"),
        ("+02:00", "2024-07-01T00:00", "2024-06-30T22:00"),
        ("-0330", "2024-07-01T00:00", "2024-07-01T03:30"),
        # MetaTrader: midnight on the server is 17:00 New York, in winter, in summer, and between the two changes.
        ("America/New_York+7h", "2024-01-15T00:00", "2024-01-14T22:00"),
        ("America/New_York+7h", "2024-03-18T00:00", "2024-03-17T21:00"),
        ("America/New_York+7h", "2024-07-15T00:00", "2024-07-14T21:00"),
        ("Europe/Athens", "2024-03-18T00:00", "2024-03-17T22:00"),
        ("Europe/Athens", "2024-07-15T00:00", "2024-07-14T21:00"),
        ("UTC, from 2013-11-09 +02:00", "2013-11-08T21:00", "2013-11-08T21:00"),
        ("UTC, from 2013-11-09 +02:00", "2013-11-11T00:00", "2013-11-10T22:00"),
    ],
)
def test_a_wall_time_is_the_instant_worked_out_by_hand(zone, wall, utc):
    """TIM-1."""
    times, doubtful = zone_named(zone).to_utc(us(wall))

    assert shown(times) == [utc] and not doubtful.any()


@pytest.mark.parametrize("key", ["America/New_York", "Europe/Athens", "Europe/London", "Asia/Tokyo"])
def test_every_hour_of_three_years_is_the_one_the_standard_library_finds(key):
    """An oracle: the zone's own conversion, for wall times that exist once."""
    zone = zoneinfo.ZoneInfo(key)
    wall = np.arange(us("2023-01-01")[0], us("2026-01-01")[0], HOUR)
    times, doubtful = zone_named(key).to_utc(wall)

    epoch = datetime.datetime(1970, 1, 1)
    for moment, instant, is_doubtful in zip(wall.tolist(), times.tolist(), doubtful.tolist(), strict=True):
        local = epoch + datetime.timedelta(microseconds=moment)
        first, second = (local.replace(tzinfo=zone, fold=fold).timestamp() for fold in (0, 1))
        assert is_doubtful == (first != second), local
        assert is_doubtful or int(first) * 1_000_000 == instant, local


@pytest.mark.parametrize("text", ["", "Mars/Olympus", "+25:00", "CET?", "UTC, from 2024-13-01 EST", "../UTC", "7"])
def test_a_clock_nobody_knows_is_refused(text):
    with pytest.raises(ConfigError):
        zone_named(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2018.06.01 00:01:00", "2018-06-01T00:01:00.000000"),
        ("2013.12.11 17:20", "2013-12-11T17:20:00.000000"),
        ("01.07.2020 23:59:59.125", "2020-07-01T23:59:59.125000"),
        ("20200101 170000065", "2020-01-01T17:00:00.065000"),
        ("20120229 000100", "2012-02-29T00:01:00.000000"),
        ("20130101 22:00:00.295", "2013-01-01T22:00:00.295000"),
        ("2013-01-01T22:00:00.123456789", "2013-01-01T22:00:00.123456"),
        ("2023-02-01", "2023-02-01T00:00:00.000000"),
    ],
)
def test_a_time_as_vendors_write_it_is_read(text, expected):
    values, _ = parse_times(pa.array([text, text]))

    assert [str(np.datetime64(int(value), "us")) for value in values] == [expected] * 2


@pytest.mark.parametrize("text", ["01/02/2024 00:00", "1 Feb 2024", "2024-02-01 0:00", "tomorrow", "12:30"])
def test_a_time_that_could_be_two_or_none_has_no_layout(text):
    assert layout_of(text) is None


@pytest.mark.parametrize(
    ("bad", "row"),
    [("2024-02-30 00:00", 1), ("2024-02-01 24:00", 1), ("2024-02-01 00:60", 1), ("2024/02/01 00:00", 1), ("", 1)],
)
def test_the_first_bad_time_is_named(bad, row):
    with pytest.raises(BadTime) as caught:
        parse_times(pa.array(["2024-02-01 00:00", bad, "2024-02-01 00:01"]))

    assert (caught.value.row, caught.value.value) == (row, bad)


def weeks(zone: str, first: str, count: int) -> Openings:
    """Return the week-ends of a file whose clock is `zone`: Friday 16:59 to Sunday 17:00 New York."""
    new_york = zoneinfo.ZoneInfo("America/New_York")
    clock = {"EST": datetime.timezone(datetime.timedelta(hours=-5)), "UTC": datetime.UTC}.get(zone)
    openings, friday = Openings(), datetime.datetime.fromisoformat(first)
    for _ in range(count):
        walls = []
        for moment in (friday.replace(hour=16, minute=59), friday.replace(hour=17) + datetime.timedelta(days=2)):
            instant = moment.replace(tzinfo=new_york)
            if zone == "America/New_York+7h":
                wall = moment + datetime.timedelta(hours=7)
            else:
                wall = instant.astimezone(clock or zoneinfo.ZoneInfo(zone)).replace(tzinfo=None)
            walls.append(wall)
        openings.see(us(*(wall.isoformat() for wall in walls)))
        friday += datetime.timedelta(days=7)
    return openings


@pytest.mark.parametrize("zone", ["America/New_York+7h", "UTC", "Europe/Athens", "EST"])
def test_a_year_of_week_ends_tells_its_clock_alone(zone):
    """IMP: both changes of the clocks are in a year, so only one candidate fits all openings."""
    openings = weeks(zone, "2023-01-06", 51)

    fits = [name for name in CANDIDATES if openings.fits(name, "fx", 15 * 60_000_000).all()]
    question = zone_question(openings, where="file", session="fx", timeframe="M1")

    assert fits == [zone]
    assert question.context["others"] == ""
    assert question.code == "data.zone_unknown"
    assert question.context["proposal"] == zone
    assert "51 weekly openings" in str(question)


def test_a_file_without_a_week_end_is_asked_about_with_the_most_frequent_clock():
    """IMP: nothing is guessed silently."""
    question = zone_question(Openings(), where="file", session="fx", timeframe="M1")

    assert question.context["proposal"] == "America/New_York+7h"
    assert "no week-end" in str(question)
