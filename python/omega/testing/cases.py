"""Generated simulation cases: a market, signals and a plan from one drawn seed.

A case is made of (seed, length, planted events), so that Hypothesis shrinks to fewer bars and fewer events
rather than to other prices. Cases reach what is rare in real data: gaps over stops, bars that touch stop and
target, levels on the wrong side, sizes off the grid, closes of positions that never opened.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from omega.data import MarketTables
from omega.strategy.normalise import bad_row
from omega.strategy.normalise_batch import table_of_rows
from omega.testing.bars import looking_inside, market_of
from omega.testing.finer_cases import make_finer
from omega.testing.plans import with_features_off
from omega.testing.rule_cases import make_rules

__all__ = ["EVENTS", "Case", "make_case", "simulation_cases"]

EVENTS = ("gap_up", "gap_down", "wide_bar", "flat_bar", "no_spread", "wide_spread", "missing_bars", "missing_days")
MINUTE_US = 60_000_000
DAY_US = 1_440 * MINUTE_US
IMPACTS = (
    {"curve": "linear", "points": [2, 1], "liquidity_steps": [100, 3]},
    {"curve": "square_root", "points": [7, 3], "liquidity_steps": [50, 1]},
)
SCHEMES = ("per_lot", "per_million_notional", "percent_of_notional", "per_trade")
LATENCIES_US = (200_000, 5 * MINUTE_US, 5 * MINUTE_US + 1, 20 * MINUTE_US, 37 * MINUTE_US)
AT_MARKET = (None, None, None, None, 1, None, None, None)
START_US = 1_704_672_000_000_000  # Monday 2024-01-08


@dataclass(frozen=True)
class Case:
    """One simulation: what crosses the seam. `signals` is None where the plan names a native strategy."""

    seed: int
    length: int
    events: tuple[tuple[str, int], ...]
    tables: MarketTables
    signals: pa.Table | None
    plan: str

    def __repr__(self) -> str:
        return f"make_case({self.seed}, {self.length}, {self.events})"


def simulation_cases(*, max_bars: int = 300) -> st.SearchStrategy[Case]:
    """Return a Hypothesis strategy for cases of 3 to `max_bars` bars."""
    event = st.tuples(st.sampled_from(EVENTS), st.integers(0, max_bars))
    return st.builds(
        make_case,
        seed=st.integers(0, 2**32 - 1),
        length=st.integers(3, max_bars),
        events=st.lists(event, max_size=8).map(tuple),
    )


def make_case(seed: int, length: int, events: Sequence[tuple[str, int]] = ()) -> Case:
    """Return the case of a seed: bars, signals and plan; equal arguments give equal cases."""
    draw = random.Random(seed)
    digits = draw.choice((5, 5, 3, 2))
    first_step = draw.choice((0, 0, 1, length // 3))
    columns = make_bars(draw, length, events)
    plan = make_plan(draw, digits, first_step)
    plan |= make_rules(random.Random(f"rules {seed}"), columns)
    tables = make_market(random.Random(f"finer {seed}"), columns, plan)
    native = draw.random() < 0.15
    if native:
        fast = draw.randint(1, 8)
        parameters = {"fast": fast, "slow": draw.randint(1, 20), "stop_pips": draw.choice((1.0, 4.5, 20.0))}
        parameters["target_pips"] = draw.choice((2.0, 30.0))
        plan["strategy"] = {"native": "ema_cross", "parameters": parameters}
    signals = None if native else table_of_rows(make_signals(draw, columns, plan))
    text = json.dumps(plan, sort_keys=True, separators=(",", ":"))
    return Case(seed, length, tuple(events), tables, signals, text)


def make_market(draw: random.Random, columns: dict[str, list[Any]], plan: dict[str, Any]) -> MarketTables:
    """Return the market of a case; in one of three there are finer bars, and a latency or a rule that looks at them."""
    digits, first_step = plan["symbols"][0]["digits"], plan["first_step"]
    finer = make_finer(draw, columns) if draw.random() < 0.35 else None
    if not finer or not finer["time"]:
        return market_of([columns], digits=digits, timeframes=("M15",), first_step=first_step)
    if draw.random() < 0.6:
        plan["execution"]["intrabar"] = "finer"
    if draw.random() < 0.7:
        plan["execution"]["latency_us"] = draw.choice(LATENCIES_US)
    series, timeframes = [columns, finer], ("M15", "M5")
    tables = market_of(series, digits=digits, timeframes=timeframes, visible=(None, None), first_step=first_step)
    return looking_inside(tables)


def make_bars(draw: random.Random, length: int, events: Sequence[tuple[str, int]]) -> dict[str, list[Any]]:
    """Return the columns of a random walk in points, both sides valid at every bar."""
    planted = {place % length: name for name, place in events}
    names = [f"{side}_{price}" for side in ("bid", "ask") for price in ("open", "high", "low", "close")]
    columns: dict[str, list[Any]] = {name: [] for name in ("time", "close_time", *names, "volume")}
    close, time_us = 20_000 + draw.randrange(100_000), START_US
    reach = draw.choice((5, 40, 200))
    for bar_idx in range(length):
        event = planted.get(bar_idx)
        missing = {"missing_bars": (2, 40), "missing_days": (90, 700)}.get(event or "")
        time_us += 15 * MINUTE_US * (draw.randint(*missing) if missing else 1)
        bid = _bid_prices(draw, close, reach, event)
        ask = _ask_prices(draw, bid, event)
        close = bid[3]
        values = (time_us, time_us + 15 * MINUTE_US, *bid, *ask, draw.choice((None, 1.0, 250.5)))
        for column, value in zip(columns.values(), values, strict=True):
            column.append(value)
    return columns


def make_plan(draw: random.Random, digits: int, first_step: int) -> dict[str, Any]:
    """Return a plan with every choice of this version drawn."""
    charged = draw.random() < 0.7
    minimum_steps = draw.choice((1, 1, 5))
    fixed = {"mode": "fixed_lots", "steps": draw.randint(1, 40)}
    risk = {"mode": "risk_amount", "amount": draw.choice(([100, 1], [1, 3], [2501, 2]))}
    return with_features_off(
        {
            "version": 1,
            "account": {
                "currency": "USD",
                "digits": draw.choice((2, 2, 0, 3)),
                "balance": draw.choice((10_000, 10_000_000)),
            },
            "symbols": [
                {
                    "name": "EURUSD",
                    "digits": digits,
                    "pip_points": draw.choice((10, 10, 1)),
                    "tick_points": draw.choice((1, 1, 5, 25)),
                    "value": draw.choice(([1, 100], [1, 1000], [1, 3], [7, 2])),
                    "volume_step": draw.choice(([1, 100], [1, 10], [1, 1])),
                    "volume_min_steps": minimum_steps,
                    "volume_max_steps": draw.choice((minimum_steps + 3, 10_000)),
                    "min_stop_points": draw.choice((0, 0, 30)),
                    "slippage": {
                        "fixed_points": draw.choice(([0, 1], [5, 2], [1, 3], [4, 1])),
                        "random_points": draw.choice((0, 0, 3, 50)),
                        "impact": draw.choice((None, None, *IMPACTS)),
                        "volatility": draw.choice((None, None, None, None, None, [1, 20], [1, 3])),
                    },
                    "commission": {
                        "scheme": draw.choice(SCHEMES),
                        "rate": draw.choice(([7, 2], [1, 3])) if charged else [0, 1],
                        "minimum": draw.choice(([0, 1], [5, 4])) if charged else [0, 1],
                        "on_entry": draw.random() < 0.7,
                        "on_exit": draw.random() < 0.7,
                    },
                    "swap": make_swap(draw) if draw.random() < 0.7 else None,
                    "liquidity": draw.choice((None, {"lots": [1, 1]}, {"lots_per_volume_unit": [1, 2]})),
                }
            ],
            "execution": {
                "fill": draw.choice(("next_open", "next_open", "signal_close")),
                "intrabar": draw.choice(("stop_first", "stop_first", "target_first", "nearest_extreme", "bar_color")),
                "limit_through_points": draw.choice((0, 0, 0, 2)),
                "latency_us": draw.choice((0, 0, 0, 20 * MINUTE_US)),
                "max_participation": draw.choice((None, None, None, [1, 10])),
                "close_at_end": draw.random() < 0.7,
                "on_bad_signal": draw.choice(("reject", "reject", "fail")),
                "seed": draw.choice((0, 1, 2**64 - 1)),
            },
            "sizing": draw.choice((fixed, risk)) | {"min_lot": draw.choice(("reject", "round_up"))},
            "first_step": first_step,
            "strategy": None,
            "metrics": {"risk_free": draw.choice(([0, 1], [3, 100])), "days": draw.choice((5, 7))},
            "rating": {"seed": draw.randrange(100), "bootstrap": "auto", "samples": 50, "dropout_samples": 20},
        }
    )


def make_swap(draw: random.Random) -> dict[str, Any]:
    """Return a swap in any unit, with rates of either sign and rates that begin within the bars or near them."""
    rates = ([-989, 100], [51, 10], [-1, 3], [0, 1], [-250, 1])
    days = sorted(draw.sample(range(START_US // DAY_US - 2, START_US // DAY_US + 6), draw.choice((0, 0, 1, 2))))
    return {
        "unit": draw.choice(("points", "money", "percent")),
        "long": draw.choice(rates),
        "short": draw.choice(rates),
        "multipliers": draw.choice(([1, 1, 3, 1, 1, 0, 0], [1] * 7, [3, 10, 2, 1, 0, 0, 1])),
        "dated": [[day, draw.choice(rates), draw.choice(rates)] for day in days],
    }


def make_signals(draw: random.Random, columns: dict[str, list[Any]], plan: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Return signal rows in order of their bars; with "fail", only one table in three holds bad ones."""
    length = len(columns["time"])
    bars = sorted(draw.randrange(length) for _ in range(draw.randrange(length + 1)))
    tolerant = plan["execution"]["on_bad_signal"] == "reject"
    spoil = 0.1 if tolerant or draw.random() < 0.33 else 0.0
    rows = []
    for number, bar_idx in enumerate(bars, start=1):
        if draw.random() < spoil / 3:
            rows.append(bad_row(bar_idx, draw.choice((6001, 6003, 6007))))
        elif draw.random() < 0.2:
            rows.append(_close(draw, bar_idx, number))
        elif draw.random() < 0.15:
            rows.append(_change(draw, bar_idx, number, columns["bid_close"][bar_idx], plan, spoil=spoil))
        else:
            rows.append(_order(draw, bar_idx, columns["bid_close"][bar_idx], plan, spoil=spoil))
    return rows


