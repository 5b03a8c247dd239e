"""FIL-13 at its edges, worked by hand: minutes inside quarters of an hour, prices in whole points, a spread of 2."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pytest

from omega.data import MarketTables
from omega.errors import ConfigError
from omega.strategy.latency import Latency
from omega.strategy.normalise_batch import table_of_rows
from omega.testing.bars import MONDAY, looking_inside, market_of
from omega.testing.small_runs import order, picked, plan_of, rows_of

MINUTE_US = 60_000_000
MIDNIGHT_US = int(MONDAY.timestamp()) * 1_000_000
FLAT = (1000, 1000, 1000, 1000)
SIDES = (("bid", 0), ("ask", 2))
Bar = tuple[int, int, int, int]


def at(minute: float) -> int:
    return MIDNIGHT_US + int(minute * MINUTE_US)


def columns(bars: dict[int, Bar], length: int) -> dict[str, list[Any]]:
    """Return `bars` columns of bars by the minute at which they open."""
    found: dict[str, list[Any]] = {
        "time": [at(minute) for minute in bars],
        "close_time": [at(minute + length) for minute in bars],
    }
    for side, spread in SIDES:
        for place, price in enumerate(("open", "high", "low", "close")):
            found[f"{side}_{price}"] = [bar[place] + spread for bar in bars.values()]
    return found | {"volume": [None] * len(bars)}


def market(quarters: dict[int, Bar], minutes: dict[int, Bar], timeframe: str = "M15", length: int = 15) -> MarketTables:
    series = [columns(quarters, length), columns(minutes, 1)]
    return looking_inside(market_of(series, digits=0, timeframes=(timeframe, "M1"), visible=(None, None)))


def joined(minutes: dict[int, Bar]) -> dict[int, Bar]:
    """Return five quarters: flat, but for the fourth, which the minutes make."""
    bars = list(minutes.values())
    fourth = (bars[0][0], max(bar[1] for bar in bars), min(bar[2] for bar in bars), bars[-1][3])
    return {0: FLAT, 15: FLAT, 30: FLAT, 45: fourth, 60: (fourth[3],) * 4}


def run(backend: Any, tables: MarketTables, rows: Sequence[tuple[Any, ...]], **execution: Any) -> Any:
    opened = backend.open_market(tables.header, tables.series, tables.visible, tables.calendar)
    plan = json.dumps(plan_of(**{"close_at_end": True, "latency_us": 6 * MINUTE_US + 1} | execution))
    return rows_of(backend.simulate(opened, table_of_rows(list(rows)), plan))


def flat(*minutes: int) -> dict[int, Bar]:
    return dict.fromkeys(minutes, FLAT)


# Flat but for 00:52, which opens at 995 and falls to 990, and 00:53, which rises to 1040.
LIVELY = flat(*range(45, 60)) | {52: (995, 1000, 990, 1000), 53: (1000, 1040, 1000, 1000)}
# Flat but for 00:57, which falls to 900.
FALLING = flat(*range(45, 60)) | {57: (1000, 1000, 900, 1000)}


@pytest.mark.parametrize("intrabar", ["stop_first", "target_first", "finer"])
def test_what_fills_at_the_open_of_its_part_is_not_ambiguous(backend: Any, intrabar: str) -> None:
    """FIL-7, FIL-8: a limit at 1000 meets the ask at 997 at 00:52; all that follows comes after: +33 points."""
    rows = [order(2, order_type=2, entry=1000.0, sl=900.0, tp=1030.0)]
    (trade,) = run(backend, market(joined(LIVELY), LIVELY), rows, intrabar=intrabar)["trades"]

    assert picked(trade, "entry_price", "exit_price", "reason") == (997.0, 1030.0, "take_profit")
    assert not trade["ambiguous"]


@pytest.mark.parametrize("intrabar", ["stop_first", "finer"])
def test_a_rival_that_is_reached_later_contests_nothing(backend: Any, intrabar: str) -> None:
    """FIL-11: the limit at 1010 fills at the open of the part, and its rival at 950 is cancelled before 00:57."""
    rows = [order(2, order_type=2, entry=entry, oco=1) for entry in (1010.0, 950.0)]
    results = run(backend, market(joined(FALLING), FALLING), rows, intrabar=intrabar)

    assert [picked(row, "id", "status") for row in results["orders"]] == [(1, "filled"), (2, "cancelled_by_oco")]
    assert [row["ambiguous"] for row in results["trades"]] == [False]


def test_the_last_known_price_is_never_older_than_the_bar_before(backend: Any) -> None:
    """LOOP step 2: minutes end at 900 at 00:06 and go on at 00:52, but the bar before 00:45 closed at 1000."""
    minutes = {0: FLAT, 5: (1000, 1000, 900, 900)} | flat(*range(52, 60))
    quarters = {0: (1000, 1000, 900, 900)} | flat(15, 30, 45, 60)
    rows = [order(0), order(2, kind=4, direction=0, target=1, sl=950.0)]

    assert run(backend, market(quarters, minutes), rows)["rejections"] == []


def test_a_day_order_ends_with_the_session_it_arrives_in(backend: Any) -> None:
    """FIL-15: it leaves at 20:00 and arrives at 22:30, after the rollover at 22:00: it ends with the next one."""
    fours = flat(*range(0, 2880, 240))
    rows = [order(4, order_type=2, entry=900.0, tif=3)]
    tables = market(fours, flat(*range(1200, 1440)), "H4", 240)
    (row,) = run(backend, tables, rows, latency_us=150 * MINUTE_US)["orders"]

    assert picked(row, "bar_idx", "expiry") == (5, MONDAY + datetime.timedelta(days=1, hours=22))


@pytest.mark.parametrize(("latency_us", "minute"), [(0, 45), (7 * MINUTE_US + 1, 50)])
def test_a_modification_to_a_past_expiry_ends_the_order(backend: Any, latency_us: int, minute: int) -> None:
    """FIL-15: it works while time < expiry; at 00:45, or when the change arrives at 00:53, that is over."""
    rows = [order(0, order_type=2, entry=950.0), order(2, kind=4, direction=0, target=1, expiry=at(minute))]
    results = run(backend, market(joined(FALLING), FALLING), rows, latency_us=latency_us)

    assert [picked(row, "status", "filled_steps") for row in results["orders"]] == [("expired", 0)]
    assert results["fills"] == []


def test_a_modification_of_something_else_leaves_a_straddled_expiry(backend: Any) -> None:
    """FIL-15: the bar opens before the expiry at 00:50, so the order works in it, changed at 00:53 or not."""
    rows = [
        order(0, order_type=2, entry=950.0, tif=2, expiry=at(50)),
        order(2, kind=4, direction=0, target=1, sl=800.0),
    ]
    results = run(backend, market(joined(FALLING), FALLING), rows, latency_us=7 * MINUTE_US + 1)

    assert [picked(row, "entry_price", "ambiguous") for row in results["trades"]] == [(950.0, True)]


def test_minutes_that_are_not_believed_leave_the_close_and_the_memo_of_the_bar(backend: Any) -> None:
    """FIL-7, CST-5: the quarter falls to the stop at 900, no minute does: out at 900; the order works at ask C 1002."""
    minutes = flat(*range(45, 60))
    quarters = joined(minutes) | {45: (1000, 1000, 890, 1000)}
    rows = [order(0, sl=900.0), order(2)]
    results = run(backend, market(quarters, minutes), rows)
    entries = [picked(row, "position_id", "raw_price", "moment", "spread_points") for row in results["fills"]]

    assert entries[:3] == [(1, 1002, "open", 2), (1, 900, "inside", 0), (2, 1002, "inside", 2)]
    assert [picked(row, "code", "count") for row in results["diagnostics"]] == [("fill.finer_missing", 1)]


def test_a_run_with_finer_bars_takes_no_more_bars(backend: Any) -> None:
    """Bars that follow have no finer ones, and something may be on its way into them."""
    tables = market(joined(FALLING), FALLING)
    opened = backend.open_market(tables.header, tables.series, tables.visible, tables.calendar)
    header = json.dumps({"symbols": [{"name": "EURUSD", "digits": 0}], "series": [{"symbol": 0, "timeframe": "M15"}]})
    more = backend.open_market(header, tables.series[:1], (None,), tables.calendar)
    simulator = backend.open_simulator(opened, json.dumps(plan_of(latency_us=1)))

    with pytest.raises(ConfigError, match="one series"):
        simulator.extend(more)


def test_a_minute_outside_every_quarter_is_no_price() -> None:
    """What a strategy sees: the close decided at 00:15 arrives at 00:35 and works at 01:00; 00:40 lies in no bar."""
    tables = market(flat(0, 15, 60), flat(40))
    latency = Latency({"execution": {"latency_us": 20 * MINUTE_US}}, tables)

    assert [latency.is_waiting(0, cursor) for cursor in (0, 1)] == [True, True]


@pytest.mark.parametrize("sample", [1, 2, 3])
def test_noise_carries_the_minutes_along(backend: Any, sample: int) -> None:
    """RAT-3: the moved quarter is still made of its minutes; where its open moved by m, so did they, inside it."""
    lively = {
        minute: (1000 + place, 1007 + place, 995 + place, 1000 + place) for place, minute in enumerate(range(240, 255))
    }
    quarters = {start: (1000, 1020, 980, 1000) for start in range(0, 300, 15)} | {240: (1000, 1021, 995, 1014)}
    tables = market(quarters, lively)
    opened = backend.open_market(tables.header, tables.series, tables.visible, tables.calendar)
    stress = json.dumps({"spread": [1, 1], "noise": sample, "seed": 5})
    moved, minutes = (pa.table(bars).to_pylist() for bars in backend.stress_market(opened, stress))
    (quarter,) = [row for row in moved if row["time"] == minutes[0]["time"]]

    for side, spread in SIDES:
        opens, highs, lows, closes = (
            [row[f"{side}_{price}"] for row in minutes] for price in ("open", "high", "low", "close")
        )
        whole = [quarter[f"{side}_{price}"] for price in ("open", "high", "low", "close")]
        assert [opens[0], max(highs), min(lows), closes[-1]] == whole
        change = whole[0] - 1000 - spread
        assert change != 0
        expected = [min(max(1000 + place + spread + change, whole[2]), whole[1]) for place in range(15)]
        assert opens == expected
