"""Conversion on both backends (CUR): a JPY pair on an account in EUR, worked by hand.

USDJPY has 3 digits and a lot of 100,000: a point of one step (0.01 lot) is worth 1 JPY. A long of one lot enters at
ask 150020; 8,000 JPY at 160 JPY for a euro are 50.00 EUR.
"""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from omega.errors import ConfigError, DataError
from omega.testing.runs import FLAT, SHORT, close, market, plan, run, signal, with_pair

YEN_BARS = ("150000 150010 149990 150000", "150000 150010 149990 150000", "150100 150110 150090 150100")
YEN = {"name": "EURUSD", "value": [1, 1]}
EURO = {"currency": "EUR", "balance": 1_000_000}
EURJPY = {"name": "EURJPY", "rate": [160, 1], "series": None, "stale": []}
EURUSD = {"name": "EURUSD", "rate": [5, 4], "series": None, "stale": []}
STATIC = {"pairs": [EURJPY], "routes": [[[0, True]]], "quote": [0], "commission": [None]}
QUOTED = {"pairs": [EURJPY | {"rate": None, "series": 1}], "routes": [[[0, True]]], "quote": [0], "commission": [None]}


def yen_plan(rates, symbol=None, **sections):
    return plan(YEN | (symbol or {}), account=EURO, rates=rates, **sections)


def quotes(*closes, spread=0):
    """Return bars of EURJPY with 2 digits that close at these bids."""
    return market(*(f"{close} {close} {close} {close}" for close in closes), spread=spread)


def test_a_profit_in_yen_books_euros_at_the_one_rate_that_was_given(backend):
    """CUR, FIL-10: 150100 - 150020 = 80 points x 100 steps = 8,000 JPY / 160 = 50.00 EUR; 1 JPY is 0.00625 EUR."""
    results = run(backend, market(*YEN_BARS), [signal(0), close(1)], yen_plan(STATIC))

    assert [row["gross"] for row in results["trades"]] == [5_000]
    assert [row["conversion_rate"] for row in results["fills"]] == [0.00625, 0.00625]
    assert [row["amount"] for row in results["ledger"]] == [1_000_000, 5_000]


def test_commission_of_a_third_currency_converts_as_a_debit_of_its_own(backend):
    """CUR, CST-3: 3.50 USD a lot and side at 1.25 USD for a euro are 2.80 EUR."""
    rates = {
        "pairs": [EURJPY, EURUSD],
        "routes": [[[0, True]], [[1, True]]],
        "quote": [0],
        "commission": [1],
    }
    commission = {"scheme": "per_lot", "rate": [7, 2], "minimum": [0, 1], "on_entry": True, "on_exit": True}

    results = run(backend, market(*YEN_BARS), [signal(0), close(1)], yen_plan(rates, {"commission": commission}))

    assert [row["commission"] for row in results["fills"]] == [-280, -280]


def test_a_share_of_the_notional_converts_like_the_notional(backend):
    """CUR, CST-3: 0.01 percent of 100 x 150020 JPY is 1,500.2 JPY, 9.37625 EUR; the minimum of 10 USD is 8.00 EUR."""
    rates = {
        "pairs": [EURJPY, EURUSD],
        "routes": [[[0, True]], [[1, True]]],
        "quote": [0],
        "commission": [1],
    }
    commission = {
        **{"scheme": "percent_of_notional", "rate": [1, 100], "minimum": [10, 1]},
        **{"on_entry": True, "on_exit": False},
    }

    results = run(backend, market(*YEN_BARS), [signal(0)], yen_plan(rates, {"commission": commission}))

    assert [row["commission"] for row in results["fills"]] == [-938]


def test_a_route_of_two_pairs_multiplies_exactly(backend):
    """CUR: JPY through USD: 8,000 JPY / 150 / 1.25 = 42.666... EUR, one rounding: 42.67."""
    usdjpy = {"name": "USDJPY", "rate": [150, 1], "series": None, "stale": []}
    rates = {"pairs": [usdjpy, EURUSD], "routes": [[[0, True], [1, True]]], "quote": [0], "commission": [None]}

    (trade,) = run(backend, market(*YEN_BARS), [signal(0), close(1)], yen_plan(rates))["trades"]

    assert trade["gross"] == 4_267


