"""Sizes by equity and by notional on both backends (SIZ), worked by hand.

A point of one step is worth 0.01 USD; a long enters at 110020, so a stop at 109720 risks 3.00 per step.
"""

from __future__ import annotations

import pytest

from omega.testing.runs import FLAT, close, market, plan, run, signal, with_pair

UP = "110500 110530 110490 110520"
ONE_PERCENT = {"mode": "risk_percent", "percent": [1, 1], "min_lot": "reject"}


def steps_of(results, number):
    return next(row["steps"] for row in results["orders"] if row["id"] == number)


def test_a_percent_of_the_balance_is_at_risk_where_nothing_is_open(backend):
    """SIZ: 1 % of 10,000.00 is 100.00; 100.00 / 3.00 = 33 steps."""
    results = run(backend, market(FLAT, FLAT), [signal(0, sl=109_720.0)], plan(sizing=ONE_PERCENT))

    assert steps_of(results, 1) == 33


def test_equity_counts_what_is_open_at_its_last_mark(backend):
    """SIZ: one lot from 110020 stands at C 110520 of bar 2: 10,500.00. 105.00 / 3.00 = 35 steps at O of bar 3."""
    rows = [signal(0, size=1.0), signal(2, sl=109_720.0)]

    results = run(backend, market(FLAT, FLAT, UP, FLAT), rows, plan(sizing=ONE_PERCENT))

    assert steps_of(results, 2) == 35


def test_what_is_booked_since_replaces_its_mark(backend):
    """SIZ: the lot is closed at bid O 110000 of bar 3, before the new order: 9,980.00 is equity now, 99.80 / 3.00 = 33.

    Counting profit and mark both would give 10,480.00 and 34 steps.
    """
    rows = [signal(0, size=1.0), close(2, target=1), signal(2, sl=109_720.0)]

    results = run(backend, market(FLAT, FLAT, UP, FLAT), rows, plan(sizing=ONE_PERCENT))

    assert steps_of(results, 3) == 33


def test_what_was_opened_in_the_same_step_has_no_mark_yet(backend):
    """SIZ: the first order costs its spread only in the mark of this step; the second still sees 10,000.00."""
    rows = [signal(0, size=90.0), signal(0, sl=109_720.0)]

    results = run(backend, market(FLAT, FLAT), rows, plan(sizing=ONE_PERCENT))

    assert steps_of(results, 2) == 33


def test_no_equity_is_no_size(backend):
    """SIZ: the stop at 109000 fills at O 108000 and takes 2,020.00 of 1,500.00; nothing is left to risk."""
    gap = "108000 108010 107990 108000"
    rows = [signal(0, size=1.0, sl=109_000.0), signal(2, sl=107_000.0)]

    results = run(backend, market(FLAT, FLAT, gap, FLAT), rows, plan(account={"balance": 150_000}, sizing=ONE_PERCENT))

    assert [(row["code"], row["signal"]) for row in results["rejections"]] == [("size.below_minimum", 2)]


@pytest.mark.parametrize(("amount", "steps"), [([55_010, 1], 50), ([5_500_999, 100], 49)])
def test_a_notional_is_never_exceeded(backend, amount, steps):
    """SIZ: a step at 110020 is worth 1,100.20; 55,010.00 are 50 of them, 55,009.99 are 49. No stop is needed."""
    sizing = {"mode": "notional", "amount": amount, "min_lot": "reject"}

    results = run(backend, market(FLAT, FLAT), [signal(0)], plan(sizing=sizing))

    assert steps_of(results, 1) == steps


def test_a_pending_order_is_sized_when_it_is_accepted(backend):
    """SIZ, R3: from P 109900 and its stop 109600: 100.00 / 3.00 = 33 steps, whatever equity is at the fill."""
    rows = [signal(0, order_type=2, entry=109_900.0, sl=109_600.0)]
    dip = "110000 110010 109850 110000"

    results = run(backend, market(FLAT, FLAT, dip), rows, plan(sizing=ONE_PERCENT))

    assert steps_of(results, 1) == 33


@pytest.mark.parametrize(
    ("sizing", "steps"),
    [
        # 100.00 EUR are 16,000 JPY at the bid 160; 300 points x 1 JPY a step: 53.
        ({"mode": "risk_amount", "amount": [100, 1]}, 53),
        # 2 % of 10,000.00 EUR are 200.00: 106.
        ({"mode": "risk_percent", "percent": [2, 1]}, 106),
        # A step at 150020 is worth 150,020 JPY, 937.625 EUR: 106 in 100,000.00.
        ({"mode": "notional", "amount": [100_000, 1]}, 106),
    ],
)
def test_a_size_converts_like_a_debit(backend, sizing, steps):
    """SIZ, CUR: EURJPY 160.00 bid, 200.00 ask: a loss takes euros sold at the bid."""
    yen = "150000 150010 149990 150000"
    pair = market(*["16000 16000 16000 16000"] * 2, spread=4_000)
    tables = with_pair(market(yen, yen), "EURJPY", 2, pair)
    quoted = {"name": "EURJPY", "rate": None, "series": 1, "stale": []}
    rates = {"pairs": [quoted], "routes": [[[0, True]]], "quote": [0], "commission": [None]}
    chosen = sizing | {"min_lot": "reject"}

    results = run(backend, tables, [signal(0, sl=149_720.0)], plan({"value": [1, 1]}, rates=rates, sizing=chosen))

    assert steps_of(results, 1) == steps
