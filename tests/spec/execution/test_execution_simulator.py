"""`ExecutionSimulator`: what a signal leads to, worked by hand (API-5, S63 to S83)."""

from __future__ import annotations

import math
import random

import polars
import pyarrow as pa
import pytest

from omega import ExecutionSimulator, Signal, Strategy, backtest
from omega.config import load_specs
from omega.errors import OmegaError
from omega.execution import SymbolSpec
from omega.execution.arrow import market_data

# Bid 1.10000 throughout the first bar, spread 20 points. A point of a lot of EURUSD is 1.00 USD.
FLAT = (1.10000, 1.10010, 1.09990, 1.10000)
ACCOUNT = {"currency": "USD", "balance": 100_000, "leverage": None}
NONE = {"defaults": {"slippage": "none", "commission": "none", "swap": "none", "spread": {"source": "data"}}}


def table(*bars, spread=0.00020):
    rows = [
        {
            "time": 1_704_700_800_000_000 + index * 60_000_000,
            **{f"bid_{name}": round(price, 5) for name, price in zip(NAMES, bar, strict=True)},
            **{f"ask_{name}": round(price + spread, 5) for name, price in zip(NAMES, bar, strict=True)},
        }
        for index, bar in enumerate(bars)
    ]
    arrow = pa.Table.from_pylist(rows)
    return arrow.set_column(0, "time", arrow["time"].cast(pa.timestamp("us", tz="UTC")))


NAMES = ("open", "high", "low", "close")


def simulator(backend, *bars, **options):
    arguments = {"costs": NONE, "account": ACCOUNT, "symbol": "EURUSD", "timeframe": "M1"} | options
    return ExecutionSimulator(table(FLAT, *bars), backend=backend.name, **arguments)


@pytest.mark.parametrize(
    ("direction", "type_", "entry", "bar", "price"),
    [
        ("long", "market", None, FLAT, 1.10020),
        ("short", "market", None, FLAT, 1.10000),
        ("long", "limit", 1.09950, (1.10000, 1.10010, 1.09900, 1.09920), 1.09950),
        ("short", "limit", 1.10050, (1.10000, 1.10100, 1.09990, 1.10080), 1.10050),
        ("long", "stop", 1.10070, (1.10000, 1.10100, 1.09990, 1.10080), 1.10070),
        ("short", "stop", 1.09950, (1.10000, 1.10010, 1.09900, 1.09920), 1.09950),
    ],
)
def test_market_limit_and_stop_orders_of_both_sides_fill_where_they_should(
    backend, direction, type_, entry, bar, price
):
    """S63."""
    sim = simulator(backend, bar, FLAT)
    given = sim.process_signal(Signal(direction=direction, type=type_, entry=entry, size=1.0))
    assert given.status == ("filled" if type_ == "market" else "working")
    assert given.executed

    sim.evaluate_exits()
    found = sim.result(given.order_id)
    assert (found.status, found.fill_price, found.size, found.code) == ("filled", price, 1.0, None)
    assert found.fill_time == 1_704_700_860_000_000


@pytest.mark.parametrize(
    ("high", "open_", "price"),
    [
        (1.10049, 1.10000, None),  # ask 1.10069: one point before
        (1.10050, 1.10000, 1.10070),  # touch
        (1.10051, 1.10000, 1.10070),  # one point beyond
        (1.10120, 1.10100, 1.10120),  # opens beyond: at the ask's open
    ],
)
def test_a_stop_is_triggered_at_its_price_and_through_a_gap_at_the_open(backend, high, open_, price):
    """S64, S74."""
    sim = simulator(backend, (open_, high, 1.09990, 1.10000), FLAT)
    order = sim.process_signal(Signal(direction="long", type="stop", entry=1.10070, size=1.0))
    sim.evaluate_exits()

    assert sim.result(order.order_id).fill_price == price