@pytest.mark.parametrize(
    ("direction", "bars", "gross"),
    [
        # A profit of 8,000 JPY buys euros at the ask 200 that was known at the open of bar 2: 40.00.
        (1, YEN_BARS, 4_000),
        # A short from 150000 is bought back at ask 150120: 12,000 JPY take euros sold at the bid 160: 75.00.
        (SHORT, YEN_BARS, -7_500),
    ],
)
def test_credits_yield_less_and_debits_cost_more(backend, direction, bars, gross):
    """CUR: bid 160.00, ask 200.00; credits divide by the ask, debits by the bid."""
    tables = with_pair(market(*bars), "EURJPY", 2, quotes(16_000, 16_000, 16_000, spread=4_000))

    (trade,) = run(backend, tables, [signal(0, direction), close(1)], yen_plan(QUOTED))["trades"]

    assert trade["gross"] == gross
    assert trade["gross_cost_free"] + trade["slippage"] + trade["spread"] == gross


def test_bookings_take_the_close_before_the_bar_and_marks_that_of_the_bar(backend):
    """CUR: EURJPY closes at 100, 125, 160, 200 in bars 0 to 3.

    Equity after bar 1 marks -20 points x 100 = -2,000 JPY at 125 (its own close): -16.00. Bar 2 marks 8,000 JPY at 160:
    +50.00. The close at O of bar 3 books 8,000 JPY at the close of bar 2, 160: 50.00, not 40.00.
    """
    bars = market(*YEN_BARS, "150100 150110 150090 150100")
    tables = with_pair(bars, "EURJPY", 2, quotes(10_000, 12_500, 16_000, 20_000))

    results = run(backend, tables, [signal(0), close(2)], yen_plan(QUOTED))

    equity = [row["equity"] - 1_000_000 for row in results["equity"]]
    assert equity == [0, 0, -1_600, 5_000, 5_000, 5_000]


def test_the_symbol_converts_its_own_profits(backend):
    """CUR: 100 points x 100 steps x 1,000 = 10,000,000 of a currency of which the close before bar 3 asks 150,120."""
    own = {
        "pairs": [{"name": "USDJPY", "rate": None, "series": 0, "stale": []}],
        "routes": [[[0, True]]],
        "quote": [0],
        "commission": [None],
    }
    bars = market(*YEN_BARS, "150120 150130 150110 150120")

    (trade,) = run(backend, bars, [signal(0), close(2)], plan({"value": [1_000, 1]}, rates=own))["trades"]

    assert trade["gross"] == 6_661  # 66.613...


def test_swap_in_quote_currency_converts_by_its_sign_and_money_stays(backend):
    """CUR, SWP-1: -10 points x 100 steps = -1,000 JPY at the bid 100: -10.00; +10 points at the ask 125: +8.00.

    The bars run over 22:00 UTC of Monday 8 January 2024: bar 1320 opens there.
    """
    bars = market(*[YEN_BARS[0]] * 1_322)
    tables = with_pair(bars, "EURJPY", 2, quotes(*[10_000] * 1_322, spread=2_500))
    swap = {"long": [-10, 1], "short": [10, 1], "multipliers": [1] * 7, "dated": []}
    rows = [signal(0), signal(0, SHORT)]

    points = run(backend, tables, rows, yen_plan(QUOTED, {"swap": swap | {"unit": "points"}}))["swaps"]
    money = run(backend, tables, rows, yen_plan(QUOTED, {"swap": swap | {"unit": "money"}}))["swaps"]

    assert [row["amount"] for row in points] == [-1_000, 800]
    assert [row["amount"] for row in money] == [-1_000, 1_000]  # 10 EUR a lot


