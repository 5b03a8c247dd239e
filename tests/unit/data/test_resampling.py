"""Coarser bars from finer ones (RES-1)."""

from __future__ import annotations

import numpy as np
import pytest

from omega.data.calendar import fx_calendar
from omega.data.pairing import BaseBars
from omega.data.resampling import resample


def us(text: str) -> int:
    return int(np.datetime64(text, "us").astype(np.int64))


def texts(times: np.ndarray) -> list[str]:
    return [str(np.datetime64(int(time), "us").astype("datetime64[m]"))[5:] for time in times]


def bars(rows: list[tuple[str, int, int, int, int, float]], ask_over_bid: int = 10) -> BaseBars:
    times = np.array([us(row[0]) for row in rows])
    open_, high, low, close = (np.array([row[idx] for row in rows], np.int32) for idx in (1, 2, 3, 4))
    bid = (open_, high, low, close)
    ask = (open_ + ask_over_bid, high + ask_over_bid, low + ask_over_bid, close + ask_over_bid)
    return BaseBars(times, bid, ask, None, np.array([row[5] for row in rows]))


def resampled(rows, base, timeframe):
    fine = bars(rows)
    return resample(fine, base, timeframe, fx_calendar(int(fine.time[0]), int(fine.time[-1])))


def test_minutes_become_five_minutes_first_highest_lowest_last():
    """RES-1: worked by hand; 10:02 is missing, and no bar is made for 10:10."""
    coarse, close_time = resampled(
        [
            ("2024-01-03T10:00", 100, 104, 99, 101, 1.0),
            ("2024-01-03T10:01", 101, 103, 97, 102, 2.0),
            ("2024-01-03T10:03", 102, 109, 102, 108, 4.0),
            ("2024-01-03T10:07", 90, 91, 89, 90, 8.0),
            ("2024-01-03T10:16", 95, 96, 95, 96, 16.0),
        ],
        "M1",
        "M5",
    )

    assert texts(coarse.time) == ["01-03T10:00", "01-03T10:05", "01-03T10:15"]
    assert texts(close_time) == ["01-03T10:05", "01-03T10:10", "01-03T10:20"]
    assert [column.tolist() for column in coarse.bid] == [[100, 90, 95], [109, 91, 96], [97, 89, 95], [108, 90, 96]]
    assert [column.tolist() for column in coarse.ask] == [
        [110, 100, 105], [119, 101, 106], [107, 99, 105], [118, 100, 106],
    ]  # fmt: skip
    assert coarse.volume.tolist() == [7.0, 8.0, 16.0]


def test_both_sides_are_resampled_separately():
    """RES-1: the highest ask may come from another minute than the highest bid."""
    fine = bars([("2024-01-03T10:00", 100, 109, 99, 101, 1.0), ("2024-01-03T10:01", 101, 103, 97, 102, 1.0)])
    assert fine.ask is not None
    fine.ask[1][:] = [110, 130]
    coarse, _ = resample(fine, "M1", "M5", fx_calendar(int(fine.time[0]), int(fine.time[1])))

    assert coarse.bid[1].tolist() == [109]
    assert coarse.ask[1].tolist() == [130]


def test_hours_become_days_at_17_new_york_across_the_change_to_summer_time():
    """TIM-3: Friday 2024-03-08 ends at 22:00 UTC, Monday begins on Sunday at 21:00 UTC."""
    coarse, close_time = resampled(
        [
            ("2024-03-07T21:00", 1, 2, 1, 2, 1.0),  # last hour of Thursday
            ("2024-03-07T22:00", 3, 9, 3, 4, 1.0),  # Friday
            ("2024-03-08T21:00", 4, 5, 2, 5, 1.0),  # Friday, last hour
            ("2024-03-10T21:00", 6, 8, 6, 7, 1.0),  # Monday, first hour, now summer time
            ("2024-03-11T20:00", 7, 7, 5, 6, 1.0),  # Monday, last hour
            ("2024-03-11T21:00", 6, 7, 6, 7, 1.0),  # Tuesday
        ],
        "H1",
        "D1",
    )

    assert texts(coarse.time) == ["03-06T22:00", "03-07T22:00", "03-10T21:00", "03-11T21:00"]
    assert texts(close_time) == ["03-07T22:00", "03-08T22:00", "03-11T21:00", "03-12T21:00"]
    assert coarse.bid[0].tolist() == [1, 3, 6, 6]
    assert coarse.bid[1].tolist() == [2, 9, 8, 7]
    assert coarse.bid[2].tolist() == [1, 2, 5, 6]
    assert coarse.bid[3].tolist() == [2, 5, 6, 7]


