"""SIG: whatever on_bar returns becomes rows of the signal table; SIG-1: texts are judged here."""

from __future__ import annotations

import datetime
import types

import numpy as np
import pandas as pd
import pytest

from omega.errors import SignalError
from omega.strategy import Order, Position, Signal, Strategy, TradeSignal
from omega.strategy.normalise import Normaliser, Texts
from omega.testing import signal_row

NOW_US = 1_420_416_000_000_000  # 2015-01-05T00:00:00Z
NOON_US = 1_737_374_400_000_000  # 2025-01-20T12:00:00Z
FX_DAY_US = 1_737_324_000_000_000  # 2025-01-19T22:00:00Z, 17:00 New York: the start of FX day 2025-01-20


def row_of(**cells):
    return signal_row(7, **cells)


BUY = row_of(sl_pips=20.0, tp_pips=40.0)
POSITION = Position(3, "EURUSD", "long", 0, 1, NOW_US, 1.1, 0.5, None, None)
ORDER = Order(5, "EURUSD", "long", "limit", 0, 1.1, None, 0.5, None, None, None, None)


class Any(Strategy):
    def on_bar(self, bar):
        return None


def rows(answer, *, reject=False):
    return Normaliser(("EURUSD", "GBPUSD"), reject=reject).rows(answer, 7, NOW_US)


def refusal(answer):
    with pytest.raises(SignalError) as caught:
        rows(answer)
    return caught.value


def test_none_is_no_signal():
    assert rows(None) == []
    assert rows([]) == []


@pytest.mark.parametrize(
    "answer",
    [
        Any().buy(sl_pips=20, tp_pips=40),
        Signal(direction="buy", sl_pips=20, tp_pips=40),
        {"direction": "long", "sl_pips": 20, "tp_pips": 40.0, "entry": None},
        {"side": "buy", "stop_loss_pips": 20, "take_profit_pips": 40, "order_type": "market", "symbol": "EURUSD"},
        {"direction": 1, "sl_pips": np.float64(20), "tp_pips": np.int8(40), "tif": "gtc", "entry": 1.1},
        TradeSignal(direction="long", sl_pips=20, take_profit_pips=40, timestamp=NOW_US),
        types.SimpleNamespace(direction="long", sl_pips=20, tp_pips=40, colour="blue"),
    ],
    ids=["helper", "Signal", "mapping", "aliases", "numbers", "TradeSignal", "object"],
)
def test_a_signal_reads_the_same_in_every_shape(answer):
    assert rows(answer) == [BUY]
    assert rows([answer, answer]) == [BUY, BUY]
    assert rows(iter([answer])) == [BUY]


@pytest.mark.parametrize(
    ("made", "cells"),
    [
        (Any().buy_limit(1.1, sl_pips=20), {"order_type": 2, "entry": 1.1, "sl_pips": 20.0}),
        (Any().sell_limit(1.2, oco=4), {"direction": -1, "order_type": 2, "entry": 1.2, "oco": 4}),
        (Any().buy_stop(1.2, expiry_bars=3), {"order_type": 3, "entry": 1.2, "expiry_bars": 3}),
        (Any().sell_stop(1.1, tif="day"), {"direction": -1, "order_type": 3, "entry": 1.1, "tif": 3}),
        (Any().buy_stop_limit(1.2, 1.19), {"order_type": 4, "entry": 1.2, "limit": 1.19}),
        (Any().sell_stop_limit(1.1, limit=1.11), {"direction": -1, "order_type": 4, "entry": 1.1, "limit": 1.11}),
        (Any().buy(type="limit", entry=1.1), {"order_type": 2, "entry": 1.1}),
        (Any().buy(entry=1.1), {}),
        (Any().sell(sl_atr=2, magic=9), {"direction": -1, "sl_atr": 2.0, "magic": 9}),
        (Any().close(), {"kind": 2, "direction": 0}),
        (Any().close(3, magic=5, direction="short"), {"kind": 2, "direction": -1, "magic": 5, "target": 3}),
        (Any().close(POSITION, share=0.5), {"kind": 2, "direction": 0, "target": 3, "share": 0.5}),
        (Any().cancel(), {"kind": 3, "direction": 0}),
        (Any().cancel(ORDER), {"kind": 3, "direction": 0, "target": 5}),
        (Any().cancel(direction="buy", magic=2), {"kind": 3, "magic": 2}),
        (Any().modify(POSITION, sl=0, tp=1.3), {"kind": 4, "direction": 0, "target": 3, "sl": 0.0, "tp": 1.3}),
        (Any().modify(5, entry=1.2, limit=1.1), {"kind": 4, "direction": 0, "target": 5, "entry": 1.2, "limit": 1.1}),
        (Any().modify(5, expiry_bars=2), {"kind": 4, "direction": 0, "target": 5, "expiry_bars": 2}),
        (Signal(kind="close", target=POSITION), {"kind": 2, "direction": 0, "target": 3}),
        ({"kind": "cancel", "order_id": np.int64(5)}, {"kind": 3, "direction": 0, "target": 5}),
    ],
)
def test_every_request_has_its_row(made, cells):
    """SIG: kinds and order types; S37: the entry of a market order is taken and ignored."""
    assert rows(made) == [row_of(**cells)]


