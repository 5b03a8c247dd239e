"""Margin, calls and stop-outs on both backends (MRG): every number can be done in the head.

Leverage 100: a long of one lot at 110020 holds 110,020.00 / 100 = 1,100.20, and 550.10 is its stop-out level. With
1,500.00 in the account that is reached at a bid of 109070: 1,500.00 - 950.00 = 550.00; at 109071 it is not.
"""

from __future__ import annotations

import pytest

from omega.testing.runs import FLAT, LONG, SHORT, close, market, plan, run, signal

HALF = {"stop_out_level": [1, 2], "margin_call_level": [0, 1]}


def margin_plan(balance, *, leverage=100, hedged=None, levels=HALF, **sections):
    account = {"balance": balance}
    return plan({"margin": {"leverage": [leverage, 1], "hedged": hedged}}, account=account, margin=levels, **sections)


def test_margin_is_the_entry_notional_over_the_leverage(backend):
    """MRG: 1 lot at 1.10020 with leverage 30 holds 110,020.00 / 30 = 3,667.33; half of it is closed, half stays."""
    rows = [signal(0), close(1, share=0.5)]

    results = run(backend, market(FLAT, FLAT, FLAT), rows, margin_plan(1_000_000, leverage=30))

    assert results["positions"][0]["margin"] == 366_733 - 183_366  # half to even of 183,366.5
    ended = run(backend, market(FLAT, FLAT, FLAT), [signal(0), close(1)], margin_plan(1_000_000, leverage=30))
    assert ended["trades"][0]["margin"] == 366_733


@pytest.mark.parametrize(("balance", "refused"), [(366_733, []), (366_732, ["order.no_margin"])])
def test_an_order_needs_free_margin_to_the_cent(backend, balance, refused):
    """MRG: 3,667.33 carries one lot at leverage 30, 3,667.32 does not; a refused order is no order."""
    levels = {"stop_out_level": [0, 1], "margin_call_level": [0, 1]}
    results = run(backend, market(FLAT, FLAT), [signal(0)], margin_plan(balance, leverage=30, levels=levels))

    assert [row["code"] for row in results["rejections"]] == refused
    assert len(results["orders"]) == len(results["positions"]) == 1 - len(refused)


def test_what_is_open_counts_at_the_open_of_the_bar(backend):
    """MRG, "marks at O": the long is 500 points up at O of bar 2, so 1,750.00 + 500.00 carry two lots (2,205.20)."""
    up = "110520 110530 109990 110000"
    rows = [signal(0), signal(1)]

    carried = run(backend, market(FLAT, FLAT, up), rows, margin_plan(175_000))
    refused = run(backend, market(FLAT, FLAT, FLAT), rows, margin_plan(175_000))

    assert [row["id"] for row in carried["positions"]] == [1, 2]
    assert [(row["code"], row["signal"]) for row in refused["rejections"]] == [("order.no_margin", 2)]


def test_a_pending_order_is_tested_when_it_fills_and_cancelled(backend):
    """MRG: a buy limit at 109950 (L of the ask: 109900) is accepted without margin and cancelled at its fill."""
    rows = [signal(0, size=1.0), signal(0, order_type=2, entry=109_950.0, size=1.0)]
    dip = "110000 110010 109880 110000"

    results = run(backend, market(FLAT, FLAT, dip), rows, margin_plan(175_000))

    assert [(row["code"], row["signal"], row["bar_idx"]) for row in results["rejections"]] == [
        ("order.no_margin", 2, 2)
    ]
    assert [(row["id"], row["filled_steps"], row["status"]) for row in results["orders"]] == [(1, 100, 1), (2, 0, 2)]
    assert [row["id"] for row in results["positions"]] == [1]


