"""MGT-1 to MGT-3 on both backends: what rules do to positions, in numbers worked by hand.

Bars are bids in whole points; the ask is 2 points above. A long from an open of 100 enters at 102. One step
and point are worth 1 USD; orders without a size are 100 steps, and a part has at least 10.
"""

from __future__ import annotations

import datetime
import os

import pytest

from omega.backends import get_backend
from omega.testing.small_runs import order, picked, plan_of, simulated

BACKENDS = ["python"] if os.environ.get("OMEGA_BUILD") == "pure" else ["python", "rust"]
LIMIT, STOP = 2, 3
FLAT = "100 100 100 100"


@pytest.fixture(params=BACKENDS)
def backend(request):
    return get_backend(request.param)


def trailing(distance, start=None, step=0):
    return {"kind": "trailing", "distance": distance, "start": start, "step_points": step}


def break_even(trigger, offset=0):
    return {"kind": "break_even", "trigger": trigger, "offset_points": offset}


def partial_close(at, share=(1, 2)):
    return {"kind": "partial_close", "at": at, "share": list(share)}


def max_holding(**limit):
    return {"kind": "max_holding", "limit": limit}


def session_close(*moments):
    return {"kind": "session_close", "moments_us": [micros(moment) for moment in moments]}


def micros(text):
    return int(datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC).timestamp()) * 1_000_000


def mirrored(bars):
    """Return bars reflected at 100, so that what a long lived through happens to a short: bid' = 198 - ask."""
    rows = [[int(price) for price in bar.split()] for bar in bars]
    return [f"{198 - o} {198 - low} {198 - high} {198 - close}" for o, high, low, close in rows]


# ---------------------------------------------------------------- moving stops (MGT-1, MGT-2)

CHEATED = [FLAT, "100 105 96 104", "104 120 103 111", "111 112 109 111"]


def test_a_trailing_stop_moves_after_the_bar_and_not_within_it(backend):
    """MGT-1: 120 - 10 = 110 lies above bar 2's low of 103; with high before low it would have left there at 110.

    It stays, for the close is 111; but the bar may have come back, so it is ambiguous. Bar 3 opens with the stop
    at 110 and its low of 109 reaches it: 110 - 102 = 8 points, 100 steps.
    """
    found = simulated(backend, CHEATED, [order(sl=80.0)], plan_of([trailing({"points": 10})]))

    (exit_,) = found["fills"][1:]
    assert picked(exit_, "bar_idx", "rule", "reason", "level", "price") == (3, "fil_5", "trailing_stop", 110, 110)
    (trade,) = found["trades"]
    assert picked(trade, "reason", "gross", "ambiguous") == ("trailing_stop", 80_000, True)


def test_a_bar_whose_low_stays_above_the_moved_stop_is_not_ambiguous(backend):
    """MGT-1: bar 1 moves the stop to 95, its low is 96; bar 2 moves it to 97, its low is 98."""
    bars = [FLAT, "100 105 96 104", "104 107 98 106"]

    found = simulated(backend, bars, [order(sl=80.0)], plan_of([trailing({"points": 10})], close_at_end=True))

    assert found["trades"][0]["ambiguous"] is False


def test_a_close_at_the_moved_stop_leaves_in_the_same_bar_with_slippage(backend):
    """MGT-1: bar 2 moves the stop to 110 and closes at 110: out at 110 - 3.

    Entry 102 + 3 = 105. MFE: of the exit bar only O = 104 and the exit at 107 count: 107 - 105 = 2 (MGT-2);
    MAE: bar 1's low of 96: 96 - 105 = -9.
    """
    bars = [FLAT, "100 105 96 104", "104 120 103 110"]

    found = simulated(backend, bars, [order(sl=80.0)], plan_of([trailing({"points": 10})], slippage=3))

    exit_ = found["fills"][1]
    assert picked(exit_, "bar_idx", "rule", "moment", "leg") == (2, "mgt_1", "inside", 1)
    assert picked(exit_, "level", "raw_price", "price", "slippage_points") == (110, 110, 107, 3)
    (trade,) = found["trades"]
    assert picked(trade, "reason", "mae_points", "mfe_points", "bars_held", "ambiguous") == (
        "trailing_stop",
        -9.0,
        2.0,
        1,
        False,
    )