SHORT = {"direction": -1, "order_type": 3, "symbol": 1, "entry": 1.1, "sl": 1.2, "tp": 1.0}


@pytest.mark.parametrize(
    "answer",
    [
        {"direction": "sell", "type": "stop", "symbol": "GBPUSD", "entry": 1.1, "sl": 1.2, "tp": 1.0},
        {
            "side": "short",
            "order_type": "stop",
            "symbol": "GBPUSD",
            "entry_price": 1.1,
            "stop_loss": 1.2,
            "take_profit": 1,
        },
        {
            "direction": -1,
            "type": "stop",
            "symbol": "GBPUSD",
            "entry_price": 1.1,
            "sl": 1.2,
            "tp": 1,
            "timestamp": "any",
        },
        {"direction": "short", "type": "stop", "symbol": "GBPUSD", "entry": 1.1, "stop_loss": 1.2, "tp": 1, "sl": None},
        TradeSignal(
            direction="short",
            entry_price=1.1,
            stop_loss=1.2,
            take_profit=1.0,
            symbol="GBPUSD",
            type="stop",
            timestamp=0,
        ),
        types.SimpleNamespace(direction="sell", type="stop", symbol="GBPUSD", entry_price=1.1, stop_loss=1.2, tp=1.0),
    ],
)
def test_every_accepted_spelling_reads_alike(answer):
    """S36, S37, S38."""
    assert rows(answer) == [row_of(**SHORT)]


@pytest.mark.parametrize(
    ("alias", "name", "value"),
    [
        ("stop_loss_points", "sl_points", 5.0),
        ("take_profit_points", "tp_points", 5.0),
        ("stop_loss_atr", "sl_atr", 5.0),
        ("lots", "size", 5.0),
        ("time_in_force", "tif", "ioc"),
        ("limit_price", "limit", 1.1),
        ("metadata", "meta", {"a": 1}),
    ],
)
def test_an_alias_means_its_field_in_mappings_objects_and_trade_signals(alias, name, value):
    order = {"direction": "long", "type": "stop_limit", "entry": 1.2, "limit": 1.1}
    order.pop(name, None)
    normaliser = Normaliser(("EURUSD",))
    plain, *others = [
        normaliser.rows(answer, 7, NOW_US)
        for answer in (
            order | {name: value},
            order | {alias: value},
            types.SimpleNamespace(**order, **{alias: value}),
            TradeSignal(**order, **{alias: value}),
        )
    ]

    assert all(other == plain for other in others)
    assert len(set(normaliser.texts.values())) == (1 if name == "meta" else 0)