def test_every_kind_of_exit_has_price_and_profit(backend):
    """S65: profit = lots x points x unit value; five positions, one bar, one signal."""
    sim = simulator(
        backend,
        FLAT,
        (1.10000, 1.10110, 1.09890, 1.10000),
        (1.10000, 1.10010, 1.09990, 1.10000),
        FLAT,
    )
    sim.process_signals(
        [
            Signal(direction="long", size=1.0, sl=1.09900),
            Signal(direction="long", size=0.5, tp=1.10100),
            Signal(direction="short", size=1.0),
            Signal(direction="long", size=1.0, magic=7),
        ]
    )
    opened = sim.evaluate_exits()
    assert opened["kind"] == ["no_exit"] * 4
    assert opened["pnl"] == [-20.0, -10.0, -20.0, -20.0]

    closed = {row.position_id: row for row in sim.evaluate_exit()}
    assert (closed[1].kind, closed[1].price, closed[1].pnl) == ("stop_loss", 1.09900, -120.0)
    assert (closed[2].kind, closed[2].price, closed[2].pnl) == ("take_profit", 1.10100, 40.0)
    assert (closed[3].kind, closed[3].pnl) == ("no_exit", -20.0)

    given = sim.process_signal(Signal(kind="close", magic=7))
    assert (given.status, given.fill_price) == ("closed", 1.10000)
    closed = {row.position_id: row for row in sim.evaluate_exit()}
    assert (closed[4].kind, closed[4].price, closed[4].pnl) == ("signal", 1.10000, -20.0)
    assert [row.kind for row in closed.values()] == ["signal", "no_exit"]


def test_a_trailing_stop_that_closes_is_named_so(backend):
    """S65: the best bid is 1.10200, the stop 100 points below."""
    rules = {"trailing": {"distance_points": 100}}
    bars = ((1.10000, 1.10200, 1.10000, 1.10200), (1.10200, 1.10200, 1.10050, 1.10060), FLAT)
    sim = simulator(backend, *bars, position_rules=rules)
    sim.process_signal(Signal(direction="long", size=1.0, sl=1.09900))
    sim.evaluate_exits()
    assert sim.active_positions[0].trailing_stop == 0.001
    assert sim.active_positions[0].stop_loss == 1.10100

    (row,) = sim.evaluate_exit()
    assert (row.kind, row.price, row.pnl) == ("trailing_stop", 1.10100, 80.0)


def test_signals_of_all_kinds_are_audited_in_the_order_given(backend):
    """S66."""
    sim = simulator(backend, FLAT, FLAT, FLAT)
    order = sim.process_signal(Signal(direction="long", size=1.0))
    modified = sim.process_signal(Signal(kind="modify", target=order.order_id, sl=1.09000))
    assert (modified.status, sim.active_positions[0].sl) == ("modified", 1.09000)
    closed = sim.process_signal(Signal(kind="close", target=order.order_id))
    dropped = sim.process_signal(Signal(kind="close", target=99))

    assert (closed.executed, closed.status, dropped.executed, dropped.status) == (True, "closed", False, "dropped")
    assert sim.table("recorded_signals")["kind"] == ["order", "modify", "close", "close"]
    assert sim.active_positions == ()


def test_a_position_has_the_agreed_fields_and_levels_are_optional(backend):
    """S67, S68."""
    sim = simulator(backend, FLAT, FLAT)
    sim.process_signal({"direction": "buy", "lots": 0.3, "magic": 5, "take_profit": 1.2})
    (position,) = sim.active_positions

    assert (position.symbol, position.magic_number, position.direction, position.size) == ("EURUSD", 5, 1, 0.3)
    assert (position.entry_price, position.entry_time) == (1.1002, 1_704_700_860_000_000)
    assert (position.take_profit, position.stop_loss, position.trailing_stop) == (1.2, None, None)
    assert (position.price, position.magic, position.tp, position.sl) == (1.1002, 5, 1.2, None)


BATCH = {"direction": ["long", "short", "long"], "size": [1.0, 0.5, 0.2], "sl_pips": [10.0, None, 20.0]}


@pytest.mark.parametrize("spelling", [pa.table, polars.DataFrame, dict, lambda columns: ipc(pa.table(columns))])
def test_a_batch_comes_in_as_any_table_and_as_bytes(backend, spelling):
    """S69: in through the Arrow interface or as IPC bytes, out the same way."""
    sim = simulator(backend, FLAT, FLAT)
    fills = sim.process_signals_batch(spelling(BATCH))

    assert fills["price"] == [1.1002, 1.1, 1.1002]
    assert pa.ipc.open_stream(fills.to_ipc()).read_all().equals(fills.to_arrow())
    assert pa.table(sim.positions_arrow())["size_lots"].to_pylist() == [1.0, 0.5, 0.2]


def ipc(arrow):
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, arrow.schema) as writer:
        writer.write_table(arrow)
    return sink.getvalue().to_pybytes()


