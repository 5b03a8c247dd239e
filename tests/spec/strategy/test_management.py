"""LOOP step 4: `check_exit` and `manage` are asked at the close of a bar and work from the next one on."""

from __future__ import annotations

import datetime
import math

import pytest

import omega
from omega.errors import SignalError, StrategyError

BARS = """
    00:00  10  12   8  10
    00:15  10  12   8  10
    00:30  10  16   9  15
    00:45  15  18   6   7
    01:00   7   9   4   8
    01:15   8  10   7   9
"""
OPEN_NEXT = datetime.timedelta(minutes=15)


def price(pips):
    return (11_000 + pips) / 10_000


class Buyer(omega.Strategy):
    """Buys on bar 0; subclasses decide how it ends."""

    def on_bar(self, bar):
        return self.buy() if bar.index == 0 else None


def test_check_exit_is_asked_about_every_open_position_at_the_close_of_every_bar_but_the_last(run):
    seen = []

    class Watching(Buyer):
        def check_exit(self, position, bar):
            seen.append((bar.index, position.id, position.entry_bar_idx, bar.now - bar.time))

    run(BARS, Watching)

    assert seen == [(bar, 1, 1, OPEN_NEXT) for bar in (1, 2, 3, 4)]


@pytest.mark.parametrize(("wish", "reason"), [(True, None), ("enough", "enough")])
def test_what_check_exit_closes_is_closed_at_the_next_open(run, wish, reason):
    """LOOP step 4: decided at the close of bar 2, filled at the bid's open of bar 3."""

    class Leaving(Buyer):
        def check_exit(self, position, bar):
            return wish if bar.close > price(12) else False

    result = run(BARS, Leaving)
    trades, signals = result.trades, result.signals

    assert (trades["exit_bar_idx"], trades["exit_price"], trades["reason"]) == ([3], [price(15)], ["signal"])
    assert (signals["bar_idx"], signals["kind"], signals["target"]) == ([0, 2], ["order", "close"], [None, 1])
    assert signals["signal_reason"] == [None, reason]


def test_check_exit_may_return_a_signal_of_its_own(run):
    class Halving(Buyer):
        def check_exit(self, position, bar):
            return self.close(position, share=0.5) if bar.index == 2 else None

    result = run(BARS, Halving, sizing={"fixed_lots": 0.2})

    assert [row for row in zip(result.fills["bar_idx"], result.fills["size_lots"], strict=True)] == [
        (1, 0.2),
        (3, 0.1),
        (5, 0.1),
    ]


def test_levels_that_manage_changes_apply_from_the_next_bar(run):
    """The low of bar 3 is 6: a stop at 8, set at the close of bar 2, is hit in it; one set at its close is not."""

    def trailing(bar_idx):
        class Trailing(Buyer):
            def manage(self, positions, bar):
                return [self.modify(p, sl=price(6.5)) for p in positions] if bar.index == bar_idx else None

        return Trailing

    early, late = run(BARS, trailing(2)), run(BARS, trailing(3))

    assert (early.trades["exit_bar_idx"], early.trades["exit_price"]) == ([3], [price(6.5)])
    assert (late.trades["exit_bar_idx"], late.trades["exit_price"]) == ([4], [price(6.5)])


def test_management_comes_before_the_decision_at_the_next_open(run):
    """Both ask on bar 2: what was asked at its close is the older request."""

    class Both(Buyer):
        def on_bar(self, bar):
            return self.close(reason="decided") if bar.index == 2 else super().on_bar(bar)

        def manage(self, positions, bar):
            return self.close(positions[0], reason="managed") if bar.index == 2 else None

    result = run(BARS, Both)

    assert result.signals["signal_reason"] == [None, "managed", "decided"]
    assert (result.trades["exit_bar_idx"], result.rejections["code"]) == ([3], ["position.not_found"])


def test_a_position_with_a_due_close_says_so(run):
    """LOOP step 2: what was asked for in step 4 is still to be filled when the strategy is asked again."""
    seen = []

    class Both(omega.Strategy):
        def on_bar(self, bar):
            seen.append([(position.id, position.is_closing) for position in self.positions])
            return [self.buy(), self.buy(magic=7)] if bar.index == 0 else None

        def manage(self, positions, bar):
            assert not any(position.is_closing for position in positions)
            return self.close(magic=7) if bar.index == 2 else None

    run(BARS, Both)

    assert seen == [[], [(1, False), (2, False)], [(1, False), (2, True)], [(1, False)], [(1, False)]]


