"""MGT-4 on both backends: which orders filters refuse, when they are accepted and when they fill.

Bars of 15 minutes from Monday 2024-01-08, bids in whole points, the ask 2 points above.
"""

from __future__ import annotations

import datetime
import os

import pytest

from omega.backends import get_backend
from omega.testing.small_runs import order, picked, plan_of, simulated

BACKENDS = ["python"] if os.environ.get("OMEGA_BUILD") == "pure" else ["python", "rust"]
LIMIT = 2
BEGIN_US = int(datetime.datetime(2024, 1, 8, tzinfo=datetime.UTC).timestamp()) * 1_000_000
BAR_US = 15 * 60_000_000
FLAT = "100 100 100 100"


@pytest.fixture(params=BACKENDS)
def backend(request):
    return get_backend(request.param)


def filters_of(**given):
    return {"max_symbol": None, "max_total": None, "cooldowns": [], "sessions": None, "news": []} | given


QUIET = [FLAT] * 8


def refused(found):
    return [picked(row, "bar_idx", "code", "signal") for row in found["rejections"]]


def window(first_bar, last_bar):
    """Return a window from the open of one bar of the default start to the open of another."""
    return [BEGIN_US + first_bar * BAR_US, BEGIN_US + last_bar * BAR_US]


def test_as_many_positions_as_allowed_are_open_at_once(backend):
    """MGT-4: two of three orders of one step; after a close there is room again."""
    close = order(2, kind=2, direction=0, target=1)
    signals = [order(), order(), order(), close, order(2), order(3)]

    found = simulated(backend, QUIET, signals, plan_of(filters=filters_of(max_symbol=2)))

    assert [row["id"] for row in found["orders"]] == [1, 2, 5]
    assert refused(found) == [(1, "filter.max_positions", 3), (4, "filter.max_positions", 6)]
    in_all = simulated(backend, QUIET, signals, plan_of(filters=filters_of(max_total=2)))
    assert in_all == found


def test_a_pending_order_is_tested_again_when_it_fills(backend):
    """MGT-4: both limits are accepted while nothing is open; bar 2 reaches both, the second finds one open."""
    limits = [order(order_type=LIMIT, entry=95.0), order(order_type=LIMIT, entry=95.0)]
    bars = [FLAT, FLAT, "100 100 90 92", FLAT]

    found = simulated(backend, bars, limits, plan_of(filters=filters_of(max_symbol=1)))

    assert refused(found) == [(2, "filter.max_positions", 2)]
    assert [picked(row, "status", "filled_steps") for row in found["orders"]] == [("filled", 100), ("cancelled", 0)]


def test_a_pending_order_that_the_open_reaches_is_tested_as_well(backend):
    """MGT-4: bar 2 opens at 90, below both limits."""
    limits = [order(order_type=LIMIT, entry=95.0), order(order_type=LIMIT, entry=95.0)]
    bars = [FLAT, FLAT, "90 92 90 92", FLAT]

    found = simulated(backend, bars, limits, plan_of(filters=filters_of(max_symbol=1)))

    assert refused(found) == [(2, "filter.max_positions", 2)]
    assert found["orders"][1]["done_time"] == found["orders"][0]["done_time"]


@pytest.mark.parametrize(
    ("limit", "accepted"), [({"bars": 3}, 5), ({"minutes": 45}, 5), ({"minutes": 46}, 6), ({"bars": 1}, 3)]
)
def test_a_cooldown_after_an_exit_counts_from_its_bar(backend, limit, accepted):
    """MGT-4: closed at the open of bar 2; with n bars the next order is taken from bar 2 + n on."""
    close = order(1, kind=2, direction=0, target=1)
    signals = [order(), close, *[order(bar_idx) for bar_idx in range(1, 7)]]

    filters = filters_of(cooldowns=[{"after": "exit", "limit": limit}])
    found = simulated(backend, QUIET, signals, plan_of(filters=filters))

    assert [row["bar_idx"] for row in found["orders"]][:2] == [1, accepted]
    assert {row["code"] for row in found["rejections"]} == {"filter.cooldown"}


def test_a_cooldown_after_an_entry_refuses_what_follows_too_soon(backend):
    """MGT-4: one order for every bar; with 3 bars they are taken in bars 1, 4 and 7."""
    filters = filters_of(cooldowns=[{"after": "entry", "limit": {"bars": 3}}])

    found = simulated(backend, QUIET, [order(bar_idx) for bar_idx in range(7)], plan_of(filters=filters))

    assert [row["bar_idx"] for row in found["orders"]] == [1, 4, 7]


def test_a_stop_in_the_bar_of_a_pending_order_starts_its_cooldown(backend):
    """MGT-4: bar 2 takes the long out at 95, then reaches the limit at 92: one bar has not passed, it is cancelled."""
    signals = [order(sl=95.0), order(order_type=LIMIT, entry=92.0)]
    filters = filters_of(cooldowns=[{"after": "exit", "limit": {"bars": 1}}])

    found = simulated(backend, [FLAT, FLAT, "100 100 85 90"], signals, plan_of(filters=filters))

    assert refused(found) == [(2, "filter.cooldown", 2)]
    assert found["orders"][1]["status"] == "cancelled"


def test_orders_are_taken_inside_the_session_windows(backend):
    """MGT-4: windows from bar 2 to 4 and from 6 to 7, their ends not included."""
    filters = filters_of(sessions=[window(2, 4), window(6, 7)])

    found = simulated(backend, QUIET, [order(bar_idx) for bar_idx in range(7)], plan_of(filters=filters))

    assert [row["bar_idx"] for row in found["orders"]] == [2, 3, 6]
    assert {row["code"] for row in found["rejections"]} == {"filter.session"}


def test_no_window_at_all_refuses_everything(backend):
    """MGT-4: data of a Sunday morning have no session."""
    found = simulated(backend, QUIET, [order()], plan_of(filters=filters_of(sessions=[])))

    assert refused(found) == [(1, "filter.session", 1)]


def test_orders_are_refused_inside_a_news_window_and_closes_are_not(backend):
    """MGT-4: news from bar 2 to 4; the close of bar 3 goes through."""
    close = order(2, kind=2, direction=0, target=1)
    signals = [order(), order(1), order(2), close, order(3)]

    found = simulated(backend, QUIET, signals, plan_of(filters=filters_of(news=[window(2, 4)])))

    assert refused(found) == [(2, "filter.news", 2), (3, "filter.news", 3)]
    assert [row["bar_idx"] for row in found["orders"]] == [1, 4]
    assert found["trades"][0]["exit_bar_idx"] == 3


def test_a_pending_order_reached_inside_a_news_window_is_cancelled(backend):
    """MGT-4: accepted in bar 1, reached in bar 2, where the news are."""
    limit = order(order_type=LIMIT, entry=95.0)

    filters = filters_of(news=[window(2, 3)])
    found = simulated(backend, [FLAT, FLAT, "100 100 90 92"], [limit], plan_of(filters=filters))

    assert refused(found) == [(2, "filter.news", 1)]
    assert picked(found["orders"][0], "status", "filled_steps") == ("cancelled", 0)


def test_the_first_filter_that_refuses_is_named(backend):
    """MGT-4: session, news, cooldown, number of positions, in this order."""
    filters = filters_of(sessions=[window(1, 2)], news=[window(2, 9)], max_symbol=1)

    found = simulated(backend, QUIET, [order(), order(1)], plan_of(filters=filters))

    assert refused(found) == [(2, "filter.session", 2)]