def test_a_trade_signal_is_read_by_its_long_names_too():
    """S38: one type, two vocabularies."""
    signal = TradeSignal(direction="long", entry_price=1.1, stop_loss=1.0, take_profit=1.3, metadata={"a": 1})

    assert isinstance(signal, Signal)
    assert (
        (signal.entry_price, signal.stop_loss, signal.take_profit)
        == (signal.entry, signal.sl, signal.tp)
        == (1.1, 1.0, 1.3)
    )
    assert signal.meta == {"a": 1}
    for wrong, code in ({"stop": 1}, "signal.unknown_field"), ({"sl": 1, "stop_loss": 2}, "signal.two_levels"):
        with pytest.raises(SignalError) as caught:
            TradeSignal(**wrong)
        assert caught.value.code == code


def test_metadata_is_merged_into_meta():
    """S36; where both say something else about one key, nobody can know which is meant."""
    normaliser = Normaliser(("EURUSD",))
    order = {"direction": "long", "meta": {"a": 1, "c": 3}}
    normaliser.rows(order | {"metadata": {"b": 2, "c": 3}}, 7, NOW_US)
    normaliser.rows(TradeSignal(**order, metadata={"b": 2}), 7, NOW_US)

    assert [texts.meta for texts in normaliser.texts.values()] == ['{"a": 1, "b": 2, "c": 3}'] * 2
    assert refusal(order | {"metadata": {"a": 2}}).code == "signal.two_levels"
    assert refusal(order | {"metadata": "b"}).code == "signal.two_levels"


@pytest.mark.parametrize(
    ("expiry", "time_us"),
    [
        ("2025-01-20T12:00:00Z", NOON_US),
        ("2025-01-20T13:00+01:00", NOON_US),
        (datetime.datetime(2025, 1, 20, 12, tzinfo=datetime.UTC), NOON_US),
        (pd.Timestamp("2025-01-20 12:00", tz="UTC"), NOON_US),
        (pd.Timestamp("2025-01-20 13:00", tz="Europe/Berlin"), NOON_US),
        (np.datetime64("2025-01-20T12:00"), NOON_US),
        (np.datetime64("2025-01-20T12:00:00.000000000"), NOON_US),
        ("2025-01-20", FX_DAY_US),
        (datetime.date(2025, 1, 20), FX_DAY_US),
        (np.datetime64("2025-01-20"), FX_DAY_US),
        (pd.NaT, None),
        (np.datetime64("NaT"), None),
    ],
)
def test_an_expiry_is_a_time_with_a_zone_or_an_fx_day(expiry, time_us):
    """API-3b: a bare date is 17:00 New York of the day before; times of NumPy are UTC, as those of a batch are."""
    signal = Any().buy_limit(1.1, expiry=expiry)

    assert rows(signal) == [row_of(order_type=2, entry=1.1, expiry=time_us)]


def test_named_groups_are_numbered_in_order_of_first_use_apart_from_numbers():
    """FIL-11: a name never meets a number that was given."""
    normaliser = Normaliser(("EURUSD",))
    groups = ["b", "a", 1, "b", 0, None, "c"]
    made = normaliser.rows([Any().buy(oco=group) for group in groups], 7, NOW_US)

    assert made == [row_of(oco=number) for number in (-1, -2, 1, -1, 0, None, -3)]
    assert dict(normaliser.group_names) == {-1: "b", -2: "a", -3: "c"}


def test_reverse_closes_its_own_magic_and_then_enters():
    """POS-1: close all of this symbol and magic, then enter; in a list with others too."""
    both = [row_of(kind=2, direction=0, magic=0), row_of(direction=-1, magic=0, sl=1.2)]

    assert rows(Any().reverse("short", sl=1.2)) == both
    assert rows([Any().cancel(), Any().reverse("short", sl=1.2)]) == [row_of(kind=3, direction=0), *both]


def test_nonsense_numbers_travel_to_the_backend_which_judges_them():
    row = rows({"direction": "long", "sl": float("nan"), "tp": -1, "size": float("inf")})[0]

    assert (str(row[8]), row[9], row[7]) == ("nan", -1.0, float("inf"))
    assert rows({"direction": "long", "type": "limit"}) == [row_of(order_type=2)]
    assert rows({"kind": "modify"}) == [row_of(kind=4, direction=0)]
    assert rows({"kind": "close", "share": -1}) == [row_of(kind=2, direction=0, share=-1.0)]