def test_a_position_that_a_rule_closes_next_says_so(run):
    """LOOP step 2, MGT-3: bought at the open of bar 1, closed by the clock at that of bar 3."""
    seen = []

    class Held(omega.Strategy):
        def on_bar(self, bar):
            seen.append([position.is_closing for position in self.positions])
            return self.buy() if bar.index == 0 else None

        def manage(self, positions, bar):
            seen.append([position.is_closing for position in positions])

    run(BARS, Held, position_rules={"max_holding": {"bars": 2}})

    assert seen[:5] == [[], [False], [False], [True], [True]]
    assert seen[5:] == [[] for _ in seen[5:]]


def test_manage_is_asked_while_orders_work_and_not_when_nothing_is_open(run):
    """LOOP-1."""
    seen = []

    class Waiting(omega.Strategy):
        def on_bar(self, bar):
            return self.buy_limit(price(1), expiry_bars=2) if bar.index == 1 else None

        def manage(self, positions, bar):
            seen.append((bar.index, len(positions), len(self.orders)))

    run(BARS, Waiting)

    assert seen == [(2, 0, 1), (3, 0, 1)]


def test_the_account_in_step_four_is_that_of_the_close(run):
    equity = []

    class Looking(Buyer):
        def manage(self, positions, bar):
            equity.append((bar.index, self.account.equity))

    result = run(BARS, Looking)

    assert [bar for bar, _ in equity] == [1, 2, 3, 4]
    assert [round(value, 2) for _, value in equity] == [round(result.equity["equity"][bar + 1], 2) for bar, _ in equity]


def test_step_four_sees_no_bar_that_completes_in_the_gap_that_follows(run):
    """TIM-7: at 00:45 the hour is not over; at the decision of 02:00, after a gap, it is."""
    bars = """
        00:00  10  12   8  10
        00:15  10  12   8  11
        00:30  11  16   9  15
        02:00  15  18   6   7
        02:15   7   9   4   8
    """
    managed, decided = {}, {}

    class Hourly(Buyer):
        def prepare(self, data):
            self.hour = data.indicators.sma(1, timeframe="H1")
            self.quarter = data.indicators.sma(1)

        def on_bar(self, bar):
            decided[bar.index] = (self.hour[-1], self.quarter[-1], self.hour.crossed_above(1.0))
            return super().on_bar(bar)

        def manage(self, positions, bar):
            managed[bar.index] = (self.hour[-1], self.quarter[-1], self.hour.crossed_above(1.0))

    run(bars, Hourly, higher_timeframes=["H1"])

    assert math.isnan(managed[2][0]) and managed[2][1] == price(15)
    assert decided[2][0] == price(15)
    assert managed[3][0] == price(15)


def test_with_fills_at_the_close_management_closes_at_that_close(run):
    """LOOP-2: what is asked at the close of bar 2 fills at the bid of that close."""

    class Leaving(Buyer):
        def check_exit(self, position, bar):
            return bar.index == 2

    trades = run(BARS, Leaving, execution={"fill": "signal_close"}).trades

    assert (trades["exit_bar_idx"], trades["exit_price"]) == ([2], [price(15)])


def test_an_exception_or_a_bad_signal_of_a_hook_names_hook_and_bar(run):
    class Broken(Buyer):
        def check_exit(self, position, bar):
            raise ZeroDivisionError("mine")

    class Bad(Buyer):
        def manage(self, positions, bar):
            return {"kind": "hold"}

    with pytest.raises(ZeroDivisionError, match="mine") as caught:
        run(BARS, Broken)
    assert any(
        "Broken.check_exit at bar 1, decision time 2025-01-20T00:30:00Z" in note for note in caught.value.__notes__
    )
    with pytest.raises(SignalError) as refused:
        run(BARS, Bad)
    assert (refused.value.code, refused.value.context["bar_idx"]) == ("signal.unknown_kind", 1)


def test_a_strategy_that_decides_all_at_once_cannot_be_asked_at_every_bar(run):
    class Both(omega.Strategy):
        def on_batch(self, batch):
            return None

        def check_exit(self, position, bar):
            return True

    with pytest.raises(StrategyError, match="on_batch and check_exit") as caught:
        run(BARS, Both)
    assert caught.value.code == "strategy.style"


def test_hooks_make_a_run_depend_on_its_path(run):
    """RAT-1."""

    class Watching(Buyer):
        def manage(self, positions, bar):
            return None

    assert run(BARS, Watching).conditions.strategy.path_dependent
    assert not run(BARS, Buyer).conditions.strategy.path_dependent