def _bid_prices(draw: random.Random, close: int, reach: int, event: str | None) -> tuple[int, int, int, int]:
    gap = {"gap_up": 6 * reach, "gap_down": -6 * reach}.get(event or "", draw.randint(-2, 2))
    opened = max(200, close + gap)
    if event == "flat_bar":
        return (opened,) * 4
    width = reach * (12 if event == "wide_bar" else 1)
    closed = max(200, opened + draw.randint(-width, width))
    high = max(opened, closed) + draw.randrange(width)
    low = max(100, min(opened, closed) - draw.randrange(width))
    return opened, high, low, closed


def _ask_prices(draw: random.Random, bid: tuple[int, int, int, int], event: str | None) -> tuple[int, int, int, int]:
    if event == "no_spread":
        return bid
    spread = draw.choice((1, 8, 8, 25)) * (20 if event == "wide_spread" else 1)
    if draw.random() < 0.5:
        return bid[0] + spread, bid[1] + spread, bid[2] + spread, bid[3] + spread
    opened, high, low, closed = (price + draw.randint(0, spread) for price in bid)
    return opened, max(opened, high, low, closed), min(opened, high, low, closed), closed


def _order(draw: random.Random, bar_idx: int, close: int, plan: dict[str, Any], *, spoil: float) -> tuple[Any, ...]:
    direction = draw.choice((1, -1))
    scale = float(10 ** plan["symbols"][0]["digits"])
    step, lots = plan["symbols"][0]["volume_step"], draw.randint(1, 30)
    size = draw.choice((None, None, lots * step[0] / step[1]))
    levels: dict[str, float] = {}
    for name, side in (("sl", -direction), ("tp", direction)):
        unit = draw.choice((None, "", "", "_points", "_pips"))
        distance = draw.choice((3.0, 20.0, 55.5, 150.0, 700.0))
        if unit == "":
            levels[name] = (close + side * distance) / scale
        elif unit is not None:
            levels[name + unit] = distance / (10.0 if unit == "_pips" else 1.0)
    if draw.random() < spoil:
        broken = draw.choice(("sl", "tp", "sl_points", "tp_pips", "size"))
        value = draw.choice((0.0, -1.0, float("nan"), float("inf"), 1e300, 0.123456))
        size = value if broken == "size" else size
        levels |= {} if broken == "size" else {broken: value}
    given = [levels.get(name) for name in ("sl", "tp", "sl_points", "tp_points", "sl_pips", "tp_pips")]
    magic = draw.choice((None, None, 7, -3))
    order_type, pending = 1, AT_MARKET
    if draw.random() < 0.5:
        order_type, pending = _pending(draw, bar_idx, close / scale, 1.0 / scale, spoil=spoil)
    return (bar_idx, 1, direction, order_type, 0, magic, None, size, *given, *pending, 0)