@pytest.mark.parametrize(
    ("answer", "code", "shown"),
    [
        ({"direction": "up"}, "signal.unknown_direction", "'up'"),
        ({}, "signal.unknown_direction", "None"),
        ({"direction": True}, "signal.unknown_direction", "True"),
        ({"direction": []}, "signal.unknown_direction", "[]"),
        ({"direction": "long", "kind": "hold"}, "signal.unknown_kind", "'hold'"),
        ({"direction": "long", "symbol": "XAUUSD"}, "signal.unknown_symbol", "'XAUUSD'"),
        (
            {"direction": "long", "type": "limits"},
            "signal.unknown_type",
            "'limits' (did you mean 'limit'?); expected market, limit,",
        ),
        (
            {"direction": "long", "tif": "GTC"},
            "signal.unknown_tif",
            "'GTC' (did you mean 'gtc'?); expected gtc, gtd, day,",
        ),
        ({"direction": "long", "type": "stop-limit"}, "signal.unknown_type", "(did you mean 'stop_limit'?)"),
        ({"direction": "long", "symbol": "eurusd"}, "signal.unknown_symbol", "(did you mean 'EURUSD'?) is not part"),
        ({"direction": "shrt"}, "signal.unknown_direction", "'shrt' (did you mean 'short'?)"),
        ({"kind": "modfy"}, "signal.unknown_kind", "'modfy' (did you mean 'modify'?)"),
        ({"direction": "long", "tp_atr": 2}, "signal.unknown_field", "A target is a price (tp) or a distance"),
        ({"direction": "long", "exipry": 2}, "signal.unknown_field", "Did you mean 'expiry'?"),
        ({"direction": "long", "price": 2}, "signal.unknown_field", "Did you mean 'entry'?"),
        ({"direction": "long", "expiry": "tomorrow"}, "signal.wrong_type", "'tomorrow'; expected a date such as"),
        ({"direction": "long", "expiry": "2025-01-20T12:00"}, "signal.wrong_type", "with a zone such as"),
        ({"direction": "long", "expiry": pd.Timestamp("2025-01-20")}, "signal.wrong_type", "with a zone such as"),
        ({"direction": "long", "expiry": NOON_US}, "signal.wrong_type", "expected a date such as"),
        ({"direction": "long", "expiry_bars": 1.5}, "signal.wrong_type", "expiry_bars is 1.5; expected a whole number"),
        ({"direction": "long", "oco": 1.5}, "signal.wrong_type", "the name of a group or its number, 0 or above"),
        ({"direction": "long", "oco": -1}, "signal.wrong_type", "oco is -1"),
        ({"direction": "long", "oco": ""}, "signal.wrong_type", "oco is ''"),
        ({"direction": "long", "oco": True}, "signal.wrong_type", "oco is True"),
        ({"kind": "cancel", "target": "5"}, "signal.wrong_type", "target is '5'"),
        ({"kind": "close", "share": "half"}, "signal.wrong_type", "share is 'half'; expected a number"),
        ({"direction": "long", "stoploss": None}, "signal.unknown_field", "Did you mean 'sl'?"),
        ({"direction": "long", 3: 4}, "signal.unknown_field", "3"),
        ({"direction": "long", "sl": "1.1"}, "signal.wrong_type", "'1.1'"),
        ({"direction": "long", "size": True}, "signal.wrong_type", "True"),
        ({"direction": "long", "magic": 1.5}, "signal.wrong_type", "1.5"),
        ({"direction": "long", "magic": 2**63}, "signal.wrong_type", "9223372036854775808"),
        ({"direction": "long", "sl": 10**400}, "signal.wrong_type", "sl"),
        ({"direction": "long", "reason": 5}, "signal.wrong_type", "reason"),
        ({"direction": "long", "tags": [1]}, "signal.wrong_type", "tags"),
        ({"direction": "long", "scenario": "\ud800"}, "signal.wrong_type", "scenario"),
        ({"direction": "long", "meta": {"a": {1, 2}}}, "signal.bad_meta", "{1, 2}"),
        ({"direction": "long", "meta": {"a": float("nan")}}, "signal.bad_meta", "nan"),
        ({"direction": "long", "sl": 1.0, "stop_loss": 1.0}, "signal.two_levels", "sl"),
        ({"direction": "long", "target": 3}, "signal.misplaced_field", "an order takes no target. It opens a position"),
        ({"direction": "long", "share": 1}, "signal.misplaced_field", "an order takes no share"),
        ({"direction": "long", "limit": 1}, "signal.misplaced_field", "a market order takes no limit"),
        (
            {"direction": "long", "type": "limit", "limit": 1},
            "signal.misplaced_field",
            "the price of the others is entry",
        ),
        ({"kind": "close", "size": 1}, "signal.misplaced_field", "a close takes no size. It takes all of a position"),
        ({"kind": "close", "type": "limit"}, "signal.misplaced_field", "a close takes no type"),
        ({"kind": "cancel", "share": 1}, "signal.misplaced_field", "a cancel takes no share. It names orders by"),
        ({"kind": "modify", "size": 1}, "signal.misplaced_field", "a modify takes no size. It changes levels"),
        ({"kind": "modify", "tif": "day"}, "signal.misplaced_field", "a modify takes no tif"),
        ("buy", "signal.wrong_type", "'buy'"),
        (3, "signal.wrong_type", "the signal is 3; expected what self.buy() and the like make"),
        (Signal(direction=[]), "signal.unknown_direction", "[]"),
        (Signal(direction="up"), "signal.unknown_direction", "'up'"),
        (Signal(direction="long", type="x"), "signal.unknown_type", "'x'"),
        (Signal(direction="long", sl="1.1"), "signal.wrong_type", "'1.1'"),
        (Signal(kind="close", direction="long", sl=1.0), "signal.misplaced_field", "to change levels use modify"),
    ],
)
def test_an_unreadable_signal_is_refused_with_bar_time_and_value(answer, code, shown):
    error = refusal(answer)

    assert error.code == code
    assert (error.context["bar_idx"], error.context["time_us"]) == (7, NOW_US)
    assert shown in str(error) and "2015-01-05T00:00:00Z" in str(error)