def test_malformed_bytes_are_an_error_with_a_code(backend):
    """S69: every prefix, and one flipped byte at many places; a flip that still reads as a table may pass."""
    whole = ipc(pa.table(BATCH))
    sim = simulator(backend, FLAT, FLAT)
    for end in range(0, len(whole), 7):
        with pytest.raises(OmegaError) as raised:
            sim.process_signals_batch(whole[:end])
        assert raised.value.code == "data.shape"
    for place in range(0, len(whole), 5):
        broken = bytearray(whole)
        broken[place] ^= 0xFF
        try:
            sim.process_signals_batch(bytes(broken))
        except OmegaError:
            continue
    assert sim.stats.fills == len(sim.table("fills"))


def test_bars_come_in_as_bytes_too(backend):
    """S69."""
    arguments = {"costs": NONE, "account": ACCOUNT, "symbol": "EURUSD", "timeframe": "M1", "backend": backend.name}
    sim = ExecutionSimulator(ipc(table(FLAT, FLAT)), **arguments)
    assert sim.process_signal(Signal(direction="long", size=1.0)).fill_price == 1.1002
    with pytest.raises(OmegaError, match="Arrow IPC"):
        ExecutionSimulator(b"nonsense", **arguments)


def test_updates_come_as_a_table_and_refused_ones_come_back(backend):
    """S69: a stop above the market is refused, 0 removes a level, null leaves it."""
    sim = simulator(backend, FLAT, FLAT, FLAT)
    sim.process_signals_batch({"direction": ["long"] * 3, "size": [1.0] * 3, "stop_loss": [1.09] * 3})
    sim.evaluate_exits()
    refused = sim.apply_updates(
        pa.table({"position_id": [1, 2, 3], "stop_loss": [1.095, 0.0, 1.2], "take_profit": [None, 1.3, None]})
    )

    assert refused["code"] == ["order.invalid_stops"]
    assert [(p.stop_loss, p.take_profit) for p in sim.active_positions] == [(1.095, None), (None, 1.3), (1.09, None)]


COSTS = {
    "defaults": {
        "slippage": {"fixed_pips": 0.3, "random_pips": 0.4},
        "commission": {"per_lot": 3.5, "currency": "USD"},
        "swap": {"unit": "points", "long": -9.89, "short": 5.1},
        "spread": {"source": "data"},
    }
}


def test_sums_equal_those_over_the_fills(backend):
    """S71: a point of a lot is 1.00 USD. S70: no fill comes before its order."""
    sim = simulator(backend, *[FLAT] * 900, costs=COSTS)
    for size in (0.1, 0.7, 1.3):
        sim.process_signal(Signal(direction="long", size=size))
        sim.process_signal(Signal(direction="short", size=size))
        sim.evaluate_exits(290)
    sim.process_signal(Signal(kind="close", direction="short"))
    stats, fills = sim.stats, sim.table("fills").to_arrow().to_pylist()
    trades = sim.table("trades").to_arrow().to_pylist()

    assert stats.fills == len(fills) == 9
    assert math.isclose(stats.slippage, -sum(f["slippage_points"] * f["size_lots"] for f in fills), abs_tol=1e-9)
    assert math.isclose(stats.spread, -sum(f["spread_points"] * f["size_lots"] for f in fills), abs_tol=1e-9)
    assert math.isclose(stats.commission, sum(f["commission"] for f in fills), abs_tol=1e-9)
    assert math.isclose(stats.total, stats.slippage + stats.spread + stats.commission + stats.swap, abs_tol=1e-9)
    assert stats.slippage < 0 and stats.swap < 0 and math.isclose(stats.spread, -20 * 4.2, abs_tol=1e-9)
    orders = {row["id"]: row["time"] for row in sim.table("orders").to_arrow().to_pylist()}
    assert all(fill["time"] >= orders[fill["position_id"]] for fill in fills)
    for trade in trades:  # S72
        parts = ("gross_cost_free", "slippage", "spread", "commission", "swap")
        assert math.isclose(sum(trade[part] for part in parts), trade["net"], abs_tol=1e-9)


def test_one_result_carries_its_own_costs(backend):
    """S81: 3 points of fixed slippage on 2 lots, 20 points of spread, 3.50 a lot."""
    costs = {"defaults": {**COSTS["defaults"], "slippage": {"fixed_pips": 0.3}}}
    sim = simulator(backend, FLAT, costs=costs)
    found = sim.process_signal(Signal(direction="long", size=2.0))

    assert (found.fill_price, found.slippage, found.spread, found.commission) == (1.10023, -6.0, -40.0, -7.0)


