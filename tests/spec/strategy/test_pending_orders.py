"""SIG, API-2: a strategy places pending orders, sees them work, and cancels, modifies and closes by what it sees."""

from __future__ import annotations

import dataclasses
import datetime

import pytest

import omega
from omega.errors import SignalError, StrategyError

BARS = """
    00:00  10  12   8  10
    00:15  10  12   8  10
    00:30  10  12   4   6
    00:45   6  20   6  18
    01:00  18  19  16  17
    01:15  17  17  10  11
"""


def price(pips):
    return (11_000 + pips) / 10_000


class Scripted(omega.Strategy):
    """Asks for what a mapping from bar index to a function of the strategy says, and keeps its orders and positions."""

    def prepare(self, data):
        self.seen = SEEN
        SEEN.clear()

    def on_bar(self, bar):
        self.seen[bar.index] = (self.orders, self.positions)
        act = self.script.get(bar.index)
        return None if act is None else act(self)


SEEN: dict[int, tuple[tuple[object, ...], tuple[object, ...]]] = {}


def scripted(**by_bar):
    """Return a strategy; `bar_0=lambda s: ...` is what it asks for on bar 0."""
    script = {int(name.removeprefix("bar_")): act for name, act in by_bar.items()}
    return type("Script", (Scripted,), {"script": script})


def test_a_buy_limit_works_until_the_ask_reaches_it(run):
    """FIL-2: the ask is one pip above the bid; the low of 4 + 1 is the first ask at or below 6."""
    result = run(BARS, scripted(bar_0=lambda s: s.buy_limit(price(6), sl_pips=10, tp_pips=12, oco="in", expiry_bars=9)))

    (order,) = SEEN[1][0]
    assert dataclasses.asdict(order) == {
        **{"id": 1, "symbol": "EURUSD", "direction": "long", "type": "limit", "magic": 0, "entry": price(6)},
        **{"limit": None, "size": 0.1, "sl": None, "tp": None, "expiry_us": None, "oco": "in"},
    }
    assert SEEN[2][0] == () and SEEN[2][1][0].id == 1
    trades = result.trades
    assert (trades["entry_bar_idx"], trades["entry_price"], trades["order_type"]) == ([2], [price(6)], ["limit"])
    assert (trades["exit_bar_idx"], trades["exit_price"], trades["reason"]) == ([3], [price(18)], ["take_profit"])


def test_every_pending_order_fills_at_its_own_price(run):
    """FIL-2 to FIL-4: one order of each kind, placed on bar 0."""
    result = run(
        BARS,
        scripted(
            bar_0=lambda s: [
                s.sell_limit(price(12), magic=1),
                s.sell_stop(price(5), magic=2),
                s.buy_stop(price(15), magic=3),
                s.buy_stop_limit(price(19), price(18), magic=4),
                s.sell_stop_limit(price(3), price(3), magic=5),
            ]
        ),
    )
    opened = {
        row["magic"]: row for row in result.positions.to_arrow().to_pylist() + result.trades.to_arrow().to_pylist()
    }

    assert {magic: (row["entry_bar_idx"], row["entry_price"]) for magic, row in opened.items()} == {
        1: (1, price(12)),
        2: (2, price(5)),
        3: (3, price(15)),
        4: (4, price(18)),
    }


def test_what_is_seen_can_be_cancelled_modified_and_closed(run):
    def on_two(s):
        (order,), (position,) = s.orders, s.positions
        return [
            s.modify(order, entry=price(17), tp=price(2)),
            s.modify(position, sl=price(5)),
            s.close(position, share=0.5),
        ]

    result = run(
        BARS,
        scripted(
            bar_0=lambda s: [s.buy(), s.buy_limit(price(1)), s.sell_limit(price(25))],
            bar_1=lambda s: s.cancel(s.orders[0]),
            bar_2=on_two,
            bar_3=lambda s: s.modify(s.positions[0], sl=0),
        ),
        sizing={"fixed_lots": 0.2},
    )

    assert [[order.id for order in SEEN[bar][0]] for bar in range(1, 5)] == [[2, 3], [3], [], []]
    assert [[position.sl for position in SEEN[bar][1]] for bar in (2, 3)] == [[None], [price(5), None]]
    assert [[position.size for position in SEEN[bar][1]] for bar in (2, 3)] == [[0.2], [0.1, 0.2]]
    statuses = dict(zip(result.orders["id"], result.orders["status"], strict=True))
    assert statuses == {1: "filled", 2: "cancelled", 3: "filled"}
    sold = next(row for row in result.trades.to_arrow().to_pylist() if row["id"] == 3)
    assert (sold["entry_bar_idx"], sold["entry_price"]) == (3, price(17))
    assert result.rejections["code"] == []