def _close(draw: random.Random, bar_idx: int, number: int) -> tuple[Any, ...]:
    target = draw.choice((None, draw.randint(1, number + 2)))
    magic = draw.choice((None, None, 0, 7, -3))
    share = draw.choice((None, None, 0.5, 0.29, 1.0, 1e-9))
    at_market = (*AT_MARKET[:6], share, None)
    return (bar_idx, 2, draw.choice((0, 0, 1, -1)), 1, 0, magic, target, *[None] * 7, *at_market, 0)


def _pending(
    draw: random.Random, bar_idx: int, close: float, point: float, *, spoil: float
) -> tuple[int, tuple[Any, ...]]:
    """Return an order type and the columns of an order that waits near the market."""
    order_type = draw.choice((2, 3, 4))
    entry: float | None = close + point * draw.choice((-150, -30, -8, 0, 8, 30, 150))
    limit = close + point * draw.choice((-60, -10, 0, 10, 60)) if order_type == 4 else None
    if draw.random() < spoil:
        entry = draw.choice((None, -1.0, float("nan")))
    expiry_us = START_US + (bar_idx + draw.randint(0, 40)) * 15 * MINUTE_US + draw.choice((0, 1, 7 * MINUTE_US))
    expiry = None if draw.random() < 0.6 else expiry_us
    bars = draw.randint(0 if spoil else 1, 12) if expiry is None and draw.random() < 0.3 else None
    tif = draw.choice((1, 1, 1, 2 if expiry or bars or spoil else 1, 3, 4, 5))
    return order_type, (entry, limit, expiry, bars, tif, draw.choice((None, None, 1, 2)), None, None)


def _change(
    draw: random.Random, bar_idx: int, number: int, close: int, plan: dict[str, Any], *, spoil: float
) -> tuple[Any, ...]:
    """Return a cancel or a modification of something that may be there."""
    scale = float(10 ** plan["symbols"][0]["digits"])
    target = draw.randint(max(1, number - 12), number)
    if draw.random() < 0.4:
        named = draw.choice((None, target, target))
        magic = draw.choice((None, None, 0, 7, -3))
        return (bar_idx, 3, draw.choice((0, 0, 1, -1)), 1, 0, magic, named, *[None] * 7, *AT_MARKET, 0)
    near = [(close + draw.choice((-200, -40, -9, 9, 40, 200))) / scale for _ in range(3)]
    sl = draw.choice((None, near[0], 0.0, -1.0 if spoil else None))
    tp = draw.choice((None, near[1], 0.0))
    points = draw.choice((None, 25.0)) if sl is None else None
    pending = (draw.choice((None, near[2])), None, None, draw.choice((None, None, 3)), 1, None, None, None)
    named = None if draw.random() < spoil / 2 else target
    return (bar_idx, 4, 0, 1, 0, None, named, None, sl, tp, points, None, None, None, *pending, 0)
