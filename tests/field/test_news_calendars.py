"""Real economic calendars (tests run where they are)."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

from omega.data.calendar import iso_text
from omega.data.news import load_news

SHARED = pathlib.Path(__file__).resolve().parents[2].parent / "shared" / "data"


def at(calendar, wanted, currency):
    """Times of day, UTC, at which titles with a word appear."""
    rows = [k for k, title in enumerate(calendar.title) if wanted in title and calendar.currency[k] == currency]
    return [iso_text(int(calendar.time_us[row])) for row in rows]


def test_five_years_of_events_show_payrolls_at_half_past_eight_new_york():
    """13:30 UTC in winter, 12:30 in summer, changing with the US clock."""
    calendar = load_news(SHARED / "news" / "news_events_2010_2014_utc.csv", zone="UTC")

    assert len(calendar) == 30_731
    payrolls = at(calendar, "Nonfarm Payrolls", "USD")
    assert len(payrolls) > 40
    assert {time[11:19] for time in payrolls} <= {"12:30:00", "13:30:00"}
    assert all(time[11:19] == "12:30:00" for time in payrolls if time[5:7] in ("05", "06", "07", "08", "09"))
    assert np.bincount(calendar.impact).tolist() == [683, 14_999, 11_879, 3_170]


@pytest.mark.parametrize(
    ("name", "zone", "word", "expected"),
    [
        (
            "raw_samples/news/forexfactory_2022_first500.csv",
            "America/New_York",
            "Non-Farm Employment",
            "2022-01-07T13:30",
        ),
        ("raw_samples/news/weekly_calendar_2025-05-11_utc.csv", "UTC", "Core CPI (MoM) (Apr)", "2025-05-13T12:30"),
    ],
)
def test_both_scraped_layouts_put_a_release_at_its_minute(name, zone, word, expected):
    calendar = load_news(SHARED / name, zone=zone)

    assert calendar.untimed > 0
    assert any(time.startswith(expected) for time in at(calendar, word, "USD"))
