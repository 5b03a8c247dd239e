"""What a decision may see of a coarser timeframe (TIM-4)."""

from __future__ import annotations

import numpy as np
import pytest

from omega.data.alignment import Alignment, decision_times, visible_bars
from omega.data.calendar import fx_calendar

CARRY = Alignment()
STRICT = Alignment(mode="strict")


def us(*texts: str) -> np.ndarray:
    return np.array([np.datetime64(text, "us") for text in texts]).astype(np.int64)


def visible(decisions: list[str], closes: list[str], timeframe: str, alignment: Alignment = CARRY) -> list[int]:
    decision_us, close_us = us(*decisions), us(*closes)
    calendar = fx_calendar(int(min(decision_us[0], close_us[0])), int(max(decision_us[-1], close_us[-1])))
    return visible_bars(decision_us, close_us, timeframe, calendar, alignment).tolist()


def test_a_decision_is_made_at_the_open_of_the_next_bar_or_at_the_last_close():
    """ARCHITECTURE, decision time of bar k."""
    times, closes = us("2024-01-03T10:00", "2024-01-03T10:45"), us("2024-01-03T10:15", "2024-01-03T11:00")

    assert decision_times(times, closes).tolist() == us("2024-01-03T10:45", "2024-01-03T11:00").tolist()


def test_an_hour_is_seen_at_its_close_and_never_before():
    """TIM-4: hours close at 11:00 and 12:00; quarters decide at 10:45, 11:00, 11:15, 11:59:59, 12:00."""
    decisions = ["2024-01-03T10:45", "2024-01-03T11:00", "2024-01-03T11:15", "2024-01-03T11:59:59", "2024-01-03T12:00"]

    assert visible(decisions, ["2024-01-03T11:00", "2024-01-03T12:00"], "H1") == [-1, 0, 0, 0, 1]


def test_a_bar_is_carried_ten_of_its_own_bars_and_no_longer():
    """TIM-4: an hour closed at 11:00 is shown until 21:00."""
    decisions = ["2024-01-03T20:59", "2024-01-03T21:00", "2024-01-03T21:01"]

    assert visible(decisions, ["2024-01-03T11:00"], "H1") == [0, 0, -1]
    assert visible(decisions, ["2024-01-03T11:00"], "H1", Alignment(stale_limit_bars=0)) == [-1, -1, -1]


def test_the_weekend_does_not_age_a_bar():
    """TIM-4: closed Friday 17:00 New York, three H1 bars of session have passed on Sunday at 20:00."""
    closes = ["2024-03-08T22:00"]
    decisions = ["2024-03-10T12:00", "2024-03-11T00:00", "2024-03-11T00:01"]

    assert visible(decisions, closes, "H1", Alignment(stale_limit_bars=3)) == [0, 0, -1]


def test_a_day_is_carried_over_ten_sessions():
    """TIM-4: Monday's day, closed 2024-01-08 22:00, is stale after the session of Monday two weeks later."""
    decisions = ["2024-01-22T22:00", "2024-01-22T22:01"]

    assert visible(decisions, ["2024-01-08T22:00"], "D1") == [0, -1]


def test_strict_shows_nothing_while_the_bar_that_should_have_completed_is_missing():
    """TIM-4: the hour that closes at 12:00 is missing."""
    closes = ["2024-01-03T11:00", "2024-01-03T13:00"]
    decisions = ["2024-01-03T11:30", "2024-01-03T12:00", "2024-01-03T12:59", "2024-01-03T13:00"]

    assert visible(decisions, closes, "H1", STRICT) == [0, -1, -1, 1]
    assert visible(decisions, closes, "H1", CARRY) == [0, 0, 0, 1]


def test_strict_shows_fridays_last_bar_until_the_first_of_the_new_week_is_due():
    """TIM-4: nothing should have completed over the weekend."""
    closes = ["2024-03-08T22:00", "2024-03-10T23:00"]
    decisions = ["2024-03-10T21:00", "2024-03-10T21:59", "2024-03-10T22:00", "2024-03-10T23:00"]

    assert visible(decisions, closes, "H1", STRICT) == [0, 0, -1, 1]


@pytest.mark.parametrize(
    ("timeframe", "close", "due", "before"),
    [
        ("D1", "2024-01-09T22:00", "2024-01-10T22:00", "2024-01-10T21:59"),
        ("W1", "2024-01-05T22:00", "2024-01-12T22:00", "2024-01-12T21:59"),
        ("MN1", "2024-01-31T22:00", "2024-02-29T22:00", "2024-02-29T21:59"),
    ],
)
def test_strict_follows_the_fx_calendar_above_the_day(timeframe, close, due, before):
    """TIM-4 with TIM-3: shown until the next bar of the calendar should have completed."""
    assert visible([close, before, due], [close], timeframe, STRICT) == [0, 0, -1]