def test_a_short_trails_its_ask_as_a_long_trails_its_bid(backend):
    """MGT-1 mirrored at 100: entry 98, bar 2's ask low of 82 moves the stop to 92; bar 3's ask high of 93 does."""
    found = simulated(backend, mirrored(CHEATED), [order(direction=-1, sl=122.0)], plan_of([trailing({"points": 10})]))

    exit_ = found["fills"][1]
    assert picked(exit_, "bar_idx", "side", "price", "spread_points") == (3, "ask", 90, 2)
    assert picked(found["trades"][0], "reason", "gross", "ambiguous") == ("trailing_stop", 80_000, True)


def test_a_short_that_closes_beyond_the_moved_stop_pays_the_spread_of_the_open(backend):
    """MGT-1, CST-5: the mirror of leaving at 110 is 90 on the ask side; memo ask_O - bid_O = 2."""
    bars = mirrored([FLAT, "100 105 96 104", "104 120 103 108"])

    found = simulated(backend, bars, [order(direction=-1, sl=122.0)], plan_of([trailing({"points": 10})]))

    assert picked(found["fills"][1], "rule", "side", "price", "spread_points") == ("mgt_1", "ask", 90, 2)


@pytest.mark.parametrize(("count", "sl"), [(2, None), (3, 112), (4, 112), (5, 117)])
def test_a_trailing_stop_starts_and_moves_in_steps(backend, count, sl):
    """MGT: start 20, distance 10, step 5. Profits 19, 20 (stop 112), 24 (116 is 4 better: stays), 25 (117)."""
    bars = [FLAT, "100 121 100 120", "120 122 118 121", "121 126 120 125", "125 127 124 126"][:count]

    found = simulated(backend, bars, [order()], plan_of([trailing({"points": 10}, {"points": 20}, 5)]))

    assert [row["sl"] for row in found["positions"]] == [sl]


def test_a_trailing_stop_that_has_begun_goes_on_at_a_smaller_profit(backend):
    """MGT: begun at 122 with the stop at 112; a modification takes the stop away, and 115 - 10 = 105 is the next."""
    bars = [FLAT, "100 122 100 121", "121 121 114 114", "114 115 113 114"]
    modify = order(2, kind=4, direction=0, target=1, sl=0.0)

    found = simulated(backend, bars, [order(), modify], plan_of([trailing({"points": 10}, {"points": 20})]))

    assert found["positions"][0]["sl"] == 105


@pytest.mark.parametrize(
    ("distance", "sl"),
    [({"r": [3, 2]}, 100), ({"r": [1, 3]}, 123), ({"r": [1, 40]}, 129), ({"r": [1, 1000]}, 129)],
)
def test_a_trailing_stop_in_r_follows_the_first_stop(backend, distance, sl):
    """MGT: entry 102, stop 82, R = 20. 130 - 30; 20/3 rounds to 7; 20/40 to 0 (half to even), and one tick is least."""
    bars = [FLAT, "100 121 99 120", "120 130 119 130"]

    plan = plan_of([trailing(distance, {"r": [1, 1]})])
    found = simulated(backend, bars, [order(sl=82.0)], plan)

    assert [row["sl"] for row in found["positions"]] == [sl]


def test_rules_in_r_leave_a_position_without_a_first_stop_alone(backend):
    """MGT, POS-2: no stop, no R."""
    rules = [break_even({"r": [1, 1]}), trailing({"r": [1, 1]}), partial_close({"r": [1, 1]})]

    found = simulated(backend, [FLAT, "100 500 100 500", "500 600 400 500"], [order()], plan_of(rules))

    assert found["positions"][0]["sl"] is None
    assert found["trades"] == [] and len(found["fills"]) == 1