def test_a_pair_without_a_close_yet_ends_the_run(backend):
    """CUR: EURJPY begins with bar 2; the fill at O of bar 1 has nothing to convert with. Never silently 1."""
    pair = market(FLAT, FLAT, *["16000 16000 16000 16000"] * 2)
    late = with_pair(market(*YEN_BARS, FLAT), "EURJPY", 2, pair)
    late = replace(late, series=(late.series[0], pair.series[0].slice(2)))

    with pytest.raises(DataError) as caught:
        run(backend, late, [signal(0), close(1)], yen_plan(QUOTED))

    assert (caught.value.code, caught.value.context["pair"]) == ("rates.missing", "EURJPY")
    assert caught.value.context["time_us"] == 1_704_672_060_000_000
    assert run(backend, late, [], yen_plan(QUOTED))["trades"] == []  # nothing to convert, nothing to miss


def test_a_close_that_is_too_old_ends_the_run(backend):
    """CUR: the plan says from when to when the last close is too old: here from 90 seconds on, inside bar 1."""
    start_us = 1_704_672_000_000_000
    tables = with_pair(market(*YEN_BARS), "EURJPY", 2, quotes(16_000))
    stale = {**QUOTED, "pairs": [QUOTED["pairs"][0] | {"stale": [[start_us + 90_000_000, 2**62]]}]}

    with pytest.raises(DataError) as caught:
        run(backend, tables, [signal(0), close(1)], yen_plan(stale))

    assert caught.value.code == "rates.stale"
    assert caught.value.context == {
        "pair": "EURJPY",
        "time_us": start_us + 120_000_000,
        "close_us": start_us + 60_000_000,
    }


def test_margin_costs_the_debit_side(backend):
    """CUR, MRG: 100 x 150020 JPY / 30 at the bid 160: 3,125.41666... EUR."""
    tables = with_pair(market(*YEN_BARS), "EURJPY", 2, quotes(16_000, 16_000, 16_000, spread=4_000))
    margin = {"stop_out_level": [0, 1], "margin_call_level": [0, 1]}
    with_margin = yen_plan(QUOTED, {"margin": {"leverage": [30, 1], "hedged": None}}, margin=margin)

    results = run(backend, tables, [signal(0)], with_margin)

    assert [row["margin"] for row in results["positions"]] == [312_542]


def test_the_plan_of_a_rate_is_checked(backend):
    """Plan: a pair has a rate or a series, a route names a pair."""
    for broken in (
        STATIC | {"pairs": [EURJPY | {"series": 0}]},
        STATIC | {"routes": [[[1, True]]]},
        STATIC | {"routes": [[]]},
        STATIC | {"quote": [1]},
        STATIC | {"commission": []},
        STATIC | {"pairs": [EURJPY | {"stale": [[5, 4]]}]},
        STATIC | {"pairs": [EURJPY | {"rate": [0, 1]}]},
    ):
        with pytest.raises(ConfigError) as caught:
            run(backend, market(*YEN_BARS), [], yen_plan(json.loads(json.dumps(broken))))
        assert caught.value.code == "config.plan"


def test_a_rate_that_falls_between_two_fills_gives_no_commission_back(backend):
    """CUR, CST-3: 10,000 JPY a lot. 50 steps at 100 are 50.00 EUR; the order whole at 250 is 40.00: nothing more.

    A bar offers half a lot; the rest fills at O of bar 2, when EURJPY has closed at 250.
    """
    commission = {"scheme": "per_lot", "rate": [10_000, 1], "minimum": [0, 1], "on_entry": True, "on_exit": False}
    symbol = {"commission": commission, "liquidity": {"lots": [1, 2]}}
    rates = QUOTED | {"commission": [0]}
    tables = with_pair(market(*YEN_BARS), "EURJPY", 2, quotes(10_000, 25_000, 25_000))

    results = run(backend, tables, [signal(0)], yen_plan(rates, symbol, execution={"max_participation": [1, 1]}))

    assert [(row["steps"], row["commission"]) for row in results["fills"]] == [(50, -5_000), (50, 0)]