@pytest.mark.parametrize(
    ("signal", "code"),
    [
        (Signal(direction="long", size=1.0, sl=1.2), "order.invalid_stops"),
        (Signal(direction="long", size=0.015), "size.off_grid"),
        (Signal(direction="long", size=-1.0), "size.negative"),
        ({"direction": "up", "size": 1.0}, "signal.unknown_direction"),
        ({"direction": "long", "symbol": "GBPUSD"}, "signal.unknown_symbol"),
        (Signal(kind="close"), "position.not_found"),
    ],
)
def test_a_refused_signal_is_a_result_with_its_code(backend, capsys, signal, code):
    """S81: never printed."""
    sim = simulator(backend, FLAT)
    found = sim.process_signal(signal)

    assert (found.executed, found.status, found.code, found.fill_price) == (False, "rejected", code, None)
    assert capsys.readouterr() == ("", "")


def test_under_fail_a_bad_signal_raises_and_nothing_of_its_batch_is_taken_in(backend):
    sim = simulator(backend, FLAT, execution={"on_bad_signal": "fail"})
    with pytest.raises(OmegaError) as raised:
        sim.process_signals_batch({"direction": ["long", "long"], "size": [1.0, 0.015]})
    assert raised.value.code == "size.off_grid"
    assert sim.process_signal(Signal(direction="long", size=1.0)).order_id == 1


def test_signal_close_fills_at_the_close_that_just_passed(backend):
    sim = simulator(backend, (1.2, 1.2, 1.2, 1.2), execution={"fill": "signal_close"})
    found = sim.process_signal(Signal(direction="long", size=1.0))
    assert (found.fill_price, found.fill_time) == (1.1002, 1_704_700_860_000_000)


def test_behind_the_last_bar_a_signal_waits_for_what_never_comes(backend):
    sim = simulator(backend)
    assert sim.bars_left == 0
    found = sim.process_signal(Signal(direction="long", size=1.0))
    assert (found.executed, found.status) == (False, "waiting")
    assert sim.finish()["rejections"]["code"] == ["order.no_more_bars"]


def test_latency_makes_a_signal_wait_for_its_bar(backend):
    """S75: 90 s are one whole bar of a minute."""
    sim = simulator(backend, FLAT, (1.1001, 1.1001, 1.1001, 1.1001), FLAT, execution={"latency_ms": 90_000})
    order = sim.process_signal(Signal(direction="long", size=1.0))
    assert order.status == "waiting"
    sim.evaluate_exits(2)
    assert sim.result(order.order_id).fill_price == 1.1003


def test_an_unknown_field_or_symbol_is_an_error(backend):
    """S79."""
    with pytest.raises(OmegaError) as raised:
        simulator(backend, FLAT, costs={"defaults": {**NONE["defaults"], "comission": 1}})
    assert raised.value.code == "config.unknown_key"
    with pytest.raises(OmegaError):
        simulator(backend, FLAT, symbol="EURUSDX")


def test_a_symbol_spec_of_your_own_takes_the_place_of_the_bundled_one(backend):
    spec = load_specs()["EURUSD"]
    values = {name: getattr(spec, name) for name in spec.__dataclass_fields__}
    own = SymbolSpec(**{**values, "contract_size": 1_000})
    sim = simulator(backend, FLAT, symbol=own)
    sim.process_signal(Signal(direction="long", size=1.0))
    assert sim.evaluate_exits()["pnl"] == [-0.2]


def test_a_batch_of_n_equals_n_singles(backend):
    """S80."""
    rows = [{"direction": d, "size": s, "sl_pips": p} for d in ("long", "short") for s in (0.1, 2.0) for p in (5, 50)]
    ones, batch = (simulator(backend, *[FLAT] * 3, costs=COSTS) for _ in range(2))
    ones.process_signals(rows)
    batch.process_signals_batch({name: [row[name] for row in rows] for name in rows[0]})
    for sim in (ones, batch):
        sim.evaluate_exits(3)

    for name in ("recorded_signals", "orders", "fills", "ledger"):
        left, right = (sim.table(name).to_arrow() for sim in (ones, batch))
        assert left.drop_columns([n for n in ("row",) if n in left.column_names]).equals(
            right.drop_columns([n for n in ("row",) if n in right.column_names])
        ), name
    assert ones.stats == batch.stats


@pytest.mark.parametrize("bars", [-1, 1.5, True, None])
def test_a_number_of_bars_is_a_whole_number(backend, bars):
    with pytest.raises(OmegaError):
        simulator(backend, FLAT).evaluate_exits(bars)


