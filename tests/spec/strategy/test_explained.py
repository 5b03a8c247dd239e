"""What a run says of its own trades: each in words (FIL-10), and between what the net result lies (FIL-9)."""

from __future__ import annotations

import pytest

import omega
from omega.errors import ConfigError

BOTH_IN_ONE_BAR = """
    00:00 100 101  99 100
    00:15 100 102  98 101
    00:30 101 130  70 100
    00:45 100 101  99 100
"""
COSTS = {
    "defaults": {
        "slippage": {"fixed_pips": 0.2, "random_pips": 0},
        "commission": {"per_lot": 3.5, "currency": "USD", "sides": "both"},
        "swap": "none",
    }
}


class BuyOnce(omega.Strategy):
    """Buys on the first bar with a stop and a target of 20 pips."""

    def on_bar(self, bar):
        return self.buy(sl_pips=20, tp_pips=20) if bar.index == 0 else None


def test_a_trade_explains_every_deal_with_its_rule_and_its_costs(run):
    """FIL-10: bought at the ask's open 1.1101 with 2 points of slippage; the stop is 20 pips below 1.11012."""
    text = run(BOTH_IN_ONE_BAR, BuyOnce, costs=COSTS).explain(1)

    assert "Trade 1: long 0.1 lots EURUSD, -20.90 USD" in text
    assert "bar 1: bought 0.1 lots at 1.11012" in text
    assert "the ask's open, 1.11010 (FIL-1)" in text
    assert "Slippage 2 points against you: fixed 2" in text
    assert "It paid the spread: 10 points" in text
    assert "The bid reached the stop at 1.10812; the price there was 1.10812 inside the bar (FIL-5)" in text
    assert "bar 2: sold 0.1 lots at 1.10810" in text
    assert text.count("Commission -0.35 USD.") == 2
    assert "net -20.90 USD" in text
    assert "what came first" in text


def test_an_unknown_trade_is_refused_with_the_ids_there_are(run):
    """FIL-10: the error says which trades there are."""
    with pytest.raises(ConfigError, match="no trade 7; the trades are 1 to 1"):
        run(BOTH_IN_ONE_BAR, BuyOnce).explain(7)


def test_bounds_take_the_stop_and_the_target_of_an_ambiguous_bar(run):
    """FIL-9: 0.1 lots, 20 pips either way: -20 or +20 USD; the run took the stop."""
    bounds = run(BOTH_IN_ONE_BAR, BuyOnce).bounds()

    assert (bounds.worst, bounds.net, bounds.best) == (-20.0, -20.0, 20.0)
    assert (bounds.stop_first, bounds.target_first) == (-20.0, 20.0)
    assert (bounds.ambiguous, bounds.undecided) == (1, 0)
    assert "net, bounds" in str(run(BOTH_IN_ONE_BAR, BuyOnce))


def test_bounds_are_the_same_whatever_rule_the_run_had(run):
    """FIL-9: ambiguity is counted whatever mode runs."""
    execution = {"intrabar": "target_first"}
    bounds = run(BOTH_IN_ONE_BAR, BuyOnce, execution=execution).bounds()

    assert (bounds.worst, bounds.net, bounds.best, bounds.ambiguous) == (-20.0, 20.0, 20.0, 1)


def test_bounds_without_ambiguity_are_the_net_result(run):
    """FIL-9: bar 2 reaches neither level; at the end the bid of 100 pips is sold, one pip of spread lost."""
    quiet = BOTH_IN_ONE_BAR.replace("130  70", "103  97")
    bounds = run(quiet, BuyOnce).bounds()

    assert (bounds.worst, bounds.net, bounds.best, bounds.ambiguous) == (-1.0, -1.0, -1.0, 0)