def test_hours_become_four_hours_anchored_at_the_fx_day_in_both_seasons():
    """TIM-2: before the change H4 opens at 18:00 UTC, after it at 21:00 and 01:00 UTC."""
    coarse, close_time = resampled(
        [
            ("2024-03-08T20:00", 1, 1, 1, 1, 1.0),
            ("2024-03-08T21:00", 2, 2, 2, 2, 1.0),
            ("2024-03-10T21:00", 3, 3, 3, 3, 1.0),
            ("2024-03-11T00:00", 4, 4, 4, 4, 1.0),
            ("2024-03-11T01:00", 5, 5, 5, 5, 1.0),
        ],
        "H1",
        "H4",
    )

    assert texts(coarse.time) == ["03-08T18:00", "03-10T21:00", "03-11T01:00"]
    assert texts(close_time) == ["03-08T22:00", "03-11T01:00", "03-11T05:00"]
    assert coarse.bid[0].tolist() == [1, 3, 5]
    assert coarse.bid[3].tolist() == [2, 4, 5]


def test_a_week_is_known_on_friday_even_when_its_last_bars_are_missing():
    """RES-1: close_time does not depend on which base bars exist. Good Friday 2024-03-29 has no bars."""
    coarse, close_time = resampled(
        [("2024-03-27T21:00", 5, 6, 4, 5, 1.0), ("2024-03-31T21:00", 7, 7, 7, 7, 1.0)], "D1", "W1"
    )

    assert texts(coarse.time) == ["03-24T21:00", "03-31T21:00"]
    assert texts(close_time) == ["03-29T21:00", "04-05T21:00"]


def test_volume_is_absent_where_one_base_bar_has_none():
    coarse, _ = resampled(
        [
            ("2024-01-03T10:00", 1, 1, 1, 1, np.nan),
            ("2024-01-03T10:01", 1, 1, 1, 1, 2.0),
            ("2024-01-03T10:05", 1, 1, 1, 1, 3.0),
        ],
        "M1",
        "M5",
    )

    np.testing.assert_array_equal(coarse.volume, [np.nan, 3.0])


def test_fractional_volumes_are_summed_exactly():
    """Ten times 0.1 is 1.0; added one by one it would be 0.9999999999999999."""
    rows = [(f"2024-01-03T10:0{minute}", 1, 1, 1, 1, 0.1) for minute in range(10)]

    assert resampled(rows, "M1", "M10")[0].volume.tolist() == [1.0]


@pytest.mark.parametrize("timeframe", ["M15", "H1", "H4", "D1", "W1", "MN1"])
def test_resampling_in_two_steps_gives_the_same_bars(timeframe):
    """Property: M1 to M5 to X equals M1 to X, on 30,000 drawn minutes with gaps."""
    rng = np.random.Generator(np.random.Philox(7))
    minutes = np.sort(rng.choice(60_000, 30_000, replace=False)) * 60_000_000 + us("2024-02-25T22:00")
    low, body = rng.integers(1_000, 2_000, 30_000), rng.integers(0, 50, (3, 30_000))
    prices = tuple((low + extra).astype(np.int32) for extra in (body[0], body[0] + body[1] + body[2], 0, body[1]))
    fine = BaseBars(minutes, prices, None, None, rng.integers(1, 100, 30_000).astype(float))
    calendar = fx_calendar(int(minutes[0]), int(minutes[-1]))

    direct, direct_close = resample(fine, "M1", timeframe, calendar)
    staged, staged_close = resample(resample(fine, "M1", "M5", calendar)[0], "M5", timeframe, calendar)

    assert len(direct.time) >= 2
    for one, other in zip(
        (direct.time, direct_close, *direct.bid, direct.volume),
        (staged.time, staged_close, *staged.bid, staged.volume),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)