@pytest.mark.parametrize(("close_price", "is_out"), [(109_070, True), (109_071, False)])
def test_a_level_reached_at_the_close_closes_at_the_next_open(backend, close_price, is_out):
    """MRG: equity 550.00 <= 550.10 at C of bar 2; the position leaves at O of bar 3, 109100, in leg 1."""
    bars = market(FLAT, FLAT, f"110000 110010 {close_price} {close_price}", "109100 110010 109090 110000")

    results = run(backend, bars, [signal(0)], margin_plan(150_000))

    if not is_out:
        assert results["trades"] == []
        return
    (trade,) = results["trades"]
    assert (trade["reason"], trade["exit_bar_idx"], trade["net"]) == ("stop_out", 3, -92_000)
    assert (results["fills"][1]["leg"], results["fills"][1]["raw_price"]) == (1, 109_100)
    assert not trade["ambiguous"]


def test_a_level_reached_inside_only_closes_there_under_stop_first(backend):
    """MRG: L 109070 reaches the level, C 109500 does not: closed in bar 2 at 109070, and nobody knows (ambiguous)."""
    bars = market(FLAT, FLAT, "110000 110010 109070 109500", FLAT)

    (trade,) = run(backend, bars, [signal(0)], margin_plan(150_000))["trades"]

    assert (trade["reason"], trade["exit_bar_idx"], trade["net"], trade["ambiguous"]) == ("stop_out", 2, -95_000, True)


def test_a_level_reached_inside_only_is_ignored_by_target_first_and_ambiguous_all_the_same(backend):
    """MRG, FIL-9."""
    bars = market(FLAT, FLAT, "110000 110010 109070 109500", FLAT)
    rows = [signal(0), close(2)]

    (trade,) = run(backend, bars, rows, margin_plan(150_000, execution={"intrabar": "target_first"}))["trades"]

    assert (trade["reason"], trade["net"], trade["ambiguous"]) == ("signal", -2_000, True)


def test_a_short_is_tested_at_the_high_of_the_ask(backend):
    """MRG: a short from 110000 holds 1,100.00; 1,500.00 - 950.00 = 550.00 at ask 110950, which is bid 110930."""
    bars = market(FLAT, FLAT, "110000 110930 109990 110000", FLAT)
    below = market(FLAT, FLAT, "110000 110929 109990 110000", FLAT)

    (trade,) = run(backend, bars, [signal(0, SHORT)], margin_plan(150_000))["trades"]

    assert (trade["reason"], trade["exit_bar_idx"], trade["net"]) == ("stop_out", 2, -95_000)
    assert run(backend, below, [signal(0, SHORT)], margin_plan(150_000))["trades"] == []


def test_the_largest_loss_goes_first_and_the_level_may_hold_after_it(backend):
    """MRG: 1 holds 1,100.20 (1 lot from 110020), 2 holds 552.60 (half a lot from 110520).

    At C 109300 of bar 3 equity is 2,000.00 - 720.00 - 610.00 = 670.00, not above 826.40. Without 1 the level is 276.30:
    it holds. So 1 alone leaves at O of bar 4, 109310.
    """
    up, down = "110500 110510 110490 110500", "110400 110410 109300 109300"
    rows = [signal(0), signal(1, size=0.5)]

    results = run(backend, market(FLAT, FLAT, up, down, "109310 110010 109300 110000"), rows, margin_plan(200_000))

    assert [(row["id"], row["reason"], row["net"]) for row in results["trades"]] == [(1, "stop_out", -71_000)]
    assert [(row["id"], row["margin"]) for row in results["positions"]] == [(2, 55_260)]


def test_a_stop_out_at_the_close_cancels_working_orders(backend):
    """MRG: the buy limit far below ends with the bar that failed."""
    bars = market(FLAT, FLAT, "110000 110010 109070 109070", FLAT)
    rows = [signal(0), signal(0, order_type=2, entry=100_000.0)]

    results = run(backend, bars, rows, margin_plan(150_000))

    assert [(row["code"], row["signal"], row["bar_idx"]) for row in results["rejections"]] == [
        ("margin.stop_out", 2, 2)
    ]
    assert [(row["id"], row["status"]) for row in results["orders"]] == [(1, 1), (2, 2)]