def first_exit(position, bars):
    """Return bar and kind of a position's exit, one comparison after the other, or None."""
    _, direction, sl, tp = position
    for index, bar in enumerate(bars):
        open_, high, low = (price + (20 if direction < 0 else 0) for price in bar[:3])
        is_new = index == 0
        is_stopped = low <= sl if direction > 0 else high >= sl
        is_taken = high >= tp if direction > 0 else low <= tp
        if not is_new and direction * (open_ - tp) >= 0:
            return index, "take_profit"
        if is_stopped or is_taken:
            return index, "stop_loss" if is_stopped else "take_profit"
    return None


def test_many_positions_at_once_are_checked_as_each_by_itself(backend):
    """S45: more than 1e5 pairs of a position and a bar, against one comparison after the other."""
    draw = random.Random(45)
    bars, bid = [], 110_000
    for _ in range(60):
        bid += draw.choice((0, 0, 0, 40, -40))
        close = bid + draw.randint(-60, 60)
        bars.append((bid, max(bid, close) + draw.randint(0, 40), min(bid, close) - draw.randint(0, 40), close))
        bid = close
    positions = []
    for _ in range(3_000):
        direction = draw.choice((1, -1))
        entry = bars[0][0] + (20 if direction > 0 else 0)
        distances = draw.randint(100, 3_000), draw.randint(100, 3_000)
        positions.append((entry, direction, entry - direction * distances[0], entry + direction * distances[1]))
    expected = [first_exit(position, bars) for position in positions]
    checked = sum(len(bars) if found is None else found[0] + 1 for found in expected)
    assert checked > 100_000
    assert len({found and found[1] for found in expected}) == 3

    sim = simulator(backend, *[tuple(price / 1e5 for price in bar) for bar in bars])
    sim.process_signals_batch(
        {
            "direction": ["long" if position[1] > 0 else "short" for position in positions],
            "size": [0.01] * len(positions),
            "sl": [position[2] / 1e5 for position in positions],
            "tp": [position[3] / 1e5 for position in positions],
        }
    )
    seen = {}
    for index in range(len(bars)):
        for row in sim.evaluate_exit():
            if row.kind != "no_exit":
                seen[row.position_id] = (index, row.kind)

    assert [seen.get(number) for number in range(1, len(positions) + 1)] == expected


class Given(Strategy):
    """Asks for what the test gives the simulator."""

    def on_batch(self, batch):
        return {
            "bar_idx": [0, 0, 3, 5, 9],
            "kind": ["order", "order", "order", "order", "close"],
            "direction": ["long", "short", "long", "short", None],
            "type": ["market", "market", "limit", "stop", "market"],
            "entry": [None, None, 1.0998, 1.0995, None],
            "size": [0.1, 0.2, 0.3, 0.4, None],
            "sl_pips": [5.0, 20.0, 30.0, 30.0, None],
            "tp_pips": [10.0, None, None, 8.0, None],
            "magic": [1, 2, 3, 4, 2],
        }


def test_it_ends_as_a_backtest_of_the_same_signals(backend):
    """API-5: the component and the run share the engine, its costs and its tables."""
    draw, bars, bid = random.Random(3), [], 110_000
    for _ in range(40):
        close = bid + draw.randint(-40, 40)
        bars.append((bid, max(bid, close) + draw.randint(0, 30), min(bid, close) - draw.randint(0, 30), close))
        bid = close
    data = market_data(table(*[tuple(price / 1e5 for price in bar) for bar in bars]), "EURUSD", "M1")
    options = {"costs": COSTS, "account": ACCOUNT, "backend": backend.name}
    run = backtest(data, Given, sizing={"fixed_lots": 1}, **options)

    sim, asked = ExecutionSimulator(data, **options), pa.table(Given().on_batch(None))
    for bar_idx in (0, 3, 5, 9):
        while sim.bars_left > len(bars) - 1 - bar_idx:
            sim.evaluate_exits()
        sim.process_signals_batch(asked.filter(pa.compute.equal(asked["bar_idx"], bar_idx)))
    tables = sim.finish()

    assert len(run.trades) == 4
    for name in ("id", "entry_price", "exit_price", "exit_time", "net", "slippage", "spread", "commission", "reason"):
        assert tables["trades"][name] == run.trades[name], name
    assert tables["ledger"]["amount"] == run.ledger["amount"]
