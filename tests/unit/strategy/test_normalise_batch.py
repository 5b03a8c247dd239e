"""API-1: on_batch may return any table; it becomes the same rows as on_bar's answers."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from omega.errors import SignalError, StrategyError
from omega.strategy import Order, Signal, TradeSignal
from omega.strategy.normalise import Normaliser
from omega.strategy.normalise_batch import SIGNALS, BatchNormaliser, table_of_rows
from omega.testing import signal_row

NOON_US = 1_737_374_400_000_000  # 2025-01-20T12:00:00Z
FX_DAY_US = 1_737_324_000_000_000  # 2025-01-19T22:00:00Z: 17:00 New York


def table_of(*rows):
    return table_of_rows([signal_row(bar_idx, **cells) for bar_idx, cells in rows])


EXPECTED = table_of((3, {"sl_pips": 20.0}), (9, {"direction": -1, "sl_pips": 20.0, "size": 0.5}))


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
        {**COLUMNS, "entry_price": [1.1, 1.2], "tif": ["gtc", None], "type": "market", "timestamp": [1, 2]},
        pa.table(COLUMNS),
        pd.DataFrame(COLUMNS),
        pl.DataFrame(COLUMNS),
        [
            Signal(bar_idx=3, direction="long", sl_pips=20),
            {"bar_idx": 9, "direction": "short", "sl_pips": 20, "size": 0.5},
        ],
    ],
    ids=["lists", "numpy", "masked", "aliases", "arrow", "pandas", "polars", "signals"],
)
def test_every_kind_of_table_reads_alike(answer):
    table, _ = read(answer)

    assert table.schema == SIGNALS
    assert table.equals(EXPECTED)


WANTED = [
    {"direction": "buy", "type": "limit", "entry": 1.1, "sl": 1.0, "tp": 1.2, "expiry": "2025-01-20", "oco": "exit"},
    {
        "direction": "sell",
        "type": "stop_limit",
        "entry": 1.2,
        "limit": 1.21,
        "expiry": "2025-01-20T12:00Z",
        "tif": "gtd",
    },
    {"direction": "sell", "type": "stop", "entry": 1.2, "sl_atr": 2.0, "expiry_bars": 4, "oco": "entry", "magic": 7},
    {"kind": "close", "target": 4, "share": 0.25},
    {"kind": "cancel", "direction": "long", "magic": 7},
    {"kind": "modify", "target": 2, "sl": 0.0, "tp": 1.3},
    {"direction": "buy", "entry": 1.1, "size": 0.5, "oco": "exit", "tif": "ioc"},
]
ROWS = [
    (0, {"order_type": 2, "entry": 1.1, "sl": 1.0, "tp": 1.2, "expiry": FX_DAY_US, "oco": -1}),
    (1, {"direction": -1, "order_type": 4, "entry": 1.2, "limit": 1.21, "expiry": NOON_US, "tif": 2}),
    (2, {"direction": -1, "order_type": 3, "entry": 1.2, "sl_atr": 2.0, "expiry_bars": 4, "oco": -2, "magic": 7}),
    (3, {"kind": 2, "direction": 0, "target": 4, "share": 0.25}),
    (4, {"kind": 3, "magic": 7}),
    (5, {"kind": 4, "direction": 0, "target": 2, "sl": 0.0, "tp": 1.3}),
    (6, {"size": 0.5, "oco": -1, "tif": 4}),
]
FIELDS = sorted({name for signal in WANTED for name in signal})
WIDE = {"bar_idx": list(range(7)), **{name: [signal.get(name) for signal in WANTED] for name in FIELDS}}
LONG_NAMES = {
    "entry": "entry_price",
    "sl": "stop_loss",
    "tp": "take_profit",
    "tif": "time_in_force",
    "limit": "limit_price",
}


@pytest.mark.parametrize(
    "answer",
    [
        WIDE,
        {LONG_NAMES.get(name, name): cells for name, cells in WIDE.items()},
        pa.table(WIDE),
        pd.DataFrame(WIDE),
        pl.DataFrame(WIDE),
        [Signal(**signal, bar_idx=k) for k, signal in enumerate(WANTED)],
        [TradeSignal(**signal, bar_idx=k) for k, signal in enumerate(WANTED)],
        [
            {LONG_NAMES.get(name, name): cell for name, cell in signal.items()} | {"bar_idx": k}
            for k, signal in enumerate(WANTED)
        ],
    ],
    ids=["lists", "long names", "arrow", "pandas", "polars", "signals", "trade signals", "mappings"],
)
def test_every_kind_of_request_reads_alike_in_every_kind_of_table(answer):
    """S36 to S38 on the way of tables; the entry of a market order is ignored."""
    assert read(answer)[0].equals(table_of(*ROWS))


def test_a_table_reads_as_the_same_signals_one_by_one():
    one_by_one = Normaliser(("EURUSD",))
    rows = [row for k, signal in enumerate(WANTED) for row in one_by_one.rows(signal, k, 0)]

    assert read(WIDE)[0].equals(table_of_rows(rows))


NOON = datetime.datetime(2025, 1, 20, 12, tzinfo=datetime.UTC)
BERLIN = datetime.timezone(datetime.timedelta(hours=1))
TIMES = {"bar_idx": [1, 2], "direction": "long"}


@pytest.mark.parametrize(
    ("expiry", "first"),
    [
        ([NOON, None], NOON_US),
        ([NOON.astimezone(BERLIN), None], NOON_US),
        (["2025-01-20T12:00Z", None], NOON_US),
        ([datetime.date(2025, 1, 20), None], FX_DAY_US),
        (np.array(["2025-01-20T12:00", "NaT"], "datetime64[us]"), NOON_US),
        (np.array(["2025-01-20T12", "NaT"], "datetime64[h]"), NOON_US),
        (np.array(["2025-01-20", "NaT"], "datetime64[D]"), FX_DAY_US),
        (np.array([NOON, None], object), NOON_US),
        (pd.Series([NOON, None]), NOON_US),
        (pd.Series([NOON.astimezone(BERLIN), pd.NaT]), NOON_US),
        (pd.Series([datetime.date(2025, 1, 20), None]), FX_DAY_US),
        (pd.Series(["2025-01-20", None]), FX_DAY_US),
        (pl.Series([NOON, None]), NOON_US),
        (pl.Series([datetime.date(2025, 1, 20), None]), FX_DAY_US),
        (pl.Series(["2025-01-20T13:00+01:00", None]), NOON_US),
        (pa.array([NOON, None], pa.timestamp("ns", "Europe/Berlin")), NOON_US),
        (pa.array([datetime.date(2025, 1, 20), None]), FX_DAY_US),
    ],
)
def test_an_expiry_is_read_from_every_kind_of_column(expiry, first):
    """API-3b: a date is 17:00 New York of the day before; times of NumPy are UTC, as those of a batch are."""
    answers = [{**TIMES, "expiry": expiry}]
    if isinstance(expiry, pd.Series):
        answers.append(pd.DataFrame({**TIMES, "expiry": expiry}))
    if isinstance(expiry, pl.Series):
        answers.append(pl.DataFrame({**TIMES, "expiry": expiry}))

    for answer in answers:
        assert read(answer)[0]["expiry"].cast(pa.int64()).to_pylist() == [first, None]


@pytest.mark.parametrize("expiry", [NOON, "2025-01-20T12:00Z", np.datetime64("2025-01-20T12:00")])
def test_one_expiry_is_that_of_every_row(expiry):
    assert read({**TIMES, "expiry": expiry})[0]["expiry"].cast(pa.int64()).to_pylist() == [NOON_US, NOON_US]


NAIVE = NOON.replace(tzinfo=None)


@pytest.mark.parametrize(
    ("expiry", "row"),
    [
        ([None, NAIVE], 2),
        ([NOON, NAIVE], 2),
        (pd.Series([None, NAIVE]), 2),
        (pl.Series([None, NAIVE]), 2),
        (pa.array([None, NAIVE]), 2),
        (["soon", None], 1),
        (np.array([1, 2]), 1),
        (5, 1),
    ],
)
def test_a_time_without_a_zone_is_refused_with_its_bar(expiry, row):
    """TIM-1."""
    with pytest.raises(SignalError) as caught:
        read({**TIMES, "expiry": expiry})
    assert (caught.value.code, caught.value.context["bar_idx"]) == ("signal.wrong_type", row)

    faults = read({**TIMES, "expiry": expiry}, reject=True)[0]["fault"].to_pylist()
    assert faults[row - 1] == 6009


@pytest.mark.parametrize(
    ("groups", "numbers"),
    [
        (["b", None, "a", "b"], [-1, None, -2, -1]),
        (pd.Series(["b", None, "a", "b"], dtype="category"), [-1, None, -2, -1]),
        (pd.Series(["b", None, "a", "b"]), [-1, None, -2, -1]),
        (pl.Series(["b", None, "a", "b"]), [-1, None, -2, -1]),
        ([7, None, 0, 7], [7, None, 0, 7]),
        (pd.Series([7, None, 0, 7]), [7, None, 0, 7]),
        ("x", [-1] * 4),
        (3, [3] * 4),
    ],
)
def test_groups_are_named_or_numbered(groups, numbers):
    """FIL-11: names count from -1 downwards in order of first use, so that they never meet a number."""
    assert read({"bar_idx": [1, 2, 3, 4], "direction": "long", "oco": groups})[0]["oco"].to_pylist() == numbers


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
        ({"type": ["market", "stopp"]}, "signal.unknown_type", 9),
        ({"tif": [None, "GTC"]}, "signal.unknown_tif", 9),
        ({"oco": [1, -1]}, "signal.wrong_type", 9),
        ({"oco": [None, 1.5]}, "signal.wrong_type", 9),
        ({"oco": ["a", ""]}, "signal.wrong_type", 9),
        ({"oco": [True, None]}, "signal.wrong_type", 3),
        ({"expiry_bars": [None, 1.5]}, "signal.wrong_type", 9),
        ({"share": [None, 0.5]}, "signal.misplaced_field", 9),
        ({"limit": [None, 1.2]}, "signal.misplaced_field", 9),
        ({"type": ["stop_limit", "limit"], "limit": [1.2, 1.2]}, "signal.misplaced_field", 9),
        ({"metadata": [None, {"a": 1}], "meta": [{"a": 2}, {"a": 2}]}, "signal.two_levels", 9),
        ({"sl": [1.0, "x"]}, "strategy.batch", None),
        ({"sl": ["1.0", "x"]}, "signal.wrong_type", 3),
        ({"magic": [1.0, 1.5]}, "signal.wrong_type", 9),
        ({"tags": [None, [1]]}, "signal.wrong_type", 9),
        ({"meta": [None, {"a": {1}}]}, "signal.bad_meta", 9),
        ({"target": [None, 4]}, "signal.misplaced_field", 9),
        ({"kind": ["order", "close"]}, "signal.misplaced_field", 9),
        ({"kind": ["order", "modify"], "size": None}, "signal.misplaced_field", 9),
        ({"kind": ["cancel", "order"], "direction": ["long", "long"]}, "signal.misplaced_field", 3),
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
    assert table.slice(0, 1).equals(table_of((3, {"kind": 0, "direction": 0, "fault": 6001})))


def test_metadata_is_merged_into_meta_row_by_row():
    """S36."""
    answer = {**COLUMNS, "meta": [{"a": 1}, None], "metadata": [{"b": 2}, {"c": 3}]}

    for table in (answer, pd.DataFrame(answer)):
        assert [texts.meta for texts in read(table)[1].texts.values()] == ['{"a": 1, "b": 2}', '{"c": 3}']
    faults = read({**answer, "metadata": [{"a": 2}, None]}, reject=True)[0]["fault"].to_pylist()
    assert faults == [6006, 0]


def test_an_order_or_position_stands_for_its_id():
    order = Order(5, "EURUSD", "long", "limit", 0, 1.1, None, 0.5, None, None, None, None)

    assert read([Signal(kind="cancel", target=order, bar_idx=3)])[0].equals(
        table_of((3, {"kind": 3, "direction": 0, "target": 5}))
    )


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
        {"bar_idx": [1, 2], "direction": "long", "meta": [{}]},
        {"bar_idx": [1, 2], "direction": "long", "expiry": ["2025-01-20"]},
        pd.DataFrame([[1, "long", 10.0, 20.0]], columns=["bar_idx", "direction", "sl_pips", "sl_pips"]),
        [Signal(direction="long")],
    ],
)
def test_what_is_no_table_of_signals_is_refused(answer):
    with pytest.raises(StrategyError) as caught:
        read(answer)

    assert caught.value.code == "strategy.batch"