@pytest.mark.parametrize(("count", "sl"), [(14, 50), (15, 95), (16, 95), (17, 96)])
def test_a_trailing_stop_in_atr_waits_for_it(backend, count, sl):
    """MGT: every true range is 4, so ATR(14) is 4 from bar 14 on; bar 14: 103 - 2 x 4 = 95; bar 16: 104 - 8."""
    bars = ["101 103 99 101"] * 16 + ["102 104 100 102"]

    plan = plan_of([trailing({"atr": [2, 1]})])
    found = simulated(backend, bars[:count], [order(sl=50.0)], plan)

    assert [row["sl"] for row in found["positions"]] == [sl]


def test_a_distance_lies_on_the_grid_of_ticks(backend):
    """MGT, NUM-2: 12 points at ticks of 5 are 10; 120 - 10."""
    plan = plan_of([trailing({"points": 12})])
    plan["symbols"][0]["tick_points"] = 5

    found = simulated(backend, [FLAT, "100 120 100 120"], [order()], plan)

    assert found["positions"][0]["sl"] == 110


def test_break_even_moves_the_stop_once_and_is_named_by_the_exit(backend):
    """MGT: entry 102, trigger 10, offset 2. 111 is 9 points, 112 is 10: stop 104, which bar 3's low of 103 reaches."""
    bars = [FLAT, "100 111 100 110", "110 112 109 111", "111 111 103 104"]

    found = simulated(backend, bars, [order(sl=90.0)], plan_of([break_even({"points": 10}, 2)]))

    assert picked(found["fills"][1], "bar_idx", "rule", "reason", "price") == (3, "fil_5", "break_even", 104)
    assert picked(found["trades"][0], "gross", "risk") == (20_000, 120_000)


def test_break_even_never_places_a_stop_beyond_the_market(backend):
    """MGT-1: R = 4, so 1 R is 106, but entry + 10 is 112: nothing before 113, then a close at 112 leaves there."""
    rules = [break_even({"r": [1, 1]}, 10)]
    bars = [FLAT, "100 112 100 110", "110 113 109 112"]

    before = simulated(backend, bars[:2], [order(sl=98.0)], plan_of(rules))
    after = simulated(backend, bars, [order(sl=98.0)], plan_of(rules))

    assert before["positions"][0]["sl"] == 98
    assert picked(after["fills"][1], "rule", "reason", "price") == ("mgt_1", "break_even", 112)


def test_the_later_rule_sees_what_the_earlier_did_and_the_tighter_stop_stands(backend):
    """MGT: bar 1 puts break-even at 102 (trigger 10) and trailing at 112 - 15 = 97: 102 stands, by break-even."""
    rules = [break_even({"points": 10}), trailing({"points": 15})]

    found = simulated(backend, [FLAT, "100 112 100 112", "112 112 101 105"], [order(sl=90.0)], plan_of(rules))

    assert picked(found["fills"][1], "reason", "price") == ("break_even", 102)


def test_a_stop_that_a_signal_sets_is_a_stop_loss_again(backend):
    """MGT, LED-3: the trailing stop at 110 is moved to 105 by hand; break-even has been done and does not return."""
    rules = [break_even({"points": 5})]
    bars = [FLAT, "100 120 100 118", "118 119 112 115", "115 116 100 104"]
    modify = order(1, kind=4, direction=0, target=1, sl=101.0)

    found = simulated(backend, bars, [order(sl=80.0), modify], plan_of(rules))

    assert picked(found["fills"][1], "bar_idx", "reason", "price") == (3, "stop_loss", 101)


def test_after_a_limit_fill_inside_only_the_close_moves_the_stop(backend):
    """MGT-2: bought at 95 inside bar 1 (ask low 94); the high of 110 may have come before. Close 101 - 10 = 91."""
    limit = order(order_type=LIMIT, entry=95.0, sl=60.0)

    found = simulated(backend, [FLAT, "100 110 92 101"], [limit], plan_of([trailing({"points": 10})]))

    assert picked(found["positions"][0], "entry_price", "sl") == (95.0, 91)