def test_with_reject_an_unreadable_signal_becomes_a_bad_row_and_the_others_stay():
    """SIG-1: on_bad_signal "reject" keeps the run and the numbering."""
    good = {"direction": "long", "sl_pips": 20, "tp_pips": 40}

    assert rows([{"direction": "up"}, good], reject=True) == [row_of(kind=0, direction=0, fault=6001), BUY]


def test_texts_are_kept_by_row_and_copied():
    normaliser = Normaliser(("EURUSD",))
    meta = {"b": 1, "a": [2]}
    normaliser.rows({"direction": "long"}, 1, NOW_US)
    normaliser.rows({"direction": "long", "reason": "why", "tags": ["x", "ü"], "meta": meta}, 2, NOW_US)
    meta["b"] = 5

    assert normaliser.texts == {1: Texts("why", '["x", "ü"]', None, '{"a": [2], "b": 1}')}


def test_a_helper_refuses_a_name_it_does_not_know():
    calls = (
        lambda: Any().buy(tp_atr=1.1),
        lambda: Any().buy(direction="short"),
        lambda: Any().buy_limit(1.1, type="stop"),
        lambda: Any().modify(3, stop_loss=1.1),
        lambda: Any().close(target=3),
    )
    for call, name in zip(calls, ("tp_atr", "direction", "type", "stop_loss", "target"), strict=True):
        with pytest.raises(SignalError, match=name) as caught:
            call()
        assert caught.value.code == "signal.unknown_field"


def test_a_signal_for_another_bar_is_refused_in_on_bar():
    assert refusal({"direction": "long", "bar_idx": 9}).code == "signal.bar_idx"
    assert rows({"direction": "long", "sl_pips": 20, "tp_pips": 40, "bar_idx": 7}) == [BUY]
