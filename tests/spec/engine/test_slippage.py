"""Slippage: fixed, random, impact of the volume, volatility; against the trader, rounded once (CST-2)."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest

from omega.backends.protocol import Backend
from omega.error_catalogue import CATALOGUE
from omega.schema import Direction, OrderType, SignalKind, Tif
from omega.strategy.normalise_batch import SIGNALS
from omega.testing import bars_of, with_features_off

LOT = 100  # steps
OFF = {"fixed_points": [0, 1], "random_points": 0, "impact": None, "volatility": None}


def linear(points: list[int], lots: int) -> dict[str, Any]:
    return {"curve": "linear", "points": points, "liquidity_steps": [lots * LOT, 1]}


def square_root(points: list[int], lots: int) -> dict[str, Any]:
    return {"curve": "square_root", "points": points, "liquidity_steps": [lots * LOT, 1]}


def order(bar_idx: int, *, size: float = 1.0, **values: Any) -> dict[str, Any]:
    """Buy at market, decided on a bar."""
    return {"bar_idx": bar_idx, "size": size, **values}


def simulated(backend: Backend, tables: Any, signals: list[dict[str, Any]], **slippage: Any) -> dict[str, Any]:
    """Run signals on bars of whole points; one point and step are worth 0.01 USD, nothing else costs."""
    rows = [
        {field.name: 0 for field in SIGNALS if not field.nullable}
        | {"kind": SignalKind.ORDER, "direction": Direction.LONG, "order_type": OrderType.MARKET, "tif": Tif.GTC}
        | signal
        for signal in signals
    ]
    plan = {
        "version": 1,
        "account": {"currency": "USD", "digits": 2, "balance": 10_000_000},
        "symbols": [
            {
                **{"name": "EURUSD", "digits": 0, "pip_points": 1, "tick_points": 1, "value": [1, 100]},
                **{"volume_step": [1, 100], "volume_min_steps": 1, "volume_max_steps": 100_000, "min_stop_points": 0},
                "slippage": OFF | slippage,
                "commission": {"scheme": "per_lot", "rate": [0, 1], "minimum": [0, 1]}
                | {"on_entry": False, "on_exit": False},
                "swap": None,
            }
        ],
        "execution": {"fill": "next_open", "intrabar": "stop_first", "close_at_end": True, "on_bad_signal": "fail"}
        | {"seed": 7},
        "sizing": {"mode": "fixed_lots", "steps": 1, "min_lot": "reject"},
        "first_step": 0,
        "strategy": None,
        "metrics": {"risk_free": [0, 1], "days": 5},
        "rating": {"seed": 0, "samples": 1, "dropout_samples": 1},
    }
    market = backend.open_market(tables.header, tables.series, tables.visible, tables.calendar)
    table = pa.Table.from_pylist(rows, schema=SIGNALS)
    return dict(backend.simulate(market, table, json.dumps(with_features_off(plan))))


FLAT = bars_of("open high low close\n" + "1000 1000 1000 1000\n" * 4)


def entry_slippage(backend: Backend, size: float, **slippage: Any) -> int:
    fills = simulated(backend, FLAT, [order(0, size=size)], **slippage)["fills"].to_pylist()
    assert fills[0]["price"] == 1000 + fills[0]["slippage_points"]
    assert fills[1]["price"] == 1000 - fills[1]["slippage_points"]
    assert fills[0]["slippage_points"] == fills[1]["slippage_points"]  # the whole position closes at once
    return int(fills[0]["slippage_points"])


@pytest.mark.parametrize(
    ("size", "expected"),
    [(25.0, 3), (12.5, 3), (100.0, 4), (50.0, 4), (0.01, 3), (400.0, 10)],
    ids=[
        "2.5+0.5=3",
        "2.5+0.25=2.75",
        "2.5+2=4.5 to even",
        "2.5+1=3.5 to even",
        "2.5+0.0002=2.5002",
        "2.5+8=10.5 to even",
    ],
)
def test_linear_impact_is_in_proportion_to_the_volume(backend, size, expected):
    """CST-2, S74: fixed 2.5 points; impact 2 points at 100 lots, so 0.02 points a lot; exact, so ties are ties."""
    assert entry_slippage(backend, size, fixed_points=[5, 2], impact=linear([2, 1], 100)) == expected


@pytest.mark.parametrize(
    ("size", "expected"),
    [(25.0, 4), (100.0, 8), (400.0, 16), (1.0, 1), (225.0, 12)],
    ids=["0.5+4=4.5 to even", "0.5+8=8.5 to even", "0.5+16=16.5 to even", "0.5+0.8=1.3", "0.5+12=12.5 to even"],
)
def test_square_root_impact_doubles_with_four_times_the_volume(backend, size, expected):
    """CST-2: fixed 0.5 points; impact 8 points at 100 lots: 8 * sqrt(lots / 100)."""
    assert entry_slippage(backend, size, fixed_points=[1, 2], impact=square_root([8, 1], 100)) == expected


@pytest.mark.parametrize("curve", [linear, square_root])
def test_market_slippage_never_falls_as_the_volume_grows(backend, curve):
    """S74: market slippage is monotone in size, and it does grow."""
    sizes = [0.01, 0.5, 1.0, 3.0, 10.0, 33.0, 100.0, 333.0, 1000.0]

    found = [entry_slippage(backend, size, fixed_points=[1, 3], impact=curve([7, 1], 100)) for size in sizes]

    assert found == sorted(found)
    assert found[-1] > found[3] >= found[0]


def test_every_part_of_a_fill_is_written_down(backend):
    """FIL-10: impact 2 points at 100 lots, 25 lots: 0.5; the random part is what the sum has beyond 2.5 + 0.5."""
    fills = simulated(
        backend, FLAT, [order(0, size=25.0)], fixed_points=[5, 2], random_points=9, impact=linear([2, 1], 100)
    )["fills"].to_pylist()

    assert [fill["slippage_impact_points"] for fill in fills] == [0.5, 0.5]
    assert [fill["slippage_volatility_points"] for fill in fills] == [0.0, 0.0]
    assert [fill["slippage_points"] - fill["slippage_random_points"] for fill in fills] == [3, 3]
    assert {fill["slippage_random_points"] for fill in fills} != {0}


# Twenty bars whose bid moves 10 points and whose ask moves 20: true ranges of 10 and 20, ATR 10 and 20.
WIDE = bars_of(
    "open high low close ask_open ask_high ask_low ask_close\n" + "1000 1005 995 1000 1001 1012 992 1001\n" * 20
)


@pytest.mark.parametrize(
    ("direction", "sign", "expected"), [(Direction.LONG, 1, 3), (Direction.SHORT, -1, 6)], ids=["bid", "ask"]
)
def test_volatility_is_measured_on_the_closing_side(backend, direction, sign, expected):
    """CST-2: 0.3 of ATR(14): 0.3 * 10 = 3 for longs, whose closing side is the bid, 0.3 * 20 = 6 for shorts."""
    fills = simulated(backend, WIDE, [order(14, direction=direction)], volatility=[3, 10])["fills"].to_pylist()

    assert [fill["slippage_points"] for fill in fills] == [expected, expected]
    assert fills[0]["price"] == fills[0]["raw_price"] + sign * expected
    assert fills[0]["slippage_volatility_points"] == pytest.approx(expected, abs=1e-9)


def test_fixed_impact_and_volatility_are_added_before_the_sum_is_rounded(backend):
    """0.5 + 8 * sqrt(0.25) + 0.13 * 10 = 5.8 -> 6; rounded one by one they would be 0 + 4 + 1."""
    fills = simulated(
        backend,
        WIDE,
        [order(14, size=25.0)],
        fixed_points=[1, 2],
        impact=square_root([8, 1], 100),
        volatility=[13, 100],
    )["fills"].to_pylist()

    assert fills[0]["slippage_points"] == 6


@pytest.mark.parametrize("order_type", [OrderType.MARKET, OrderType.LIMIT])
def test_an_order_before_the_volatility_is_known_is_refused(backend, order_type):
    """CST-2: 14 true ranges end with bar 14; an order that works in bar 14 sees bar 13, one in bar 15 sees bar 14.

    Limit orders do not slip, but their exits do: they are refused, too.
    """
    values = {"order_type": order_type, "entry": 990.0 if order_type is OrderType.LIMIT else None}
    early, late = order(13, **values), order(14, **values)

    tables = simulated(backend, WIDE, [early, late], volatility=[3, 10])

    refused = tables["rejections"].to_pylist()
    assert [(row["code"], row["bar_idx"], row["signal"]) for row in refused] == [
        (CATALOGUE["cost.no_atr"].number, 14, 1)
    ]
    assert tables["orders"]["id"].to_pylist() == [2]


def test_limits_and_targets_do_not_slip_whatever_the_volume(backend):
    """FIL-2, FIL-6, S74: a limit's price is guaranteed. Bid and ask 1000; the limit at 1000 fills at O, T at 1004."""
    bars = bars_of("open high low close\n1000 1000 1000 1000\n1000 1000 1000 1000\n1000 1010 1000 1010")
    limit = order(0, size=1000.0, order_type=OrderType.LIMIT, entry=1000.0, tp=1004.0)

    fills = simulated(backend, bars, [limit], fixed_points=[3, 1], impact=linear([50, 1], 100))["fills"].to_pylist()

    assert [(fill["price"], fill["slippage_points"]) for fill in fills] == [(1000, 0), (1004, 0)]