def test_a_close_of_the_strategy_finds_the_position_gone(backend):
    """LOOP-2: stop-outs fill before the closes that are due."""
    bars = market(FLAT, FLAT, "110000 110010 109070 109070", FLAT)

    results = run(backend, bars, [signal(0), close(2, target=1)], margin_plan(150_000))

    assert [row["reason"] for row in results["trades"]] == ["stop_out"]
    assert [row["code"] for row in results["rejections"]] == ["position.not_found"]


@pytest.mark.parametrize(
    ("balance", "hedged", "refused"),
    [(118_967, [1, 2], 0), (118_966, [1, 2], 1), (217_780, None, 0), (217_779, None, 1)],
)
def test_covered_volume_holds_the_hedged_share(backend, balance, hedged, refused):
    """MRG: one lot long holds 1,100.20; 60 steps short from O 109600 of bar 2 would hold 657.60, with it 1,757.80.

    With share 1/2 the 40 open steps hold 440.08 and the 60 covered ones 1/2 · 60 · 1,757.80 / 160 = 329.5875: 769.67 in
    all. At that O the long has lost 420.00, so 1,189.67 is just enough; without a share it takes 2,177.80.
    """
    rows = [signal(0), signal(1, SHORT, size=0.6)]
    drop = "109600 110010 109590 110000"

    results = run(backend, market(FLAT, FLAT, drop), rows, margin_plan(balance, hedged=hedged))

    assert [(row["code"], row["signal"]) for row in results["rejections"]] == [("order.no_margin", 2)] * refused


def test_a_call_is_noted_when_equity_falls_to_its_level_and_again_after_it_rose(backend):
    """MRG: level 1 is 1,100.20. Equity in bars 2 to 5 is 1,100.00, 1,090.00, 1,480.00 and 1,100.00."""
    closes = (110_000, 109_620, 109_610, 110_000, 109_620)
    bars = market(FLAT, *(f"{c} {c} {c} {c}" for c in closes))
    levels = {"stop_out_level": [1, 10], "margin_call_level": [1, 1]}

    results = run(backend, bars, [signal(0)], margin_plan(150_000, levels=levels))

    assert [(row["code"], row["bar_idx"]) for row in results["diagnostics"]] == [("margin.call", 2), ("margin.call", 5)]


def test_a_balance_below_zero_after_a_gap_is_noted(backend):
    """MRG: the stop at 109000 fills at O 108000: 1,500.00 - 2,020.00 = -520.00."""
    bars = market(FLAT, FLAT, "108000 108010 107990 108000", FLAT)

    results = run(backend, bars, [signal(0, sl=109_000.0)], margin_plan(150_000))

    assert [row["net"] for row in results["trades"]] == [-202_000]
    assert [(row["code"], row["bar_idx"]) for row in results["diagnostics"]] == [("margin.negative_balance", 2)]


def test_without_margin_nothing_is_tested(backend):
    """MRG: margin null is off, whatever equity does."""
    bars = market(FLAT, FLAT, "108000 108010 107990 108000", FLAT)

    results = run(backend, bars, [signal(0)], plan(account={"balance": 100}))

    assert (results["trades"], results["diagnostics"], results["rejections"]) == ([], [], [])
    assert results["positions"][0]["margin"] == 0


def test_a_long_quiet_stretch_meets_the_level_in_the_bar_that_reaches_it(backend):
    """MRG on 3,000 bars without any request: the fall to 109070 in bar 2,500 is found, not one bar late."""
    bars = [FLAT] * 3_000
    bars[1_000] = "110000 110010 109071 110000"
    bars[2_500] = "110000 110010 109070 110000"

    (trade,) = run(backend, market(*bars), [signal(0, LONG)], margin_plan(150_000))["trades"]

    assert (trade["reason"], trade["exit_bar_idx"], trade["net"]) == ("stop_out", 2_500, -95_000)
