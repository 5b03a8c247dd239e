"""Results as people read them: points to prices, steps to lots, minor units to money, codes to words."""

from __future__ import annotations

import json

import pytest

from omega.backends import get_backend
from omega.engine.comparison import find_difference
from omega.engine.tables import Table, Units, present_equity, present_table, with_texts
from omega.strategy.normalise import Texts
from omega.strategy.normalise_batch import table_of_rows
from omega.testing import bars_of, signal_row, with_features_off

PLAN = with_features_off(
    {
        "version": 1,
        "account": {"currency": "USD", "digits": 2, "balance": 1_000_000},
        "symbols": [
            {
                "name": "EURUSD",
                "digits": 2,
                "pip_points": 10,
                "tick_points": 1,
                "value": [1, 1],
                "volume_step": [1, 100],
                "volume_min_steps": 1,
                "volume_max_steps": 100,
                "min_stop_points": 0,
                "slippage": {"fixed_points": [0, 1], "random_points": 0},
                "commission": {
                    "scheme": "per_lot",
                    "rate": [7, 2],
                    "minimum": [0, 1],
                    "on_entry": True,
                    "on_exit": True,
                },
                "swap": None,
            }
        ],
        "execution": {
            "fill": "next_open",
            "intrabar": "stop_first",
            "close_at_end": True,
            "on_bad_signal": "reject",
            "seed": 0,
        },
        "sizing": {"mode": "fixed_lots", "steps": 10, "min_lot": "reject"},
        "first_step": 0,
        "strategy": None,
        "metrics": {"risk_free": [0, 1], "days": 5},
        "rating": {"seed": 0, "bootstrap": "auto", "samples": 10, "dropout_samples": 10},
    }
)
BARS = bars_of(
    """
    open high low  close
    1.00 1.10 0.90 1.00
    1.00 1.20 0.95 1.10
    1.10 1.10 0.40 0.50
    0.50 0.60 0.50 0.60
    """,
    digits=2,
    spread_points=2,
)
UNITS = Units.of_plan(PLAN)


@pytest.fixture
def raw():
    """Buy 0.10 lots at bar 1, stop 0.80; one signal that cannot be read."""
    backend = get_backend("python")
    market = backend.open_market(BARS.header, BARS.series, BARS.visible, BARS.calendar)
    rows = [
        signal_row(0, sl=0.8),
        signal_row(1, kind=0, direction=0, fault=6001),
    ]
    return backend.simulate(market, table_of_rows(rows), json.dumps(PLAN))


def test_a_trade_reads_in_prices_lots_and_money(raw):
    """Entry on the ask 1.02, exit at the stop 0.80: 22 points x 10 steps x 1 = -220.00, commission 2 x 0.35."""
    trade = present_table(raw["trades"], "trades", UNITS).to_pylist()[0]

    assert (trade["symbol"], trade["direction"], trade["order_type"], trade["reason"]) == (
        "EURUSD",
        "long",
        "market",
        "stop_loss",
    )
    assert (trade["entry_price"], trade["exit_price"], trade["size_lots"]) == (1.02, 0.8, 0.1)
    assert (trade["gross"], trade["commission"], trade["net"]) == (-220.0, -0.7, -220.7)


def test_orders_and_fills_read_in_prices(raw):
    order = present_table(raw["orders"], "orders", UNITS).to_pylist()[0]
    entry, leave = present_table(raw["fills"], "fills", UNITS).to_pylist()

    assert (order["sl"], order["tp"], order["status"]) == (0.8, None, "filled")
    assert (entry["price"], entry["side"], entry["level"]) == (1.02, "ask", None)
    assert (leave["price"], leave["side"], leave["level"], leave["rule"]) == (0.8, "bid", 0.8, "fil_5")


def test_refused_signals_name_their_reason(raw):
    rejection = present_table(raw["rejections"], "rejections", UNITS).to_pylist()[0]
    signals = present_table(raw["recorded_signals"], "recorded_signals", UNITS).to_pylist()

    assert (rejection["code"], rejection["signal"]) == ("signal.unknown_direction", 2)
    assert [(s["kind"], s["fault"]) for s in signals] == [("order", None), ("bad", "signal.unknown_direction")]


def test_equity_has_balance_and_drawdown(raw):
    """Bar 1 marks 1.10 - 1.02 = 8 points x 10: +80.00; bar 2 loses 220; commission 0.35 on either side."""
    times = BARS.series[0].column("close_time").combine_chunks()
    times = times.chunk(0) if hasattr(times, "chunk") else times
    padded = times.take([0, 0, 1, 2, 3, 3])
    table = present_equity(raw["equity"], raw["ledger"], padded, UNITS).to_pydict()

    assert table["balance"] == [10000.0, 10000.0, 9999.65, 9779.3, 9779.3, 9779.3]
    assert table["equity"] == [10000.0, 10000.0, 10079.65, 9779.3, 9779.3, 9779.3]
    assert table["drawdown"] == [0.0, 0.0, 0.0, 300.35, 300.35, 300.35]
    assert table["drawdown_frac"][3] == 30035 / 1007965


def test_texts_come_back_with_their_signal(raw):
    table = with_texts(raw["orders"], [3], {3: Texts("why", '["a"]', None, "{}")}).to_pylist()[0]

    assert (table["signal_reason"], table["tags"], table["scenario"], table["meta"]) == ("why", '["a"]', None, "{}")


def test_a_table_goes_where_people_want_it(raw):
    table = Table(present_table(raw["fills"], "fills", UNITS))

    assert len(table) == len(table.to_pandas()) == len(table.to_polars()) == table.to_arrow().num_rows == 2
    assert table["price"] == [1.02, 0.8]
    assert "2 rows" in repr(table)


def test_the_comparison_finds_one_bit(raw):
    """The canary of the parity tests: one value moved by one unit, or one float by one bit, is found and named."""
    import numpy as np
    import pyarrow as pa

    def with_column(table, name, values):
        place = table.column_names.index(name)
        return table.set_column(place, table.schema.field(name), pa.array(values, type=table.schema.field(name).type))

    equity = raw["equity"]["equity"].to_pylist()
    price = raw["trades"]["exit_price"].to_pylist()
    moved = with_column(raw["equity"], "equity", [*equity[:-1], equity[-1] + 1])
    nudged = with_column(raw["trades"], "exit_price", [float(np.nextafter(price[0], 1.0))])

    assert find_difference(raw, dict(raw)) is None
    found = find_difference(raw, {**raw, "equity": moved})
    assert (found.table, found.column, found.row) == ("equity", "equity", len(equity) - 1)
    assert find_difference(raw, {**raw, "trades": nudged}).column == "exit_price"
    assert find_difference(raw, {**raw, "fills": raw["fills"].slice(0, 1)}).left == "2 rows"
    assert find_difference(raw, {name: t for name, t in raw.items() if name != "fills"}).table == "fills"