def test_after_a_stop_fill_inside_the_extreme_in_its_direction_moves_the_stop(backend):
    """MGT-2: bought at 105 inside bar 1; the bid's high of 120 surely follows: 110, and the close of 108 is beyond it.

    The low of 90 is not proven: MAE and MFE are those of the exit at 110, 5 points.
    """
    stop = order(order_type=STOP, entry=105.0, sl=60.0)

    found = simulated(backend, [FLAT, "100 120 90 108"], [stop], plan_of([trailing({"points": 10})]))

    assert picked(found["fills"][1], "bar_idx", "rule", "price") == (1, "mgt_1", 110)
    assert picked(found["trades"][0], "mae_points", "mfe_points", "bars_held") == (0.0, 5.0, 0)


# ---------------------------------------------------------------- partial closes

THEN_TRAILED = [FLAT, "100 112 100 111", "110 115 108 114", "114 114 104 105"]


def test_half_is_closed_at_the_open_after_1_r_and_the_rest_trails(backend):
    """MGT, POS-1: entry 102, stop 92, R = 10. Bar 1 reaches 112: half goes at bar 2's open of 110.

    Bar 2: 115 - 10 = 105; bar 3's low of 104 takes the other half there. 50 x 8 + 50 x 3 = 550 USD; R = 1000 USD.
    """
    rules = [trailing({"points": 10}, {"points": 12}), partial_close({"r": [1, 1]})]

    found = simulated(backend, THEN_TRAILED, [order(sl=92.0)], plan_of(rules))

    part, rest = found["fills"][1:]
    assert picked(part, "bar_idx", "rule", "reason", "moment") == (2, "partial_close", "partial_close", "open")
    assert picked(part, "leg", "level", "price", "steps") == (2, None, 110, 50)
    assert picked(rest, "bar_idx", "rule", "reason", "leg", "price", "steps") == (
        3,
        "fil_5",
        "trailing_stop",
        1,
        105,
        50,
    )
    (trade,) = found["trades"]
    assert picked(trade, "closes", "reason", "net", "r_multiple") == (2, "trailing_stop", 55_000, 0.55)


@pytest.mark.parametrize(
    ("at", "share", "steps"),
    [
        ({"points": 10}, (1, 2), [50]),
        ({"points": 11}, (1, 2), []),
        ({"price": 112}, (1, 3), [33]),
        ({"price": 113}, (1, 3), []),
        ({"price": 102}, (1, 3), []),
        ({"r": [1, 1]}, (1, 20), [100]),
        ({"r": [1, 1]}, (19, 20), [100]),
    ],
)
def test_a_part_is_a_share_of_the_first_volume(backend, at, share, steps):
    """MGT, POS-1: bar 1 gets to 112, 10 points above the entry; 102 is no profit. A part or rest below 10: all."""
    found = simulated(backend, THEN_TRAILED[:3], [order(sl=92.0)], plan_of([partial_close(at, share)]))

    assert [fill["steps"] for fill in found["fills"][1:]] == steps


def test_two_parts_due_at_one_open_close_in_order_of_the_rules(backend):
    """MGT: a quarter at 5 points and a half at 10, both reached in bar 1; legs 2 and 3."""
    rules = [partial_close({"points": 5}, (1, 4)), partial_close({"points": 10})]

    found = simulated(backend, THEN_TRAILED[:3], [order()], plan_of(rules))

    assert [picked(fill, "leg", "steps") for fill in found["fills"][1:]] == [(2, 25), (3, 50)]


def test_a_part_due_comes_before_what_the_strategy_asks_for(backend):
    """LOOP step 2: the rule asked after bar 1, the strategy at the open of bar 2: leg 2 and leg 3."""
    close = order(1, kind=2, direction=0, target=1)

    found = simulated(backend, THEN_TRAILED[:3], [order(), close], plan_of([partial_close({"points": 10})]))

    assert [picked(fill, "leg", "reason", "steps") for fill in found["fills"][1:]] == [
        (2, "partial_close", 50),
        (3, "signal", 50),
    ]


# ---------------------------------------------------------------- the clock (MGT-3)

WEEKEND = [
    "2024-01-12T21:15 100 100 100 100",
    "2024-01-12T21:30 100 100 100 100",
    "2024-01-12T21:45 100 101 99 100",
    "2024-01-14T22:00 90 91 89 90",
    "2024-01-14T22:15 90 95 89 92",
    "2024-01-14T22:30 92 95 89 93",
]