def test_a_group_by_name_cancels_its_others(run):
    """FIL-11: the buy stop fills on bar 3, its sell stop goes."""
    result = run(
        BARS,
        scripted(
            bar_2=lambda s: [s.buy_stop(price(12), oco="out"), s.sell_stop(price(1), oco="out"), s.sell_stop(price(0))]
        ),
    )

    assert [order.oco for order in SEEN[3][0]] == [None]
    assert result.orders["status"] == ["filled", "cancelled_by_oco", "expired_at_end"]


def test_an_expiry_is_seen_and_ends_the_order(run):
    """FIL-15: it works in bars that open before its expiry."""
    at = datetime.datetime(2025, 1, 20, 0, 45, tzinfo=datetime.UTC)
    result = run(BARS, scripted(bar_0=lambda s: s.buy_stop(price(18), expiry=at, tif="gtd")))

    assert SEEN[2][0][0].expiry == at
    assert SEEN[3][0] == ()
    assert (result.orders["status"], result.orders["done_time"]) == (["expired"], [at])


def test_filters_choose_what_is_cancelled(run):
    run(
        BARS,
        scripted(
            bar_0=lambda s: [
                s.buy_limit(price(1), magic=7),
                s.buy_limit(price(1), magic=8),
                s.sell_limit(price(40), magic=7),
            ],
            bar_1=lambda s: s.cancel(magic=7, direction="long"),
        ),
    )

    assert [order.id for order in SEEN[2][0]] == [2, 3]


def test_orders_are_seen_only_while_a_run_is_going():
    with pytest.raises(StrategyError) as caught:
        _ = scripted()().orders
    assert caught.value.code == "strategy.not_running"


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (lambda s: s.buy(type="limit"), "signal.missing_level"),
        (lambda s: s.buy_limit(-1), "signal.bad_level"),
        (lambda s: s.buy_limit(price(1), tif="gtd"), "signal.bad_expiry"),
        (lambda s: s.buy_limit(price(1), expiry_bars=0), "signal.bad_expiry"),
        (lambda s: s.close(share=1.5), "signal.bad_share"),
        (lambda s: s.modify(None, sl=1.0), "signal.no_target"),
        (lambda s: s.buy(sl=1.0, sl_atr=2), "signal.two_levels"),
    ],
)
def test_numbers_that_cannot_be_are_refused_by_the_engine_with_their_bar(run, ask, code):
    """SIG-1."""
    with pytest.raises(SignalError) as caught:
        run(BARS, scripted(bar_1=ask))
    assert (caught.value.code, caught.value.context["bar_idx"]) == (code, 1)

    result = run(BARS, scripted(bar_1=ask), execution={"on_bad_signal": "reject"})
    assert result.rejections["code"] == [code]


def test_a_table_of_pending_orders_trades_as_the_same_signals_one_by_one(run):
    """API-1: two styles, equal results."""

    class AtOnce(omega.Strategy):
        def on_batch(self, batch):
            return {
                "bar_idx": [0, 0, 2, 3],
                "kind": ["order", "order", "modify", "close"],
                "direction": ["buy", "sell", None, None],
                "type": ["limit", "stop_limit", None, None],
                "entry": [price(6), price(5), None, None],
                "limit": [None, price(6), None, None],
                "expiry": [batch.time[5], None, None, None],
                "oco": ["a", "b", None, None],
                "sl": [None, None, price(1), None],
                "target": [None, None, 1, 1],
                "share": [None, None, None, 0.5],
            }

    at = datetime.datetime(2025, 1, 20, 1, 15, tzinfo=datetime.UTC)
    bar_by_bar = scripted(
        bar_0=lambda s: [s.buy_limit(price(6), expiry=at, oco="a"), s.sell_stop_limit(price(5), price(6), oco="b")],
        bar_2=lambda s: s.modify(1, sl=price(1)),
        bar_3=lambda s: s.close(1, share=0.5),
    )
    left, right = run(BARS, AtOnce), run(BARS, bar_by_bar)

    assert len(left.fills) >= 4
    for name in ("recorded_signals", "orders", "fills", "trades", "ledger", "equity", "rejections"):
        assert left.raw[name].equals(right.raw[name]), name
