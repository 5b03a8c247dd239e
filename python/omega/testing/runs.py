"""Small runs for tests: prices in whole points, signals by field, a plan with one change each.

A point of one step is worth 1/100 of the quote currency, 100 steps are a lot; the usual bar has bid 110000 and
spread 20, so a long enters at 110020 and a lot makes 1.00 per point.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from omega.backends.protocol import Backend
from omega.data import MarketTables
from omega.error_catalogue import CODE_BY_NUMBER
from omega.schema import ENUMS, TABLES
from omega.strategy.normalise_batch import table_of_rows
from omega.testing.bars import bars_of
from omega.testing.plans import with_features_off

__all__ = ["FLAT", "LONG", "PLAN", "SHORT", "close", "market", "plan", "run", "signal", "walk", "with_pair"]

HEADER = "open high low close"
FLAT = "110000 110010 109990 110000"
PLAN: dict[str, Any] = with_features_off(
    {
        "version": 1,
        "account": {"currency": "USD", "digits": 2, "balance": 1_000_000},
        "symbols": [
            {
                **{"name": "EURUSD", "digits": 0, "pip_points": 10, "tick_points": 1, "value": [1, 100]},
                **{"volume_step": [1, 100], "volume_min_steps": 1, "volume_max_steps": 10_000, "min_stop_points": 0},
                "slippage": {"fixed_points": [0, 1], "random_points": 0},
                "commission": {
                    **{"scheme": "per_lot", "rate": [0, 1], "minimum": [0, 1], "on_entry": True, "on_exit": True}
                },
                "swap": None,
            }
        ],
        "execution": {
            **{"fill": "next_open", "intrabar": "stop_first", "close_at_end": False},
            **{"on_bad_signal": "fail", "seed": 0},
        },
        "sizing": {"mode": "fixed_lots", "steps": 100, "min_lot": "reject"},
        "first_step": 0,
        "strategy": None,
        "metrics": {"risk_free": [0, 1], "days": 5},
        "rating": {"seed": 0, "samples": 10, "dropout_samples": 10},
    }
)
DEFAULTS = {"kind": 1, "order_type": 1, "symbol": 0, "tif": 1, "direction": 0, "fault": 0}
LONG, SHORT = 1, -1


def market(*bars: str, spread: int = 20) -> MarketTables:
    """Return M1 bars of ``open high low close`` in points, the ask `spread` points above."""
    return bars_of("\n".join([HEADER, *bars]), spread_points=spread)


def walk(draw: random.Random, count: int, close: int, reach: int) -> list[str]:
    """Return bars for `market`: a random walk whose closes and wicks move by up to `reach` points."""
    bars = []
    for _ in range(count):
        start, close = close, close + draw.randint(-reach, reach)
        high, low = max(start, close) + draw.randint(0, reach), min(start, close) - draw.randint(0, reach)
        bars.append(f"{start} {high} {low} {close}")
    return bars


def with_pair(tables: MarketTables, name: str, digits: int, pair: MarketTables) -> MarketTables:
    """Return a market that holds the bars of `pair` as a series of another symbol."""
    header = json.loads(tables.header)
    header["symbols"].append({"name": name, "digits": digits})
    header["series"].append({"symbol": len(header["symbols"]) - 1, "timeframe": "M1"})
    series, visible = (*tables.series, pair.series[0]), (*tables.visible, None)
    return replace(tables, header=json.dumps(header), series=series, visible=visible)


def plan(symbol: Mapping[str, Any] | None = None, **sections: Any) -> dict[str, Any]:
    """Return the plan above with fields of the symbol and whole sections replaced; account and execution merge."""
    changed = copy.deepcopy(PLAN)
    changed["symbols"][0] |= symbol or {}
    for name, section in sections.items():
        merges = name in ("account", "execution")
        changed[name] = changed[name] | section if merges else section
    return changed


def signal(bar_idx: int, direction: int = LONG, **fields: Any) -> tuple[Any, ...]:
    """Return a row of the signal table: a market order unless `fields` say otherwise."""
    values = DEFAULTS | {"bar_idx": bar_idx, "direction": direction} | fields
    return tuple(values.get(column.name) for column in TABLES["signals"])


def close(bar_idx: int, target: int | None = None, **fields: Any) -> tuple[Any, ...]:
    """Return a row that closes positions."""
    return signal(bar_idx, 0, kind=2, target=target, **fields)


def run(
    backend: Backend, tables: MarketTables, rows: Sequence[tuple[Any, ...]], plan: Mapping[str, Any]
) -> dict[str, list[dict[str, Any]]]:
    """Return the result tables as rows, codes of reasons and refusals in words."""
    opened = backend.open_market(tables.header, tables.series, tables.visible, tables.calendar)
    raw = backend.simulate(opened, table_of_rows(list(rows)), json.dumps(plan))
    results = {name: table.to_pylist() for name, table in raw.items()}
    for name in ("rejections", "diagnostics"):
        for row in results[name]:
            row["code"] = CODE_BY_NUMBER[row["code"]]
    for row in results["trades"]:
        row["reason"] = ENUMS["exit_reason"](row["reason"]).name.lower()
    return results
