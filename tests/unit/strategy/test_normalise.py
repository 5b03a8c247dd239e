"""SIG: whatever on_bar returns becomes rows of the signal table; SIG-1: texts are judged here."""

from __future__ import annotations

import types

import pytest

from omega.errors import SignalError
from omega.strategy import Signal, Strategy
from omega.strategy.normalise import Normaliser, Texts

NOW_US = 1_420_416_000_000_000  # 2015-01-05T00:00:00Z
BUY = (7, 1, 1, 1, 0, None, None, None, None, None, None, None, 20.0, 40.0, 0)


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
        types.SimpleNamespace(direction="long", sl_pips=20, tp_pips=40, colour="blue"),
    ],
    ids=["helper", "Signal", "mapping", "aliases", "object"],
)
def test_a_signal_reads_the_same_in_every_shape(answer):
    assert rows(answer) == [BUY]
    assert rows([answer, answer]) == [BUY, BUY]
    assert rows(iter([answer])) == [BUY]


def test_close_takes_a_position_and_filters():
    assert rows(Any().close(3, magic=5, direction="short")) == [(7, 2, -1, 1, 0, 5, 3, *[None] * 7, 0)]
    assert rows(Any().close()) == [(7, 2, 0, 1, 0, None, None, *[None] * 7, 0)]


def test_reverse_closes_its_own_magic_and_then_enters():
    """POS-1: close all of this symbol and magic, then enter."""
    close, order = rows(Any().reverse("short", sl=1.2))

    assert close == (7, 2, 0, 1, 0, 0, None, *[None] * 7, 0)
    assert order == (7, 1, -1, 1, 0, 0, None, None, 1.2, *[None] * 5, 0)


def test_nonsense_numbers_travel_to_the_backend_which_judges_them():
    row = rows({"direction": "long", "sl": float("nan"), "tp": -1, "size": float("inf")})[0]

    assert (str(row[8]), row[9], row[7]) == ("nan", -1.0, float("inf"))


@pytest.mark.parametrize(
    ("answer", "code", "shown"),
    [
        ({"direction": "up"}, "signal.unknown_direction", "'up'"),
        ({}, "signal.unknown_direction", "None"),
        ({"direction": True}, "signal.unknown_direction", "True"),
        ({"direction": []}, "signal.unknown_direction", "[]"),
        ({"direction": "long", "kind": "hold"}, "signal.unknown_kind", "'hold'"),
        ({"direction": "long", "symbol": "XAUUSD"}, "signal.unknown_symbol", "'XAUUSD'"),
        ({"direction": "long", "type": "limit"}, "signal.unknown_type", "'limit'"),
        ({"direction": "long", "entry": 1.1}, "signal.unknown_field", "not available yet"),
        ({"direction": "long", "sl_atr": 2}, "signal.unknown_field", "not available yet"),
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
        ({"direction": "long", "target": 3}, "signal.unknown_field", "opens a new position"),
        ({"kind": "close", "size": 1}, "signal.unknown_field", "takes whole positions"),
        ("buy", "signal.wrong_type", "'buy'"),
        (3, "signal.wrong_type", "the signal is 3; expected what self.buy() and the like make"),
        (Signal(direction=[]), "signal.unknown_direction", "[]"),
        (Signal(direction="up"), "signal.unknown_direction", "'up'"),
        (Signal(direction="long", type="limit"), "signal.unknown_type", "'limit'"),
        (Signal(direction="long", sl="1.1"), "signal.wrong_type", "'1.1'"),
        (Signal(kind="close", direction="long", sl=1.0), "signal.unknown_field", "takes whole positions"),
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

    assert rows([{"direction": "up"}, good], reject=True) == [(7, 0, 0, 1, 0, *[None] * 9, 6001), BUY]


def test_texts_are_kept_by_row_and_copied():
    normaliser = Normaliser(("EURUSD",))
    meta = {"b": 1, "a": [2]}
    normaliser.rows({"direction": "long"}, 1, NOW_US)
    normaliser.rows({"direction": "long", "reason": "why", "tags": ["x", "ü"], "meta": meta}, 2, NOW_US)
    meta["b"] = 5

    assert normaliser.texts == {1: Texts("why", '["x", "ü"]', None, '{"a": [2], "b": 1}')}


def test_a_helper_refuses_a_name_it_does_not_know():
    with pytest.raises(SignalError, match="not available yet") as caught:
        Any().buy(entry=1.1)

    assert caught.value.code == "signal.unknown_field"


def test_a_signal_for_another_bar_is_refused_in_on_bar():
    assert refusal({"direction": "long", "bar_idx": 9}).code == "signal.bar_idx"
    assert rows({"direction": "long", "sl_pips": 20, "tp_pips": 40, "bar_idx": 7}) == [BUY]