@pytest.mark.parametrize(
    ("limit", "bar_idx"),
    [
        ({"bars": 1}, 2),
        ({"bars": 3}, 4),
        ({"minutes": 15}, 2),
        ({"minutes": 16}, 3),
        ({"minutes": 2910}, 3),
        ({"minutes": 2911}, 4),
    ],
)
def test_holding_ends_at_the_first_open_that_is_late_enough(backend, limit, bar_idx):
    """MGT-3: entry at Friday 21:30 (bar 1). Sunday 22:00 is 48 h 30 min later: 2910 minutes; bars count bars."""
    found = simulated(backend, WEEKEND, [order()], plan_of([max_holding(**limit)]))

    exit_ = found["fills"][1]
    assert picked(exit_, "bar_idx", "rule", "reason", "leg", "moment") == (bar_idx, "mgt_3", "timeout", 2, "open")


def test_holding_ends_by_the_close_it_fills_at_under_signal_close(backend):
    """MGT-3, LOOP-2: bought at bar 0's close of 21:30; 30 minutes later is the close of bar 2, at 22:00."""
    found = simulated(backend, WEEKEND, [order()], plan_of([max_holding(minutes=30)], fill="signal_close"))

    assert [picked(fill, "bar_idx", "moment") for fill in found["fills"]] == [(0, "close"), (2, "close")]
    by_bars = simulated(backend, WEEKEND, [order()], plan_of([max_holding(bars=2)], fill="signal_close"))
    assert by_bars["fills"] == found["fills"]


@pytest.mark.parametrize(
    ("moment", "bar_idx"),
    [
        ("2024-01-12T21:45", 2),
        ("2024-01-12T21:59", 2),
        ("2024-01-12T22:00", 3),
        ("2024-01-13T12:00", 3),
        ("2024-01-14T22:14", 3),
        ("2024-01-14T22:15", 4),
    ],
)
def test_a_session_closes_at_the_open_of_the_bar_that_contains_its_end(backend, moment, bar_idx):
    """MGT-3: time <= T < close_time; where no bar contains T, the next open."""
    found = simulated(backend, WEEKEND, [order()], plan_of([session_close(moment)]))

    assert picked(found["fills"][1], "bar_idx", "rule", "reason") == (bar_idx, "mgt_3", "session_close")


def test_what_opens_in_the_closing_bar_goes_at_the_next_open(backend):
    """MGT-3: bought at 21:45, the session ends at 21:50 inside that bar: nothing is left but Sunday's open."""
    found = simulated(backend, WEEKEND, [order(1)], plan_of([session_close("2024-01-12T21:50")]))

    assert [fill["bar_idx"] for fill in found["fills"]] == [2, 3]


def test_what_opens_at_the_end_of_a_session_belongs_to_the_next(backend):
    """MGT-3: bought at 21:45 sharp, the moment of the close; the next one is at Sunday 22:20, inside bar 4."""
    rule = session_close("2024-01-12T21:45", "2024-01-14T22:20")

    found = simulated(backend, WEEKEND, [order(1)], plan_of([rule]))

    assert [fill["bar_idx"] for fill in found["fills"]] == [2, 4]


def test_the_earlier_of_two_clock_rules_closes_and_the_first_listed_wins_a_tie(backend):
    """MGT-3: both fall on bar 3."""
    rules = [session_close("2024-01-13T00:00"), max_holding(bars=2)]

    first = simulated(backend, WEEKEND, [order()], plan_of(rules))
    second = simulated(backend, WEEKEND, [order()], plan_of(rules[::-1]))

    assert [found["trades"][0]["reason"] for found in (first, second)] == ["session_close", "timeout"]


def test_a_due_close_takes_the_open_even_beyond_the_stop(backend):
    """LOOP step 2 comes before step 3: Sunday opens at 90, beyond the stop of 95, and the timeout takes that open."""
    found = simulated(backend, WEEKEND, [order(sl=95.0)], plan_of([max_holding(bars=2)]))

    assert picked(found["trades"][0], "reason", "gross") == ("timeout", -120_000)
