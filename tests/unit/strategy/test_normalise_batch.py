"""API-1: on_batch may return any table; it becomes the same rows as on_bar's answers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from omega.errors import SignalError, StrategyError
from omega.strategy import Signal
from omega.strategy.normalise_batch import SIGNALS, BatchNormaliser, table_of_rows

EXPECTED = table_of_rows(
    [
        (3, 1, 1, 1, 0, None, None, None, None, None, None, None, 20.0, None, 0),
        (9, 1, -1, 1, 0, None, None, 0.5, None, None, None, None, 20.0, None, 0),
    ]
)


def read(answer, *, reject=False):
    normaliser = BatchNormaliser(("EURUSD",), strategy="S", now_of=lambda k: k * 60_000_000, reject=reject)
    return normaliser.table(answer), normaliser


COLUMNS = {"bar_idx": [3, 9], "direction": ["long", "sell"], "size": [None, 0.5], "sl_pips": [20, 20]}
RECORD = np.array([(3, "long", 20.0), (9, "sell", 20.0)], dtype=[("bar_idx", "i8"), ("side", "U5"), ("sl_pips", "f8")])


@pytest.mark.parametrize(
    "answer",
    [
        COLUMNS,
        {"bar_idx": np.array([3, 9]), "direction": np.array([1, -1]), "sl_pips": 20, "size": [None, 0.5]},
        {**COLUMNS, "size": np.ma.masked_invalid([np.nan, 0.5]), "entry": [None, None]},
        pa.table(COLUMNS),
        pd.DataFrame(COLUMNS),
        pl.DataFrame(COLUMNS),
        [
            Signal(bar_idx=3, direction="long", sl_pips=20),
            {"bar_idx": 9, "direction": "short", "sl_pips": 20, "size": 0.5},
        ],
    ],
    ids=["lists", "numpy", "masked", "arrow", "pandas", "polars", "signals"],
)
def test_every_kind_of_table_reads_alike(answer):
    table, _ = read(answer)

    assert table.schema == SIGNALS
    assert table.equals(EXPECTED)


def test_a_record_array_is_a_table():
    assert read(RECORD)[0].drop_columns("size").equals(EXPECTED.drop_columns("size"))


def test_no_signals_at_all_are_an_empty_table():
    for answer in (None, [], {"bar_idx": [], "direction": []}, pd.DataFrame({"bar_idx": [], "direction": []})):
        assert read(answer)[0].equals(table_of_rows([]))


def test_texts_are_kept_by_row():
    answer = {**COLUMNS, "reason": ["first", None], "meta": [{"b": [2]}, {"a": 1}]}

    texts = read(answer)[1].texts

    assert texts[0] == ("first", None, None, '{"b": [2]}')
    assert texts[1].meta == '{"a": 1}'


@pytest.mark.parametrize(
    ("change", "code", "row"),
    [
        ({"direction": ["long", "up"]}, "signal.unknown_direction", 9),
        ({"direction": ["long", None]}, "signal.unknown_direction", 9),
        ({"kind": ["hold", "order"]}, "signal.unknown_kind", 3),
        ({"symbol": [None, "XAUUSD"]}, "signal.unknown_symbol", 9),
        ({"type": ["market", "stop"]}, "signal.unknown_type", 9),
        ({"sl": [1.0, "x"]}, "strategy.batch", None),
        ({"sl": ["1.0", "x"]}, "signal.wrong_type", 3),
        ({"magic": [1.0, 1.5]}, "signal.wrong_type", 9),
        ({"tags": [None, [1]]}, "signal.wrong_type", 9),
        ({"meta": [None, {"a": {1}}]}, "signal.bad_meta", 9),
        ({"target": [None, 4]}, "signal.unknown_field", 9),
        ({"kind": ["order", "close"]}, "signal.unknown_field", 9),
        ({"entry": [1.0, 2.0]}, "signal.unknown_field", -1),
        ({"stoploss": [1.0, 2.0]}, "signal.unknown_field", -1),
        ({"stop_loss_pips": [1.0, 2.0]}, "signal.two_levels", -1),
    ],
)
def test_an_unreadable_row_is_refused_with_its_bar(change, code, row):
    with pytest.raises((SignalError, StrategyError)) as caught:
        read({**COLUMNS, **change})

    assert caught.value.code == code
    assert caught.value.context.get("bar_idx") == row


def test_with_reject_unreadable_rows_become_bad_ones():
    table, _ = read({**COLUMNS, "direction": ["up", "sell"]}, reject=True)

    assert table.slice(1).equals(EXPECTED.slice(1))
    assert table.slice(0, 1).equals(table_of_rows([(3, 0, 0, 1, 0, *[None] * 9, 6001)]))


def test_nan_is_missing_in_pandas_and_a_value_in_numpy():
    pandas_table = read(pd.DataFrame({"bar_idx": [1], "direction": ["buy"], "sl": [np.nan]}))[0]
    numpy_table = read({"bar_idx": np.array([1]), "direction": ["buy"], "sl": np.array([np.nan])})[0]

    assert pandas_table["sl"].null_count == 1
    assert np.isnan(numpy_table["sl"][0].as_py())


@pytest.mark.parametrize(
    "answer",
    [
        42,
        "buy",
        {"direction": ["long"]},
        {"bar_idx": [1.5], "direction": ["long"]},
        {"bar_idx": [1, None], "direction": ["long", "long"]},
        {"bar_idx": [1, 2], "direction": ["long"]},
        pd.DataFrame([[1, "long", 10.0, 20.0]], columns=["bar_idx", "direction", "sl_pips", "sl_pips"]),
        [Signal(direction="long")],
    ],
)
def test_what_is_no_table_of_signals_is_refused(answer):
    with pytest.raises(StrategyError) as caught:
        read(answer)

    assert caught.value.code == "strategy.batch"
